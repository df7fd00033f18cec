//===- RopeTable.cpp - Cosines and sines of the rotary embedding ----------===//
//
// See RopeTable.h. theta^(-2i/dim) is powers of one root, found by Newton's
// method in pairs of doubles (Dekker 1971); sine and cosine are Cody-Waite
// reduction by pi/2 and Taylor polynomials. The file is compiled without
// contraction of products and sums.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/RopeTable.h"

#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <cmath>

using namespace sinter;

static constexpr double kPi = 3.14159265358979323846;

namespace {
/// hi + lo with |lo| at most half a unit in the last place of hi.
struct Wide {
  double hi, lo;
};
} // namespace

static Wide normalized(double hi, double lo) {
  double sum = hi + lo;
  return {sum, lo - (sum - hi)};
}

static Wide multiply(Wide a, Wide b) {
  double product = a.hi * b.hi;
  double rest = std::fma(a.hi, b.hi, -product) + (a.hi * b.lo + a.lo * b.hi);
  return normalized(product, rest);
}

static Wide power(Wide base, int64_t exponent) {
  Wide result{1, 0};
  for (; exponent; exponent >>= 1) {
    if (exponent & 1)
      result = multiply(result, base);
    base = multiply(base, base);
  }
  return result;
}

/// theta^(-1/n): Newton's method on theta * s^n = 1. Two steps from a guess
/// good to double precision leave an error far below that of a double.
static Wide inverseRoot(double theta, int64_t n) {
  Wide s{std::pow(theta, -1.0 / static_cast<double>(n)), 0};
  for (int step = 0; step < 2; ++step) {
    Wide p = multiply(power(s, n), {theta, 0});
    double residual = (1.0 - p.hi) - p.lo;
    double change = s.hi * residual / static_cast<double>(n);
    s = normalized(s.hi, s.lo + change);
  }
  return s;
}

/// The dimension that turns `turns` times over the original context, as YaRN
/// finds it; rounded to 2^-30, below which logarithms may differ among hosts.
static double correctionDim(double turns, double dim, double theta,
                            double context) {
  double d =
      dim * std::log(context / (turns * 2 * kPi)) / (2 * std::log(theta));
  return std::ldexp(std::nearbyint(std::ldexp(d, 30)), -30);
}

static void scaleLlama3(llvm::ArrayRef<double> v, double &frequency) {
  double factor = v[0], low = v[1], high = v[2], context = v[3];
  double wavelength = 2 * kPi / frequency;
  if (wavelength < context / high)
    return;
  if (wavelength > context / low) {
    frequency /= factor;
    return;
  }
  double smooth = (context / wavelength - low) / (high - low);
  frequency = (1 - smooth) * (frequency / factor) + smooth * frequency;
}

static void scaleYarn(llvm::ArrayRef<double> v, double theta, int64_t dim,
                      std::vector<double> &frequencies) {
  double factor = v[0], betaFast = v[1], betaSlow = v[2], context = v[3];
  double size = static_cast<double>(dim);
  double low = correctionDim(betaFast, size, theta, context);
  double high = correctionDim(betaSlow, size, theta, context);
  if (v[5] != 0) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, size - 1);
  if (low == high)
    high += 0.001;
  for (size_t i = 0; i < frequencies.size(); ++i) {
    double ramp = (static_cast<double>(i) - low) / (high - low);
    double keep = 1 - std::min(1.0, std::max(0.0, ramp));
    frequencies[i] =
        frequencies[i] / factor * (1 - keep) + frequencies[i] * keep;
  }
}

RopeFrequencies sinter::ropeFrequencies(xf::RopeAttr rope) {
  RopeFrequencies result;
  double theta = rope.getTheta().getValueAsDouble();
  int64_t half = rope.getDim() / 2;
  Wide root = inverseRoot(theta, half), p{1, 0};
  for (int64_t i = 0; i < half; ++i, p = multiply(p, root))
    result.perPosition.push_back(p.hi);
  llvm::ArrayRef<double> v = rope.getScalingValues();
  switch (rope.getScaling()) {
  case xf::RopeScaling::none:
    break;
  case xf::RopeScaling::linear:
    for (double &frequency : result.perPosition)
      frequency /= v[0];
    break;
  case xf::RopeScaling::llama3:
    for (double &frequency : result.perPosition)
      scaleLlama3(v, frequency);
    break;
  case xf::RopeScaling::yarn:
    scaleYarn(v, theta, rope.getDim(), result.perPosition);
    result.magnitude = v[4];
    break;
  case xf::RopeScaling::factors:
    for (size_t i = 0; i < result.perPosition.size(); ++i)
      result.perPosition[i] /= v[i];
    result.magnitude = v.back();
    break;
  }
  return result;
}

void sinter::sineCosine(double x, double &sine, double &cosine) {
  // pi/2 in parts of 33, 33 and 53 bits: k * part is exact for k < 2^20.
  constexpr double kPart1 = 1.57079632673412561417e+00;
  constexpr double kPart2 = 6.07710050630396597660e-11;
  constexpr double kPart3 = 2.02226624879595063154e-21;
  double k = std::nearbyint(x * (2 / kPi));
  double r = ((x - k * kPart1) - k * kPart2) - k * kPart3;
  double s = r * r;
  // Taylor: below 2^-53 of the result for |r| <= pi/4.
  static const double odd[] = {1.0 / 355687428096000.0,
                               -1.0 / 1307674368000.0,
                               1.0 / 6227020800.0,
                               -1.0 / 39916800.0,
                               1.0 / 362880.0,
                               -1.0 / 5040.0,
                               1.0 / 120.0,
                               -1.0 / 6.0};
  static const double even[] = {1.0 / 20922789888000.0,
                                -1.0 / 87178291200.0,
                                1.0 / 479001600.0,
                                -1.0 / 3628800.0,
                                1.0 / 40320.0,
                                -1.0 / 720.0,
                                1.0 / 24.0,
                                -1.0 / 2.0};
  double a = 0, b = 0;
  for (double c : odd)
    a = a * s + c;
  for (double c : even)
    b = b * s + c;
  double sinR = r + r * (s * a), cosR = 1 + s * b;
  switch (static_cast<int64_t>(k) & 3) {
  case 0:
    sine = sinR, cosine = cosR;
    break;
  case 1:
    sine = cosR, cosine = -sinR;
    break;
  case 2:
    sine = -sinR, cosine = -cosR;
    break;
  default:
    sine = -cosR, cosine = sinR;
    break;
  }
}

void sinter::fillRopeTable(const RopeFrequencies &frequencies, int64_t first,
                           int64_t count, float *table) {
  size_t half = frequencies.perPosition.size();
  for (int64_t p = first; p < first + count; ++p, table += 2 * half)
    for (size_t i = 0; i < half; ++i) {
      double sine, cosine;
      sineCosine(static_cast<double>(p) * frequencies.perPosition[i], sine,
                 cosine);
      table[i] = static_cast<float>(cosine * frequencies.magnitude);
      table[half + i] = static_cast<float>(sine * frequencies.magnitude);
    }
}
