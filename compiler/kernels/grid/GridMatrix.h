// Linears of many tokens through matrices that a subgroup multiplies (caps with
// `matrix`): f16 products, f32 sums. Why f16 is right here and tile sizes:
// docs/kernels.md, "Matrices of a subgroup".
#pragma once

#include "compiler/kernels/Schedule.h"
#include "compiler/kernels/grid/GridLinear.h"

namespace sinter::kernels {

class GridMatrix {
public:
  /// Tokens of a workgroup. The plan's blocks of tokens are shorter: of those
  /// that make up one of these, the first's workgroup does the work.
  static constexpr int64_t kTokens = 64;

  /// Whether the region is multiplied this way: the device has matrices, and
  /// weights are f16 or narrower. f32 and bf16 reach beyond f16.
  static bool fits(const LinearRegion &linear, kern::CapsAttr caps) {
    return caps.getMatrix() &&
           (linear.isInteger() || linear.scheme == xf::Scheme::f16);
  }

  /// Lanes of a workgroup: subgroups of 32, two or four.
  static ScheduleParameter groupChoice() { return {"group", 128, {64, 128}}; }
  /// Weight panels of a subgroup; both of a gate.
  static ScheduleParameter panelChoice(const LinearRegion &linear,
                                       kern::CapsAttr caps);
  /// Output panels of a workgroup, for the number of weight panels.
  static int64_t outputPanels(const LinearRegion &linear, kern::CapsAttr caps,
                              int64_t panels);

  /// Takes memory of the workgroup: only before items().
  GridMatrix(GridShell &k, const LinearRegion &linear, int64_t panels);

  /// The body of a workgroup: output panels from `first` on, times the tokens
  /// [block * blockTokens, + kTokens), where block is the workgroup's.
  void emit(mlir::Value first, int64_t blockTokens);

private:
  void measure(mlir::Value firstToken);
  mlir::Value scaleOf(mlir::Value largest);
  mlir::Value outputPanel(mlir::Value slot, int64_t i);
  void expandWeights(mlir::Value chunk);
  void expandIntegers(mlir::Value chunk);
  void copyHalves(mlir::Value chunk);
  mlir::Value packed(mlir::Value low, mlir::Value high);
  mlir::Value weightPanel(mlir::Value number);
  void expandInputs(mlir::Value chunk, mlir::Value firstToken);
  Values multiply(mlir::ValueRange sums);
  mlir::Value loadWeights(int64_t rowTile, mlir::Value column);
  void store(mlir::ValueRange sums, mlir::Value firstToken);
  void storePart(mlir::ValueRange sums, int64_t output, int64_t part,
                 mlir::Value firstToken);

  int64_t each() const { return GridLinear::panelsPerOutput(linear); }
  int64_t rowTiles() const { return panels * layout::kPanelRows / edge; }
  int64_t tokenTiles() const { return kTokens / edge; }
  /// Tokens whose sums wait in `stage` at a time.
  int64_t stageTokens() const { return kTokens / 2 / each(); }
  mlir::Value tokenCount() { return k.scalar(kern::Scalar::token_count); }

  GridShell &k;
  const LinearRegion &linear;
  GridLinear grid;
  int64_t panels; ///< weight panels of a subgroup
  int64_t edge;   ///< of a matrix
  int64_t slots;  ///< subgroups that work at a time, at most
  // In workgroup memory:
  mlir::Value weights; ///< f16 pairs, a slot's panels after one another
  mlir::Value inputs;  ///< f16 pairs, [token][column]
  mlir::Value scales;  ///< [token], what its inputs were multiplied by
  mlir::Value stage;   ///< f32 sums, [slot][of a gate][token][row]
  // Of the running workgroup:
  mlir::Value firstPanel;        ///< output panel of slot 0 in this round
  mlir::Value subgroup, working; ///< which this is; how many have a slot
  mlir::Value slot;              ///< this subgroup's, or the last one's
};

} // namespace sinter::kernels
