// activation, scale, softcap, add, mul, slice. gelu: Hendrycks and Gimpel,
// arXiv 1606.08415.
#include "compiler/reference/Ops.h"

#include <algorithm>
#include <cmath>

using namespace sinter;
using namespace sinter::reference;

static double activate(double x, xf::ActivationKind kind) {
  switch (kind) {
  case xf::ActivationKind::silu:
    return x / (1 + std::exp(-x));
  case xf::ActivationKind::gelu:
    return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
  case xf::ActivationKind::gelu_tanh: {
    double inner = x + 0.044715 * x * x * x;
    return 0.5 * x * (1 + std::tanh(std::sqrt(M_2_PI) * inner));
  }
  case xf::ActivationKind::relu:
    return std::max(x, 0.0);
  }
  llvm_unreachable("all kinds are listed");
}

Tensor reference::activation(const Tensor &x, xf::ActivationKind kind) {
  Tensor out = x;
  for (float &value : out.values)
    value = static_cast<float>(activate(value, kind));
  return out;
}

Tensor reference::scale(const Tensor &x, double factor) {
  Tensor out = x;
  for (float &value : out.values)
    value = static_cast<float>(value * factor);
  return out;
}

Tensor reference::softcap(const Tensor &x, double cap) {
  Tensor out = x;
  for (float &value : out.values)
    value = static_cast<float>(cap * std::tanh(value / cap));
  return out;
}

Tensor reference::add(const Tensor &lhs, const Tensor &rhs) {
  Tensor out = lhs;
  for (size_t i = 0; i < out.values.size(); ++i)
    out.values[i] = lhs.values[i] + rhs.values[i];
  return out;
}

Tensor reference::mul(const Tensor &lhs, const Tensor &rhs) {
  Tensor out = lhs;
  for (size_t i = 0; i < out.values.size(); ++i)
    out.values[i] = lhs.values[i] * rhs.values[i];
  return out;
}

Tensor reference::slice(const Tensor &x, int64_t offset, int64_t size) {
  Tensor out(x.rows, size);
  for (int64_t t = 0; t < x.rows; ++t)
    llvm::copy(x.row(t).slice(offset, size), out.row(t).begin());
  return out;
}
