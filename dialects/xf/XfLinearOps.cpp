// Verifiers of linear and quantize.
#include "dialects/xf/XfVerify.h"

using namespace mlir;
using namespace sinter::xf;

LogicalResult LinearOp::verify() {
  bool integerInput = getScheme(getX().getType()) == Scheme::dyn_i8;
  if (failed(verifyActivation(*this, getX(), "x", "linear_c1",
                              integerInput ? Scheme::dyn_i8 : Scheme::f32)))
    return failure();
  auto weight = cast<RankedTensorType>(getWeight().getType());
  if (weight.getRank() != 2)
    return emitOpError("weight must be a [N, K] matrix (linear_c1)");
  int64_t rows = weight.getDimSize(0);
  if (failed(verifyWeight(*this, getWeight(), {rows, columnsOf(getX())},
                          "weight", "linear_c1")) ||
      failed(verifyShape(*this, getResult(), rowsOf(getX()), rows, "result",
                         "linear_c1")))
    return failure();
  if (getBias() &&
      failed(verifyWeight(*this, getBias(), {rows}, "bias", "linear_c2")))
    return failure();
  if (integerInput && !isIntegerScheme(getScheme(weight)))
    return emitOpError("a dyn_i8 x needs an integer weight scheme, got ")
           << stringifyScheme(getScheme(weight)) << " (linear_c3)";
  return success();
}

LogicalResult QuantizeOp::verify() {
  if (failed(verifyActivation(*this, getX(), "x", "quantize_c1")))
    return failure();
  return verifyShape(*this, getResult(), rowsOf(getX()), columnsOf(getX()),
                     "result", "quantize_c1", Scheme::dyn_i8);
}
