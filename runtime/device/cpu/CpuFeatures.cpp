// CpuFeatures.cpp: CPUID and XGETBV on x86-64, the auxiliary vector on arm64.
// Register numbers and bits: Intel SDM volume 2 (CPUID), Linux
// Documentation/arch/arm64/elf_hwcaps.
#include "runtime/device/cpu/CpuFeatures.h"

#include <cstdio>
#include <cstring>
#if !defined(__wasm__)
#include <unistd.h>
#endif

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/auxv.h>
#include <sys/syscall.h>
#endif

namespace sinter::rt {

const char *cpuArchitecture() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#elif defined(__wasm__)
  return "wasm32";
#else
  return "unknown";
#endif
}

#if defined(__x86_64__)

namespace {
bool all(unsigned value, unsigned bits) { return (value & bits) == bits; }
constexpr unsigned bit(int n) { return 1u << n; }

/// XCR0: which register files the system saves.
uint64_t systemState() {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

/// Linux hands out the tile registers on request only.
bool requestTiles() {
#if defined(__linux__)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
} // namespace

uint64_t detectCpuFeatures() {
  unsigned a = 0, b = 0, c1 = 0, d = 0, b7 = 0, c7 = 0, d7 = 0;
  if (!__get_cpuid(1, &a, &b, &c1, &d))
    return 0;
  if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7))
    b7 = c7 = d7 = 0;
  uint64_t found = 0;
  // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT
  if (all(c1, bit(0) | bit(9) | bit(13) | bit(19) | bit(20) | bit(23)))
    found |= SINTER_CPU_X86_64_V2;
  bool saves = all(c1, bit(27)); // OSXSAVE
  uint64_t state = saves ? systemState() : 0;
  bool ymm = (state & 0x6) == 0x6, zmm = (state & 0xe6) == 0xe6;
  // AVX, F16C, FMA; AVX2
  if (ymm && all(c1, bit(28) | bit(29) | bit(12)) && all(b7, bit(5)))
    found |= SINTER_CPU_AVX2_FMA;
  // F, DQ, BW, VL; VNNI
  if (zmm && all(b7, bit(16) | bit(17) | bit(30) | bit(31)) && all(c7, bit(11)))
    found |= SINTER_CPU_AVX512_VNNI;
  // TILE, INT8; XTILECFG and XTILEDATA
  if (all(d7, bit(24) | bit(25)) && (state & 0x60000) == 0x60000 &&
      requestTiles())
    found |= SINTER_CPU_AMX_INT8;
  return found;
}

#elif defined(__aarch64__)

uint64_t detectCpuFeatures() {
  uint64_t found = SINTER_CPU_ARM64;
#if defined(__linux__)
  if (getauxval(AT_HWCAP) & (1ul << 20)) // HWCAP_ASIMDDP
    found |= SINTER_CPU_ARM64_DOTPROD;
  if (getauxval(AT_HWCAP2) & (1ul << 13)) // HWCAP2_I8MM
    found |= SINTER_CPU_ARM64_I8MM;
#elif defined(__APPLE__)
  found |= SINTER_CPU_ARM64_DOTPROD; // every Apple silicon has it
#endif
  return found;
}

#else
uint64_t detectCpuFeatures() { return 0; }
#endif

Status chooseVariant(const sinter_cpu_module &module, uint64_t features,
                     const char *wanted, const sinter_cpu_variant **variant,
                     char *reason, size_t reasonBytes, Fault &fault) {
  for (uint32_t i = 0; i < module.variant_count; ++i) {
    const sinter_cpu_variant &candidate = module.variants[i];
    bool usable = (candidate.required_features & ~features) == 0;
    if (wanted && strcmp(wanted, candidate.name) != 0)
      continue;
    if (!usable && wanted)
      return fault.set(SINTER_UNSUPPORTED,
                       "this processor cannot run the kernel variant '%s'",
                       wanted);
    if (!usable)
      continue;
    snprintf(reason, reasonBytes,
             wanted ? "asked for"
                    : "number %u of %u in order of preference, "
                      "the first that this processor can run",
             i + 1, module.variant_count);
    *variant = &candidate;
    return SINTER_OK;
  }
  if (wanted)
    return fault.set(SINTER_UNSUPPORTED,
                     "the bundle has no kernel variant '%.60s'", wanted);
  return fault.set(SINTER_UNSUPPORTED,
                   "the bundle has no kernels that this processor can run "
                   "(%s, %u variants)",
                   cpuArchitecture(), module.variant_count);
}

} // namespace sinter::rt
