// The meaning of each xf op as a plain function on tensors, one .cpp per op
// group. T is the number of tokens (rows). Shapes are preconditions: the
// verifiers and Evaluator check them before a function is called.
#pragma once

#include "compiler/reference/Tensor.h"
#include "dialects/xf/Xf.h"

#include "llvm/Support/Error.h"

namespace sinter::reference {

//===-- Embed.cpp ---------------------------------------------------------===//

/// out[t] = table[tokens[t]]; InputError for a token outside the table.
llvm::Expected<Tensor> embedding(const Tokens &tokens, const Tensor &table);

/// out[t] = x[t] + table[position + t]; InputError if the table is too short.
llvm::Expected<Tensor> addPositions(const Tensor &x, const Tensor &table,
                                    int64_t position);

/// The row of that number, as [1, D]; InputError if there is none.
llvm::Expected<Tensor> selectRow(const Tensor &x, int64_t row);

/// Index of the largest element of each row, the first of equals.
Tokens argmax(const Tensor &logits);

//===-- Norm.cpp ----------------------------------------------------------===//

/// x / sqrt(mean(x^2) + epsilon) * weight in each of `groups` parts of a row.
Tensor rmsNorm(const Tensor &x, const Tensor &weight, double epsilon,
               int64_t groups);

/// (x - mean) / sqrt(variance + epsilon) * weight (+ bias, if not null) in each
/// of `groups` parts of a row; weight and bias of one part or of all.
Tensor layerNorm(const Tensor &x, const Tensor &weight, const Tensor *bias,
                 double epsilon, int64_t groups);

//===-- Linear.cpp --------------------------------------------------------===//

/// x [T, K] times transpose(weight [N, K]), plus bias [1, N] if not null.
Tensor linear(const Tensor &x, const Tensor &weight, const Tensor *bias);

/// What int8 quantization in blocks of 32 leaves of x: every element becomes
/// scale * q, q an integer from -127 to 127.
Tensor fakeQuantize(const Tensor &x);

//===-- Rope.cpp ----------------------------------------------------------===//

/// The dim/2 angles per position that the attribute describes, in radians.
std::vector<double> ropeFrequencies(xf::RopeAttr rope);

/// What cosines and sines are multiplied by.
double ropeAttentionFactor(xf::RopeAttr rope);

/// The table [positions, dim]: row p holds dim/2 cosines and dim/2 sines.
Tensor ropeTable(xf::RopeAttr rope, int64_t positions);

/// Rotates the first table.columns elements of every head; token t takes row
/// position + t of the table. InputError if the table is too short.
llvm::Expected<Tensor> rope(const Tensor &x, int64_t heads, const Tensor &table,
                            int64_t position);

//===-- Attention.cpp -----------------------------------------------------===//

/// Writes the rows of k and v at position, position + 1, ...; InputError if
/// the cache is full.
llvm::Error append(const Tensor &k, const Tensor &v, int64_t position,
                   KvCache &cache);

/// What attention does with scores.
struct Scoring {
  double scale = 1;
  int64_t window = 0;           ///< 0: none
  double softcap = 0;           ///< 0: none
  const Tensor *bias = nullptr; ///< [heads, capacity], or none
};

/// softmax(cap(scale * q K^T + bias)) V per head over the cached positions j
/// with j <= position + t and, where window > 0, position + t - j < window.
llvm::Expected<Tensor> attention(const Tensor &q, const KvCache &cache,
                                 int64_t heads, const Scoring &scoring,
                                 int64_t position);

/// The table [alibi.heads, positions] that the attribute describes.
Tensor alibiTable(xf::AlibiAttr alibi, int64_t positions);

//===-- Sample.cpp --------------------------------------------------------===//

/// The results of xf.sort_logits, [R, N] each.
struct SortedLogits {
  Tensor penalised, sorted, sums;
};

/// logits [1, V], sampling [1, 16] as docs/web.md says, of which element 8 is
/// at most the size of history; tokens of history lie in the vocabulary.
SortedLogits sortLogits(const Tensor &logits, const Tensor &sampling,
                        const Tokens &history, int64_t runTokens);

/// The token drawn from penalised logits [R, N], or -1 for bad logits.
int32_t sample(const Tensor &penalised, const Tensor &sampling);

//===-- Eltwise.cpp -------------------------------------------------------===//

Tensor activation(const Tensor &x, xf::ActivationKind kind);
Tensor scale(const Tensor &x, double factor);
/// cap * tanh(x / cap).
Tensor softcap(const Tensor &x, double cap);
Tensor add(const Tensor &lhs, const Tensor &rhs);
Tensor mul(const Tensor &lhs, const Tensor &rhs);
/// Columns [offset, offset + size) of every row.
Tensor slice(const Tensor &x, int64_t offset, int64_t size);

} // namespace sinter::reference
