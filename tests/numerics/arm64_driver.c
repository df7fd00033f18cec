/* Runs kernels of a static archive on data from stdin, for emulation: reads
 * int64 {kernel, token_count, position, row, begin, end, first, scratch bytes,
 * number of bindings}, then for each binding its size and bytes; writes the
 * bindings' bytes back; until the end of the input. The module's symbol is
 * arm_cpu_module. Exit codes: 0, 2 bad input, 3 wrong module.
 */
#include "runtime/include/sinter_abi.h"

#include <stdio.h>
#include <stdlib.h>

extern const sinter_cpu_module arm_cpu_module;

static void *take(size_t bytes) {
  size_t padded = (bytes + 127) / 64 * 64;
  void *memory = aligned_alloc(64, padded);
  if (!memory)
    exit(2);
  return memory;
}

int main(void) {
  int64_t head[9];
  if (arm_cpu_module.magic != SINTER_MODULE_MAGIC ||
      arm_cpu_module.abi_version != SINTER_ABI_VERSION)
    return 3;
  while (fread(head, sizeof head, 1, stdin) == 1) {
    sinter_scalars scalars = {head[1], head[2], head[3]};
    void *bindings[16];
    int64_t sizes[16];
    void *scratch = take((size_t)head[7]);
    if (head[8] > 16 || head[0] >= arm_cpu_module.kernel_count)
      return 2;
    for (int64_t i = 0; i < head[8]; ++i) {
      if (fread(&sizes[i], 8, 1, stdin) != 1)
        return 2;
      bindings[i] = take((size_t)sizes[i]);
      if (fread(bindings[i], 1, (size_t)sizes[i], stdin) != (size_t)sizes[i])
        return 2;
    }
    arm_cpu_module.variants[0].kernels[head[0]](bindings, &scalars, scratch,
                                                head[4], head[5], head[6]);
    for (int64_t i = 0; i < head[8]; ++i) {
      fwrite(bindings[i], 1, (size_t)sizes[i], stdout);
      free(bindings[i]);
    }
    free(scratch);
  }
  return 0;
}
