// Verifiers of the elementwise ops and slice.
#include "dialects/xf/XfVerify.h"

#include <cmath>

using namespace mlir;
using namespace sinter::xf;

LogicalResult ActivationOp::verify() {
  return verifySameActivations(*this, "activation_c1");
}

LogicalResult AddOp::verify() { return verifySameActivations(*this, "add_c1"); }

LogicalResult MulOp::verify() { return verifySameActivations(*this, "mul_c1"); }

LogicalResult ScaleOp::verify() {
  if (failed(verifySameActivations(*this, "scale_c1")))
    return failure();
  if (!std::isfinite(getFactor().convertToDouble()))
    return emitOpError("factor must be finite (scale_c2)");
  return success();
}

LogicalResult SoftcapOp::verify() {
  if (failed(verifySameActivations(*this, "softcap_c1")))
    return failure();
  double cap = getCap().convertToDouble();
  if (!(cap > 0) || !std::isfinite(cap))
    return emitOpError("cap must be finite and positive (softcap_c2)");
  return success();
}

LogicalResult SliceOp::verify() {
  if (failed(verifyActivation(*this, getX(), "x", "slice_c1")) ||
      failed(verifyActivation(*this, getResult(), "result", "slice_c1")))
    return failure();
  int64_t offset = getOffset(), size = columnsOf(getResult());
  if (rowsOf(getX()) != rowsOf(getResult()))
    return emitOpError("result must have the rows of x (slice_c1)");
  if (offset < 0 || offset > columnsOf(getX()) - size)
    return emitOpError() << size << " columns from " << offset
                         << " on lie outside " << columnsOf(getX())
                         << " (slice_c1)";
  return success();
}
