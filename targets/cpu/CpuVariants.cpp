// The table of instruction sets (CpuVariants.h).
#include "targets/cpu/CpuVariants.h"

#include "runtime/include/sinter_abi.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace sinter;
using namespace sinter::cpu;
using kern::Feature;

static constexpr uint64_t kAvx2 = SINTER_CPU_X86_64_V2 | SINTER_CPU_AVX2_FMA;
static constexpr uint64_t kDotprod =
    SINTER_CPU_ARM64 | SINTER_CPU_ARM64_DOTPROD;

/// AVX2 has no exact u8 x s8 dot product, so it does not claim dot_u8s8: its
/// saturating one serves nibbles and symmetric int8 (LowerDot4.cpp).
static const CpuVariant kVariants[] = {
    {"avx512-vnni", Arch::x86_64, DotIsa::avx512Vnni, 512, 32,
     Feature::fma | Feature::f16_convert | Feature::dot_u8s8, "x86-64",
     "sapphirerapids",
     "+sse4.2,+popcnt,+avx2,+fma,+f16c,+avx512f,+avx512bw,+avx512dq,"
     "+avx512vl,+avx512vnni,-prefer-256-bit",
     kAvx2 | SINTER_CPU_AVX512_VNNI},
    {"avx2", Arch::x86_64, DotIsa::avx2, 256, 16,
     Feature::fma | Feature::f16_convert, "x86-64", "haswell",
     "+sse4.2,+popcnt,+avx2,+fma,+f16c", kAvx2},
    {"x86-64-v2", Arch::x86_64, DotIsa::ssse3, 128, 16, Feature::none, "x86-64",
     "nehalem", "+ssse3,+sse4.1,+sse4.2,+popcnt", SINTER_CPU_X86_64_V2},
    {"arm64-i8mm", Arch::aarch64, DotIsa::armI8mm, 128, 32,
     Feature::fma | Feature::f16_convert | Feature::dot_u8s8 |
         Feature::dot_s8s8 | Feature::matrix_s8s8,
     "generic", "neoverse-n2", "+neon,+dotprod,+i8mm",
     kDotprod | SINTER_CPU_ARM64_I8MM},
    {"arm64-dotprod", Arch::aarch64, DotIsa::armDotprod, 128, 32,
     Feature::fma | Feature::f16_convert | Feature::dot_s8s8, "generic",
     "neoverse-n1", "+neon,+dotprod", kDotprod},
    // What an engine picks cannot be asked for: JavaScript tries to compile a
    // module with relaxed SIMD. Registers are those engines have on x86-64.
    {"relaxed", Arch::wasm32, DotIsa::wasmRelaxed, 128, 16, Feature::fma,
     "generic", "generic",
     "+simd128,+relaxed-simd,+bulk-memory,+nontrapping-fptoint,+sign-ext,"
     "+mutable-globals",
     0},
    {"simd128", Arch::wasm32, DotIsa::wasmSimd128, 128, 16, Feature::none,
     "generic", "generic",
     "+simd128,+bulk-memory,+nontrapping-fptoint,+sign-ext,+mutable-globals",
     0},
};

llvm::ArrayRef<CpuVariant> cpu::allVariants() { return kVariants; }

const CpuVariant *cpu::findVariant(llvm::StringRef name) {
  for (const CpuVariant &variant : kVariants)
    if (variant.name == name)
      return &variant;
  return nullptr;
}

kern::CapsAttr cpu::capsOf(mlir::MLIRContext *context,
                           const CpuVariant &variant) {
  return kern::CapsAttr::get(context, variant.simdBits, variant.registers,
                             variant.features, /*cheap_barriers=*/false);
}

llvm::StringRef cpu::archName(Arch arch) {
  switch (arch) {
  case Arch::x86_64:
    return "x86_64";
  case Arch::aarch64:
    return "aarch64";
  case Arch::wasm32:
    return "wasm32";
  }
  llvm_unreachable("unknown architecture");
}

/// What all variants of an architecture are called together.
static llvm::StringRef groupName(Arch arch) {
  switch (arch) {
  case Arch::x86_64:
    return "x86-64";
  case Arch::aarch64:
    return "arm64";
  case Arch::wasm32:
    return "wasm";
  }
  llvm_unreachable("unknown architecture");
}

/// Whether a requested name covers a variant.
static bool covers(llvm::StringRef name, const CpuVariant &variant) {
  if (name == "native")
    name = llvm::Triple(llvm::sys::getProcessTriple()).isAArch64() ? "arm64"
                                                                   : "x86-64";
  return name == variant.name || name == groupName(variant.arch);
}

std::optional<std::string>
cpu::resolveVariants(llvm::ArrayRef<std::string> requested,
                     llvm::SmallVectorImpl<const CpuVariant *> &variants) {
  for (const std::string &name : requested)
    if (llvm::none_of(kVariants, [&](const CpuVariant &variant) {
          return covers(name, variant);
        }))
      return name;
  for (const CpuVariant &variant : kVariants)
    if (llvm::any_of(requested, [&](const std::string &name) {
          return covers(name, variant);
        }))
      variants.push_back(&variant);
  return std::nullopt;
}
