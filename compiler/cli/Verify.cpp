// sinter verify BUNDLE
#include "compiler/bundle/VerifyBundle.h"
#include "compiler/cli/Session.h"
#include "compiler/support/Error.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <memory>

using namespace sinter;
using namespace sinter::cli;

/// Hashes and sizes first, then what the runtime checks when it loads.
static int run(const std::string &bundle, const Globals &globals) {
  auto report = verifyBundle(bundle, globals.threads);
  if (!report)
    return reportError(report.takeError());
  sinter_error error = {};
  if (sinter_bundle_verify(bundle.c_str(), nullptr, nullptr, &error))
    return reportStatus(error);
  if (globals.json) {
    llvm::json::Array unlisted(report->unlisted);
    llvm::outs() << llvm::formatv(
        "{0}\n", llvm::json::Value(llvm::json::Object{
                     {"files", static_cast<int64_t>(report->files)},
                     {"bytes", static_cast<int64_t>(report->bytes)},
                     {"unlisted", std::move(unlisted)}}));
    return kExitOk;
  }
  for (const std::string &path : report->unlisted)
    llvm::errs() << "note: " << path << " is not part of the bundle\n";
  if (!globals.quiet)
    llvm::errs() << llvm::formatv(
        "{0}: {1} files, {2:N} bytes, all as written\n", bundle, report->files,
        report->bytes);
  return kExitOk;
}

Runner cli::addVerifyCommand(CLI::App &app, const Globals &globals) {
  app.description("Check every file of a bundle against its manifest");
  auto bundle = std::make_shared<std::string>();
  app.add_option("BUNDLE", *bundle, "Folder of the bundle")->required();
  return [bundle, &globals] { return run(*bundle, globals); };
}
