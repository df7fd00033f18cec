/* sinter_abi.h: what compiled kernels and the runtime agree on. The only header
 * both sides of Sinter include; a change here is a new SINTER_ABI_VERSION, and
 * a bundle of another version is refused.
 */
#ifndef SINTER_ABI_H
#define SINTER_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SINTER_ABI_VERSION 1u
#define SINTER_MODULE_MAGIC 0x43544e53u /* "SNTC" */

/* Largest alignment a kernel may assume of a binding and of scratch, in bytes.
 */
#define SINTER_BINDING_ALIGNMENT 64

/* Numbers passed with every dispatch of an entry point (kern.scalar). */
typedef struct sinter_scalars {
  int64_t token_count; /* tokens in this chunk, >= 1 */
  int64_t position; /* position of the first of them = tokens already in the KV
                       cache */
  int64_t row; /* entry `head`: the row of `hidden` whose logits are wanted */
} sinter_scalars;

/* One CPU kernel. bindings: one pointer per binding. scratch: private to the
 * calling worker, the kernel's scratch_bytes long, unchanged between calls of
 * one dispatch. Computes work items [begin, end). first: nonzero in a worker's
 * first call of a dispatch. Thread-safe for disjoint items.
 */
typedef void (*sinter_cpu_kernel)(void *const *bindings,
                                  const sinter_scalars *scalars, void *scratch,
                                  int64_t begin, int64_t end, int64_t first);

/* CPU features, a variant is usable when all of its bits are present on the
 * machine. */
enum {
  SINTER_CPU_X86_64_V2 = 1 << 0,   /* SSE4.2, SSSE3, POPCNT */
  SINTER_CPU_AVX2_FMA = 1 << 1,    /* AVX2, FMA, F16C */
  SINTER_CPU_AVX512_VNNI = 1 << 2, /* AVX-512 F BW DQ VL VNNI */
  SINTER_CPU_AMX_INT8 = 1 << 3,    /* AMX tile and int8 */
  SINTER_CPU_ARM64 = 1 << 8,       /* Armv8.0 Advanced SIMD */
  SINTER_CPU_ARM64_DOTPROD = 1 << 9,
  SINTER_CPU_ARM64_I8MM = 1 << 10
};

/* The kernels of one instruction set; kernels[i] is kernel i of the plan. */
typedef struct sinter_cpu_variant {
  const char
      *name; /* "x86-64-v2", "avx2", "avx512-vnni", "arm64-dotprod", ... */
  uint64_t required_features;
  const sinter_cpu_kernel *kernels;
} sinter_cpu_variant;

/* What a CPU kernel library exports, as `sinter_cpu_module` (shared library) or
 * `<prefix>_cpu_module` (static). */
typedef struct sinter_cpu_module {
  uint32_t magic;
  uint32_t abi_version;
  uint32_t variant_count; /* variants[] in order of preference, best first */
  uint32_t kernel_count;
  uint8_t plan_sha256[32]; /* the plan.fb these kernels belong to */
  const sinter_cpu_variant *variants;
} sinter_cpu_module;

#ifdef __cplusplus
}
#endif
#endif
