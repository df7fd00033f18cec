// Heads on a grid: norm and rotation of a head's row, and the KV cache, whose
// keys and values both lie as [kv heads][capacity][head dim]; an f16 cache as
// words of two neighbouring dimensions.
#pragma once

#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/grid/GridShell.h"

namespace sinter::kernels {

/// Which elements of a row a lane handles: first, first + stride, ...
struct LaneElements {
  mlir::Value first;
  int64_t stride = 1;
};

/// to[d] = scale * rope(norm(head's row))[d], `to` being scratch of head_dim
/// floats. The row is head `head` of token `token` of what the region gives;
/// the token stands at `position`. A null scale is one.
void emitHead(GridShell &k, const HeadRows &rows, mlir::Value token,
              mlir::Value head, mlir::Value position, mlir::Value scale,
              mlir::Value to, const LaneElements &lanes);

class GridCache {
public:
  GridCache(GridShell &k, xf::KvCacheType type, mlir::Value memory);

  int64_t pairs() const { return type.getHeadDim() / 2; }
  /// Index of the first pair of a head's key / value at a position.
  mlir::Value keyAt(mlir::Value head, mlir::Value position);
  mlir::Value valueAt(mlir::Value head, mlir::Value position);
  /// Two neighbouring elements as f32.
  Values load(mlir::Value pairIndex);
  void store(mlir::Value pairIndex, mlir::Value low, mlir::Value high);
  /// What would be read back of two numbers stored.
  Values rounded(mlir::Value low, mlir::Value high);

private:
  GridShell &k;
  xf::KvCacheType type;
  mlir::Value memory;
  bool half;
};

/// Whether grids can hold such a cache; `reason` says why not.
bool fitsGridCache(xf::KvCacheType type, std::string &reason);

} // namespace sinter::kernels
