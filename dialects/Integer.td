// A signless 64-bit integer attribute whose C++ getter is signed (upstream's I64Attr gives uint64_t).
#ifndef SINTER_INTEGER_TD
#define SINTER_INTEGER_TD
include "mlir/IR/CommonAttrConstraints.td"
def Sinter_I64Attr : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit integer attribute">;
#endif
