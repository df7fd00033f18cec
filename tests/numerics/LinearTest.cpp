// Linear kernels (GEMV, GEMM) of every weight scheme on every instruction set
// this machine has, against plain evaluation of the documented formats.
#include "LinearKernels.h"

using namespace sinter;
using namespace sinter::test;
using xf::Scheme;

namespace {

class LinearTest
    : public testing::TestWithParam<std::tuple<std::string, Scheme>> {};

/// Runs all kernels and compares.
void checkLinears(const LinearKernels &built, const std::string &variant) {
  auto loaded = cpu::LoadedKernels::create(*built.module, variant);
  if (!loaded)
    FAIL() << llvm::toString(loaded.takeError());
  const cpu::LoadedKernels &kernels = **loaded;
  for (size_t i = 0; i < built.cases.size(); ++i) {
    const LinearCase &test = built.cases[i];
    SCOPED_TRACE(test.describe());
    LinearData data(test, unsigned(i));
    Memory scratch(kernels.scratchBytes(built.ids[i]));
    std::vector<void *> bindings = data.bindings();
    sinter_scalars scalars = data.scalars();
    sinter_cpu_kernel kernel = kernels.find(built.ids[i]);
    // Two calls, as a worker makes them; the second without kern.once.
    int64_t items = built.items[i], middle = items / 2;
    kernel(bindings.data(), &scalars, scratch.data(), middle, items, 1);
    kernel(bindings.data(), &scalars, scratch.data(), 0, middle, 0);
    EXPECT_TRUE(scratch.intact());
    data.check();
  }
}

TEST_P(LinearTest, AgreesWithPlainEvaluation) {
  auto [variant, scheme] = GetParam();
  checkLinears(buildLinears(linearCases(scheme), variant), variant);
}

/// The schemes whose inner loops differ in what a schedule changes.
class LinearScheduleTest : public LinearTest {};

/// Every value of every parameter that may be tuned (docs/tuning.md): GEMVs
/// with a norm, gate, bias and residual, and GEMMs.
TEST_P(LinearScheduleTest, AgreesWithPlainEvaluation) {
  auto [variant, scheme] = GetParam();
  std::vector<LinearCase> chosen;
  for (const LinearCase &test : linearCases(scheme))
    if ((test.decode() && test.bias) || test.tokens == 33)
      chosen.push_back(test);
  checkLinears(buildLinears(chosen, variant, /*everySchedule=*/true), variant);
}

std::string
nameOf(const testing::TestParamInfo<std::tuple<std::string, Scheme>> &info) {
  std::string name = std::get<0>(info.param) + "_" +
                     xf::stringifyScheme(std::get<1>(info.param)).str();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Variants, LinearTest,
    testing::Combine(testing::ValuesIn(runnableVariants()),
                     testing::Values(Scheme::q4_0, Scheme::q8_0, Scheme::f32,
                                     Scheme::f16, Scheme::bf16)),
    nameOf);
INSTANTIATE_TEST_SUITE_P(Variants, LinearScheduleTest,
                         testing::Combine(testing::ValuesIn(runnableVariants()),
                                          testing::Values(Scheme::q4_0,
                                                          Scheme::f16)),
                         nameOf);

} // namespace
