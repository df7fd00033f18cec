// Helpers of the packing tests: random panels, and packing by one call.
#pragma once

#include "compiler/quant/Half.h"
#include "compiler/quant/Scheme.h"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace sinter::quant::test {

/// f32 [16][columns], normally distributed with the given deviation.
inline std::vector<float> randomPanel(int64_t columns, unsigned seed,
                                      float deviation = 0.05f) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> rows(static_cast<size_t>(kPanelRows * columns));
  for (float &x : rows)
    x = normal(engine);
  return rows;
}

inline std::vector<uint8_t> pack(const Scheme &scheme,
                                 const std::vector<float> &rows,
                                 PackStats *stats = nullptr,
                                 const PackOptions &options = {}) {
  int64_t columns = static_cast<int64_t>(rows.size()) / kPanelRows;
  std::vector<uint8_t> panel(static_cast<size_t>(scheme.panelBytes(columns)),
                             0xcd);
  PackStats unused;
  scheme.packPanel(rows.data(), columns, options, panel.data(),
                   stats ? *stats : unused);
  return panel;
}

inline std::vector<float> unpack(const Scheme &scheme,
                                 const std::vector<uint8_t> &panel,
                                 int64_t columns) {
  std::vector<float> rows(static_cast<size_t>(kPanelRows * columns));
  scheme.unpackPanel(panel.data(), columns, rows.data());
  return rows;
}

inline double squaredError(const std::vector<float> &a,
                           const std::vector<float> &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
  return sum;
}

/// Squared error of GGUF's reference Q4_0 quantizer on one block: scale
/// extreme / -8 rounded to f16, integers by truncating x / scale + 8.5.
inline double ggufQ4Error(const float *x) {
  float extreme = 0;
  for (int i = 0; i < 32; ++i)
    if (std::fabs(x[i]) > std::fabs(extreme))
      extreme = x[i];
  float d = extreme / -8, id = d != 0 ? 1 / d : 0;
  float scale = halfToFloat(floatToHalf(d));
  double error = 0;
  for (int i = 0; i < 32; ++i) {
    int u = std::min(15, static_cast<int>(x[i] * id + 8.5f));
    double e = x[i] - double(scale) * (u - 8);
    error += e * e;
  }
  return error;
}

} // namespace sinter::quant::test
