// WeightStore.cpp: weights are read into 2 MiB pages, all threads reading, or
// mapped: one reservation of address space, into which each shard is mapped at
// its place; every shard but the last is a whole number of pages. A decode step
// streams all weights, and streams a fifth faster from 2 MiB pages than from
// the page cache's 4 KiB (docs/runtime.md). A file that is truncated while it
// is mapped ends the process with SIGBUS, as with any mapping.
#include "runtime/device/cpu/WeightStore.h"
#include "runtime/core/Sha256.h"

#if SINTER_HAS_DISK
#include <cstdio>
#include <cstring>
#include <sys/mman.h>
#endif

namespace sinter::rt {

Status WeightStore::reserve(uint64_t bytes, Fault &fault) {
  if (!block_.allocate(bytes))
    return fault.set(SINTER_OUT_OF_MEMORY,
                     "no memory for %llu bytes of weights",
                     static_cast<unsigned long long>(bytes));
  data_ = block_.data();
  return SINTER_OK;
}

#if !SINTER_HAS_DISK

WeightStore::~WeightStore() {}

Status WeightStore::load(const Bundle &bundle, sinter_weights_mode, bool,
                         WorkerPool &, Fault &fault) {
  uint64_t bytes = bundle.plan.root().weight_bytes();
  if (Status status = bytes ? reserve(bytes, fault) : SINTER_OK)
    return status;
  room_ = block_.data();
  return SINTER_OK;
}

#else

namespace {

/// The number after `key` in a small text file (key "": at its start), 0 if
/// there is none.
uint64_t numberIn(const char *path, const char *key) {
  FILE *file = fopen(path, "re");
  if (!file)
    return 0;
  char text[4096];
  size_t size = fread(text, 1, sizeof(text) - 1, file);
  fclose(file);
  text[size] = 0;
  const char *at = strstr(text, key);
  unsigned long long value = 0;
  return at && sscanf(at + strlen(key), "%llu", &value) == 1 ? value : 0;
}

/// Whether an anonymous block may get 2 MiB pages.
bool hasHugePages() {
  FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
  if (!file)
    return false;
  char text[64] = {};
  bool read = fgets(text, sizeof(text), file) != nullptr;
  fclose(file);
  return read && !strstr(text, "[never]");
}

/// SINTER_WEIGHTS_AUTO: huge pages, unless they are not to be had or the
/// weights, which then cannot be evicted, would take more than half of the
/// memory that is available to the machine or the container.
sinter_weights_mode chooseMode(uint64_t bytes) {
  uint64_t available = numberIn("/proc/meminfo", "MemAvailable:") * 1024;
  uint64_t limit = numberIn("/sys/fs/cgroup/memory.max", "");
  if (limit && limit < available)
    available = limit;
  return hasHugePages() && bytes <= available / 2 ? SINTER_WEIGHTS_HUGE_PAGES
                                                  : SINTER_WEIGHTS_MMAP;
}

/// What reading the shards in parallel works on.
struct ReadJob {
  const Bundle *bundle;
  uint8_t *data;
  sinter_error *errors; ///< one per shard
};

Status readShard(const ReadJob &job, uint32_t index) {
  char path[32];
  shardPath(index, path);
  Fault fault(&job.errors[index]);
  File file;
  if (Status status = job.bundle->openListed(path, file, fault))
    return status;
  return file.readAt(job.data + index * kShardBytes,
                     static_cast<size_t>(file.size()), 0, fault);
}

void readShards(void *const *bindings, const sinter_scalars *, void *,
                int64_t begin, int64_t end, int64_t) {
  auto &job = *static_cast<ReadJob *>(bindings[0]);
  for (auto i = static_cast<uint32_t>(begin); i < end; ++i)
    if (Status status = readShard(job, i))
      job.errors[i].code = status;
}

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

Status WeightStore::mapShard(const Bundle &bundle, uint32_t index,
                             Fault &fault) {
  char path[32];
  shardPath(index, path);
  File file;
  if (Status status = bundle.openListed(path, file, fault))
    return status;
  auto expected = static_cast<size_t>(file.size()); // as the plan wants it
  void *mapped = mmap(reserved_ + index * kShardBytes, expected, PROT_READ,
                      MAP_PRIVATE | MAP_FIXED, file.descriptor(), 0);
  if (mapped == MAP_FAILED)
    return fault.setErrno(SINTER_IO_ERROR, "cannot map", path);
  (void)madvise(mapped, expected, MADV_WILLNEED);
  return SINTER_OK;
}

Status WeightStore::mapAll(const Bundle &bundle, uint64_t bytes, Fault &fault) {
  void *reserved = mmap(nullptr, static_cast<size_t>(bytes), PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED)
    return fault.setErrno(SINTER_OUT_OF_MEMORY, "no address space for",
                          "weights");
  reserved_ = static_cast<uint8_t *>(reserved);
  reservedBytes_ = static_cast<size_t>(bytes);
  data_ = reserved_;
  for (uint32_t i = 0; i < bundle.shards(); ++i)
    if (Status status = mapShard(bundle, i, fault))
      return status;
  return SINTER_OK;
}

Status WeightStore::readAll(const Bundle &bundle, uint64_t bytes,
                            WorkerPool &pool, Fault &fault) {
  Array<sinter_error> errors;
  if (!errors.allocate(bundle.shards()))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the list of shards");
  if (Status status = reserve(bytes, fault))
    return status;
  ReadJob job = {&bundle, block_.data(), errors.data()};
  void *bindings[] = {&job};
  pool.run({readShards, bindings, nullptr, bundle.shards()});
  for (uint32_t i = 0; i < bundle.shards(); ++i)
    if (errors[i].code)
      return fault.set(errors[i].code, "%s", errors[i].message);
  return SINTER_OK;
}

Status WeightStore::load(const Bundle &bundle, sinter_weights_mode mode,
                         bool verify, WorkerPool &pool, Fault &fault) {
  uint64_t bytes = bundle.plan.root().weight_bytes();
  if (!bytes)
    return SINTER_OK;
  if (bytes > SIZE_MAX / 2)
    return fault.set(SINTER_UNSUPPORTED, "the weights are too large");
  if (bundle.folder.inMemory()) {
    Status status = reserve(bytes, fault);
    room_ = block_.data();
    return status;
  }
  if (mode == SINTER_WEIGHTS_AUTO)
    mode = chooseMode(bytes);
  Status status = mode == SINTER_WEIGHTS_HUGE_PAGES
                      ? readAll(bundle, bytes, pool, fault)
                      : mapAll(bundle, bytes, fault);
  return status || !verify ? status : verifyShards(bundle, pool, fault);
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

#endif

} // namespace sinter::rt
