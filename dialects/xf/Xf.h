// The xf dialect: everything a user of it includes.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/xf/XfEnums.h.inc"

#include "dialects/xf/XfDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/xf/XfAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/xf/XfTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/xf/XfOps.h.inc"

namespace sinter::xf {

/// The scheme of a tensor type's #xf.quant encoding; f32 when it has none.
Scheme getScheme(mlir::Type type);

/// The same tensor type with its numbers stored in `scheme`.
mlir::RankedTensorType withScheme(mlir::RankedTensorType type, Scheme scheme);

/// Whether weights of this scheme are multiplied as integers (q8_0, q4_0).
bool isIntegerScheme(Scheme scheme);

} // namespace sinter::xf
