// Test cases of linear kernels (LinearCase.h).
#include "LinearCase.h"

#include "compiler/kernels/Layout.h"

#include <cmath>

using namespace sinter;
using namespace sinter::test;
using xf::Scheme;

double sinter::test::halfValue(uint16_t half) {
  int exponent = (half >> 10) & 31, mantissa = half & 1023;
  double magnitude = exponent ? std::ldexp(1024 + mantissa, exponent - 25)
                              : std::ldexp(mantissa, -24);
  return half & 0x8000 ? -magnitude : magnitude;
}

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

//===-- The region --------------------------------------------------------===//

std::string LinearCase::describe() const {
  std::string text = xf::stringifyScheme(scheme).str() + " " +
                     std::to_string(rows) + "x" + std::to_string(columns);
  text += decode() ? " decode" : " T=" + std::to_string(tokens);
  if (norm)
    text += " norm";
  if (bias)
    text += " bias";
  if (residual)
    text += " residual";
  if (selectRow)
    text += " row";
  if (gate)
    text += " " + xf::stringifyActivationKind(*gate).str();
  return text;
}

std::string LinearCase::region(const std::string &name) const {
  auto tensor = [](const std::string &rows, int64_t columns,
                   const std::string &scheme) {
    return "tensor<" + rows + (rows.empty() ? "" : "x") +
           std::to_string(columns) + "xf32" +
           (scheme.empty() ? "" : ", #xf.quant<" + scheme + ">") + ">";
  };
  std::string t = decode() ? "1" : "?";
  bool quantizedArgument = integer() && !decode();
  std::string x =
      tensor(selectRow ? "?" : t, columns, quantizedArgument ? "dyn_i8" : "");
  std::string row = tensor(t, columns, ""), q = tensor(t, columns, "dyn_i8");
  std::string y = tensor(t, rows, ""), out = tensor(t, outputs(), "");
  std::string w =
      tensor(std::to_string(rows), columns, xf::stringifyScheme(scheme).str());
  std::string g = tensor("", columns, ""), b = tensor("", rows, "");

  std::string text = "xf.region @" + name + "(%x: " + x;
  if (norm)
    text += ", %g: " + g;
  text += ", %w: " + w;
  if (bias)
    text += ", %b: " + b;
  if (residual)
    text += ", %r: " + out;
  text += ") -> " + out + " {\n";
  std::string value = "%x", type = x;
  auto apply = [&](const std::string &next, const std::string &op,
                   const std::string &newType) {
    text += next + " = " + op + " : " + newType + "\n";
    value = next;
  };
  if (selectRow)
    apply("%s", "xf.select_row %x", "(" + type + ") -> " + row), type = row;
  if (norm)
    apply("%n", "xf.rms_norm " + value + ", %g {epsilon = 1.0e-5 : f64}",
          "(" + type + ", " + g + ") -> " + row);
  if (integer() && !quantizedArgument)
    apply("%q", "xf.quantize " + value, "(" + type + ") -> " + q), type = q;
  apply("%y", "xf.linear " + value + ", %w" + (bias ? " bias %b" : ""),
        "(" + type + ", " + w + (bias ? ", " + b : "") + ") -> " + y);
  if (gate) {
    std::string slice = " : (" + y + ") -> " + out + "\n";
    text += "%gs = xf.slice %y {offset = 0 : i64}" + slice;
    text += "%us = xf.slice %y {offset = " + std::to_string(outputs()) +
            " : i64}" + slice;
    apply("%a",
          "xf.activation " + xf::stringifyActivationKind(*gate).str() + " %gs",
          out);
    apply("%h", "xf.mul %a, %us", out);
  }
  if (residual)
    apply("%z", "xf.add %y, %r", out);
  return text + "xf.yield " + value + " : " + out + "\n}\n";
}

//===-- Data --------------------------------------------------------------===//

LinearData::LinearData(const LinearCase &test, unsigned seed)
    : test(test), random(seed) {
  memory.reserve(8);
  auto add = [&](int64_t bytes) {
    return &memory.emplace_back(roundUp(bytes, 64));
  };
  int64_t rowsOfInput =
      test.decode() ? (test.selectRow ? 48 : 1) : roundUp(test.tokens, 16);
  selectedRow = test.selectRow ? 37 : 0;
  int64_t padded = roundUp(test.columns, 32);
  int64_t inputBytes = test.columns * 4;
  if (test.integer() && !test.decode())
    inputBytes = roundUp(padded + padded / 32 * 8, 64);
  input = add(rowsOfInput * inputBytes);
  if (test.norm)
    normWeight = add(test.columns * 4);
  packed = add(roundUp(test.rows, 16) / 16 *
               layout::panelBytes(test.scheme, test.columns));
  if (test.bias)
    bias = add(test.rows * 4);
  int64_t outputRows = test.decode() ? 1 : roundUp(test.tokens, 16);
  if (test.residual)
    residual = add(outputRows * test.outputs() * 4);
  result = add(outputRows * test.outputs() * 4);
  makeWeights();
  makeInput();
  evaluate();
}

