// A region as the writer of a shader sees it (docs/custom-kernels.md).
#pragma once

#include "dialects/xf/Xf.h"
#include "targets/common/custom/CustomKernel.h"

#include "mlir/IR/BuiltinOps.h"

namespace sinter {

/// What a region of a plan for grids binds, in order, and its grid.
KernelInterface interfaceOf(xf::RegionOp region);

/// The region of that id after stage Plan; an InputError that lists ids like it
/// where there is none.
llvm::Expected<xf::RegionOp> findRegion(mlir::ModuleOp module,
                                        llvm::StringRef id);

/// Whether a value of that type is a weight, of any layout.
bool isWeightType(mlir::Type type);

/// What region argument `index` is to its ops. A table is a rotary one or one
/// of biases, row after row.
enum class ArgumentRole { activation, tokens, matrix, vector, table, cache };
ArgumentRole roleOf(xf::RegionOp region, unsigned index);

/// Whether an op of the region writes the cache.
bool isAppendedTo(xf::RegionOp region, unsigned index);

} // namespace sinter
