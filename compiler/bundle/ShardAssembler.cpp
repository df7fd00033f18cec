//===- ShardAssembler.cpp - Weight bytes to shard files -------------------===//
//
// See ShardAssembler.h. Bytes are copied outside the lock: pieces do not
// overlap, and a shard is written only when no byte is missing.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/ShardAssembler.h"

#include "compiler/bundle/Manifest.h"
#include "compiler/bundle/Sha256.h"
#include "compiler/support/Error.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace sinter;

ShardAssembler::ShardAssembler(uint64_t total, BundleWriter &bundle,
                               bool hashPieces)
    : bundle(bundle), shards((total + kShardBytes - 1) / kShardBytes) {
  static_assert(kShardBytes % kPieceBytes == 0, "a piece lies in one shard");
  if (hashPieces)
    hashes.resize((total + kPieceBytes - 1) / kPieceBytes * sizeof(Digest));
  for (Shard &shard : shards) {
    shard.size = shard.missing = std::min(total, kShardBytes);
    total -= shard.size;
  }
}

uint8_t *ShardAssembler::enter(size_t index) {
  std::unique_lock<std::mutex> lock(mutex);
  moved.wait(lock, [&] { return stopped || index < oldest + kWindow; });
  if (stopped)
    return nullptr;
  Shard &shard = shards[index];
  if (!shard.bytes)
    shard.bytes.reset(new (std::nothrow) uint8_t[shard.size]);
  return shard.bytes.get();
}

llvm::Error ShardAssembler::leave(size_t index, uint64_t bytes) {
  Shard &shard = shards[index];
  {
    std::lock_guard<std::mutex> lock(mutex);
    shard.missing -= bytes;
    if (shard.missing != 0)
      return llvm::Error::success();
  }
  hashPieces(index);
  llvm::Error error = bundle.addFile(
      shardPath(index),
      {reinterpret_cast<const char *>(shard.bytes.get()), shard.size});
  std::lock_guard<std::mutex> lock(mutex);
  shard.bytes.reset();
  while (oldest < shards.size() && shards[oldest].missing == 0)
    ++oldest;
  moved.notify_all();
  return error;
}

/// Each shard has a part of `hashes` of its own: no lock is needed.
void ShardAssembler::hashPieces(size_t index) {
  if (hashes.empty())
    return;
  const Shard &shard = shards[index];
  char *out =
      hashes.data() + index * kShardBytes / kPieceBytes * sizeof(Digest);
  for (uint64_t at = 0; at < shard.size; at += kPieceBytes) {
    uint64_t bytes = std::min(kPieceBytes, shard.size - at);
    Digest digest = Sha256::of({shard.bytes.get() + at, bytes});
    out = std::copy(digest.begin(), digest.end(), out);
  }
}

llvm::Error ShardAssembler::put(uint64_t offset,
                                llvm::ArrayRef<uint8_t> bytes) {
  while (!bytes.empty()) {
    size_t index = offset / kShardBytes;
    uint64_t within = offset % kShardBytes;
    size_t count = std::min<uint64_t>(bytes.size(), kShardBytes - within);
    uint8_t *place = enter(index);
    if (!place) {
      std::lock_guard<std::mutex> lock(mutex);
      return stopped ? llvm::Error::success()
                     : resourceError("no memory for a weight shard of " +
                                     llvm::Twine(kShardBytes) + " bytes");
    }
    std::memcpy(place + within, bytes.data(), count);
    if (llvm::Error error = leave(index, count))
      return error;
    bytes = bytes.drop_front(count);
    offset += count;
  }
  return llvm::Error::success();
}

void ShardAssembler::stop() {
  std::lock_guard<std::mutex> lock(mutex);
  stopped = true;
  moved.notify_all();
}
