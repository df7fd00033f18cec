//===- Scheme.h - How rows of numbers become packed bytes -------*- C++ -*-===//
//
// A weight scheme turns panels of 16 rows into the `rows16` layout of
// docs/formats/packed-weights.md and back. Numbers only: no IR, no files, no
// threads. The bytes depend on the input alone, never on the machine: sums run
// in a fixed order, products and sums are never fused.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/quant/Isa.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace sinter::quant {

/// Rows of a panel.
constexpr int64_t kPanelRows = 16;
/// Columns of a quantization block.
constexpr int64_t kBlockColumns = 32;

/// What packing did to numbers. Sums are over the elements packed; elements
/// that are not finite count as 0 in them.
struct PackStats {
  double squaredError = 0; ///< sum of (packed - given)^2
  double squaredSum = 0;   ///< sum of given^2
  double maxError = 0;     ///< largest |packed - given|
  uint64_t nonFinite = 0;  ///< NaN or infinite
  uint64_t clipped = 0;    ///< finite, but too large for the scheme

  /// Adds the figures of another part; call in a fixed order for equal sums.
  void merge(const PackStats &other);
  /// sqrt(squaredError / squaredSum), 0 for all-zero weights.
  double relativeError() const;
};

/// How much an element's error counts, on top of column importance.
enum class MagnitudeWeight { none, linear, square };

/// What the scale search minimises: the sum of
/// columnImportance[k] * |w|^magnitude * (packed - w)^2.
struct PackOptions {
  /// One finite, not negative number per column, or null for all 1.
  const float *columnImportance = nullptr;
  MagnitudeWeight magnitude = MagnitudeWeight::none;
  /// Instructions to use; does not change the result.
  Isa isa = hostIsa();
};

/// One scheme. Immutable; all functions may be called from any thread.
class Scheme {
public:
  virtual ~Scheme();

  virtual llvm::StringRef name() const = 0;
  /// Scales and small integers (q8_0, q4_0) rather than floats.
  virtual bool isInteger() const = 0;
  /// Bytes of one panel of 16 rows of `columns` >= 0 elements, padding of
  /// columns included.
  virtual int64_t panelBytes(int64_t columns) const = 0;

  /// Packs rows: f32 [16][columns], row-major, into `panel` (panelBytes). Rows
  /// beyond the matrix are given as zeros. NaN and infinities are kept by
  /// float schemes and stored as 0 by integer ones; they are counted.
  virtual void packPanel(const float *rows, int64_t columns,
                         const PackOptions &options, uint8_t *panel,
                         PackStats &stats) const = 0;

  /// The reference meaning of a panel: to f32 [16][columns], row-major.
  virtual void unpackPanel(const uint8_t *panel, int64_t columns,
                           float *rows) const = 0;

  /// Bytes of one GGUF row of this scheme that repackPanel takes; 0 if the
  /// scheme has no block form in GGUF. columns must be a multiple of 32.
  virtual int64_t blockRowBytes(int64_t columns) const { return 0; }

  /// Packs rows of GGUF blocks of the same scheme: the same scales and integers
  /// in another order, nothing is quantized again. A row whose pointer in
  /// rows[16] is null keeps what the panel holds for it. Counts 32 elements not
  /// finite for each scale that is not.
  virtual void repackPanel(const uint8_t *const *rows, int64_t columns,
                           uint8_t *panel, PackStats &stats) const;
};

/// All schemes, in the order of Schemes.def.
llvm::ArrayRef<const Scheme *> allSchemes();

/// The scheme of that name, or null.
const Scheme *findScheme(llvm::StringRef name);

/// Panels of a matrix of `rows` rows.
constexpr int64_t panelCount(int64_t rows) {
  return (rows + kPanelRows - 1) / kPanelRows;
}

#define SINTER_WEIGHT_SCHEME(name) const Scheme &name##Scheme();
#include "compiler/quant/Schemes.def"

} // namespace sinter::quant
