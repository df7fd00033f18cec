// Whether a device computes what the compiler computed: the logits in a
// bundle's golden.json (docs/vulkan.md, "Golden logits").
#pragma once

#include "compiler/cli/Session.h"
#include "compiler/driver/Golden.h"

#include <string>

namespace sinter::cli {

/// What one device gave.
struct GoldenAgreement {
  std::string device, variant;
  double worst = 0; ///< largest difference, in deviations
};

/// Runs the prompt through prefill and decode on `flags.device`. 0 or the exit
/// code, the error having been reported; a difference of more than a quarter of
/// the deviation, or a logit that is no number, is kExitVerification. Where
/// there is no such device here: kExitUnsupported, reported as `note` if
/// `optional`.
int checkGolden(const GoldenLogits &golden, const OpenFlags &flags,
                const Globals &globals, bool optional,
                GoldenAgreement &agreement);

} // namespace sinter::cli
