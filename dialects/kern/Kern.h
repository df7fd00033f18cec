// The kern dialect: everything a user of it includes.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/kern/KernEnums.h.inc"

#include "dialects/kern/KernDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/kern/KernAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/kern/KernTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/kern/KernOps.h.inc"
