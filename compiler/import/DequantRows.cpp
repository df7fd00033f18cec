//===- DequantRows.cpp - Rows of stored weights as f32
//----------------------===//
//
// See DequantRows.h. The block layouts are those of
// docs/formats/gguf-blocks.md; the order of the floating-point operations is
// part of the definition and is kept. Loads go through memcpy: rows have no
// alignment.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/DequantRows.h"
#include "llvm/Support/ErrorHandling.h"
#include <cstring>

// A fused multiply-add would round differently on hosts that have one.
#pragma STDC FP_CONTRACT OFF

using namespace sinter;

static inline float bitsToFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

static inline uint32_t floatToBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

template <typename T> static inline T load(const uint8_t *p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}

//===-- Small floats ------------------------------------------------------===//

/// Both the normal and the subnormal reading are computed and one is selected,
/// so that the loop over a row has no branch.
static inline float widenHalf(uint16_t half) {
  uint32_t magnitude = half & 0x7FFFu;
  uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  // Exponent bias 15 -> 127; infinities and NaNs (all ones) -> all ones.
  uint32_t normal = (magnitude << 13) + (112u << 23);
  normal += magnitude >= 0x7C00u ? (112u << 23) : 0u;
  // m * 2^-24 as (2^-1 + m * 2^-24) - 2^-1, which is exact.
  uint32_t tiny = floatToBits(bitsToFloat((126u << 23) | magnitude) - 0.5f);
  return bitsToFloat(sign | (magnitude < 0x400u ? tiny : normal));
}

static inline float widenBfloat(uint16_t bits) {
  return bitsToFloat(static_cast<uint32_t>(bits) << 16);
}

float sinter::halfToFloat(uint16_t half) { return widenHalf(half); }
float sinter::bfloatToFloat(uint16_t bits) { return widenBfloat(bits); }

uint16_t sinter::floatToHalf(float value) {
  uint32_t bits = floatToBits(value);
  uint32_t sign = (bits >> 16) & 0x8000u;
  uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude >
      0x7F800000u) // NaN: keep the top of the payload, make it quiet.
    return static_cast<uint16_t>(sign | 0x7E00u | ((magnitude >> 13) & 0x1FFu));
  if (magnitude >= 0x47800000u) // 65536 and above, infinity included.
    return static_cast<uint16_t>(sign | 0x7C00u);
  if (magnitude < 0x38800000u) {
    // Below 2^-14: adding 0.5 leaves the multiple of 2^-24, rounded to even, in
    // the low bits of the mantissa.
    uint32_t sum = floatToBits(bitsToFloat(magnitude) + 0.5f);
    return static_cast<uint16_t>(sign | (sum - (126u << 23)));
  }
  // Round to nearest even at bit 13, then rebias; a carry moves the exponent
  // up, to infinity if need be.
  uint32_t odd = (magnitude >> 13) & 1u;
  uint32_t rounded = magnitude + 0xFFFu + odd - (112u << 23);
  return static_cast<uint16_t>(sign | (rounded >> 13));
}

