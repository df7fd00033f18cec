// PlanFuzz.cpp: any bytes as plan.fb: refused with a message, or everything
// that an executor looks at is within bounds.
#include "runtime/core/Plan.h"

#include <cstdlib>
#include <cstring>

using namespace sinter::rt;

namespace {
void require(bool condition) {
  if (!condition)
    abort();
}

void checkRange(const Plan &plan, const sinter::fb::Range &range) {
  uint64_t limit =
      range.space() == sinter::fb::Space_weights ? plan.root().weight_bytes()
      : range.space() == sinter::fb::Space_arena ? plan.root().arena_bytes()
                                                 : plan.root().state_bytes();
  require(range.bytes() <= limit && range.offset() <= limit - range.bytes());
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sinter_error error;
  Fault fault(&error);
  Buffer bytes;
  if (!bytes.allocate(size))
    return 0;
  if (size)
    memcpy(bytes.data(), data, size);
  Plan plan;
  if (Status status = plan.load(std::move(bytes), fault)) {
    require(status == error.code && error.message[0]);
    return 0;
  }
  for (uint32_t id = 0; id < kEntryCount; ++id) {
    const sinter::fb::Entry *entry = plan.entry(EntryId(id));
    require(entry || id == kGreedy || id == kSample);
    for (uint32_t d = 0; entry && d < entry->dispatches()->size(); ++d) {
      const sinter::fb::Dispatch &dispatch = *entry->dispatches()->Get(d);
      require(dispatch.kernel() < plan.root().kernels()->size());
      require(Plan::items(dispatch, 1) >= 1);
      for (uint32_t b = 0;
           dispatch.bindings() && b < dispatch.bindings()->size(); ++b)
        checkRange(plan, *dispatch.bindings()->Get(b));
    }
  }
  checkRange(plan, plan.tokens());
  checkRange(plan, plan.hidden());
  checkRange(plan, plan.logits());
  return 0;
}
