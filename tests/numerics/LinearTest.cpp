// Linear kernels (GEMV, GEMM) of every weight scheme on every instruction set
// this machine has, against plain evaluation of the documented formats.
#include "LinearKernels.h"

using namespace sinter;
using namespace sinter::test;
using xf::Scheme;

namespace {

class LinearTest
    : public testing::TestWithParam<std::tuple<std::string, Scheme>> {};

TEST_P(LinearTest, AgreesWithPlainEvaluation) {
  auto [variant, scheme] = GetParam();
  LinearKernels built = buildLinears(linearCases(scheme), variant);
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

INSTANTIATE_TEST_SUITE_P(
    Variants, LinearTest,
    testing::Combine(testing::ValuesIn(runnableVariants()),
                     testing::Values(Scheme::q4_0, Scheme::q8_0, Scheme::f32,
                                     Scheme::f16, Scheme::bf16)),
    [](const auto &info) {
      std::string name = std::get<0>(info.param) + "_" +
                         xf::stringifyScheme(std::get<1>(info.param)).str();
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

} // namespace
