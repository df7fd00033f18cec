// Sha256.cpp: the compression function in two forms, chosen once per message.
// The hardware form follows Intel's "SHA Extensions" paper: the state is kept
// as ABEF/CDGH, each sha256rnds2 does two rounds.
#include "runtime/core/Sha256.h"

#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace sinter::rt {

namespace {

alignas(16) constexpr uint32_t kRound[64] = {
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

uint32_t rotateRight(uint32_t x, int n) { return (x >> n) | (x << (32 - n)); }

void compressPortable(uint32_t state[8], const uint8_t *data, size_t blocks) {
  for (; blocks; --blocks, data += 64) {
    uint32_t w[64];
    for (int i = 0; i < 16; ++i)
      w[i] = uint32_t(data[4 * i]) << 24 | uint32_t(data[4 * i + 1]) << 16 |
             uint32_t(data[4 * i + 2]) << 8 | uint32_t(data[4 * i + 3]);
    for (int i = 16; i < 64; ++i) {
      uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] +
             (rotateRight(a, 7) ^ rotateRight(a, 18) ^ (a >> 3)) +
             (rotateRight(b, 17) ^ rotateRight(b, 19) ^ (b >> 10));
    }
    uint32_t v[8];
    memcpy(v, state, sizeof(v));
    // The eight words stay where they are; their roles move on by one each
    // round.
    for (int i = 0; i < 64; i += 8)
      for (int j = 0; j < 8; ++j) {
        auto role = [&](int r) -> uint32_t & { return v[(r - j) & 7]; };
        uint32_t s1 = rotateRight(role(4), 6) ^ rotateRight(role(4), 11) ^
                      rotateRight(role(4), 25);
        uint32_t choice = (role(4) & role(5)) ^ (~role(4) & role(6));
        uint32_t t1 = role(7) + s1 + choice + kRound[i + j] + w[i + j];
        uint32_t s0 = rotateRight(role(0), 2) ^ rotateRight(role(0), 13) ^
                      rotateRight(role(0), 22);
        uint32_t majority =
            (role(0) & role(1)) ^ (role(0) & role(2)) ^ (role(1) & role(2));
        role(3) += t1;
        role(7) = t1 + s0 + majority;
      }
    for (int i = 0; i < 8; ++i)
      state[i] += v[i];
  }
}

#if defined(__x86_64__)
bool hasShaInstructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 19)) || !(c & (1u << 9)))
    return false; // SSE4.1, SSSE3
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

__attribute__((target("sha,sse4.1,ssse3"))) void
compressHardware(uint32_t state[8], const uint8_t *data, size_t blocks) {
  const __m128i swap =
      _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
  const auto *in = reinterpret_cast<const __m128i *>(state);
  __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128(in), 0xb1);
  __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(in + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(dcba, hgfe, 8);
  __m128i cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
  for (; blocks; --blocks, data += 64) {
    __m128i abefBefore = abef, cdghBefore = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i)
      w[i] = _mm_shuffle_epi8(
          _mm_loadu_si128(reinterpret_cast<const __m128i *>(data) + i), swap);
    for (int group = 0; group < 16; ++group) {
      __m128i current = w[group & 3];
      __m128i sum = _mm_add_epi32(
          current,
          _mm_load_si128(reinterpret_cast<const __m128i *>(kRound) + group));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (group >= 12)
        continue;
      __m128i last = w[(group + 3) & 3];
      __m128i next = _mm_sha256msg1_epu32(current, w[(group + 1) & 3]);
      next = _mm_add_epi32(next, _mm_alignr_epi8(last, w[(group + 2) & 3], 4));
      w[group & 3] = _mm_sha256msg2_epu32(next, last);
    }
    abef = _mm_add_epi32(abef, abefBefore);
    cdgh = _mm_add_epi32(cdgh, cdghBefore);
  }
  __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  auto *out = reinterpret_cast<__m128i *>(state);
  _mm_storeu_si128(out, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(out + 1, _mm_alignr_epi8(dchg, feba, 8));
}
#else
bool hasShaInstructions() { return false; }
void compressHardware(uint32_t state[8], const uint8_t *data, size_t blocks) {
  compressPortable(state, data, blocks);
}
#endif

} // namespace

Sha256::Sha256() : hardware_(hasShaInstructions()) {
  constexpr uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                 0xa54ff53a, 0x510e527f, 0x9b05688c,
                                 0x1f83d9ab, 0x5be0cd19};
  memcpy(state_, start, sizeof(state_));
}

void Sha256::update(const void *data, size_t bytes) {
  auto *compress = hardware_ ? compressHardware : compressPortable;
  const auto *input = static_cast<const uint8_t *>(data);
  total_ += bytes;
  if (filled_) {
    size_t part = bytes < 64 - filled_ ? bytes : 64 - filled_;
    memcpy(block_ + filled_, input, part);
    filled_ += part;
    input += part;
    bytes -= part;
    if (filled_ < 64)
      return;
    compress(state_, block_, 1);
    filled_ = 0;
  }
  if (bytes >= 64)
    compress(state_, input, bytes / 64);
  filled_ = bytes % 64;
  if (filled_)
    memcpy(block_, input + (bytes - filled_), filled_);
}

void Sha256::finish(uint8_t digest[32]) {
  uint64_t bits = total_ * 8;
  uint8_t padding[72] = {0x80};
  size_t zeros = (filled_ < 56 ? 56 : 120) - filled_;
  for (int i = 0; i < 8; ++i)
    padding[zeros + static_cast<size_t>(i)] =
        static_cast<uint8_t>(bits >> (56 - 8 * i));
  update(padding, zeros + 8);
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 4; ++j)
      digest[4 * i + j] = static_cast<uint8_t>(state_[i] >> (24 - 8 * j));
}

void Sha256::digest(const void *data, size_t bytes, uint8_t digest[32]) {
  Sha256 hash;
  hash.update(data, bytes);
  hash.finish(digest);
}

void sha256Hex(const uint8_t digest[32], char hex[65]) {
  constexpr char digits[] = "0123456789abcdef";
  for (int i = 0; i < 32; ++i) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  hex[64] = 0;
}

} // namespace sinter::rt
