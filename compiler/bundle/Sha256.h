//===- Sha256.h - SHA-256 while writing -------------------------*- C++ -*-===//
//
// FIPS 180-4. Uses the SHA instructions of x86-64 where the machine has them
// (about four times as fast as portable code).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <array>
#include <cstdint>
#include <string>

namespace sinter {

using Digest = std::array<uint8_t, 32>;

/// A running hash. Not to be used from several threads.
class Sha256 {
public:
  Sha256();
  /// For tests: without special instructions.
  explicit Sha256(bool portable);

  void update(llvm::ArrayRef<uint8_t> bytes);
  /// The digest of everything so far; no update afterwards.
  Digest finish();

  static Digest of(llvm::ArrayRef<uint8_t> bytes);
  static Digest of(llvm::StringRef text);
  /// Whether this machine has the instructions.
  static bool accelerated();

private:
  using Compress = void (*)(uint32_t *state, const uint8_t *blocks,
                            size_t count);
  Compress compress;
  uint32_t state[8];
  uint8_t pending[64];
  size_t pendingBytes = 0;
  uint64_t total = 0;
};

/// 64 lower-case hexadecimal digits.
std::string toHex(const Digest &digest);

} // namespace sinter
