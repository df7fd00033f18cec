// See GoldenCheck.h. The tolerance is that of web bundles (docs/web.md): other
// arithmetic stays far below it, garbage does not.
#include "compiler/cli/GoldenCheck.h"

#include "compiler/driver/Golden.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace sinter;
using namespace sinter::cli;

static constexpr double kTolerance = 0.25;

/// Prompt and last token through the two ways; the logits after it.
static sinter_status runPrompt(const GoldenLogits &golden,
                               sinter_session *session,
                               std::vector<float> &logits,
                               sinter_error *error) {
  size_t last = golden.tokens.size() - 1;
  if (last)
    if (sinter_status status =
            sinter_session_prefill(session, golden.tokens.data(), last, error))
      return status;
  if (sinter_status status =
          sinter_session_decode(session, golden.tokens[last], error))
    return status;
  return sinter_session_logits(session, logits.data(), logits.size(), error);
}

/// The largest difference; infinite if a number is none.
static double worstOf(const GoldenLogits &golden,
                      llvm::ArrayRef<float> logits) {
  if (!llvm::all_of(logits, [](float x) { return std::isfinite(x); }))
    return HUGE_VAL;
  double worst = 0;
  for (auto [id, expected] : llvm::zip(golden.ids, golden.logits))
    worst = std::max(worst, std::fabs(double(logits[size_t(id)]) - expected));
  return worst;
}

int cli::checkGolden(const GoldenLogits &golden, const OpenFlags &flags,
                     const Globals &globals, bool optional,
                     GoldenAgreement &agreement) {
  OpenModel opened;
  sinter_error error = {};
  if (sinter_status status = opened.tryOpen(flags, globals, error)) {
    if (status != SINTER_UNSUPPORTED || !optional)
      return reportStatus(error);
    llvm::errs() << "note: golden logits are not compared on " << flags.device
                 << ": " << error.message << "\n";
    return kExitUnsupported;
  }
  const sinter_model_info &info = opened.info;
  std::vector<float> logits(info.vocab_size);
  for (const std::vector<int32_t> *ids : {&golden.tokens, &golden.ids})
    if (llvm::any_of(
            *ids, [&](int32_t id) { return uint32_t(id) >= info.vocab_size; }))
      return reportError(verificationError(flags.bundle + "/" + kGoldenPath +
                                           ": an id is not in the vocabulary"));
  if (runPrompt(golden, opened.session, logits, &error))
    return reportStatus(error);
  double worst = worstOf(golden, logits),
         allowed = kTolerance * golden.deviation;
  agreement = {flags.device, info.variant,
               golden.deviation > 0 ? worst / golden.deviation : worst};
  if (worst <= allowed)
    return kExitOk;
  return reportError(verificationError(llvm::formatv(
      "{0} ({1}, {2}) computes wrong logits: they differ by {3:g} from "
      "golden.json, {4:g} is allowed; update its driver or use another device",
      flags.device, info.variant, info.variant_reason, worst, allowed)));
}
