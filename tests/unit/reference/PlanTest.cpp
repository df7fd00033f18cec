// The plan computes what the model does: its entries are run dispatch by
// dispatch, every xf.region by the evaluator, over an arena in which a write
// destroys whatever shares its bytes. A buffer that is placed over a live one,
// a binding in the wrong order, or a region wrongly shared by two layers shows
// up as a missing value or as other logits.
#include "gtest/gtest.h"

#include "tests/unit/reference/ModelUnderTest.h"

#include "compiler/lowering/XfToPlan.h"
#include "compiler/reference/Ops.h"
#include "compiler/transforms/Passes.h"
#include "dialects/plan/Plan.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include <map>

using namespace sinter;
using namespace sinter::reference;

namespace {

class PlanRunner {
public:
  PlanRunner(mlir::ModuleOp module, Evaluator &evaluator)
      : module(module), evaluator(evaluator),
        program(*module.getOps<plan::ProgramOp>().begin()) {}

  /// Puts a value into a buffer, as the runtime or a dispatch does.
  void write(llvm::StringRef name, Datum datum) {
    auto written = lookup<plan::BufferOp>(name);
    int64_t begin = written.getOffset(), end = begin + written.getBytes();
    for (auto other : program.getBody().getOps<plan::BufferOp>())
      if (other.getOffset() < end &&
          other.getOffset() + other.getBytes() > begin)
        arena.erase(other.getSymName().str());
    arena[name.str()] = std::move(datum);
  }

  /// What a buffer holds; fails the test if it was overwritten.
  Datum read(llvm::StringRef name) {
    auto found = arena.find(name.str());
    EXPECT_NE(found, arena.end()) << name.str() << " holds no value";
    return found == arena.end() ? Datum(Tokens{}) : found->second;
  }

  void run(llvm::StringRef entry, const Scalars &scalars) {
    for (mlir::Operation &op : lookup<plan::EntryOp>(entry).getBody().front())
      dispatch(mlir::cast<plan::DispatchOp>(op), scalars);
  }

private:
  template <typename OpT> OpT lookup(llvm::StringRef name) {
    return mlir::cast<OpT>(mlir::SymbolTable::lookupSymbolIn(program, name));
  }

  Datum readBinding(mlir::FlatSymbolRefAttr binding) {
    mlir::Operation *bound =
        mlir::SymbolTable::lookupSymbolIn(program, binding);
    if (auto weight = mlir::dyn_cast<plan::WeightOp>(bound))
      return llvm::cantFail(evaluator.weight(
          module.lookupSymbol<xf::WeightOp>(weight.getDefinition())));
    if (auto state = mlir::dyn_cast<plan::StateOp>(bound))
      return &evaluator.state(
          module.lookupSymbol<xf::StateOp>(state.getSymName()));
    return read(binding.getValue());
  }

  void dispatch(plan::DispatchOp op, const Scalars &scalars) {
    auto region = module.lookupSymbol<xf::RegionOp>(op.getKernel());
    auto bindings = op.getBindings().getAsRange<mlir::FlatSymbolRefAttr>();
    std::vector<Datum> arguments;
    auto at = bindings.begin();
    for (size_t i = 0; i < region.getNumArguments(); ++i, ++at)
      arguments.push_back(readBinding(*at));
    auto results = evaluator.run(region, arguments, scalars);
    if (!results) {
      ADD_FAILURE() << op.getKernel().str() << ": "
                    << llvm::toString(results.takeError());
      return;
    }
    for (Datum &result : *results)
      write((*at++).getValue(), result);
  }

  mlir::ModuleOp module;
  Evaluator &evaluator;
  plan::ProgramOp program;
  std::map<std::string, Datum> arena;
};

struct Case {
  const char *model;
  const char *scheme;
};

class Plan : public ::testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    path = std::string(SINTER_SHARED_DATA) + "/reference/" + GetParam().model;
    if (!llvm::sys::fs::exists(path))
      GTEST_SKIP() << "no reference data at " << path;
  }

  void quantize(test::ModelUnderTest &model, bool grid = false) {
    if (grid)
      model.module->getOperation()->setAttr(
          kernels::kGridAttr, mlir::UnitAttr::get(&model.context));
    mlir::PassManager passes(&model.context);
    passes.addPass(createMaterializeRopeTables({64}));
    passes.addPass(
        createQuantizeWeights({GetParam().scheme, grid ? "f32" : "i8"}));
    ASSERT_TRUE(succeeded(passes.run(*model.module)));
  }

  void lower(test::ModelUnderTest &model, const PlanOptions &options = {16}) {
    model.context.loadDialect<plan::PlanDialect, kern::KernDialect>();
    // Remarks about the choice of families are of no interest here.
    mlir::ScopedDiagnosticHandler quiet(
        &model.context, [](mlir::Diagnostic &diagnostic) {
          return mlir::success(diagnostic.getSeverity() ==
                               mlir::DiagnosticSeverity::Remark);
        });
    mlir::PassManager passes(&model.context);
    passes.addPass(createSplitEntryPoints());
    passes.addPass(createMergeLinears());
    passes.addPass(createFuseRegions(
        {options.bindingLimit == INT64_MAX ? 0 : options.bindingLimit}));
    passes.addPass(mlir::createCanonicalizerPass());
    passes.addPass(mlir::createCSEPass());
    ASSERT_TRUE(succeeded(passes.run(*model.module)));
    ASSERT_TRUE(succeeded(lowerXfToPlan(*model.module, options)));
  }

  std::string path;
  const Tokens tokens = {5,  17, 200, 3, 3, 41, 250, 99, 7,  0,
                         12, 64, 31,  8, 9, 1,  77,  78, 79, 80};
};

