//===- AlibiTable.cpp - What a head adds for a key's position -------------===//
//
// See AlibiTable.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/AlibiTable.h"

#include "compiler/import/DequantRows.h"

#include <cmath>

using namespace sinter;

static float roundToBfloat(double value) {
  return bfloatToFloat(floatToBfloat(static_cast<float>(value)));
}

/// 2^(-8 k / n) for a power of two n: square roots of 2^-8, as often as n has
/// doublings, then a power.
static double slopeOf(int64_t k, int64_t n) {
  double root = 1.0 / 256;
  for (; n > 1; n /= 2)
    root = std::sqrt(root);
  double slope = 1;
  for (int64_t i = 0; i < k; ++i)
    slope *= root;
  return slope;
}

void sinter::fillAlibiTable(xf::AlibiAttr alibi, int64_t first, int64_t count,
                            int64_t positions, float *table) {
  int64_t whole = 1;
  while (2 * whole <= alibi.getHeads())
    whole *= 2;
  double scale = alibi.getScale().getValueAsDouble();
  for (int64_t head = first; head < first + count; ++head) {
    // Heads beyond a power of two take the odd slopes of twice as many.
    double exact = head < whole ? slopeOf(head + 1, whole)
                                : slopeOf(2 * (head - whole) + 1, 2 * whole);
    double slope = static_cast<double>(roundToBfloat(exact));
    for (int64_t j = 0; j < positions; ++j)
      *table++ = static_cast<float>(
          scale *
          static_cast<double>(roundToBfloat(slope * static_cast<double>(j))));
  }
}
