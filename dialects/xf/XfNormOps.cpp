// Verifiers of the normalisations.
#include "dialects/xf/XfVerify.h"

#include <cmath>

using namespace mlir;
using namespace sinter::xf;

LogicalResult LayerNormOp::verify() {
  if (failed(verifyActivation(*this, getX(), "x", "layer_norm_c1")))
    return failure();
  if (getX().getType() != getResult().getType())
    return emitOpError("result must have the type of x (layer_norm_c1)");
  int64_t columns = columnsOf(getX()), groups = getGroups();
  if (groups <= 0 || columns % groups)
    return emitOpError("groups must divide ")
           << columns << ", got " << groups << " (layer_norm_c2)";
  auto weight = cast<RankedTensorType>(getWeight().getType());
  bool ofEachPart = weight.getRank() == 1 && weight.getDimSize(0) == columns;
  int64_t size = ofEachPart ? columns : columns / groups;
  if (failed(
          verifyWeight(*this, getWeight(), {size}, "weight", "layer_norm_c2")))
    return failure();
  if (getBias() &&
      failed(verifyWeight(*this, getBias(), {size}, "bias", "layer_norm_c3")))
    return failure();
  double epsilon = getEpsilon().convertToDouble();
  if (!(epsilon >= 0) || !std::isfinite(epsilon))
    return emitOpError("epsilon must be finite and not negative "
                       "(layer_norm_c4)");
  return success();
}

LogicalResult RmsNormOp::verify() {
  if (failed(verifyActivation(*this, getX(), "x", "rms_norm_c1")))
    return failure();
  if (getX().getType() != getResult().getType())
    return emitOpError("result must have the type of x (rms_norm_c1)");
  int64_t columns = columnsOf(getX()), groups = getGroups();
  if (groups <= 0 || columns % groups)
    return emitOpError("groups must divide ")
           << columns << ", got " << groups << " (rms_norm_c2)";
  if (failed(verifyWeight(*this, getWeight(), {columns / groups}, "weight",
                          "rms_norm_c2")))
    return failure();
  double epsilon = getEpsilon().convertToDouble();
  if (!(epsilon >= 0) || !std::isfinite(epsilon))
    return emitOpError("epsilon must be finite and not negative (rms_norm_c3)");
  return success();
}
