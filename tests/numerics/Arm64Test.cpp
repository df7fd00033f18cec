// Linear kernels compiled for arm64, run under qemu-user through the static
// archive of a bundle. Skipped where the emulator or the cross compiler is
// missing.
#include "Arm64Emulator.h"
#include "LinearKernels.h"

using namespace sinter;
using namespace sinter::test;
using xf::Scheme;

namespace {

/// One request of the driver's protocol.
void append(std::string &text, int64_t kernel, LinearData &data,
            int64_t scratch, int64_t items) {
  std::vector<Memory *> bindings;
  for (Memory &part : data.parts())
    bindings.push_back(&part);
  Emulator::appendRequest(text, kernel, data.scalars(), items, scratch,
                          bindings);
}

class Arm64Test
    : public testing::TestWithParam<std::tuple<std::string, Scheme>> {};

TEST_P(Arm64Test, AgreesWithPlainEvaluation) {
  if (!Emulator::available())
    GTEST_SKIP() << "needs qemu-aarch64 and aarch64-linux-gnu-gcc";
  auto [variant, scheme] = GetParam();
  LinearKernels built = buildLinears(linearCases(scheme), variant);
  EmitOptions options;
  options.prefix = "arm";
  auto files = cpu::compileKernelModule(*built.module, variant, options);
  if (!files)
    FAIL() << llvm::toString(files.takeError());
  ASSERT_EQ(files->at(0).path, "kernels/cpu/aarch64.so");
  ASSERT_EQ(files->at(1).path, "lib/libsinter_model-aarch64.a");
  Emulator emulator;
  ASSERT_TRUE(emulator.link(files->at(1).bytes));

  std::vector<std::unique_ptr<LinearData>> data;
  std::string input;
  for (size_t i = 0; i < built.cases.size(); ++i) {
    data.push_back(std::make_unique<LinearData>(built.cases[i], unsigned(i)));
    auto kernel = llvm::find(options.kernelIds, built.ids[i]);
    ASSERT_NE(kernel, options.kernelIds.end());
    auto op = built.module->lookupSymbol<kern::KernelOp>(built.ids[i]);
    append(input, kernel - options.kernelIds.begin(), *data.back(),
           op.getScratchBytes(), built.items[i]);
  }
  std::string output = emulator.emulate(input);
  llvm::StringRef rest = output;
  for (size_t i = 0; i < data.size(); ++i) {
    SCOPED_TRACE(built.cases[i].describe());
    for (Memory &part : data[i]->parts())
      ASSERT_TRUE(Emulator::takeBinding(rest, part));
    data[i]->check();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, Arm64Test,
    testing::ValuesIn(std::vector<std::tuple<std::string, Scheme>>{
        {"arm64-dotprod", Scheme::q4_0},
        {"arm64-dotprod", Scheme::q8_0},
        {"arm64-dotprod", Scheme::f32},
        {"arm64-dotprod", Scheme::f16},
        {"arm64-i8mm", Scheme::q4_0},
        {"arm64-i8mm", Scheme::q8_0}}),
    [](const auto &info) {
      std::string name = std::get<0>(info.param) + "_" +
                         xf::stringifyScheme(std::get<1>(info.param)).str();
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

} // namespace
