/* ToyKernels.c: the kernels of the toy model (ToyModel.h), compiled into the
 * tests and, with TOY_LIBRARY, into a shared library as a bundle has it. Plain
 * C, as simple as can be.
 *
 * KV cache: keys[position] = token + 1. hidden[row] = {sum over p <= position
 * of keys[p] * (p + 1), position, token}. logits[v] = bias[v] - |v - sum mod
 * V|.
 */
#include "ToyKernels.h"

static float absolute(float x) { return x < 0 ? -x : x; }

/* bindings: tokens, cache. An item a token. */
static void append(void *const *bindings, const sinter_scalars *scalars,
                   void *scratch, int64_t begin, int64_t end, int64_t first) {
  const int32_t *tokens = (const int32_t *)bindings[0];
  float *keys = (float *)bindings[1];
  (void)scratch;
  (void)first;
  for (int64_t i = begin; i < end; ++i)
    keys[scalars->position + i] = (float)(tokens[i] + 1);
}

/* bindings: cache, tokens, hidden. An item a token. scratch: counts calls, to
 * see that it is private and that `first` is right. */
static void mix(void *const *bindings, const sinter_scalars *scalars,
                void *scratch, int64_t begin, int64_t end, int64_t first) {
  const float *keys = (const float *)bindings[0];
  const int32_t *tokens = (const int32_t *)bindings[1];
  float *hidden = (float *)bindings[2];
  int64_t *calls = (int64_t *)scratch;
  if (first)
    *calls = 0;
  ++*calls;
  for (int64_t i = begin; i < end; ++i) {
    int64_t last = scalars->position + i;
    float sum = 0;
    for (int64_t p = 0; p <= last; ++p)
      sum += keys[p] * (float)(p + 1);
    hidden[i * TOY_HIDDEN] = sum;
    hidden[i * TOY_HIDDEN + 1] = (float)last;
    hidden[i * TOY_HIDDEN + 2] = (float)tokens[i];
    hidden[i * TOY_HIDDEN + 3] = (float)(*calls > 0 ? 1 : -1);
  }
}

/* bindings: hidden, bias, logits. An item 16 logits. */
static void head(void *const *bindings, const sinter_scalars *scalars,
                 void *scratch, int64_t begin, int64_t end, int64_t first) {
  const float *hidden = (const float *)bindings[0] + scalars->row * TOY_HIDDEN;
  const float *bias = (const float *)bindings[1];
  float *logits = (float *)bindings[2];
  int64_t target = (int64_t)hidden[0] % TOY_VOCAB;
  (void)scratch;
  (void)first;
  for (int64_t v = begin * 16; v < end * 16; ++v)
    logits[v] = bias[v] - absolute((float)(v - target));
}

/* bindings: logits, next_token. One item. */
static void greedy(void *const *bindings, const sinter_scalars *scalars,
                   void *scratch, int64_t begin, int64_t end, int64_t first) {
  const float *logits = (const float *)bindings[0];
  int32_t best = 0;
  (void)scalars;
  (void)scratch;
  (void)begin;
  (void)end;
  (void)first;
  for (int32_t v = 1; v < TOY_VOCAB; ++v)
    if (logits[v] > logits[best])
      best = v;
  *(int32_t *)bindings[1] = best;
}

/* The same with one deliberate difference, to tell variants apart. */
static void greedySecond(void *const *bindings, const sinter_scalars *scalars,
                         void *scratch, int64_t begin, int64_t end,
                         int64_t first) {
  greedy(bindings, scalars, scratch, begin, end, first);
  *(int32_t *)bindings[1] = TOY_VOCAB - 1 - *(int32_t *)bindings[1];
}

static const sinter_cpu_kernel kernels[] = {append, mix, head, greedy};
static const sinter_cpu_kernel secondKernels[] = {append, mix, head,
                                                  greedySecond};

const sinter_cpu_variant toy_variants[3] = {
    {"impossible", UINT64_C(1) << 63, kernels},
    {"plain", 0, kernels},
    {"second", 0, secondKernels},
};

#ifdef TOY_LIBRARY
/* The hash of a bundle's plan.fb is patched in over the marker. */
__attribute__((visibility("default")))
const sinter_cpu_module sinter_cpu_module_value __asm__("sinter_cpu_module") = {
    SINTER_MODULE_MAGIC, SINTER_ABI_VERSION, 3, 4, TOY_MARKER, toy_variants};
#endif
