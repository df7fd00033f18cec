// Rotary embedding: frequencies of every scaling kind, in f64, and the rotation
// in half-split form. The scalings are those of Hugging Face transformers'
// modeling_rope_utils. Sources: RoFormer (arXiv 2104.09864), YaRN (arXiv
// 2309.00071), Llama 3.1's model card.
#include "compiler/reference/Ops.h"

#include "compiler/support/Error.h"

#include <algorithm>
#include <cmath>

using namespace sinter;
using namespace sinter::reference;

static constexpr double kTwoPi = 6.283185307179586476925286766559;

/// Llama 3.1: long waves are stretched, short ones kept, those between blended.
static double llama3Frequency(double frequency, llvm::ArrayRef<double> values) {
  double factor = values[0], lowFactor = values[1], highFactor = values[2],
         context = values[3];
  double wavelength = kTwoPi / frequency;
  if (wavelength < context / highFactor)
    return frequency;
  if (wavelength > context / lowFactor)
    return frequency / factor;
  double smooth = (context / wavelength - lowFactor) / (highFactor - lowFactor);
  return (1 - smooth) * frequency / factor + smooth * frequency;
}

/// YaRN: the dimension (fractional) that turns `rotations` times in the
/// original context.
static double correctionDim(double rotations, double dim, double theta,
                            double context) {
  return dim * std::log(context / (rotations * kTwoPi)) / (2 * std::log(theta));
}

/// YaRN: how far the frequency of dimension i is stretched, from 0 (kept) to 1
/// (divided by the factor).
static double yarnRamp(int64_t i, xf::RopeAttr rope) {
  llvm::ArrayRef<double> values = rope.getScalingValues();
  double betaFast = values[1], betaSlow = values[2], context = values[3];
  bool truncate = values[5] != 0;
  double theta = rope.getTheta().getValueAsDouble(), dim = rope.getDim();
  double low = correctionDim(betaFast, dim, theta, context);
  double high = correctionDim(betaSlow, dim, theta, context);
  if (truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);
  if (low == high)
    high += 0.001; // no division by zero
  return std::clamp((double(i) - low) / (high - low), 0.0, 1.0);
}

std::vector<double> reference::ropeFrequencies(xf::RopeAttr rope) {
  llvm::ArrayRef<double> values = rope.getScalingValues();
  double theta = rope.getTheta().getValueAsDouble();
  std::vector<double> frequencies;
  for (int64_t i = 0; i < rope.getDim() / 2; ++i) {
    double plain = std::pow(theta, -2.0 * double(i) / double(rope.getDim()));
    switch (rope.getScaling()) {
    case xf::RopeScaling::none:
      frequencies.push_back(plain);
      break;
    case xf::RopeScaling::linear:
      frequencies.push_back(plain / values[0]);
      break;
    case xf::RopeScaling::llama3:
      frequencies.push_back(llama3Frequency(plain, values));
      break;
    case xf::RopeScaling::yarn: {
      double ramp = yarnRamp(i, rope);
      frequencies.push_back(plain / values[0] * ramp + plain * (1 - ramp));
      break;
    }
    case xf::RopeScaling::factors:
      frequencies.push_back(plain / values[i]);
      break;
    }
  }
  return frequencies;
}

double reference::ropeAttentionFactor(xf::RopeAttr rope) {
  switch (rope.getScaling()) {
  case xf::RopeScaling::yarn:
    return rope.getScalingValues()[4];
  case xf::RopeScaling::factors:
    return rope.getScalingValues().back();
  default:
    return 1.0;
  }
}

Tensor reference::ropeTable(xf::RopeAttr rope, int64_t positions) {
  std::vector<double> frequencies = ropeFrequencies(rope);
  double factor = ropeAttentionFactor(rope);
  int64_t half = rope.getDim() / 2;
  Tensor table(positions, rope.getDim());
  for (int64_t p = 0; p < positions; ++p)
    for (int64_t i = 0; i < half; ++i) {
      double angle = double(p) * frequencies[i];
      table.row(p)[i] = static_cast<float>(std::cos(angle) * factor);
      table.row(p)[half + i] = static_cast<float>(std::sin(angle) * factor);
    }
  return table;
}

llvm::Expected<Tensor> reference::rope(const Tensor &x, int64_t heads,
                                       const Tensor &table, int64_t position) {
  if (position < 0 || position + x.rows > table.rows)
    return inputError("positions " + llvm::Twine(position) + " to " +
                      llvm::Twine(position + x.rows - 1) +
                      " lie outside a rotary table of " +
                      llvm::Twine(table.rows));
  Tensor out = x;
  int64_t headDim = x.columns / heads, half = table.columns / 2;
  for (int64_t t = 0; t < x.rows; ++t)
    for (int64_t h = 0; h < heads; ++h) {
      llvm::ArrayRef<float> in = x.row(t).slice(h * headDim, headDim);
      llvm::ArrayRef<float> angles = table.row(position + t);
      for (int64_t i = 0; i < half; ++i) {
        double cosine = angles[i], sine = angles[half + i];
        out.row(t)[h * headDim + i] =
            static_cast<float>(in[i] * cosine - in[half + i] * sine);
        out.row(t)[h * headDim + half + i] =
            static_cast<float>(in[half + i] * cosine + in[i] * sine);
      }
    }
  return out;
}
