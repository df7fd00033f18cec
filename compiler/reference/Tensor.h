// What the reference evaluator computes with: f32 matrices, token ids, and KV
// caches. Storage is f32; every sum is taken in f64. Plain on purpose.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

namespace sinter::reference {

/// A row-major matrix of f32. A vector (norm weight, bias) is one row.
struct Tensor {
  Tensor() = default;
  /// Zeros.
  Tensor(int64_t rows, int64_t columns)
      : rows(rows), columns(columns),
        values(static_cast<size_t>(rows * columns)) {}
  Tensor(int64_t rows, int64_t columns, std::vector<float> values)
      : rows(rows), columns(columns), values(std::move(values)) {}

  llvm::ArrayRef<float> row(int64_t r) const {
    return llvm::ArrayRef<float>(values).slice(r * columns, columns);
  }
  llvm::MutableArrayRef<float> row(int64_t r) {
    return llvm::MutableArrayRef<float>(values).slice(r * columns, columns);
  }
  float at(int64_t r, int64_t c) const { return row(r)[c]; }

  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<float> values;
};

/// Token ids, one per token of the chunk.
using Tokens = std::vector<int32_t>;

/// Keys and values of one layer, [kv_heads][capacity][head_dim] each; what has
/// not been written is zero. With `half`, what is written is rounded to f16.
struct KvCache {
  KvCache() = default;
  KvCache(int64_t kvHeads, int64_t capacity, int64_t headDim, bool half);

  /// First of the head_dim elements of a head at a position.
  size_t index(int64_t head, int64_t position) const {
    return static_cast<size_t>((head * capacity + position) * headDim);
  }

  int64_t kvHeads = 0, capacity = 0, headDim = 0;
  bool half = false;
  std::vector<float> keys, values;
};

/// The value of an SSA value: a tensor (shared, never changed once made), token
/// ids, or a cache (owned elsewhere, written in place).
using Datum = std::variant<std::shared_ptr<const Tensor>, Tokens, KvCache *>;

/// Rounds to the nearest f16, ties to even, and back; large values become
/// infinite.
float roundToHalf(float value);

} // namespace sinter::reference
