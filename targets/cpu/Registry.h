// The data of sinter_cpu_module (sinter_abi.h): which variants a library holds
// and where their kernels are.
#pragma once

#include "targets/cpu/CpuVariants.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <string>

namespace sinter::cpu {

/// An object that defines `symbol` as a sinter_cpu_module over the kernels
/// `<prefix>_<variant>_<id>`; all variants are of one architecture, best first.
llvm::Expected<std::string>
compileRegistry(llvm::StringRef symbol, llvm::StringRef prefix,
                llvm::ArrayRef<const CpuVariant *> variants,
                llvm::ArrayRef<std::string> kernelIds,
                const std::array<uint8_t, 32> &planSha256);

} // namespace sinter::cpu
