//===- VerifyBundle.h - Is a bundle what its manifest says? -----*- C++ -*-===//
//
// Recomputes every size and hash, checks the form of every plan and that the
// weight shards are all there. Loading does the semantic checks (runtime/core).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sinter {

struct VerifyReport {
  uint64_t files = 0, bytes = 0;
  /// Files in the folder that the manifest does not list; harmless.
  std::vector<std::string> unlisted;
};

/// Verifies the bundle at `path` on up to `threads` threads (0: one per
/// processor). InputError if there is no folder; a VerificationError that lists
/// every file with its fault if something does not match.
llvm::Expected<VerifyReport> verifyBundle(llvm::StringRef path,
                                          unsigned threads = 0);

} // namespace sinter
