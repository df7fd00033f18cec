// Attention of one query row on a grid, by one lane or by a workgroup.
#pragma once

#include "compiler/kernels/grid/GridHeads.h"

namespace sinter::kernels {

/// What becomes of a scaled q . k before the softmax: [+ the head's bias of the
/// position] [softcap].
class ScoreMap {
public:
  /// `head` is the query head.
  ScoreMap(GridShell &k, xf::AttentionOp op, mlir::Value head);

  mlir::Value operator()(mlir::Value score, mlir::Value position) const;

private:
  GridShell &k;
  double softcap;
  mlir::Value biases; ///< null: none
  mlir::Value start;  ///< the head's first bias
};

/// Softmax so far: maximum and sum of weights; the weighted values are in
/// scratch.
struct SoftmaxState {
  mlir::Value maximum, sum;
};

/// A lane's own attention: q and the outputs in private scratch of head_dim
/// floats. Positions are taken four at a time, so that q and the outputs are
/// read once for them.
class LaneAttention {
public:
  LaneAttention(GridShell &k, xf::KvCacheType type)
      : q(k.floats(type.getHeadDim())), out(k.floats(type.getHeadDim())), k(k),
        type(type) {}

  /// Adds positions [from, to) of a kv head to `state`.
  SoftmaxState run(GridCache &cache, const ScoreMap &map, mlir::Value kvHead,
                   mlir::Value from, mlir::Value to, SoftmaxState state);
  /// outputs / sum to the result, from element `at`.
  void store(SoftmaxState state, mlir::Value at);

  mlir::Value q, out;

private:
  SoftmaxState chunk(GridCache &cache, const ScoreMap &map, mlir::Value kvHead,
                     mlir::Value position, mlir::Value to, SoftmaxState state);

  GridShell &k;
  xf::KvCacheType type;
};

/// First position that a query at `position` sees.
mlir::Value firstVisible(GridShell &k, mlir::Value position, int64_t window);

} // namespace sinter::kernels
