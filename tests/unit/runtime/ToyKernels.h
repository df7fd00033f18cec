/* ToyKernels.h: sizes of the toy model, and its kernels. */
#ifndef TOYKERNELS_H
#define TOYKERNELS_H

#include "sinter_abi.h"

#define TOY_VOCAB 128
#define TOY_HIDDEN 4
#define TOY_CONTEXT 64
#define TOY_CHUNK 8
#define TOY_MARKER "sinter toy marker 0123456789abcd"

#ifdef __cplusplus
extern "C" {
#endif
/* "impossible" (no machine has its feature), "plain", "second". */
extern const sinter_cpu_variant toy_variants[3];
#ifdef __cplusplus
}
#endif
#endif
