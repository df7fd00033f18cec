// Global flags, dispatch to subcommands, errors. See Command.h.
#include "compiler/cli/Command.h"

#include "compiler/support/Error.h"

#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace sinter;

int cli::reportError(llvm::Error error) {
  int code = exitCode(error);
  // Several errors are one line, as one is.
  std::string text = llvm::toString(std::move(error));
  std::replace(text.begin(), text.end(), '\n', ';');
  llvm::WithColor::error(llvm::errs(), "sinter") << text << "\n";
  return code;
}

int cli::reportUsage(const std::string &text) {
  llvm::WithColor::error(llvm::errs(), "sinter") << text << "\n";
  return kExitUsage;
}

static void addGlobals(CLI::App &app, cli::Globals &globals) {
  app.add_flag("--json", globals.json, "Print data as JSON");
  app.add_flag("-q,--quiet", globals.quiet, "Print no progress");
  app.add_flag("-v", globals.verbose, "Say more; twice: much more");
  app.add_option("--color", globals.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_option("--threads", globals.threads,
                 "Threads that compute; 0: one per processor")
      ->check(CLI::Range(0, 256));
}

int cli::runCommandLine(int argc, char **argv) {
  CLI::App app("Sinter: ahead-of-time compiler for transformer models");
  app.set_version_flag("--version", "sinter " SINTER_VERSION);
  app.require_subcommand(1);
  // Global flags may stand before or after the subcommand.
  app.fallthrough();
  Globals globals;
  addGlobals(app, globals);
  Runner chosen;
#define SINTER_COMMAND(NAME, FUNCTION)                                         \
  {                                                                            \
    CLI::App *sub = app.add_subcommand(NAME);                                  \
    sub->fallthrough();                                                        \
    sub->final_callback([&chosen, run = add##FUNCTION##Command(                \
                                      *sub, globals)] { chosen = run; });      \
  }
#include "compiler/cli/Commands.def"
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    int code = app.exit(error);
    return code == 0 ? 0 : kExitUsage;
  }
  if (globals.color != "auto")
    llvm::WithColor::setAutoDetectFunction(
        [](const llvm::raw_ostream &) { return false; });
  return chosen();
}
