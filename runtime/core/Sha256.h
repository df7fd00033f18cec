// Sha256.h: SHA-256 (FIPS 180-4), with the x86 SHA instructions where the
// machine has them.
#ifndef SINTER_RUNTIME_CORE_SHA256_H
#define SINTER_RUNTIME_CORE_SHA256_H

#include <cstddef>
#include <cstdint>

namespace sinter::rt {

class Sha256 {
public:
  Sha256();
  void update(const void *data, size_t bytes);
  /// Ends the message; the object cannot be used after it.
  void finish(uint8_t digest[32]);

  /// Of one piece of memory.
  static void digest(const void *data, size_t bytes, uint8_t digest[32]);

private:
  uint32_t state_[8];
  uint64_t total_ = 0;
  uint8_t block_[64];
  size_t filled_ = 0;
  bool hardware_;
};

/// 64 hex digits and a zero byte.
void sha256Hex(const uint8_t digest[32], char hex[65]);

} // namespace sinter::rt
#endif
