// Causal attention of a block of query rows over one kv head's cache. Rows are
// the query heads of the group, token after token. The cache is read in chunks
// of positions, each chunk once for all rows, with a running maximum and sum
// per row (Milakov and Gimelshein, arXiv 1805.02867; Dao et al., arXiv
// 2205.14135). Scores of 16 neighbouring positions are one vector, thanks to
// the interleaved layout of the keys: no horizontal sums.
#pragma once

#include "compiler/kernels/HeadOps.h"

namespace sinter::kernels {

class AttentionCore {
public:
  /// At most `tokens` query tokens of the group's heads each. Takes scratch:
  /// build before items(). Window, softcap and bias (a region argument) are
  /// those of `op`.
  AttentionCore(KernelShell &k, xf::KvCacheType type, xf::AttentionOp op,
                int64_t tokens);

  /// Where row `row` (token * group + head of the group) of the queries is to
  /// be put, scaled, before run(), and where its result lies afterwards.
  Row query(mlir::Value row);
  Row output(mlir::Value row);

  /// Computes `tokens` (at least 1) tokens, the first of which stands at
  /// `position`, over kv head `head`. Their own keys and values are in the
  /// cache. Reads no position that a token may not see, but for the rest of
  /// blocks of 16, of which nothing is used.
  void run(const CacheView &cache, mlir::Value head, mlir::Value position,
           mlir::Value tokens);

private:
  struct Tile;

  mlir::Value rowAt(mlir::Value memoryRow, int64_t stride);
  void start(mlir::Value rows);
  void finish(mlir::Value rows);
  void chunk(Tile &tile);
  Values scores(Tile &tile);
  Values scoreBlock(Tile &tile, mlir::Value first);
  void weigh(Tile &tile, mlir::ValueRange largest);
  void accumulate(Tile &tile);
  void accumulatePieces(Tile &tile, llvm::ArrayRef<Piece> pieces);

  KernelShell &k;
  int64_t group, headDim;
  int64_t window;        ///< 0: none that the cache could exceed
  double softcap;        ///< 0: none
  mlir::Value bias;      ///< [heads][capacity], or null
  int64_t biasStride;    ///< capacity of the bias
  int64_t tileRows;      ///< rows computed together
  int64_t chunkSize;     ///< positions of a chunk, a multiple of 16
  mlir::Value queries;   ///< [rows][head dim]
  mlir::Value outputs;   ///< [rows][head dim]
  mlir::Value maxima;    ///< [rows]
  mlir::Value sums;      ///< [rows]
  mlir::Value scoreRows; ///< [tile rows][chunk]
};

} // namespace sinter::kernels
