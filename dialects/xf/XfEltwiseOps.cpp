// Verifiers of slice.
#include "dialects/xf/XfVerify.h"

using namespace mlir;
using namespace sinter::xf;

LogicalResult SliceOp::verify() {
  if (failed(verifyActivation(*this, getX(), "x", "slice_c1")) ||
      failed(verifyActivation(*this, getResult(), "result", "slice_c1")))
    return failure();
  int64_t offset = getOffset(), size = columnsOf(getResult());
  if (rowsOf(getX()) != rowsOf(getResult()))
    return emitOpError("result must have the rows of x (slice_c1)");
  if (offset < 0 || offset > columnsOf(getX()) - size)
    return emitOpError("columns [")
           << offset << ", " << offset + size << ") lie outside "
           << columnsOf(getX()) << " (slice_c1)";
  return success();
}
