// golden.json of a bundle for browsers or GPUs: logits of a fixed prompt,
// computed by the same packed weights with CPU kernels while the bundle is
// made. A device that disagrees with them is not to be trusted (docs/web.md).
#pragma once

#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sinter {

constexpr llvm::StringLiteral kGoldenPath = "golden.json";

/// The CPU variant that computes golden logits: the same on every machine of an
/// architecture, so that bundles do not depend on the machine.
constexpr llvm::StringLiteral kGoldenVariant = "x86-64-v2";

/// The text of golden.json. `folder` is a bundle with a manifest, `library` the
/// bytes of a kernel library (kernels/cpu/<arch>.so) for its plan.fb that holds
/// kGoldenVariant.
llvm::Expected<std::string>
goldenLogits(llvm::StringRef folder, llvm::StringRef library, unsigned threads);

/// What golden.json says.
struct GoldenLogits {
  std::vector<int32_t> tokens; ///< the prompt, at least one
  std::vector<int32_t> ids;    ///< those whose logits are known
  std::vector<double> logits;  ///< after the prompt, one per id
  double deviation = 0;        ///< of all logits
};

/// A bundle's golden.json; nothing where it has none. A VerificationError for a
/// file that is not what the compiler writes.
llvm::Expected<std::optional<GoldenLogits>>
readGolden(const std::string &bundle);

} // namespace sinter
