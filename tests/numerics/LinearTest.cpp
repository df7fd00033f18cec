// Linear kernels (GEMV, GEMM) of every weight scheme on every instruction set
// this machine has, against plain evaluation of the documented formats.
#include "LinearCase.h"

#include "compiler/kernels/KernelFamily.h"

using namespace sinter;
using namespace sinter::test;
using xf::ActivationKind;
using xf::Scheme;

namespace {

/// Shapes around the edges of panels and blocks, every prologue and epilogue.
std::vector<LinearCase> allCases(Scheme scheme) {
  std::vector<LinearCase> cases;
  auto add = [&](int64_t rows, int64_t columns, int64_t tokens = 0) {
    LinearCase test;
    test.scheme = scheme;
    test.rows = rows;
    test.columns = columns;
    test.tokens = tokens;
    return &cases.emplace_back(test);
  };
  add(16, 32);
  add(50, 100);
  add(1, 7)->norm = true;
  add(48, 288)->residual = true;
  add(37, 97)->residual = true;
  add(64, 160)->gate = ActivationKind::silu;
  add(96, 96)->norm = true;
  cases.back().selectRow = true;
  add(64, 256)->norm = true;
  cases.back().gate = ActivationKind::gelu_tanh;
  cases.back().bias = true;
  add(32, 64)->gate = ActivationKind::relu;
  add(35, 72)->bias = true;
  cases.back().residual = true;
  cases.back().norm = true;
  for (int64_t tokens : {1, 5, 16, 33}) {
    add(48, 96, tokens);
    add(50, 100, tokens)->residual = true;
    add(64, 33, tokens)->gate = ActivationKind::gelu;
    cases.back().bias = true;
  }
  return cases;
}

struct Compiled {
  std::vector<LinearCase> cases;
  std::vector<std::string> ids;
  std::unique_ptr<cpu::LoadedKernels> kernels;
};

/// Builds and loads the kernels of all cases in one module.
Compiled compile(std::vector<LinearCase> cases, const std::string &variant) {
  Compiled compiled;
  kern::CapsAttr caps = cpu::capsOf(&context(), *cpu::findVariant(variant));
  mlir::OwningOpRef<mlir::ModuleOp> kernels =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context()));
  for (const LinearCase &test : cases) {
    auto module =
        mlir::parseSourceString<mlir::ModuleOp>(test.region("r"), &context());
    EXPECT_TRUE(module) << test.region("r");
    if (!module)
      continue;
    xf::RegionOp region = *module->getOps<xf::RegionOp>().begin();
    auto selection = kernels::selectFamily(region);
    llvm::StringRef wanted = test.decode() ? "linear_gemv" : "linear_gemm";
    EXPECT_TRUE(selection.family && selection.family->name() == wanted)
        << test.describe() << ": " << selection.reason;
    if (!selection.family || selection.family->name() != wanted)
      continue;
    std::string id = selection.family->id(region);
    compiled.ids.push_back(id);
    compiled.cases.push_back(test);
    if (kernels->lookupSymbol(id))
      continue;
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(kernels->getBody());
    EXPECT_TRUE(succeeded(selection.family->build(builder, region, caps)));
  }
  EXPECT_TRUE(succeeded(kernels->verify()));
  auto loaded = cpu::LoadedKernels::create(*kernels, variant);
  if (loaded)
    compiled.kernels = std::move(*loaded);
  else
    ADD_FAILURE() << llvm::toString(loaded.takeError());
  return compiled;
}

int64_t itemsOf(const LinearCase &test) {
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>(test.region("r"), &context());
  xf::RegionOp region = *module->getOps<xf::RegionOp>().begin();
  return kernels::selectFamily(region).family->workItems(region).items;
}

class LinearTest
    : public testing::TestWithParam<std::tuple<std::string, Scheme>> {};

TEST_P(LinearTest, AgreesWithPlainEvaluation) {
  auto [variant, scheme] = GetParam();
  Compiled compiled = compile(allCases(scheme), variant);
  ASSERT_TRUE(compiled.kernels);
  for (size_t i = 0; i < compiled.cases.size(); ++i) {
    const LinearCase &test = compiled.cases[i];
    SCOPED_TRACE(test.describe());
    LinearData data(test, unsigned(i));
    Memory scratch(compiled.kernels->scratchBytes(compiled.ids[i]));
    std::vector<void *> bindings = data.bindings();
    sinter_scalars scalars = data.scalars();
    sinter_cpu_kernel kernel = compiled.kernels->find(compiled.ids[i]);
    // Two calls, as a worker makes them; the second without kern.once.
    int64_t items = itemsOf(test), middle = items / 2;
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
