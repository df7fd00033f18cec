// What the commands that run a bundle share: opening it, the runtime's errors
// as exit codes.
#pragma once

#include "compiler/cli/Command.h"
#include "runtime/include/sinter.hpp"

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>
#include <vector>

namespace sinter::cli {

/// Flags of a command that opens a bundle.
struct OpenFlags {
  std::string bundle;
  std::string device = "auto";
  std::string variant;
  bool verify = false;
  std::string weights = "auto"; ///< auto, mmap or huge
  std::string gpu;
};
void addOpenFlags(CLI::App &app, OpenFlags &flags);

/// A model and one session; closed in order. Empty after a failure.
class OpenModel {
public:
  OpenModel() = default;
  ~OpenModel();
  OpenModel(const OpenModel &) = delete;
  OpenModel &operator=(const OpenModel &) = delete;

  /// Opens bundle and session; 0 or the exit code, the error having been
  /// reported.
  int open(const OpenFlags &flags, const Globals &globals);
  /// The same with the runtime's own error, not reported.
  [[nodiscard]] sinter_status
  tryOpen(const OpenFlags &flags, const Globals &globals, sinter_error &error);
  /// Begins again with an empty session, of which every dispatch is measured if
  /// `profile`; 0 or the exit code.
  int startSession(bool profile);

  sinter_model *model = nullptr;
  sinter_session *session = nullptr;
  sinter_model_info info = SINTER_MODEL_INFO_INIT;
};

/// Prints the runtime's error and returns its exit code: 1 for bad input, 3
/// unsupported, 4 out of memory or context, 5 corrupt, 70 internal.
int reportStatus(const sinter_error &error);

/// "1,2,3" to ids; the error names what is no number.
llvm::Expected<std::vector<int32_t>> parseTokens(llvm::StringRef list);

/// A file's bytes; "-" is standard input.
llvm::Expected<std::string> readText(const std::string &path);

/// -p TEXT or -f FILE; an input error if both or neither are given.
struct TextFlags {
  std::string text, file;
  CLI::Option *textOption = nullptr;
};
void addTextFlags(CLI::App &app, TextFlags &flags);
/// The text, nothing if neither flag was given.
llvm::Expected<std::optional<std::string>> promptText(const TextFlags &flags);

/// Ids of a text, by the bundle's tokenizer.
llvm::Expected<std::vector<int32_t>>
tokenizeText(const sinter_model *model, llvm::StringRef text, uint32_t flags);

} // namespace sinter::cli
