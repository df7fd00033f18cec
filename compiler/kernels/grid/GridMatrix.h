// Linears of many tokens through matrices that a subgroup multiplies (caps with
// `matrix`). This is what all of them have in common; what is multiplied, f16
// or bytes, is a subclass's: GridHalfMatrix.h, GridByteMatrix.h. Tile sizes and
// which is right where: docs/kernels.md, "Matrices of a subgroup".
#pragma once

#include "compiler/kernels/Schedule.h"
#include "compiler/kernels/grid/GridLinear.h"

#include <memory>

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

  /// Of bytes where the device has such matrices and the weights are integers,
  /// else of f16. Takes memory of the workgroup: only before items().
  static std::unique_ptr<GridMatrix>
  make(GridShell &k, const LinearRegion &linear, int64_t panels);
  virtual ~GridMatrix() = default;

  /// The body of a workgroup: output panels from `first` on, times the tokens
  /// [block * blockTokens, + kTokens), where block is the workgroup's.
  void emit(mlir::Value first, int64_t blockTokens);

protected:
  static constexpr int64_t kRows = layout::kPanelRows;
  static constexpr int64_t kChunk = layout::kBlock; ///< columns at a time

  GridMatrix(GridShell &k, const LinearRegion &linear, int64_t panels);
  /// Memory for sums; a subclass takes it when it has its own.
  void takeStage();

  /// What comes before all chunks, all lanes together.
  virtual void prepare() {}
  /// `sums`, [row tile][token tile] of this subgroup, with those of the chunk:
  /// brings weights and inputs into workgroup memory and multiplies.
  virtual Values multiply(mlir::Value chunk, mlir::ValueRange sums) = 0;
  /// What token t's sums are to be divided by, or null.
  virtual mlir::Value divisor(mlir::Value) { return {}; }

  /// The weight panel that lies at place `number` in workgroup memory.
  mlir::Value weightPanel(mlir::Value number);
  /// A row of integers in a block of a weight panel.
  struct PackedRow {
    mlir::Value row;   ///< of the panel
    mlir::Value start; ///< word where the panel's block begins
    mlir::Value scale; ///< f32
  };
  /// Row `number` of those in workgroup memory, `at` words into the panel.
  PackedRow packedRow(mlir::Value number, mlir::Value at);
  kern::MatrixType matrixType(mlir::Type element, kern::MatrixUse use) {
    return kern::MatrixType::get(k.builder.getContext(), edge, element, use);
  }

  int64_t each() const { return GridLinear::panelsPerOutput(linear); }
  int64_t rowTiles() const { return panels * kRows / edge; }
  int64_t tokenTiles() const { return kTokens / edge; }
  mlir::Value tokenCount() { return k.scalar(kern::Scalar::token_count); }

  GridShell &k;
  const LinearRegion &linear;
  GridLinear grid;
  int64_t panels; ///< weight panels of a subgroup
  int64_t edge;   ///< of a matrix
  int64_t slots;  ///< subgroups that work at a time, at most
  // Of the running workgroup:
  mlir::Value firstToken;
  mlir::Value subgroup, working; ///< which this is; how many have a slot
  mlir::Value slot;              ///< this subgroup's, or the last one's

private:
  mlir::Value outputPanel(mlir::Value slot, int64_t i);
  void store(mlir::ValueRange sums);
  void storePart(mlir::ValueRange sums, int64_t output, int64_t part);
  /// Tokens whose sums wait in `stage` at a time.
  int64_t stageTokens() const { return kTokens / 2 / each(); }

  mlir::Value stage;      ///< f32 sums, [slot][of a gate][token][row]
  mlir::Value firstPanel; ///< output panel of slot 0 in this round
};

} // namespace sinter::kernels
