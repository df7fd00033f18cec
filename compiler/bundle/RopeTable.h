//===- RopeTable.h - Cosines and sines of the rotary embedding --*- C++ -*-===//
//
// Computed in double precision from +, -, *, / and fused multiply-add only, so
// that the table has the same bits on every host; mathematical libraries differ
// in the last bit. Frequencies follow RoFormer (arXiv 2104.09864), the Llama
// 3.1 model card and YaRN (arXiv 2309.00071), as #xf.rope describes.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/xf/Xf.h"

#include <cstdint>
#include <vector>

namespace sinter {

/// dim / 2 angles per position, and what cosines and sines are multiplied by.
struct RopeFrequencies {
  std::vector<double> perPosition;
  double magnitude = 1;
};

RopeFrequencies ropeFrequencies(xf::RopeAttr rope);

/// Rows [first, first + count) of the table: f32 [count][dim], dim/2 cosines,
/// then dim/2 sines. Positions below 2^20 are
/// accurate to the last bit of float but for rare ties.
void fillRopeTable(const RopeFrequencies &frequencies, int64_t first,
                   int64_t count, float *table);

/// Sine and cosine of |x| < 2^20 to about 2^-52 absolutely.
void sineCosine(double x, double &sine, double &cosine);

} // namespace sinter
