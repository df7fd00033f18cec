// WeightStore.h: the packed weights of a bundle as one contiguous range of
// memory: its shards read into huge pages, or mapped side by side; for a bundle
// in memory only the room for them, which the loader fills.
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

  /// Reading and, with verify, checking each shard's SHA-256 are done on all
  /// threads of pool.
  [[nodiscard]] Status load(const Bundle &bundle, sinter_weights_mode mode,
                            bool verify, WorkerPool &pool, Fault &fault);

  const uint8_t *data() const { return data_; }
  /// The room to fill, for a bundle in memory; else null.
  uint8_t *room() const { return room_; }

private:
  Status mapShard(const Bundle &bundle, uint32_t index, Fault &fault);
  Status mapAll(const Bundle &bundle, uint64_t bytes, Fault &fault);
  Status readAll(const Bundle &bundle, uint64_t bytes, WorkerPool &pool,
                 Fault &fault);
  Status verifyShards(const Bundle &bundle, WorkerPool &pool, Fault &fault);

  Status reserve(uint64_t bytes, Fault &fault);

  const uint8_t *data_ = nullptr;
  uint8_t *room_ = nullptr;
  uint8_t *reserved_ = nullptr;
  size_t reservedBytes_ = 0;
  Block block_;
};

} // namespace sinter::rt
#endif