uint16_t sinter::floatToBfloat(float value) {
  uint32_t bits = floatToBits(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
    return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

/// The 8-bit floats have `mantissaBits` of mantissa below a 5- or 4-bit
/// exponent; both are halves with a shorter mantissa once the bias is put
/// right.
static inline float widenE5M2(uint8_t bits) {
  return widenHalf(static_cast<uint16_t>(bits << 8));
}

static inline float widenE4M3(uint8_t bits) {
  // OCP E4M3: bias 7, no infinities, all ones is NaN.
  if ((bits & 0x7F) == 0x7F)
    return bitsToFloat((static_cast<uint32_t>(bits & 0x80) << 24) |
                       0x7FC00000u);
  // As a half the exponent has bias 15: 2^8 too small.
  uint16_t half =
      static_cast<uint16_t>(((bits & 0x80) << 8) | ((bits & 0x7F) << 7));
  return widenHalf(half) * 256.0f;
}

//===-- GGUF blocks of 32 -------------------------------------------------===//

static void readQ8_0(const uint8_t *row, int64_t blocks, float *out) {
  for (int64_t b = 0; b < blocks; ++b, row += 34, out += 32) {
    float scale = widenHalf(load<uint16_t>(row));
    for (int i = 0; i < 32; ++i)
      out[i] = static_cast<float>(static_cast<int8_t>(row[2 + i])) * scale;
  }
}

static void readQ4_0(const uint8_t *row, int64_t blocks, float *out) {
  for (int64_t b = 0; b < blocks; ++b, row += 18, out += 32) {
    float scale = widenHalf(load<uint16_t>(row));
    for (int i = 0; i < 16; ++i) {
      int q = row[2 + i];
      out[i] = static_cast<float>((q & 15) - 8) * scale;
      out[i + 16] = static_cast<float>((q >> 4) - 8) * scale;
    }
  }
}

static void readQ4_1(const uint8_t *row, int64_t blocks, float *out) {
  for (int64_t b = 0; b < blocks; ++b, row += 20, out += 32) {
    float scale = widenHalf(load<uint16_t>(row));
    float minimum = widenHalf(load<uint16_t>(row + 2));
    for (int i = 0; i < 16; ++i) {
      int q = row[4 + i];
      out[i] = static_cast<float>(q & 15) * scale + minimum;
      out[i + 16] = static_cast<float>(q >> 4) * scale + minimum;
    }
  }
}

static void readQ5_0(const uint8_t *row, int64_t blocks, float *out) {
  for (int64_t b = 0; b < blocks; ++b, row += 22, out += 32) {
    float scale = widenHalf(load<uint16_t>(row));
    uint32_t high = load<uint32_t>(row + 2);
    for (unsigned i = 0; i < 16; ++i) {
      int q = row[6 + i];
      int fifth0 = static_cast<int>(((high >> i) & 1u) << 4);
      int fifth1 = static_cast<int>(((high >> (i + 16)) & 1u) << 4);
      out[i] = static_cast<float>(((q & 15) | fifth0) - 16) * scale;
      out[i + 16] = static_cast<float>(((q >> 4) | fifth1) - 16) * scale;
    }
  }
}

static void readQ5_1(const uint8_t *row, int64_t blocks, float *out) {
  for (int64_t b = 0; b < blocks; ++b, row += 24, out += 32) {
    float scale = widenHalf(load<uint16_t>(row));
    float minimum = widenHalf(load<uint16_t>(row + 2));
    uint32_t high = load<uint32_t>(row + 4);
    for (unsigned i = 0; i < 16; ++i) {
      int q = row[8 + i];
      int fifth0 = static_cast<int>(((high >> i) & 1u) << 4);
      int fifth1 = static_cast<int>(((high >> (i + 16)) & 1u) << 4);
      out[i] = static_cast<float>((q & 15) | fifth0) * scale + minimum;
      out[i + 16] = static_cast<float>((q >> 4) | fifth1) * scale + minimum;
    }
  }
}

//===-- GGUF super-blocks of 256 ------------------------------------------===//

/// 8 scales and 8 minimums of 6 bits in 12 bytes: the first four of each in the
/// low bits of bytes 0-3 and 4-7, the last four in the nibbles of bytes 8-11
/// with their top two bits in the top bits of bytes 0-7.
static inline void unpackScales(const uint8_t *packed, unsigned i,
                                unsigned &scale, unsigned &minimum) {
  if (i < 4) {
    scale = packed[i] & 63u;
    minimum = packed[i + 4] & 63u;
    return;
  }
  scale = (packed[i + 4] & 15u) | ((packed[i - 4] >> 6) << 4);
  minimum = (packed[i + 4] >> 4) | ((packed[i] >> 6) << 4);
}

static void readQ4_K(const uint8_t *row, int64_t blocks, float *out) {
  for (int64_t b = 0; b < blocks; ++b, row += 144) {
    float scale = widenHalf(load<uint16_t>(row));
    float minScale = widenHalf(load<uint16_t>(row + 2));
    const uint8_t *quants = row + 16;
    for (unsigned pair = 0; pair < 4; ++pair, quants += 32, out += 64) {
      unsigned s0, m0, s1, m1;
      unpackScales(row + 4, 2 * pair, s0, m0);
      unpackScales(row + 4, 2 * pair + 1, s1, m1);
      float d0 = scale * static_cast<float>(s0);
      float d1 = scale * static_cast<float>(s1);
      float low0 = minScale * static_cast<float>(m0);
      float low1 = minScale * static_cast<float>(m1);
      for (int i = 0; i < 32; ++i) {
        int q = quants[i];
        out[i] = d0 * static_cast<float>(q & 15) - low0;
        out[i + 32] = d1 * static_cast<float>(q >> 4) - low1;
      }
    }
  }
}

static void readQ5_K(const uint8_t *row, int64_t blocks, float *out) {
  for (int64_t b = 0; b < blocks; ++b, row += 176) {
    float scale = widenHalf(load<uint16_t>(row));
    float minScale = widenHalf(load<uint16_t>(row + 2));
    const uint8_t *high = row + 16;
    const uint8_t *quants = row + 48;
    for (unsigned pair = 0; pair < 4; ++pair, quants += 32, out += 64) {
      unsigned s0, m0, s1, m1;
      unpackScales(row + 4, 2 * pair, s0, m0);
      unpackScales(row + 4, 2 * pair + 1, s1, m1);
      float d0 = scale * static_cast<float>(s0);
      float d1 = scale * static_cast<float>(s1);
      float low0 = minScale * static_cast<float>(m0);
      float low1 = minScale * static_cast<float>(m1);
      for (int i = 0; i < 32; ++i) {
        int q = quants[i];
        int bits = high[i] >> (2 * pair);
        out[i] = d0 * static_cast<float>((q & 15) + ((bits & 1) << 4)) - low0;
        out[i + 32] =
            d1 * static_cast<float>((q >> 4) + ((bits & 2) << 3)) - low1;
      }
    }
  }
}

static void readQ6_K(const uint8_t *row, int64_t blocks, float *out) {
  for (int64_t b = 0; b < blocks; ++b, row += 210) {
    float scale = widenHalf(load<uint16_t>(row + 208));
    for (int half = 0; half < 2; ++half, out += 128) {
      const uint8_t *low = row + 64 * half;
      const uint8_t *high = row + 128 + 32 * half;
      const uint8_t *scales = row + 192 + 8 * half;
      for (int sixteen = 0; sixteen < 2; ++sixteen) {
        float d[4];
        for (int quarter = 0; quarter < 4; ++quarter)
          d[quarter] = scale * static_cast<float>(static_cast<int8_t>(
                                   scales[sixteen + 2 * quarter]));
        for (int j = 0; j < 16; ++j) {
          int i = 16 * sixteen + j;
          int a = low[i], c = low[i + 32], h = high[i];
          out[i] = d[0] * static_cast<float>(((a & 15) | ((h & 3) << 4)) - 32);
          out[i + 32] = d[1] * static_cast<float>(
                                   ((c & 15) | (((h >> 2) & 3) << 4)) - 32);
          out[i + 64] = d[2] * static_cast<float>(
                                   ((a >> 4) | (((h >> 4) & 3) << 4)) - 32);
          out[i + 96] =
              d[3] * static_cast<float>(((c >> 4) | ((h >> 6) << 4)) - 32);
        }
      }
    }
  }
}

//===-- Dispatch ----------------------------------------------------------===//

template <typename T>
static void convertRow(const uint8_t *row, int64_t elements, float *out) {
  for (int64_t i = 0; i < elements; ++i)
    out[i] = static_cast<float>(load<T>(row + i * sizeof(T)));
}

template <float (*Widen)(uint16_t)>
static void widenRow(const uint8_t *row, int64_t elements, float *out) {
  for (int64_t i = 0; i < elements; ++i)
    out[i] = Widen(load<uint16_t>(row + 2 * i));
}

template <float (*Widen)(uint8_t)>
static void widenRow(const uint8_t *row, int64_t elements, float *out) {
  for (int64_t i = 0; i < elements; ++i)
    out[i] = Widen(row[i]);
}

void sinter::readRowF32(DType dtype, const uint8_t *row, int64_t elements,
                        float *out) {
  switch (dtype) {
  case DType::F32:
    std::memcpy(out, row, static_cast<size_t>(elements) * sizeof(float));
    return;
  case DType::F16:
    return widenRow<widenHalf>(row, elements, out);
  case DType::BF16:
    return widenRow<widenBfloat>(row, elements, out);
  case DType::F64:
    return convertRow<double>(row, elements, out);
  case DType::F8E4M3:
    return widenRow<widenE4M3>(row, elements, out);
  case DType::F8E5M2:
    return widenRow<widenE5M2>(row, elements, out);
  case DType::I8:
    return convertRow<int8_t>(row, elements, out);
  case DType::I16:
    return convertRow<int16_t>(row, elements, out);
  case DType::I32:
    return convertRow<int32_t>(row, elements, out);
  case DType::I64:
    return convertRow<int64_t>(row, elements, out);
  case DType::U8:
  case DType::Bool:
    return convertRow<uint8_t>(row, elements, out);
  case DType::U16:
    return convertRow<uint16_t>(row, elements, out);
  case DType::U32:
    return convertRow<uint32_t>(row, elements, out);
  case DType::U64:
    return convertRow<uint64_t>(row, elements, out);
  case DType::Q4_0:
    return readQ4_0(row, elements / 32, out);
  case DType::Q4_1:
    return readQ4_1(row, elements / 32, out);
  case DType::Q5_0:
    return readQ5_0(row, elements / 32, out);
  case DType::Q5_1:
    return readQ5_1(row, elements / 32, out);
  case DType::Q8_0:
    return readQ8_0(row, elements / 32, out);
  case DType::Q4_K:
    return readQ4_K(row, elements / 256, out);
  case DType::Q5_K:
    return readQ5_K(row, elements / 256, out);
  case DType::Q6_K:
    return readQ6_K(row, elements / 256, out);
  }
  llvm_unreachable("every DType is handled above");
}
