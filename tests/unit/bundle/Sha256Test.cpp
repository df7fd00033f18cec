// SHA-256: the standard's examples, and three implementations against each
// other.
#include "compiler/bundle/Sha256.h"
#include "llvm/Support/SHA256.h"

#include "gtest/gtest.h"

#include <random>
#include <vector>

using namespace sinter;

TEST(Sha256, ExamplesOfTheStandard) {
  EXPECT_EQ(toHex(Sha256::of(llvm::StringRef("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(toHex(Sha256::of(llvm::StringRef(""))),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(toHex(Sha256::of(llvm::StringRef(std::string(1000000, 'a')))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, AllLengthsAndAllWaysAgree) {
  std::mt19937 engine(1);
  std::vector<uint8_t> bytes(700);
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>(engine());
  for (size_t size = 0; size <= bytes.size(); ++size) {
    llvm::ArrayRef<uint8_t> part(bytes.data(), size);
    Digest want = llvm::SHA256::hash(part);
    EXPECT_EQ(Sha256::of(part), want) << size;
    Sha256 portable(true), pieces;
    portable.update(part);
    EXPECT_EQ(portable.finish(), want) << size;
    for (size_t at = 0; at < size;) {
      size_t step = std::min<size_t>(size - at, engine() % 150);
      pieces.update(part.slice(at, step));
      at += step;
    }
    EXPECT_EQ(pieces.finish(), want) << size;
  }
}
