// What run and chat share: a text that the model makes, as it comes and as
// JSON.
#pragma once

#include "compiler/cli/Session.h"

namespace sinter::cli {

struct Reply {
  std::vector<int32_t> tokens;
  std::string text;
  sinter_generate_result result = SINTER_GENERATE_RESULT_INIT;

  /// Generates. Text goes to stdout as it comes, except with --json; an
  /// interrupt stops it. 0 or the exit code, the error having been reported.
  int generate(const OpenModel &open, const sinter_generate_params &params,
               const Globals &globals);
  /// One JSON object on a line of stdout.
  void printJson() const;
  /// Tokens per second, to stderr.
  void printSpeed() const;
};

} // namespace sinter::cli
