/* empty.c: the same program without the runtime, for comparison. */
#include <stdio.h>

int main(int argc, char **argv) {
  fwrite(argv[0], 1, (size_t)argc, stdout);
  puts("");
  return 0;
}
