// Pieces from many threads become shards of the right bytes.
#include "compiler/bundle/ShardAssembler.h"
#include "Modules.h"
#include "compiler/bundle/Sha256.h"

#include <atomic>
#include <thread>

using namespace sinter;
using namespace sinter::test;

static uint8_t byteAt(uint64_t i) {
  return static_cast<uint8_t>((i * 2654435761u) >> 13);
}

TEST(ShardAssembler, PiecesStraddleShards) {
  // Five shards, the last one short; pieces of 5 MiB and a bit.
  const uint64_t total = 4 * kShardBytes + 12345, step = (5 << 20) + 7;
  TempFolder folder;
  std::string hashes;
  {
    auto writer = BundleWriter::create(folder.path("out"));
    ASSERT_TRUE(static_cast<bool>(writer));
    ShardAssembler shards(total, **writer, true);
    std::atomic<uint64_t> next{0};
    auto work = [&] {
      std::vector<uint8_t> piece;
      for (uint64_t at; (at = next.fetch_add(step)) < total;) {
        piece.resize(std::min(step, total - at));
        for (uint64_t i = 0; i < piece.size(); ++i)
          piece[i] = byteAt(at + i);
        EXPECT_EQ(messageOf(shards.put(at, piece)), "");
      }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back(work);
    for (std::thread &thread : threads)
      thread.join();
    hashes = shards.pieceHashes().str();
    ASSERT_EQ(messageOf((*writer)->finish(smallInfo())), "");
  }
  EXPECT_EQ(namesIn(folder.path("out/weights")).size(), 5u);
  EXPECT_EQ(readText(folder.path("out/weights/00003.bin")).size(), kShardBytes);
  EXPECT_EQ(readText(folder.path("out/weights/00004.bin")).size(), 12345u);
  std::string bytes = weightBytes(folder.path("out"));
  ASSERT_EQ(bytes.size(), total);
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < total; ++i)
    wrong += static_cast<uint8_t>(bytes[i]) != byteAt(i);
  EXPECT_EQ(wrong, 0u);
  // 48 pieces of 512 KiB a shard, and the rest.
  ASSERT_EQ(hashes.size(), (4 * 48 + 1) * 32u);
  for (size_t piece : {0, 47, 48, 191, 192}) {
    Digest digest =
        Sha256::of(llvm::StringRef(bytes).substr(piece << 19, 1 << 19));
    EXPECT_EQ(hashes.substr(piece * 32, 32),
              std::string(digest.begin(), digest.end()))
        << piece;
  }
}

TEST(ShardAssembler, StopWakesWhoWaits) {
  TempFolder folder;
  auto writer = BundleWriter::create(folder.path("out"));
  ASSERT_TRUE(static_cast<bool>(writer));
  ShardAssembler shards(9 * kShardBytes, **writer, false);
  uint8_t byte = 1;
  std::atomic<bool> done{false};
  // The last shard has to wait for the first one, which never comes.
  std::thread waiting([&] {
    llvm::consumeError(shards.put(8 * kShardBytes, byte));
    done = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(done);
  shards.stop();
  waiting.join();
  EXPECT_TRUE(done);
}
