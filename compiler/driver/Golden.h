// golden.json of a web bundle: logits of a fixed prompt, computed by the same
// packed weights with CPU kernels while the bundle is made. A device that
// disagrees with them is not to be trusted (docs/web.md).
#pragma once

#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace sinter {

/// The CPU variant that computes golden logits: the same on every machine of an
/// architecture, so that bundles do not depend on the machine.
constexpr llvm::StringLiteral kGoldenVariant = "x86-64-v2";

/// The text of golden.json. `folder` is a bundle with a manifest, `library` the
/// bytes of a kernel library (kernels/cpu/<arch>.so) for its plan.fb that holds
/// kGoldenVariant.
llvm::Expected<std::string>
goldenLogits(llvm::StringRef folder, llvm::StringRef library, unsigned threads);

} // namespace sinter
