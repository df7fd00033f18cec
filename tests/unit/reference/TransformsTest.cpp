// The xf passes do not change what a model computes: the entry points they make
// are evaluated and compared with the functions they were made of.
#include "gtest/gtest.h"

#include "tests/unit/reference/ModelUnderTest.h"

#include "compiler/reference/Ops.h"
#include "compiler/transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace sinter;
using namespace sinter::reference;

namespace {

struct Case {
  const char *model;
  const char *scheme;
};

class Transforms : public ::testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    path = std::string(SINTER_SHARED_DATA) + "/reference/" + GetParam().model;
    if (!llvm::sys::fs::exists(path))
      GTEST_SKIP() << "no reference data at " << path;
  }

  void quantize(test::ModelUnderTest &model) {
    mlir::PassManager passes(&model.context);
    passes.addPass(createMaterializeRopeTables({64}));
    passes.addPass(createQuantizeWeights({GetParam().scheme}));
    ASSERT_TRUE(succeeded(passes.run(*model.module)));
  }

  void fuse(test::ModelUnderTest &model) {
    mlir::PassManager passes(&model.context);
    passes.addPass(createSplitEntryPoints());
    passes.addPass(createMergeLinears());
    passes.addPass(createFuseRegions());
    passes.addPass(mlir::createCanonicalizerPass());
    passes.addPass(mlir::createCSEPass());
    ASSERT_TRUE(succeeded(passes.run(*model.module)));
  }

  /// Runs @head and @greedy on one row of hidden states; returns the logits.
  static Tensor runHead(test::ModelUnderTest &model, Evaluator &evaluator,
                        const Datum &hidden, int64_t row) {
    auto head = model.module->lookupSymbol<mlir::func::FuncOp>("head");
    auto greedy = model.module->lookupSymbol<mlir::func::FuncOp>("greedy");
    auto logits = llvm::cantFail(evaluator.run(head, {hidden}, {0, row}));
    auto token = llvm::cantFail(evaluator.run(greedy, logits));
    EXPECT_EQ(std::get<Tokens>(token[0]), argmax(tensorOf(logits[0])));
    return tensorOf(logits[0]);
  }

  std::string path;
  /// Longer than mistral's window in the reference data.
  const Tokens tokens = {5,  17, 200, 3, 3, 41, 250, 99, 7,  0,
                         12, 64, 31,  8, 9, 1,  77,  78, 79, 80};
};

TEST_P(Transforms, EntryPointsComputeWhatBodyAndHeadDo) {
  test::ModelUnderTest plain(path), fused(path);
  ASSERT_TRUE(plain.module && fused.module);
  quantize(plain);
  quantize(fused);
  fuse(fused);
  Evaluator plainEvaluator = plain.evaluator();
  Tensor wanted = plain.logits(plainEvaluator, tokens, 0);

  Evaluator evaluator = fused.evaluator();
  auto prefill = fused.module->lookupSymbol<mlir::func::FuncOp>("prefill");
  auto decode = fused.module->lookupSymbol<mlir::func::FuncOp>("decode");
  ASSERT_TRUE(prefill && decode);
  constexpr int64_t chunk = 11;
  Tokens first(tokens.begin(), tokens.begin() + chunk);
  auto hidden = llvm::cantFail(evaluator.run(prefill, {first}, {0, 0}));
  for (int64_t t = 0; t < chunk; ++t)
    EXPECT_EQ(runHead(fused, evaluator, hidden[0], t).values,
              wanted.row(t).vec())
        << "prefill, position " << t;
  for (int64_t t = chunk; t < int64_t(tokens.size()); ++t) {
    hidden = llvm::cantFail(evaluator.run(decode, {Tokens{tokens[t]}}, {t, 0}));
    EXPECT_EQ(runHead(fused, evaluator, hidden[0], 0).values,
              wanted.row(t).vec())
        << "decode, position " << t;
  }
}

TEST_P(Transforms, OnlyFusedRegionsAreLeft) {
  test::ModelUnderTest model(path);
  ASSERT_TRUE(bool(model.module));
  quantize(model);
  fuse(model);
  int64_t regions = 0;
  for (auto function : model.module->getOps<mlir::func::FuncOp>())
    for (mlir::Operation &op : function.getBody().front()) {
      EXPECT_TRUE((mlir::isa<xf::FusedOp, xf::GetWeightOp, xf::GetStateOp,
                             mlir::func::ReturnOp>(op)))
          << op.getName().getStringRef().str();
      regions += mlir::isa<xf::FusedOp>(op);
    }
  EXPECT_GT(regions, 4);
}

INSTANTIATE_TEST_SUITE_P(
    Llama, Transforms,
    ::testing::Values(Case{"llama", "f32"}, Case{"llama", "q8"},
                      Case{"llama", "q4"}, Case{"llama-3.2", "f16"},
                      Case{"mistral", "q4"}, Case{"qwen2", "q4"},
                      Case{"qwen2", "f32"}, Case{"qwen3", "q4"},
                      Case{"llama/llama.gguf", "q4"}),
    [](const auto &info) {
      std::string name =
          std::string(info.param.model) + "_" + info.param.scheme;
      for (char &c : name)
        if (!std::isalnum(static_cast<unsigned char>(c)))
          c = '_';
      return name;
    });

} // namespace
