// Sampler.h: chooses a token from logits: biases, penalties, temperature,
// top-k, top-p, min-p, then a draw. Deterministic: own random numbers
// (splitmix64) and own exponential.
#ifndef SINTER_RUNTIME_CORE_SAMPLER_H
#define SINTER_RUNTIME_CORE_SAMPLER_H

#include "runtime/core/Plan.h"

namespace sinter::rt {

/// INVALID_ARGUMENT with the field's name, its value and its range.
[[nodiscard]] Status checkSamplerParams(const sinter_sampler_params &params,
                                        Fault &fault);

/// Index of the largest of count logits, the first of equals; BAD_LOGITS when
/// one is NaN or +infinity, or all are -infinity.
[[nodiscard]] Status chooseLargest(const float *logits, uint32_t count,
                                   int32_t *token, Fault &fault);

class Sampler {
public:
  /// params: checked. Allocates all working memory.
  [[nodiscard]] Status create(const sinter_sampler_params &params,
                              uint32_t vocabSize, Fault &fault);

  /// True if the choice is the largest logit whatever was said before.
  bool isGreedy() const;
  uint32_t vocabSize() const { return vocabSize_; }

  /// Replaces the biases. INVALID_ARGUMENT, and the earlier ones stay, when
  /// there are too many, or a token or bias is out of its range.
  [[nodiscard]] Status setBiases(const sinter_logit_bias *biases, size_t count,
                                 Fault &fault);
  bool hasBiases() const { return biasCount_ > 0; }

  void reset(uint64_t seed);
  void forget(); // the tokens, not the random state
  /// token < vocabSize.
  void accept(int32_t token);
  [[nodiscard]] Status sample(const float *logits, int32_t *token,
                              Fault &fault);

  /// How many tokens penalties count now.
  uint32_t said() const { return windowUsed_; }
  /// For a device with the entry `sample`: what it reads for the next token
  /// (docs/web.md; it knows no biases), with the random number that sample()
  /// would have taken. history: room for said() tokens; their number is
  /// returned. The token that the device chooses has to be accepted.
  uint32_t describe(float (&sampling)[kSamplingSize], int32_t *history);

private:
  struct Candidate {
    float value; // logit, then probability
    int32_t token;
  };
  enum class Order { LikeliestOnTop, LeastLikelyOnTop, LastTokenOnTop };
  bool hasPenalties() const;
  void addBiases(float *logits) const;
  void penalise(float *logits) const;
  static bool likelier(const Candidate &a, const Candidate &b);
  static bool above(const Candidate &a, const Candidate &b, Order order);
  void sift(uint32_t at, uint32_t count, Order order);
  void makeHeap(uint32_t count, Order order);
  void popToEnd(uint32_t &count, Order order);
  uint32_t takeTop(const float *logits, uint32_t k);
  uint32_t takeAll(const float *logits, float largest);
  uint32_t cutTopP(uint32_t count, double total, bool sorted);
  int32_t draw(uint32_t count, double best, bool ordered);
  double random();

  sinter_sampler_params params_ = SINTER_SAMPLER_PARAMS_INIT;
  uint32_t vocabSize_ = 0;
  uint64_t state_ = 0;
  Array<Candidate> candidates_;
  Array<float> changed_; // logits with biases and penalties
  Array<sinter_logit_bias> biases_;
  size_t biasCount_ = 0;
  Array<int32_t> window_;  // ring of the last tokens
  Array<uint32_t> counts_; // of each token in the window
  uint32_t windowUsed_ = 0, windowNext_ = 0;
};

} // namespace sinter::rt
#endif
