// Verifiers of rope and attention.
#include "dialects/xf/XfVerify.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace sinter::xf;

LogicalResult RopeOp::verify() {
  if (failed(verifyActivation(*this, getX(), "x", "rope_c1")))
    return failure();
  if (getX().getType() != getResult().getType())
    return emitOpError("result must have the type of x (rope_c1)");
  int64_t heads = getHeads(), columns = columnsOf(getX());
  if (heads <= 0 || columns % heads)
    return emitOpError("heads must divide ")
           << columns << ", got " << heads << " (rope_c1)";
  int64_t dim = getRope().getDim();
  if (dim > columns / heads)
    return emitOpError("rope dim ") << dim << " exceeds head dimension "
                                    << columns / heads << " (rope_c2)";
  if (!getTable())
    return success();
  auto table = cast<RankedTensorType>(getTable().getType());
  if (table.getRank() != 2 || table.getDimSize(0) <= 0 ||
      getScheme(table) != Scheme::f32)
    return emitOpError("table must be tensor<context x ")
           << dim << "xf32> (rope_c3)";
  return verifyWeight(*this, getTable(), {table.getDimSize(0), dim}, "table",
                      "rope_c3");
}

LogicalResult AppendOp::verify() {
  KvCacheType cache = getCache().getType();
  int64_t columns = cache.getKvHeads() * cache.getHeadDim();
  if (failed(verifyActivation(*this, getK(), "k", "append_c1")))
    return failure();
  int64_t rows = rowsOf(getK());
  if (failed(verifyShape(*this, getK(), rows, columns, "k", "append_c1")))
    return failure();
  return verifyShape(*this, getV(), rows, columns, "v", "append_c1");
}

LogicalResult AttentionOp::verify() {
  KvCacheType cache = getCache().getType();
  int64_t heads = getHeads(), kvHeads = cache.getKvHeads();
  if (heads <= 0 || heads % kvHeads)
    return emitOpError("kv_heads ")
           << kvHeads << " must divide heads " << heads << " (attention_c2)";
  if (failed(verifyActivation(*this, getQ(), "q", "attention_c1")))
    return failure();
  int64_t rows = rowsOf(getQ()), columns;
  if (llvm::MulOverflow(heads, cache.getHeadDim(), columns))
    return emitOpError("heads is out of range (attention_c1)");
  if (failed(verifyShape(*this, getQ(), rows, columns, "q", "attention_c1")) ||
      failed(verifyShape(*this, getResult(), rows, columns, "result",
                         "attention_c1")))
    return failure();
  double scale = getScale().convertToDouble();
  if (!(scale > 0) || !std::isfinite(scale))
    return emitOpError("scale must be finite and positive (attention_c3)");
  if (getWindow() < 0)
    return emitOpError("window must not be negative (attention_c3)");
  double softcap = getSoftcap().convertToDouble();
  if (!(softcap >= 0) || !std::isfinite(softcap))
    return emitOpError("softcap must be finite and not negative "
                       "(attention_c3)");
  if (!getBias())
    return success();
  if (getScheme(getBias().getType()) != Scheme::f32)
    return emitOpError("bias must be stored as f32 (attention_c4)");
  return verifyWeight(*this, getBias(), {heads, cache.getCapacity()}, "bias",
                      "attention_c4");
}