TEST_P(Plan, ComputesWhatTheModelDoes) {
  test::ModelUnderTest plain(path), planned(path);
  ASSERT_TRUE(plain.module && planned.module);
  quantize(plain);
  quantize(planned);
  lower(planned);
  Evaluator plainEvaluator = plain.evaluator();
  Tensor wanted = plain.logits(plainEvaluator, tokens, 0);

  Evaluator evaluator = planned.evaluator();
  PlanRunner runner(*planned.module, evaluator);
  auto expectLogits = [&](int64_t row, int64_t position) {
    runner.run("head", {0, row});
    runner.run("greedy", {});
    EXPECT_EQ(tensorOf(runner.read("logits")).values,
              wanted.row(position).vec())
        << "position " << position;
    Tensor logits(1, wanted.columns, wanted.row(position).vec());
    EXPECT_EQ(std::get<Tokens>(runner.read("next_token")), argmax(logits));
  };
  // Two chunks, the second shorter, then token by token.
  int64_t position = 0;
  for (int64_t size : {8, 5}) {
    auto first = tokens.begin() + position;
    runner.write("tokens", Tokens(first, first + size));
    runner.run("prefill", {position, 0});
    for (int64_t row : {int64_t(0), size - 1})
      expectLogits(row, position + row);
    position += size;
  }
  for (; position < int64_t(tokens.size()); ++position) {
    runner.write("tokens", Tokens{tokens[position]});
    runner.run("decode", {position, 0});
    expectLogits(0, position);
  }
}

/// Dispatches of a grid bind no more than the target allows; the parts of a
/// matrix follow one another and are all of it.
TEST_P(Plan, OfAGridIsCutAtTheBindingLimit) {
  // Every cache fits; in eight and four bits every matrix does, too.
  constexpr int64_t kLimit = 24 << 10;
  test::ModelUnderTest model(path);
  ASSERT_TRUE(model.module);
  quantize(model, /*grid=*/true);
  PlanOptions options;
  options.chunk = 16;
  options.alignment = 256;
  options.bindingLimit = kLimit;
  lower(model, options);
  auto program = *model.module->getOps<plan::ProgramOp>().begin();
  mlir::SymbolTable symbols(program);
  std::map<std::string, int64_t> covered; // by weight
  for (auto part : program.getOps<plan::PartOp>()) {
    EXPECT_LE(part.getBytes(), kLimit);
    EXPECT_EQ(part.getOffset(), covered[part.getWeight().str()]);
    covered[part.getWeight().str()] += part.getBytes();
  }
  EXPECT_TRUE(!covered.empty() || GetParam().scheme[0] == 'q');
  for (auto &[name, bytes] : covered)
    EXPECT_EQ(bytes, symbols.lookup<plan::WeightOp>(name).getBytes());
  program.walk([&](plan::DispatchOp dispatch) {
    for (mlir::Attribute binding : dispatch.getBindings())
      if (auto weight = symbols.lookup<plan::WeightOp>(
              mlir::cast<mlir::FlatSymbolRefAttr>(binding).getAttr()))
        EXPECT_LE(weight.getBytes(), kLimit);
  });
  for (auto buffer : program.getOps<plan::BufferOp>())
    EXPECT_EQ(buffer.getOffset() % 256, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Llama, Plan,
    ::testing::Values(Case{"llama", "f32"}, Case{"llama", "q4"},
                      Case{"llama-3.1", "f16"}, Case{"llama-3.2", "q8"},
                      Case{"mistral", "q4"}, Case{"qwen2", "q4"},
                      Case{"qwen2", "f32"}, Case{"qwen3", "q4"},
                      Case{"qwen3", "f32"}),
    [](const auto &info) {
      std::string name =
          std::string(info.param.model) + "_" + info.param.scheme;
      for (char &c : name)
        if (!std::isalnum(static_cast<unsigned char>(c)))
          c = '_';
      return name;
    });

} // namespace
