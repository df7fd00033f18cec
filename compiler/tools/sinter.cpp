// sinter: the command line. Everything is in compiler/cli.
#include "compiler/cli/Command.h"

int main(int argc, char **argv) {
  return sinter::cli::runCommandLine(argc, argv);
}
