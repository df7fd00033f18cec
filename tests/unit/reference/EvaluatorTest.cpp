// The walk over IR: functions, regions, fused ops, symbols, scalars, and what
// is refused.
#include "compiler/reference/Evaluator.h"

#include "compiler/support/Error.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace sinter;
using namespace sinter::reference;

namespace {

class EvaluatorTest : public ::testing::Test {
protected:
  EvaluatorTest() {
    context.loadDialect<xf::XfDialect, mlir::func::FuncDialect,
                        mlir::arith::ArithDialect>();
  }

  /// Parses and verifies; returns the function or region of that name.
  mlir::FunctionOpInterface parse(const char *text, llvm::StringRef name) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module));
    return module->lookupSymbol<mlir::FunctionOpInterface>(name);
  }

  static llvm::Expected<Tensor> noWeights(xf::WeightOp op) {
    return inputError("no weight " + op.getSymName());
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(EvaluatorTest, WeightsAreReadOnceBySymbol) {
  auto function = parse(R"(
    xf.weight @w from [#xf.source<"w", "f32">] : tensor<1x2xf32, #xf.quant<q8_0>>
    func.func @f(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
      %w = xf.get_weight @w : tensor<1x2xf32, #xf.quant<q8_0>>
      %q = xf.quantize %x : (tensor<?x2xf32>) -> tensor<?x2xf32, #xf.quant<dyn_i8>>
      %y = xf.linear %q, %w : (tensor<?x2xf32, #xf.quant<dyn_i8>>, tensor<1x2xf32, #xf.quant<q8_0>>) -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    })",
                        "f");
  int reads = 0;
  Evaluator evaluator([&](xf::WeightOp op) -> llvm::Expected<Tensor> {
    EXPECT_EQ(op.getSymName(), "w");
    ++reads;
    return Tensor(1, 2, {2, 10});
  });
  for (int i = 0; i < 2; ++i) {
    auto results = llvm::cantFail(
        evaluator.run(function, {makeDatum(Tensor(1, 2, {127, 0.6f}))}));
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(tensorOf(results[0]).values, (std::vector<float>{264}));
  }
  EXPECT_EQ(reads, 1);
}

TEST_F(EvaluatorTest, FusedAndItsBodyAgree) {
  auto function = parse(R"(
    func.func @f(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?xi32>) {
      %0:2 = xf.fused "f"(%x) : (tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?xi32>) {
      ^bb0(%a: tensor<?x2xf32>):
        %1 = xf.mul %a, %a : tensor<?x2xf32>
        %2 = xf.argmax %1 : (tensor<?x2xf32>) -> tensor<?xi32>
        xf.yield %1, %2 : tensor<?x2xf32>, tensor<?xi32>
      }
      return %0#0, %0#1 : tensor<?x2xf32>, tensor<?xi32>
    })",
                        "f");
  Evaluator evaluator(noWeights);
  Datum x = makeDatum(Tensor(2, 2, {1, 2, -4, 3}));
  auto whole = llvm::cantFail(evaluator.run(function, {x}));
  auto fused = *function.getFunctionBody().getOps<xf::FusedOp>().begin();
  auto part = llvm::cantFail(evaluator.run(fused, {x}));
  for (auto &results : {whole, part}) {
    ASSERT_EQ(results.size(), 2u);
    EXPECT_EQ(tensorOf(results[0]).values, (std::vector<float>{1, 4, 16, 9}));
    EXPECT_EQ(std::get<Tokens>(results[1]), (Tokens{1, 0}));
  }
}

TEST_F(EvaluatorTest, ScalarsReachTheOps) {
  auto region = parse(R"(
    xf.region @r(%x: tensor<?x2xf32>) -> tensor<1x2xf32> {
      %0 = xf.rope %x {heads = 1, rope = #xf.rope<theta = 1.0 : f64, dim = 2, none>} : (tensor<?x2xf32>) -> tensor<?x2xf32>
      %1 = xf.select_row %0 : (tensor<?x2xf32>) -> tensor<1x2xf32>
      xf.yield %1 : tensor<1x2xf32>
    })",
                      "r");
  Evaluator evaluator(noWeights);
  auto results = llvm::cantFail(evaluator.run(
      region, {makeDatum(Tensor(3, 2, {9, 9, 1, 0, 9, 9}))}, {100, 1}));
  // Row 1 of a chunk that begins at position 100, one radian per position.
  EXPECT_FLOAT_EQ(tensorOf(results[0]).values[0], std::cos(101.0));
  EXPECT_FLOAT_EQ(tensorOf(results[0]).values[1], std::sin(101.0));
}

TEST_F(EvaluatorTest, TableOperandAndAttributeAgree) {
  auto function = parse(R"(
    xf.weight @t rope <theta = 1.0e+4 : f64, dim = 4, yarn, [4.0, 32.0, 1.0, 64.0, 1.2, 1.0]> : tensor<256x4xf32, #xf.quant<f32>>
    func.func @f(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
      %t = xf.get_weight @t : tensor<256x4xf32, #xf.quant<f32>>
      %0 = xf.rope %x {heads = 2, rope = #xf.rope<theta = 1.0e+4 : f64, dim = 4, yarn, [4.0, 32.0, 1.0, 64.0, 1.2, 1.0]>} : (tensor<?x8xf32>) -> tensor<?x8xf32>
      %1 = xf.rope %x table %t {heads = 2, rope = #xf.rope<theta = 1.0e+4 : f64, dim = 4, yarn, [4.0, 32.0, 1.0, 64.0, 1.2, 1.0]>} : (tensor<?x8xf32>, tensor<256x4xf32, #xf.quant<f32>>) -> tensor<?x8xf32>
      return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
    })",
                        "f");
  Evaluator evaluator(noWeights);
  Datum x = makeDatum(Tensor(1, 8, {1, 2, 3, 4, 5, 6, 7, 8}));
  auto results = llvm::cantFail(evaluator.run(function, {x}, {200}));
  EXPECT_EQ(tensorOf(results[0]).values, tensorOf(results[1]).values);
  EXPECT_NE(tensorOf(results[0]).values, tensorOf(x).values);
}

TEST_F(EvaluatorTest, CachesLastBetweenRuns) {
  auto function = parse(R"(
    xf.state @kv : !xf.kv_cache<1 x 16 x 1, f16>
    func.func @f(%q: tensor<?x1xf32>, %v: tensor<?x1xf32>) -> tensor<?x1xf32> {
      %kv = xf.get_state @kv : <1 x 16 x 1, f16>
      xf.append %q, %v to %kv : tensor<?x1xf32>, tensor<?x1xf32>, <1 x 16 x 1, f16>
      %y = xf.attention %q, %kv {heads = 1, scale = 1.0 : f64} : (tensor<?x1xf32>, !xf.kv_cache<1 x 16 x 1, f16>) -> tensor<?x1xf32>
      return %y : tensor<?x1xf32>
    })",
                        "f");
  Evaluator evaluator(noWeights);
  auto step = [&](float value, int64_t position) {
    auto results = llvm::cantFail(evaluator.run(
        function,
        {makeDatum(Tensor(1, 1, {0})), makeDatum(Tensor(1, 1, {value}))},
        {position}));
    return tensorOf(results[0]).values[0];
  };
  // Equal keys: the mean of the values so far.
  EXPECT_EQ(step(2, 0), 2);
  EXPECT_EQ(step(4, 1), 3);
  EXPECT_EQ(step(9, 2), 5);
  evaluator.clearStates();
  EXPECT_EQ(step(8, 1), 4);
}

TEST_F(EvaluatorTest, Refuses) {
  auto expect = [&](llvm::Expected<std::vector<Datum>> result,
                    const char *message) {
    ASSERT_FALSE(bool(result));
    EXPECT_EQ(llvm::toString(result.takeError()), message);
  };
  Evaluator evaluator(noWeights);
  auto function = parse(R"(
    func.func @f(%x: tensor<?x2xf32>, %y: tensor<?x2xf32>) -> tensor<?x2xf32> {
      %0 = xf.add %x, %y : tensor<?x2xf32>
      return %0 : tensor<?x2xf32>
    })",
                        "f");
  Datum one = makeDatum(Tensor(1, 2)), two = makeDatum(Tensor(2, 2)),
        wide = makeDatum(Tensor(1, 3));
  expect(evaluator.run(function, {one}), "got 1 arguments, needs 2");
  expect(evaluator.run(function, {one, wide}),
         "argument 1 does not have the type tensor<?x2xf32>");
  expect(evaluator.run(function, {Tokens{1}, one}),
         "argument 0 does not have the type tensor<?x2xf32>");
  expect(evaluator.run(function, {one, two}), "arguments have 1 and 2 tokens");
  expect(evaluator.run(function, {one, one}, {-1}),
         "position -1 is out of range");
  function = parse(R"(
    func.func @g() { %0 = arith.constant 1 : i32
      return })",
                   "g");
  expect(evaluator.run(function, {}),
         "the reference evaluator does not know arith.constant");
  function = parse(R"(
    xf.weight @w from [#xf.source<"w", "f32">] : tensor<2x2xf32, #xf.quant<f32>>
    func.func @h() -> tensor<2x2xf32, #xf.quant<f32>> {
      %0 = xf.get_weight @w : tensor<2x2xf32, #xf.quant<f32>>
      return %0 : tensor<2x2xf32, #xf.quant<f32>>
    })",
                   "h");
  expect(evaluator.run(function, {}), "no weight w");
  Evaluator wrong(
      [](xf::WeightOp) -> llvm::Expected<Tensor> { return Tensor(1, 2); });
  expect(wrong.run(function, {}),
         "operands of xf.get_weight do not fit its result tensor<2x2xf32, "
         "#xf.quant<f32>>");
}

} // namespace
