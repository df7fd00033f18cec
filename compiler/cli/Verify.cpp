// sinter verify BUNDLE
#include "compiler/bundle/VerifyBundle.h"
#include "compiler/cli/BundlePlan.h"
#include "compiler/cli/GoldenCheck.h"
#include "compiler/driver/Golden.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <memory>

using namespace sinter;
using namespace sinter::cli;

/// The devices of this machine's kind that the bundle has kernels for.
static llvm::Expected<std::vector<std::string>>
devicesOf(const std::string &bundle) {
  auto programs = plansOfBundle(bundle);
  if (!programs)
    return programs.takeError();
  std::vector<std::string> devices;
  for (const BundleProgramFile &program : *programs)
    for (const std::string &target : program.targets)
      if (target == "cpu" || target == "vulkan")
        devices.push_back(target);
  return devices;
}

/// What every device computes against what the compiler did; "auto": all that
/// the bundle has kernels for.
static int compareLogits(const OpenFlags &flags, const Globals &globals,
                         std::vector<GoldenAgreement> &agreements) {
  auto golden = readGolden(flags.bundle);
  if (!golden)
    return reportError(golden.takeError());
  bool chosen = flags.device != "auto";
  if (!*golden) {
    if (!chosen)
      return kExitOk;
    return reportError(inputError(flags.bundle + " has no golden.json "
                                                 "to compare a device with"));
  }
  std::vector<std::string> devices = {flags.device};
  if (!chosen) {
    auto all = devicesOf(flags.bundle);
    if (!all)
      return reportError(all.takeError());
    devices = std::move(*all);
  }
  for (const std::string &device : devices) {
    OpenFlags open = flags;
    open.device = device;
    GoldenAgreement agreement;
    int code = checkGolden(**golden, open, globals, !chosen, agreement);
    if (code == kExitUnsupported && !chosen)
      continue;
    if (code)
      return code;
    agreements.push_back(std::move(agreement));
  }
  return kExitOk;
}

static void print(const VerifyReport &report,
                  llvm::ArrayRef<GoldenAgreement> agreements,
                  const std::string &bundle, const Globals &globals) {
  if (globals.json) {
    llvm::json::Array unlisted(report.unlisted), golden;
    for (const GoldenAgreement &agreement : agreements)
      golden.push_back(llvm::json::Object{{"device", agreement.device},
                                          {"variant", agreement.variant},
                                          {"difference", agreement.worst}});
    llvm::outs() << llvm::formatv(
        "{0}\n", llvm::json::Value(llvm::json::Object{
                     {"files", static_cast<int64_t>(report.files)},
                     {"bytes", static_cast<int64_t>(report.bytes)},
                     {"unlisted", std::move(unlisted)},
                     {"golden", std::move(golden)}}));
    return;
  }
  for (const std::string &path : report.unlisted)
    llvm::errs() << "note: " << path << " is not part of the bundle\n";
  if (globals.quiet)
    return;
  llvm::errs() << llvm::formatv("{0}: {1} files, {2:N} bytes, all as written\n",
                                bundle, report.files, report.bytes);
  for (const GoldenAgreement &agreement : agreements)
    llvm::errs() << llvm::formatv(
        "{0} ({1}): logits within {2:F4} deviations of the compiler's\n",
        agreement.device, agreement.variant, agreement.worst);
}

/// Hashes and sizes first, then what the runtime checks when it loads, then
/// what devices compute.
static int run(const OpenFlags &flags, const Globals &globals) {
  const std::string &bundle = flags.bundle;
  auto report = verifyBundle(bundle, globals.threads);
  if (!report)
    return reportError(report.takeError());
  sinter_error error = {};
  if (sinter_bundle_verify(bundle.c_str(), nullptr, nullptr, &error))
    return reportStatus(error);
  std::vector<GoldenAgreement> agreements;
  if (!llvm::is_contained(report->unlisted, kGoldenPath))
    if (int code = compareLogits(flags, globals, agreements))
      return code;
  print(*report, agreements, bundle, globals);
  return kExitOk;
}

Runner cli::addVerifyCommand(CLI::App &app, const Globals &globals) {
  app.description("Check every file of a bundle against its manifest, and "
                  "devices against its golden logits");
  auto flags = std::make_shared<OpenFlags>();
  app.add_option("BUNDLE", flags->bundle, "Folder of the bundle")->required();
  app.add_option("--device", flags->device,
                 "Compare logits on cpu or vulkan only (auto: on all that the "
                 "bundle has kernels for and that are here)")
      ->check(CLI::IsMember({"auto", "cpu", "vulkan"}));
  app.add_option("--gpu", flags->gpu,
                 "With vulkan: the index of the GPU, or part of its name");
  return [flags, &globals] { return run(*flags, globals); };
}
