// Plan.h: a verified view of plan.fb (runtime/schema/plan.fbs). After load()
// succeeded every index and range in it is within bounds, so that readers need
// no checks.
#ifndef SINTER_RUNTIME_CORE_PLAN_H
#define SINTER_RUNTIME_CORE_PLAN_H

#include "runtime/core/Memory.h"
#include "runtime/core/Status.h"
#include "runtime/schema/plan_generated.h"

namespace sinter::rt {

constexpr uint64_t kMaxPlanBytes = 256u << 20;

/// Numbers in the buffer `sampling`; docs/web.md says which.
constexpr uint32_t kSamplingSize = 16;

/// Entry points by number.
enum EntryId : uint32_t {
  kPrefill,
  kDecode,
  kHead,
  kGreedy, // may be missing
  kSample, // may be missing
  kEntryCount
};

class Plan {
public:
  /// Takes the bytes over and checks them; CORRUPT or VERSION_MISMATCH.
  [[nodiscard]] Status load(Buffer bytes, Fault &fault);

  const fb::Plan &root() const { return *root_; }
  const uint8_t *sha256() const { return sha256_; }

  /// Null when the plan has no such entry (kGreedy and kSample
  /// only).
  const fb::Entry *entry(EntryId id) const { return entries_[id]; }
  static const char *entryName(EntryId id);

  const fb::Range &tokens() const { return *io_[0]; }
  const fb::Range &hidden() const { return *io_[1]; }
  const fb::Range &logits() const { return *io_[2]; }
  /// With kGreedy or kSample only.
  const fb::Range &nextToken() const { return *io_[3]; }
  /// With kSample only.
  const fb::Range &sampling() const { return *io_[4]; }
  const fb::Range &history() const { return *io_[5]; }

  /// Work items of a dispatch for token_count tokens.
  static uint32_t items(const fb::Dispatch &dispatch, uint64_t tokenCount);

private:
  Status checkHeader(Fault &fault) const;
  Status checkKernels(Fault &fault) const;
  Status checkEntries(Fault &fault);
  Status checkDispatch(const fb::Entry &entry, uint32_t index,
                       uint64_t tokenCount, Fault &fault) const;
  Status checkWeights(Fault &fault) const;
  Status checkIos(Fault &fault);
  Status checkStates(Fault &fault) const;
  bool fits(const fb::Range &range, uint64_t alignment) const;

  Buffer bytes_;
  const fb::Plan *root_ = nullptr;
  const fb::Entry *entries_[kEntryCount] = {};
  static constexpr int kIoCount = 6;
  const fb::Range *io_[kIoCount] = {};
  uint8_t sha256_[32] = {};
};

} // namespace sinter::rt
#endif
