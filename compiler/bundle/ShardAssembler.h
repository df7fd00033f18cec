//===- ShardAssembler.h - Weight bytes to shard files -----------*- C++ -*-===//
//
// Takes pieces of the weight bytes from several threads, in about ascending
// order, and writes each shard when it is complete. At most kWindow shards are
// in memory: a piece beyond waits until the oldest shard is done.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/bundle/BundleWriter.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace sinter {

/// Every byte of [0, total) must be given exactly once. Pieces must be claimed
/// in ascending order by the threads that then compute and put them, or put()
/// may wait for ever.
class ShardAssembler {
public:
  /// hashPieces: whether pieceHashes() will be asked for.
  ShardAssembler(uint64_t total, BundleWriter &bundle, bool hashPieces);

  /// Copies a piece in; writes the shards it completes. Waits while the piece
  /// begins more than kWindow shards after the oldest incomplete one.
  llvm::Error put(uint64_t offset, llvm::ArrayRef<uint8_t> bytes);

  /// SHA-256 of every 512 KiB of the weight bytes, one after the other
  /// (weights.sha256 in docs/formats/bundle.md). Only when all bytes were put.
  llvm::StringRef pieceHashes() const { return hashes; }

  /// Wakes all who wait; nothing more is written.
  void stop();

private:
  static constexpr size_t kWindow = 3;
  static constexpr uint64_t kPieceBytes = 512 << 10;
  struct Shard {
    std::unique_ptr<uint8_t[]> bytes;
    uint64_t size = 0, missing = 0;
  };

  /// Where the part of a piece that lies in shard `index` goes; waits. Null
  /// after stop().
  uint8_t *enter(size_t index);
  llvm::Error leave(size_t index, uint64_t bytes);
  void hashPieces(size_t index);

  BundleWriter &bundle;
  std::mutex mutex;
  std::condition_variable moved;
  std::vector<Shard> shards;
  std::string hashes; ///< empty when nobody wants them
  size_t oldest = 0;  ///< first incomplete shard
  bool stopped = false;
};

} // namespace sinter
