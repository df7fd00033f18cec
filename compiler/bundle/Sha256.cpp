//===- Sha256.cpp - SHA-256 while writing ---------------------------------===//
//
// See Sha256.h. Both compression functions follow FIPS 180-4, section 6.2.2;
// the accelerated one keeps the state as the instructions want it, in the
// halves ABEF and CDGH (Intel SDM, SHA256RNDS2).
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/Sha256.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace sinter;

/// First 32 bits of the fractions of the cube roots of the first 64 primes.
alignas(16) static constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

static uint32_t bigEndian(const uint8_t *p) {
  return uint32_t(p[0]) << 24 | uint32_t(p[1]) << 16 | uint32_t(p[2]) << 8 |
         p[3];
}

static void compressPortable(uint32_t *state, const uint8_t *blocks,
                             size_t count) {
  for (; count; --count, blocks += 64) {
    uint32_t w[64], v[8];
    for (int t = 0; t < 16; ++t)
      w[t] = bigEndian(blocks + 4 * t);
    for (int t = 16; t < 64; ++t) {
      uint32_t x = w[t - 15], y = w[t - 2];
      w[t] = w[t - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[t - 7] +
             (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
    }
    std::copy_n(state, 8, v);
    // Instead of moving a..h along, round t finds variable i at (i - t) mod 8;
    // unrolled by eight those are fixed places.
    for (int base = 0; base < 64; base += 8)
#pragma clang loop unroll(full)
      for (int j = 0; j < 8; ++j) {
        auto at = [&](int i) -> uint32_t & { return v[(i - j) & 7]; };
        uint32_t a = at(0), e = at(4), t = static_cast<uint32_t>(base + j);
        uint32_t first = at(7) +
                         (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                         ((e & at(5)) ^ (~e & at(6))) + kRound[t] + w[t];
        uint32_t second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
                          ((a & at(1)) ^ (a & at(2)) ^ (at(1) & at(2)));
        at(3) += first;
        at(7) = first + second;
      }
    for (int i = 0; i < 8; ++i)
      state[i] += v[i];
  }
}

#if defined(__x86_64__)
__attribute__((target("sha,sse4.1"))) static void
compressAccelerated(uint32_t *state, const uint8_t *blocks, size_t count) {
  const __m128i order =
      _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  // a b c d | e f g h in memory -> ABEF and CDGH, first letter on top.
  __m128i abcd = _mm_loadu_si128(reinterpret_cast<__m128i *>(state));
  __m128i efgh = _mm_loadu_si128(reinterpret_cast<__m128i *>(state + 4));
  abcd = _mm_shuffle_epi32(abcd, 0xb1); // b a d c
  efgh = _mm_shuffle_epi32(efgh, 0x1b); // h g f e
  __m128i abef = _mm_alignr_epi8(abcd, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, abcd, 0xf0);
  for (; count; --count, blocks += 64) {
    __m128i abefBefore = abef, cdghBefore = cdgh, w[4];
    for (int i = 0; i < 4; ++i)
      w[i] = _mm_shuffle_epi8(
          _mm_loadu_si128(reinterpret_cast<const __m128i *>(blocks + 16 * i)),
          order);
    for (int group = 0; group < 16; ++group) {
      __m128i now = w[group % 4];
      __m128i sum =
          _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i *>(
                                 kRound + 4 * group)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (group >= 12)
        continue;
      // w[t + 16] from w[t], w[t + 1], w[t + 9], w[t + 14], four at a time.
      __m128i next = w[(group + 3) % 4], middle = w[(group + 2) % 4];
      __m128i later =
          _mm_add_epi32(_mm_sha256msg1_epu32(now, w[(group + 1) % 4]),
                        _mm_alignr_epi8(next, middle, 4));
      w[group % 4] = _mm_sha256msg2_epu32(later, next);
    }
    abef = _mm_add_epi32(abef, abefBefore);
    cdgh = _mm_add_epi32(cdgh, cdghBefore);
  }
  __m128i feba = _mm_shuffle_epi32(abef, 0x1b); // A B E F upwards
  __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1); // G H C D upwards
  _mm_storeu_si128(reinterpret_cast<__m128i *>(state),
                   _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i *>(state + 4),
                   _mm_alignr_epi8(dchg, feba, 8));
}
#endif

bool Sha256::accelerated() {
#if defined(__x86_64__) && defined(__clang__)
  static const bool has = [] {
    // Leaf 7: EBX bit 29 is SHA; leaf 1: ECX bit 19 is SSE4.1.
    unsigned a = 7, b = 0, c = 0, d = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    bool sha = b >> 29 & 1;
    a = 1, c = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return sha && (c >> 19 & 1);
  }();
  return has;
#else
  return false;
#endif
}

Sha256::Sha256() : Sha256(!accelerated()) {}

Sha256::Sha256(bool portable)
    : compress(compressPortable),
      state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {
#if defined(__x86_64__)
  if (!portable)
    compress = compressAccelerated;
#endif
}

void Sha256::update(llvm::ArrayRef<uint8_t> bytes) {
  total += bytes.size();
  if (pendingBytes) {
    size_t taken = std::min(bytes.size(), 64 - pendingBytes);
    std::memcpy(pending + pendingBytes, bytes.data(), taken);
    pendingBytes += taken;
    bytes = bytes.drop_front(taken);
    if (pendingBytes < 64)
      return;
    compress(state, pending, 1);
    pendingBytes = 0;
  }
  compress(state, bytes.data(), bytes.size() / 64);
  bytes = bytes.drop_front(bytes.size() / 64 * 64);
  if (!bytes.empty())
    std::memcpy(pending, bytes.data(), bytes.size());
  pendingBytes = bytes.size();
}

Digest Sha256::finish() {
  uint64_t bits = total * 8;
  uint8_t tail[128] = {};
  std::memcpy(tail, pending, pendingBytes);
  tail[pendingBytes] = 0x80;
  size_t blocks = pendingBytes < 56 ? 1 : 2;
  for (int i = 0; i < 8; ++i)
    tail[64 * blocks - 1 - i] = static_cast<uint8_t>(bits >> (8 * i));
  compress(state, tail, blocks);
  Digest digest;
  for (int i = 0; i < 32; ++i)
    digest[i] = static_cast<uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

Digest Sha256::of(llvm::ArrayRef<uint8_t> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Digest Sha256::of(llvm::StringRef text) {
  return of(llvm::ArrayRef<uint8_t>(text.bytes_begin(), text.bytes_end()));
}

std::string sinter::toHex(const Digest &digest) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}
