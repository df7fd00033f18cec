//===- WeightRows.h - The rows of a weight, from the model's files
//-*-C++-*-===//
//
// An xf.weight is made of one or more tensors, one below the other, some with
// their rows in another order. This class finds row r, wherever it lies.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/import/ModelSource.h"
#include "compiler/quant/Scheme.h"
#include "dialects/xf/Xf.h"

#include <vector>

namespace sinter {

/// A matrix [rows, columns]; a vector of n is n rows of one column. Immutable;
/// const members may be called from any thread while the ModelSource lives.
class WeightRows {
public:
  /// Looks the tensors up and checks that together they have the type's shape.
  /// InputError or UnsupportedError otherwise.
  static llvm::Expected<WeightRows> find(xf::WeightOp weight,
                                         const ModelSource &source);

  int64_t rows() const { return rowCount; }
  int64_t columns() const { return columnCount; }

  /// Packs rows [16 panel, 16 panel + 16) into `packed`. Rows whose bytes are
  /// blocks of the same scheme are repacked, others quantized. `scratch`: f32
  /// [16 * columns].
  void packPanel(int64_t panel, const quant::Scheme &scheme,
                 const quant::PackOptions &options, float *scratch,
                 uint8_t *packed, quant::PackStats &stats) const;

  /// All rows of a vector as f32 [rows].
  void readVector(float *out, quant::PackStats &stats) const;

  /// Whether any row is repacked for this scheme.
  bool repacks(const quant::Scheme &scheme) const;

  /// Hints about the bytes of rows [first, first + count): needed soon, no
  /// longer needed.
  void prefetch(int64_t first, int64_t count) const;
  void release(int64_t first, int64_t count) const;
  /// InputError if a file behind those rows has changed.
  llvm::Error checkUnchanged(int64_t first, int64_t count) const;

private:
  struct Part {
    const TensorInfo *tensor;
    int64_t firstRow, rows; ///< in the weight
    uint64_t rowBytes;
    int64_t headRows; ///< rows per head if interleaved, else 0
    /// `count` rows from `first` on out of every `stride`; count 0: all rows.
    int64_t first, count, stride;
    bool transposed; ///< our rows are the tensor's columns
    bool plusOne;
  };
  struct Run {
    const Part *part;
    uint64_t from, bytes; ///< in the tensor
  };

  llvm::Error addPart(xf::SourceAttr attr, llvm::StringRef weight);
  const Part &partOf(int64_t row) const;
  const uint8_t *rowAt(const Part &part, int64_t row) const;
  /// Row `row` of the weight as f32.
  void readRow(const Part &part, int64_t row, float *out) const;
  static int64_t storedRow(const Part &part, int64_t row);
  llvm::SmallVector<Run, 2> runs(int64_t first, int64_t count) const;

  const ModelSource *source = nullptr;
  bool isVector = false;
  int64_t rowCount = 0, columnCount = 0;
  std::vector<Part> parts;
};

} // namespace sinter
