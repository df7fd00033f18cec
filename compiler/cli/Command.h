// The command line: one file per subcommand, listed in Commands.def. stdout
// carries data, stderr talk; exit codes are in docs/cli.md.
#pragma once

#include <CLI/CLI.hpp>

#include "llvm/Support/Error.h"

#include <functional>
#include <string>

namespace sinter::cli {

/// Flags that every subcommand takes.
struct Globals {
  bool json = false;
  bool quiet = false;
  int verbose = 0;
  std::string color = "auto";
  unsigned threads = 0; ///< 0: one per processor
};

/// A subcommand: declares its options on `app` and returns what to run after
/// parsing; the result is the exit code.
using Runner = std::function<int()>;
#define SINTER_COMMAND(NAME, FUNCTION)                                         \
  Runner add##FUNCTION##Command(CLI::App &app, const Globals &globals);
#include "compiler/cli/Commands.def"

/// Prints "sinter: error: TEXT" and returns the exit code of the error.
int reportError(llvm::Error error);

/// Prints a usage error and returns exit code 2.
int reportUsage(const std::string &text);

/// Beyond the codes of compiler/support/Error.h: the command line itself was
/// wrong.
constexpr int kExitUsage = 2;

/// Parses and runs; the whole of main().
int runCommandLine(int argc, char **argv);

} // namespace sinter::cli
