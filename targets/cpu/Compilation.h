// What the targets that compile with LLVM share (native and wasm): variants by
// request, and modules to objects on several threads.
#pragma once

#include "targets/common/Target.h"
#include "targets/cpu/CpuVariants.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace sinter::cpu {

/// The kernels of one variant as an object file.
struct CompiledVariant {
  const CpuVariant *variant = nullptr;
  std::string object;
};

/// The variants of `architectures` that `requested` names (`byDefault` if it
/// names none). An unknown name is an UnsupportedError that calls it `what` and
/// lists `groups` and the variants.
llvm::Expected<llvm::SmallVector<TargetVariant>>
targetVariants(mlir::MLIRContext *context,
               llvm::ArrayRef<std::string> requested, llvm::StringRef byDefault,
               llvm::ArrayRef<Arch> architectures, llvm::StringRef what,
               llvm::StringRef groups);

/// Compiles legalized modules, one per variant, on up to options.threads
/// threads; dumps assembly if options say so.
llvm::Expected<std::vector<CompiledVariant>>
compileVariants(llvm::ArrayRef<TargetVariant> variants,
                llvm::ArrayRef<mlir::ModuleOp> modules,
                const EmitOptions &options);

} // namespace sinter::cpu
