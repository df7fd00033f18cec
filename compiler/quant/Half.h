//===- Half.h - IEEE binary16 in integers -----------------------*- C++ -*-===//
//
// Scalar conversions, exact for all 65,536 values and rounded to nearest even;
// the vector forms in Lanes.inc give the same bits. Source: IEEE 754-2019,
// section 3.4.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <cstring>

namespace sinter::quant {

/// The number with these binary16 bits; NaN payloads are kept.
inline float halfToFloat(uint16_t half) {
  uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  uint32_t exponent = (half >> 10) & 31u, fraction = half & 0x3ffu, bits;
  if (exponent == 31)
    bits = 0x7f800000u | fraction << 13;
  else if (exponent != 0)
    bits = (exponent + 112) << 23 | fraction << 13;
  else {
    // Subnormal: fraction * 2^-24, exact in f32.
    float value = static_cast<float>(fraction) * 5.9604644775390625e-8f;
    std::memcpy(&bits, &value, 4);
  }
  bits |= sign;
  float result;
  std::memcpy(&result, &bits, 4);
  return result;
}

/// binary16 bits of x, to nearest even; too large becomes infinity.
inline uint16_t floatToHalf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  uint32_t sign = bits >> 16 & 0x8000u, mag = bits & 0x7fffffffu;
  if (mag >= 0x477ff000u) // 65520
    return static_cast<uint16_t>(sign |
                                 (mag > 0x7f800000u ? 0x7e00u : 0x7c00u));
  if (mag >= 113u << 23)
    return static_cast<uint16_t>(
        sign | (mag - (112u << 23) + 0xfffu + (mag >> 13 & 1u)) >> 13);
  // Subnormal: adding 0.5 rounds at bit 2^-24 and leaves it in the low bits.
  float value;
  std::memcpy(&value, &mag, 4);
  value += 0.5f;
  std::memcpy(&mag, &value, 4);
  return static_cast<uint16_t>(sign | (mag - 0x3f000000u));
}

} // namespace sinter::quant
