// What the two kernels of sampling on a grid share: the elements of `sampling`
// and the weight of a logit.
#pragma once

#include "compiler/kernels/grid/GridShell.h"

namespace sinter::kernels {

/// Elements of `sampling` (docs/web.md).
enum class Setting {
  temperature,
  topK,
  topP,
  minP,
  repeat,
  frequency,
  presence,
  uniform,
  said
};

inline mlir::Value loadSetting(GridShell &k, mlir::Value sampling, Setting s) {
  return k.load(sampling, k.index(int64_t(s)));
}

/// Turns differences of logits into weights.
class LogitWeight {
public:
  LogitWeight(GridShell &k, mlir::Value sampling);
  /// exp((v - largest) / temperature), 0 below e^-87; v may be -infinity,
  /// `largest` may not. Without temperature that of 1.
  mlir::Value of(mlir::Value v, mlir::Value largest) const;
  /// Whether there is a temperature.
  mlir::Value isRandom;

private:
  GridShell &k;
  mlir::Value inverse;
};

/// Comparisons of f32 that are false for NaN.
mlir::Value lessThan(GridShell &k, mlir::Value a, mlir::Value b);
mlir::Value atLeast(GridShell &k, mlir::Value a, mlir::Value b);
mlir::Value bitsOf(GridShell &k, mlir::Value f32);
/// An infinity of f32.
mlir::Value infinity(GridShell &k, bool negative);

} // namespace sinter::kernels
