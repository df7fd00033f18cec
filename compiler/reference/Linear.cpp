// linear, and the rounding that xf.quantize causes.
#include "compiler/reference/Ops.h"

#include <algorithm>
#include <cmath>

using namespace sinter;
using namespace sinter::reference;

Tensor reference::linear(const Tensor &x, const Tensor &weight,
                         const Tensor *bias) {
  Tensor out(x.rows, weight.rows);
  for (int64_t t = 0; t < x.rows; ++t)
    for (int64_t n = 0; n < weight.rows; ++n) {
      llvm::ArrayRef<float> a = x.row(t), b = weight.row(n);
      double sum = 0;
      for (int64_t k = 0; k < x.columns; ++k)
        sum += double(a[k]) * b[k];
      out.row(t)[n] = static_cast<float>(sum + (bias ? bias->values[n] : 0.0f));
    }
  return out;
}

Tensor reference::fakeQuantize(const Tensor &x) {
  constexpr int64_t block = 32;
  Tensor out(x.rows, x.columns);
  for (int64_t t = 0; t < x.rows; ++t)
    for (int64_t first = 0; first < x.columns; first += block) {
      int64_t size = std::min(block, x.columns - first);
      llvm::ArrayRef<float> in = x.row(t).slice(first, size);
      float largest = 0;
      for (float value : in)
        largest = std::max(largest, std::fabs(value));
      float scale = largest / 127.0f;
      for (int64_t i = 0; i < size; ++i) {
        // Ties go to even in the default rounding mode.
        float q = scale == 0 ? 0.0f : std::nearbyint(in[i] / scale);
        out.row(t)[first + i] = scale * std::clamp(q, -127.0f, 127.0f);
      }
    }
  return out;
}