std::vector<void *> LinearData::bindings() {
  std::vector<void *> pointers;
  for (Memory &part : memory)
    pointers.push_back(part.data());
  return pointers;
}

sinter_scalars LinearData::scalars() const {
  return {test.tokenCount(), 5, selectedRow};
}

void LinearData::packScale(int64_t row, int64_t block, uint16_t half) {
  int64_t blockBytes = layout::blockBytes(test.scheme);
  int64_t blocks = roundUp(test.columns, 32) / 32;
  uint8_t *at = packed->as<uint8_t>() +
                ((row / 16) * blocks + block) * blockBytes + 2 * (row % 16);
  std::memcpy(at, &half, 2);
}

void LinearData::pack(int64_t row, int64_t column, double scale, int number) {
  weights[row * test.columns + column] = scale * number;
  int64_t blockBytes = layout::blockBytes(test.scheme);
  int64_t blocks = roundUp(test.columns, 32) / 32;
  uint8_t *numbers = packed->as<uint8_t>() + 32 +
                     ((row / 16) * blocks + column / 32) * blockBytes;
  int64_t r = row % 16, c = column % 32;
  if (test.scheme == Scheme::q8_0) {
    numbers[(c / 4) * 64 + r * 4 + c % 4] = uint8_t(int8_t(number));
    return;
  }
  uint8_t &byte = numbers[(c / 8) * 64 + r * 4 + c % 4];
  int shift = c % 8 < 4 ? 0 : 4;
  byte = uint8_t((byte & ~(15 << shift)) | ((number + 8) << shift));
}

void LinearData::packFloat(int64_t row, int64_t column, float value) {
  int64_t at = ((row / 16) * test.columns + column) * 16 + row % 16;
  double stored = value;
  if (test.scheme == Scheme::f32) {
    packed->as<float>()[at] = value;
  } else if (test.scheme == Scheme::bf16) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    packed->as<uint16_t>()[at] = uint16_t(bits >> 16);
    bits &= 0xffff0000;
    std::memcpy(&value, &bits, 4);
    stored = value;
  } else {
    uint16_t half = uint16_t(random() & 0xbfff); // |w| < 2, denormals too
    packed->as<uint16_t>()[at] = half;
    stored = halfValue(half);
  }
  weights[row * test.columns + column] = stored;
}

void LinearData::makeWeights() {
  weights.assign(test.rows * test.columns, 0);
  std::normal_distribution<float> normal(0, 0.5f);
  for (int64_t row = 0; row < test.rows; ++row) {
    double scale = 0;
    for (int64_t column = 0; column < test.columns; ++column) {
      if (!test.integer()) {
        packFloat(row, column, normal(random));
        continue;
      }
      if (column % 32 == 0) { // also negative, denormal and zero scales
        uint16_t half = uint16_t((random() & 0x83ff) | (random() % 15 << 10));
        if (random() % 16 == 0)
          half &= 0x8000;
        scale = halfValue(half);
        packScale(row, column / 32, half);
      }
      int number = test.scheme == Scheme::q4_0 ? int(random() % 16) - 8
                                               : int(random() % 256) - 128;
      pack(row, column, scale, number);
    }
  }
  // Padding columns of q4_0 hold zeros, that is u = 8; activations there are
  // 0, so any value would do. Rows beyond N are zero bytes.
}

/// Rounds to the nearest even integer, as the default rounding mode does.
static int nearest(float value) { return int(std::nearbyintf(value)); }

/// Quantizes `inputs` as the xf.quantize op is documented, into dyn_i8 rows if
/// the region takes such, and replaces them by the values they stand for.
void LinearData::quantizeInput() {
  int64_t padded = roundUp(test.columns, 32), blocks = padded / 32;
  int64_t rowBytes = roundUp(padded + blocks * 8, 64);
  for (int64_t token = 0; token < test.tokenCount(); ++token)
    for (int64_t block = 0; block < blocks; ++block) {
      double *x = &inputs[token * test.columns + block * 32];
      int64_t count = std::min<int64_t>(32, test.columns - block * 32);
      float largest = 0;
      for (int64_t i = 0; i < count; ++i)
        largest = std::max(largest, std::fabs(float(x[i])));
      float scale = largest / 127.0f, inverse = 127.0f / largest;
      largestInputScale = std::max(largestInputScale, double(scale));
      int sum = 0;
      int8_t numbers[32] = {};
      for (int64_t i = 0; i < count; ++i) {
        numbers[i] = largest > 0 ? int8_t(nearest(float(x[i]) * inverse)) : 0;
        sum += numbers[i];
        x[i] = double(numbers[i]) * scale;
      }
      if (test.decode())
        continue;
      uint8_t *row = input->as<uint8_t>() + token * rowBytes;
      int32_t correction = -8 * sum;
      std::memcpy(row + block * 32, numbers, 32);
      std::memcpy(row + padded + block * 4, &scale, 4);
      std::memcpy(row + padded + blocks * 4 + block * 4, &correction, 4);
    }
}

