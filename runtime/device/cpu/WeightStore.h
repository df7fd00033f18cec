// WeightStore.h: the packed weights of a bundle as one contiguous, read-only
// range of memory: its shards mapped side by side, or read into huge pages.
#ifndef SINTER_RUNTIME_DEVICE_CPU_WEIGHTSTORE_H
#define SINTER_RUNTIME_DEVICE_CPU_WEIGHTSTORE_H

#include "runtime/core/Bundle.h"
#include "runtime/device/cpu/WorkerPool.h"

namespace sinter::rt {

class WeightStore {
public:
  WeightStore() = default;
  WeightStore(const WeightStore &) = delete;
  WeightStore &operator=(const WeightStore &) = delete;
  ~WeightStore();

  /// verify: also check the SHA-256 of each, on all
  /// threads of pool.
  [[nodiscard]] Status load(const Bundle &bundle, sinter_weights_mode mode,
                            bool verify, WorkerPool &pool, Fault &fault);

  const uint8_t *data() const { return data_; }

private:
  Status loadShard(const Bundle &bundle, uint32_t index,
                   sinter_weights_mode mode, Fault &fault);
  Status verifyShards(const Bundle &bundle, WorkerPool &pool, Fault &fault);

  const uint8_t *data_ = nullptr;
  uint8_t *reserved_ = nullptr;
  size_t reservedBytes_ = 0;
  Block block_;
};

} // namespace sinter::rt
#endif
