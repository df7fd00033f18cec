// WeightStore.cpp: one reservation of address space, into which each shard is
// mapped at its place; every shard but the last is a whole number of pages. A
// file that is truncated while it is mapped ends the process with SIGBUS, as
// with any mapping; SINTER_WEIGHTS_HUGE_PAGES does not depend on the files
// after loading.
#include "runtime/device/cpu/WeightStore.h"
#include "runtime/core/Sha256.h"

#include <cstring>
#include <sys/mman.h>

namespace sinter::rt {

namespace {

/// What hashing the shards in parallel works on.
struct HashJob {
  const uint8_t *data;
  uint64_t bytes;
  uint8_t (*digests)[32];
};

void hashShards(void *const *bindings, const sinter_scalars *, void *,
                int64_t begin, int64_t end, int64_t) {
  auto &job = *static_cast<HashJob *>(bindings[0]);
  for (auto i = static_cast<uint32_t>(begin); i < end; ++i)
    Sha256::digest(job.data + i * kShardBytes,
                   static_cast<size_t>(shardBytes(i, job.bytes)),
                   job.digests[i]);
}

} // namespace

WeightStore::~WeightStore() {
  if (reserved_)
    munmap(reserved_, reservedBytes_);
}

Status WeightStore::loadShard(const Bundle &bundle, uint32_t index,
                              sinter_weights_mode mode, Fault &fault) {
  char path[32];
  shardPath(index, path);
  File file;
  if (Status status = bundle.openListed(path, file, fault))
    return status;
  auto expected = static_cast<size_t>(file.size()); // as the plan wants it
  if (mode == SINTER_WEIGHTS_HUGE_PAGES)
    return file.readAt(block_.data() + index * kShardBytes, expected, 0, fault);
  void *mapped = mmap(reserved_ + index * kShardBytes, expected, PROT_READ,
                      MAP_PRIVATE | MAP_FIXED, file.descriptor(), 0);
  if (mapped == MAP_FAILED)
    return fault.setErrno(SINTER_IO_ERROR, "cannot map", path);
  (void)madvise(mapped, expected, MADV_WILLNEED);
  return SINTER_OK;
}

Status WeightStore::load(const Bundle &bundle, sinter_weights_mode mode,
                         bool verify, WorkerPool &pool, Fault &fault) {
  uint64_t bytes = bundle.plan.root().weight_bytes();
  if (mode == SINTER_WEIGHTS_HUGE_PAGES) {
    if (!block_.allocate(bytes))
      return fault.set(SINTER_OUT_OF_MEMORY,
                       "no memory for %llu bytes of weights",
                       static_cast<unsigned long long>(bytes));
    data_ = block_.data();
  } else if (bytes) {
    void *reserved = mmap(nullptr, static_cast<size_t>(bytes), PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED)
      return fault.setErrno(SINTER_OUT_OF_MEMORY, "no address space for",
                            "weights");
    reserved_ = static_cast<uint8_t *>(reserved);
    reservedBytes_ = static_cast<size_t>(bytes);
    data_ = reserved_;
  }
  for (uint32_t i = 0; i < bundle.shards(); ++i)
    if (Status status = loadShard(bundle, i, mode, fault))
      return status;
  return verify && bytes ? verifyShards(bundle, pool, fault) : SINTER_OK;
}

Status WeightStore::verifyShards(const Bundle &bundle, WorkerPool &pool,
                                 Fault &fault) {
  uint64_t bytes = bundle.plan.root().weight_bytes();
  uint32_t shards = bundle.shards();
  Buffer digests;
  if (!digests.allocate(shards * size_t(32)))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory to check the weights");
  HashJob job = {data_, bytes, digests.as<uint8_t[32]>()};
  void *bindings[] = {&job};
  pool.run({hashShards, bindings, nullptr, shards});
  for (uint32_t i = 0; i < shards; ++i) {
    char path[32];
    shardPath(i, path);
    if (memcmp(job.digests[i], bundle.manifest.find(path)->sha256, 32) != 0)
      return fault.set(
          SINTER_CORRUPT,
          "'%s' does not have the SHA-256 that manifest.json says; "
          "copy the bundle again",
          path);
  }
  return SINTER_OK;
}

} // namespace sinter::rt