void LinearData::makeInput() {
  std::normal_distribution<float> normal(0, 1);
  int64_t T = test.tokenCount(), K = test.columns;
  inputs.resize(T * K);
  for (int64_t i = 0; i < T * K; ++i) {
    float value = normal(random);
    if (K > 64 && i % K >= 32 && i % K < 64 && i / K == 0)
      value = 0; // a block of zeros
    inputs[i] = value;
    if (!test.integer() || test.decode())
      input->as<float>()[selectedRow * K + i] = value;
  }
  if (test.norm) {
    double squares = 0;
    for (double x : inputs)
      squares += x * x;
    double inverse = 1 / std::sqrt(squares / double(K) + 1e-5);
    for (int64_t i = 0; i < K; ++i) {
      float g = 1 + 0.3f * normal(random);
      normWeight->as<float>()[i] = g;
      inputs[i] *= inverse * g;
    }
  }
  if (test.integer())
    quantizeInput();
  for (Memory *part : {bias, residual})
    for (size_t i = 0; part && i < part->size() / 4; ++i)
      part->as<float>()[i] = normal(random);
}

double LinearData::product(int64_t token, int64_t row,
                           double &magnitude) const {
  double sum = 0, largestWeight = 0;
  magnitude = 0;
  for (int64_t k = 0; k < test.columns; ++k) {
    double weight = weights[row * test.columns + k];
    double term = weight * inputs[token * test.columns + k];
    sum += term;
    magnitude += std::fabs(term);
    largestWeight = std::max(largestWeight, std::fabs(weight));
  }
  // f32 sums: a few units in the last place of the sum of magnitudes.
  magnitude *= 4e-6;
  // A norm computed in another order may move numbers across a rounding
  // boundary: three of them by one step.
  if (test.norm && test.integer())
    magnitude += 3 * largestWeight * largestInputScale;
  if (test.bias) {
    sum += bias->as<float>()[row];
    magnitude += 4e-7 * std::fabs(bias->as<float>()[row]);
  }
  return sum;
}

static double activated(xf::ActivationKind kind, double x) {
  switch (kind) {
  case xf::ActivationKind::silu:
    return x / (1 + std::exp(-x));
  case xf::ActivationKind::gelu:
    return 0.5 * x * (1 + std::erf(x * M_SQRT1_2));
  case xf::ActivationKind::gelu_tanh:
    return 0.5 * x *
           (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case xf::ActivationKind::relu:
    return x > 0 ? x : 0;
  }
  return 0;
}

void LinearData::evaluate() {
  int64_t F = test.outputs();
  for (int64_t token = 0; token < test.tokenCount(); ++token)
    for (int64_t column = 0; column < F; ++column) {
      double margin, value = product(token, column, margin);
      if (test.gate) {
        double upMargin, up = product(token, F + column, upMargin);
        double gate = activated(*test.gate, value);
        // No activation is steeper than 1.2; polynomials are good to 2e-6.
        margin = 1.2 * margin * (std::fabs(up) + upMargin) +
                 std::fabs(gate) * upMargin +
                 2e-6 * (std::fabs(value) + 1) * std::fabs(up);
        value = gate * up;
      }
      if (test.residual) {
        double other = residual->as<float>()[token * F + column];
        value += other;
        margin += 4e-7 * std::fabs(other);
      }
      expected.push_back(value);
      tolerance.push_back(margin + 1e-6 * std::fabs(value) + 1e-30);
    }
}

void LinearData::check() {
  for (Memory &part : memory)
    EXPECT_TRUE(part.intact());
  int wrong = 0;
  for (size_t i = 0; i < expected.size() && wrong < 3; ++i) {
    float got = result->as<float>()[i];
    bool close = std::fabs(got - expected[i]) <= tolerance[i];
    EXPECT_TRUE(close) << "at " << i << ": " << got << " instead of "
                       << expected[i] << " +- " << tolerance[i];
    wrong += !close;
  }
}
