// sort_logits, sample.
#include "compiler/reference/Ops.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace sinter;
using namespace sinter::reference;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

namespace {
/// The elements of `sampling` by name.
struct Sampling {
  explicit Sampling(const Tensor &x)
      : temperature(x.at(0, 0)), topK(x.at(0, 1)), topP(x.at(0, 2)),
        minP(x.at(0, 3)), repeat(x.at(0, 4)), frequency(x.at(0, 5)),
        presence(x.at(0, 6)), uniform(x.at(0, 7)),
        said(static_cast<int64_t>(x.at(0, 8))) {}
  float temperature, topK, topP, minP, repeat, frequency, presence, uniform;
  int64_t said;
};
} // namespace

SortedLogits reference::sortLogits(const Tensor &logits, const Tensor &sampling,
                                   const Tokens &history, int64_t runTokens) {
  Sampling s(sampling);
  auto runs = (logits.columns + runTokens - 1) / runTokens;
  Tensor penalised(runs, runTokens);
  std::fill(penalised.values.begin(), penalised.values.end(), -kInfinity);
  llvm::copy(logits.values, penalised.values.begin());
  Tokens said(history.begin(), history.begin() + s.said);
  for (size_t i = 0; i < said.size(); ++i) {
    if (llvm::is_contained(llvm::ArrayRef(said).take_front(i), said[i]))
      continue;
    float &v = penalised.values[static_cast<size_t>(said[i])];
    v = v > 0 ? v / s.repeat : v * s.repeat;
    v -= s.presence + float(llvm::count(said, said[i])) * s.frequency;
  }
  for (float &v : penalised.values)
    if (std::isnan(v))
      v = kInfinity;
  Tensor sorted = penalised, sums(runs, runTokens);
  double temperature = s.temperature > 0 ? double(s.temperature) : 1;
  for (int64_t run = 0; run < runs; ++run) {
    llvm::MutableArrayRef<float> row = sorted.row(run);
    llvm::sort(row, std::greater<float>());
    double sum = 0;
    for (int64_t i = 0; i < runTokens; ++i) {
      // A run of nothing but -infinity weighs nothing.
      if (row[i] != -kInfinity)
        sum += std::exp((double(row[i]) - double(row[0])) / temperature);
      sums.row(run)[i] = float(sum);
    }
  }
  return {std::move(penalised), std::move(sorted), std::move(sums)};
}

int32_t reference::sample(const Tensor &penalised, const Tensor &sampling) {
  Sampling s(sampling);
  llvm::ArrayRef<float> logits = penalised.values;
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < logits.size(); ++i)
    if (logits[i] != -kInfinity)
      tokens.push_back(static_cast<int32_t>(i));
  llvm::stable_sort(
      tokens, [&](int32_t a, int32_t b) { return logits[a] > logits[b]; });
  if (tokens.empty() || logits[tokens[0]] == kInfinity)
    return -1;
  if (s.temperature == 0)
    return tokens[0];
  if (s.topK > 0 && double(s.topK) < double(tokens.size()))
    tokens.resize(static_cast<size_t>(s.topK));
  double largest = double(logits[tokens[0]]), total = 0;
  auto weight = [&](int32_t token) {
    return std::exp((double(logits[token]) - largest) / double(s.temperature));
  };
  for (int32_t token : tokens)
    total += weight(token);
  if (s.topP < 1) {
    size_t kept = 0;
    for (double sum = 0; kept < tokens.size() && sum < double(s.topP) * total;)
      sum += weight(tokens[kept++]);
    tokens.resize(kept);
  }
  llvm::erase_if(tokens,
                 [&](int32_t token) { return weight(token) < double(s.minP); });
  llvm::sort(tokens);
  total = 0;
  for (int32_t token : tokens)
    total += weight(token);
  double point = double(s.uniform) * total;
  for (int32_t token : tokens)
    if ((point -= weight(token)) < 0)
      return token;
  return tokens.back();
}
