// Verifiers of embedding, select_row and argmax.
#include "dialects/xf/XfVerify.h"

using namespace mlir;
using namespace sinter::xf;

LogicalResult EmbeddingOp::verify() {
  auto tokens = cast<RankedTensorType>(getTokens().getType());
  auto table = cast<RankedTensorType>(getTable().getType());
  if (tokens.getRank() != 1 || tokens.getEncoding() || table.getRank() != 2 ||
      table.getDimSize(0) <= 0)
    return emitOpError("takes tokens tensor<Txi32> and a static [V, D] table "
                       "(embedding_c1)");
  if (failed(verifyWeight(*this, getTable(), table.getShape(), "table",
                          "embedding_c1")))
    return failure();
  return verifyShape(*this, getResult(), tokens.getDimSize(0),
                     table.getDimSize(1), "result", "embedding_c1");
}

LogicalResult AddPositionsOp::verify() {
  if (failed(verifyActivation(*this, getX(), "x", "add_positions_c1")))
    return failure();
  if (getX().getType() != getResult().getType())
    return emitOpError("result must have the type of x (add_positions_c1)");
  auto table = cast<RankedTensorType>(getTable().getType());
  if (table.getRank() != 2 || table.getDimSize(0) <= 0)
    return emitOpError("table must be a static [P, D] weight "
                       "(add_positions_c2)");
  return verifyWeight(*this, getTable(),
                      {table.getDimSize(0), columnsOf(getX())}, "table",
                      "add_positions_c2");
}

LogicalResult SelectRowOp::verify() {
  if (failed(verifyActivation(*this, getX(), "x", "select_row_c1")))
    return failure();
  return verifyShape(*this, getResult(), 1, columnsOf(getX()), "result",
                     "select_row_c1");
}

LogicalResult ArgmaxOp::verify() {
  if (failed(verifyActivation(*this, getLogits(), "logits", "argmax_c1")))
    return failure();
  auto result = cast<RankedTensorType>(getResult().getType());
  if (result.getRank() != 1 || result.getEncoding() ||
      result.getDimSize(0) != rowsOf(getLogits()))
    return emitOpError("result must be tensor<Txi32> with the rows of logits "
                       "(argmax_c1)");
  return success();
}
