// append and attention over the KV cache.
#include "compiler/reference/Ops.h"

#include "compiler/support/Error.h"

#include <algorithm>
#include <cmath>

using namespace sinter;
using namespace sinter::reference;

static llvm::Error checkPositions(int64_t position, int64_t tokens,
                                  const KvCache &cache) {
  if (position >= 0 && position + tokens <= cache.capacity)
    return llvm::Error::success();
  return inputError("positions " + llvm::Twine(position) + " to " +
                    llvm::Twine(position + tokens - 1) +
                    " lie outside a cache of " + llvm::Twine(cache.capacity));
}

llvm::Error reference::append(const Tensor &k, const Tensor &v,
                              int64_t position, KvCache &cache) {
  if (llvm::Error error = checkPositions(position, k.rows, cache))
    return error;
  auto stored = [&](float value) {
    return cache.half ? roundToHalf(value) : value;
  };
  for (int64_t t = 0; t < k.rows; ++t)
    for (int64_t h = 0; h < cache.kvHeads; ++h)
      for (int64_t i = 0; i < cache.headDim; ++i) {
        size_t at = cache.index(h, position + t) + i;
        cache.keys[at] = stored(k.at(t, h * cache.headDim + i));
        cache.values[at] = stored(v.at(t, h * cache.headDim + i));
      }
  return llvm::Error::success();
}

/// One head of one token: q and out have head_dim elements; positions
/// first..last are seen.
static void attendHead(llvm::ArrayRef<float> q, const KvCache &cache,
                       int64_t kvHead, int64_t head, int64_t first,
                       int64_t last, const Scoring &scoring,
                       llvm::MutableArrayRef<float> out) {
  std::vector<double> weights;
  for (int64_t j = first; j <= last; ++j) {
    const float *key = &cache.keys[cache.index(kvHead, j)];
    double dot = 0;
    for (int64_t i = 0; i < cache.headDim; ++i)
      dot += double(q[i]) * key[i];
    double score = scoring.scale * dot;
    if (scoring.bias)
      score += scoring.bias->at(head, j);
    if (scoring.softcap > 0)
      score = scoring.softcap * std::tanh(score / scoring.softcap);
    weights.push_back(score);
  }
  double largest = *std::max_element(weights.begin(), weights.end());
  double total = 0;
  for (double &weight : weights) {
    weight = std::exp(weight - largest);
    total += weight;
  }
  for (int64_t i = 0; i < cache.headDim; ++i) {
    double sum = 0;
    for (int64_t j = first; j <= last; ++j)
      sum += weights[j - first] * cache.values[cache.index(kvHead, j) + i];
    out[i] = static_cast<float>(sum / total);
  }
}

llvm::Expected<Tensor> reference::attention(const Tensor &q,
                                            const KvCache &cache, int64_t heads,
                                            const Scoring &scoring,
                                            int64_t position) {
  if (llvm::Error error = checkPositions(position, q.rows, cache))
    return std::move(error);
  Tensor out(q.rows, q.columns);
  int64_t window = scoring.window;
  int64_t headDim = cache.headDim, group = heads / cache.kvHeads;
  for (int64_t t = 0; t < q.rows; ++t) {
    int64_t last = position + t;
    int64_t first = window > 0 ? std::max<int64_t>(0, last - window + 1) : 0;
    for (int64_t h = 0; h < heads; ++h)
      attendHead(q.row(t).slice(h * headDim, headDim), cache, h / group, h,
                 first, last, scoring, out.row(t).slice(h * headDim, headDim));
  }
  return out;
}

/// The nearest number with eight significant bits, ties to even.
static double roundToBfloat(double value) {
  int exponent = 0;
  double fraction = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(fraction * 256), exponent - 8);
}

Tensor reference::alibiTable(xf::AlibiAttr alibi, int64_t positions) {
  int64_t heads = alibi.getHeads(), whole = 1;
  while (2 * whole <= heads)
    whole *= 2;
  Tensor table(heads, positions);
  for (int64_t h = 0; h < heads; ++h) {
    double exponent = h < whole
                          ? double(h + 1) / double(whole)
                          : double(2 * (h - whole) + 1) / double(2 * whole);
    double slope = roundToBfloat(std::exp2(-8 * exponent));
    for (int64_t j = 0; j < positions; ++j)
      table.row(h)[j] = static_cast<float>(alibi.getScale().getValueAsDouble() *
                                           roundToBfloat(slope * double(j)));
  }
  return table;
}
