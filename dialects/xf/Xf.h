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

/// Elements of `sampling` (docs/web.md), and the bounds of the runs that
/// xf.sort_logits makes.
constexpr int64_t kSamplingSize = 16;
constexpr int64_t kMostRuns = 256;
constexpr int64_t kLeastRunTokens = 256, kMostRunTokens = 4096;

/// Tokens of a run of xf.sort_logits for a vocabulary: as few as the number of
/// runs allows. 0 where the vocabulary is too large.
int64_t runTokens(int64_t vocabulary);

} // namespace sinter::xf
