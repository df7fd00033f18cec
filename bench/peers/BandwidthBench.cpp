// sinter-read-bandwidth THREADS...: how fast so many threads read memory now,
// one JSON object: {"1": bytes per second, "2": ...}.
#include "compiler/cli/ReadBandwidth.h"

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
  std::printf("{");
  for (int i = 1; i < argc; ++i) {
    int threads = std::atoi(argv[i]);
    if (threads < 1 || threads > 256) {
      std::fprintf(stderr, "usage: sinter-read-bandwidth THREADS...\n");
      return 2;
    }
    double rate = sinter::cli::readBandwidth(static_cast<unsigned>(threads));
    std::printf("%s\"%d\":%.0f", i > 1 ? "," : "", threads, rate);
  }
  std::printf("}\n");
  return 0;
}
