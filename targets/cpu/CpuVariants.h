// The instruction sets the CPU target compiles for: one table, from which
// everything else (caps, code generation, registry, groups) is read.
#pragma once

#include "dialects/kern/Kern.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace sinter::cpu {

enum class Arch { x86_64, aarch64, wasm32 };

/// How kern.dot4 is spelled (raise/LowerDot4.cpp).
enum class DotIsa {
  generic,
  ssse3,
  avx2,
  avx512Vnni,
  armDotprod,
  armI8mm,
  wasmRelaxed,
  wasmSimd128
};

struct CpuVariant {
  llvm::StringLiteral name;
  Arch arch;
  DotIsa dot;
  int64_t simdBits;
  int64_t registers;
  kern::Feature features;
  llvm::StringLiteral processor;    ///< LLVM's name of the base processor
  llvm::StringLiteral tuneFor;      ///< whose scheduling model is used
  llvm::StringLiteral llvmFeatures; ///< beyond the processor's
  uint64_t requiredFeatures;        ///< SINTER_CPU_*
};

/// All of them; of one architecture, best first.
llvm::ArrayRef<CpuVariant> allVariants();

/// The variant of that name, or null.
const CpuVariant *findVariant(llvm::StringRef name);

kern::CapsAttr capsOf(mlir::MLIRContext *context, const CpuVariant &variant);

/// "x86_64", "aarch64", "wasm32": as in file names and triples.
llvm::StringRef archName(Arch arch);

/// Bits of a pointer, and of kern's index.
inline unsigned pointerBits(Arch arch) {
  return arch == Arch::wasm32 ? 32 : 64;
}

/// The names that `requested` stands for, without doubles, in order of
/// preference: a variant's name, `x86-64`, `arm64`, `wasm`, or `native` (this
/// machine's architecture). Returns the first unknown name.
std::optional<std::string>
resolveVariants(llvm::ArrayRef<std::string> requested,
                llvm::SmallVectorImpl<const CpuVariant *> &variants);

} // namespace sinter::cpu
