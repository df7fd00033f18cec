// The plan of a bundle that runs candidates for one kernel in turn
// (CandidateBundle.h).
#pragma once

#include "compiler/driver/CandidateBundle.h"

namespace sinter {

struct CandidatePlan {
  int64_t context, chunk; ///< tokens
  int64_t poolBytes;      ///< of weights
  const KernelUse &use;
  size_t candidates;
  int64_t scratchBytes; ///< of the hungriest

  /// Kernel i is candidate_i. The entry of the use (prefill or decode)
  /// dispatches all of them, for one token round after round until the pool has
  /// been read; the others run the first one, because a plan has them.
  std::string serialize() const;
};

} // namespace sinter
