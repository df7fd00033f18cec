// rms_norm: Zhang and Sennrich, arXiv 1910.07467. layer_norm: Ba et al., arXiv
// 1607.06450.
#include "compiler/reference/Ops.h"

#include <cmath>

using namespace sinter;
using namespace sinter::reference;

Tensor reference::rmsNorm(const Tensor &x, const Tensor &weight, double epsilon,
                          int64_t groups) {
  Tensor out(x.rows, x.columns);
  int64_t size = x.columns / groups;
  for (int64_t t = 0; t < x.rows; ++t)
    for (int64_t group = 0; group < groups; ++group) {
      llvm::ArrayRef<float> in = x.row(t).slice(group * size, size);
      double squares = 0;
      for (float value : in)
        squares += double(value) * value;
      double scale = 1.0 / std::sqrt(squares / double(size) + epsilon);
      for (int64_t i = 0; i < size; ++i)
        out.row(t)[group * size + i] =
            static_cast<float>(in[i] * scale * weight.values[i]);
    }
  return out;
}

Tensor reference::layerNorm(const Tensor &x, const Tensor &weight,
                            const Tensor *bias, double epsilon,
                            int64_t groups) {
  Tensor out(x.rows, x.columns);
  int64_t size = x.columns / groups;
  bool ofEachPart = weight.columns == x.columns;
  for (int64_t t = 0; t < x.rows; ++t)
    for (int64_t group = 0; group < groups; ++group) {
      llvm::ArrayRef<float> in = x.row(t).slice(group * size, size);
      double sum = 0, squares = 0;
      for (float value : in)
        sum += value;
      double mean = sum / double(size);
      for (float value : in)
        squares += (value - mean) * (value - mean);
      double scale = 1.0 / std::sqrt(squares / double(size) + epsilon);
      for (int64_t i = 0; i < size; ++i) {
        int64_t at = ofEachPart ? group * size + i : i;
        double shift = bias ? bias->values[at] : 0.0;
        out.row(t)[group * size + i] = static_cast<float>(
            (in[i] - mean) * scale * weight.values[at] + shift);
      }
    }
  return out;
}
