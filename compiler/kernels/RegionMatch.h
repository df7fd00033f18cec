// Reading a fused region by def-use: what kernel families use to decide
// whether they can compute it. A match takes ops one by one from the results
// backwards; it is complete when no op of the region is left over. Labels and
// the order of arguments play no part.
#pragma once

#include "dialects/xf/Xf.h"

#include "llvm/ADT/SmallPtrSet.h"

#include <optional>
#include <string>

namespace sinter::kernels {

/// Columns of an activation or weight: its last dimension.
int64_t columnsOf(mlir::Value value);
/// Rows of an activation: its first dimension, dynamic when it counts tokens.
int64_t rowsOf(mlir::Value value);

/// Columns [offset, offset + columns) of every row of a region argument whose
/// rows are `stride` elements apart.
struct RowPart {
  mlir::BlockArgument argument;
  int64_t offset = 0;
  int64_t columns = 0;
  int64_t stride = 0;
};

/// An RMS or layer norm whose weights are region arguments.
struct NormPart {
  mlir::BlockArgument normWeight; ///< null: no norm
  mlir::BlockArgument normBias;   ///< null: none
  double epsilon = 0;
  bool isLayerNorm = false;
  bool normOfEachGroup = false; ///< every group has weights of its own
};

/// What happens to the rows of a region argument before they become q or k:
/// [slice], [norm of each head], [rotation]. Absent parts are null.
struct HeadRows : NormPart {
  RowPart source;
  int64_t heads = 0;
  int64_t headDim = 0;
  mlir::BlockArgument ropeTable; ///< [context][ropeDim], cosines then sines
  int64_t ropeDim = 0;
};

class RegionMatch {
public:
  explicit RegionMatch(xf::RegionOp region) : region(region) {}

  /// The value yielded as result `index`.
  mlir::Value result(unsigned index = 0);
  unsigned resultCount() { return region.getResultTypes().size(); }

  /// The op that makes `value`, if it is an OpT; marks it as taken.
  template <typename OpT> OpT take(mlir::Value value) {
    auto op = value.getDefiningOp<OpT>();
    if (op)
      taken.insert(op);
    return op;
  }
  /// The only OpT of the region, or null; marks it as taken.
  template <typename OpT> OpT takeOnly() {
    auto ops = region.getBody().front().getOps<OpT>();
    if (!llvm::hasSingleElement(ops))
      return nullptr;
    taken.insert(*ops.begin());
    return *ops.begin();
  }

  /// The norm in `groups` groups that makes `value`, which becomes the norm's
  /// input; a part without weight if none does. False if there is a norm of
  /// another kind.
  bool takeNorm(mlir::Value &value, int64_t groups, NormPart &norm);

  /// A region argument, or a slice of one.
  std::optional<RowPart> takeRowPart(mlir::Value value);
  /// [rope with a table] of [norm by head] of a row part; `reason` says
  /// what is in the way.
  std::optional<HeadRows> takeHeadRows(mlir::Value value, int64_t heads,
                                       int64_t headDim, std::string &reason);

  /// Whether every op was taken; otherwise `reason` names one that was not.
  bool complete(std::string &reason);

  xf::RegionOp region;

private:
  llvm::SmallPtrSet<mlir::Operation *, 16> taken;
};

/// Everything that distinguishes a region from others but for symbols and
/// locations: ops, attributes, types, and how they are connected.
std::string structureOf(xf::RegionOp region);

/// `prefix` made unique among regions: `<prefix>_<8 hex digits of the hash of
/// structureOf>`, with characters that C identifiers lack replaced.
std::string uniqueId(llvm::StringRef prefix, xf::RegionOp region);

} // namespace sinter::kernels
