// From the LLVM dialect to object files: translation, a light optimisation
// pipeline (kernels arrive vectorised and unrolled), machine code.
#pragma once

#include "targets/cpu/CpuVariants.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace sinter::cpu {

/// The symbol of a kernel: `<prefix>_<variant>_<id>`, with `_` for `-`, so that
/// several models can be linked into one program.
std::string kernelSymbol(llvm::StringRef prefix, const CpuVariant &variant,
                         llvm::StringRef id);

/// Translates a legalized module; kernels get their symbols and hidden
/// visibility, everything else internal linkage. InternalError if a kernel is
/// missing or the translation fails. Not to be called from several threads for
/// one MLIRContext.
llvm::Expected<std::unique_ptr<llvm::Module>>
translateKernels(mlir::ModuleOp module, llvm::LLVMContext &context,
                 const CpuVariant &variant, llvm::StringRef prefix,
                 llvm::ArrayRef<std::string> kernelIds);

/// Runs the optimisation pipeline on translated kernels.
llvm::Error optimizeKernels(llvm::Module &module, const CpuVariant &variant);

/// Writes `<dumpDir>/<id>.<variant>.s` for each kernel of an optimised module,
/// which is left as it is. ResourceError if a file cannot be written.
llvm::Error dumpAssembly(const llvm::Module &module, const CpuVariant &variant,
                         llvm::StringRef prefix,
                         llvm::ArrayRef<std::string> kernelIds,
                         llvm::StringRef dumpDir);

/// Compiles optimised kernels, which are used up, to a relocatable ELF object.
/// InternalError if the object refers to a symbol it does not define: kernels
/// call nothing.
llvm::Expected<std::string> compileKernels(llvm::Module &module,
                                           const CpuVariant &variant);

/// An object of data only, for the architecture of `variant`; may refer to
/// other objects' symbols.
llvm::Expected<std::string> compileData(llvm::Module &module,
                                        const CpuVariant &variant);

} // namespace sinter::cpu
