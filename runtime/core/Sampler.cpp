// Sampler.cpp: candidates are a heap with the likeliest on top, from which the
// limits take as many as they need: top-k its number, top-p until its sum is
// reached. Without top-p nothing has to be in order beyond that. What remains
// is drawn from in order of tokens, as GPUs do it (entry `sample`).
#include "runtime/core/Sampler.h"

#include <cstring>

namespace sinter::rt {

namespace {

constexpr int32_t kMaxWindow = 65536;
constexpr double kMaxBias = 100;
constexpr float kLowestTemperature = 1e-3f; // below it the draw is a maximum
constexpr float kInfinity = __builtin_inff();

/// e^x for x <= 0 (0 below -87); relative error about 2e-7. Without branches,
/// so that loops over it become vector code.
float expOfNegative(float x) {
  float bounded = x < -87 ? -87 : x;
  float powers = bounded * 1.44269504f;
  auto whole = static_cast<int32_t>(powers - 0.5f);
  auto n = static_cast<float>(whole);
  float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f; // |r| <= ln(2)/2
  float sum = 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1;
  sum = sum * r + 1;
  int32_t bits = (127 + whole) * (1 << 23);
  float scale;
  memcpy(&scale, &bits, sizeof(scale));
  return x < -87 ? 0 : sum * scale;
}

/// The largest logit; BAD_LOGITS as described in the header.
Status findLargest(const float *logits, uint32_t count, float &largest,
                   Fault &fault) {
  // Sums of v - v are NaN if any v is NaN or infinite; -infinity alone is
  // allowed.
  // Eight independent lanes, so that this becomes vector code.
  constexpr uint32_t kLanes = 8;
  float lanes[kLanes];
  uint32_t bad = 0;
  for (float &lane : lanes)
    lane = -kInfinity;
  auto take = [&](uint32_t lane, float v) {
    bad |= static_cast<uint32_t>(!(v < kInfinity));
    lanes[lane] = v > lanes[lane] ? v : lanes[lane];
  };
  uint32_t whole = count - count % kLanes;
  for (uint32_t i = 0; i < whole; i += kLanes)
    for (uint32_t j = 0; j < kLanes; ++j)
      take(j, logits[i + j]);
  for (uint32_t i = whole; i < count; ++i)
    take(0, logits[i]);
  largest = -kInfinity;
  for (float lane : lanes)
    largest = lane > largest ? lane : largest;
  if (bad)
    return fault.set(SINTER_BAD_LOGITS,
                     "the model computed a logit that is NaN or infinite");
  if (largest == -kInfinity)
    return fault.set(SINTER_BAD_LOGITS, "all logits are -infinity");
  return SINTER_OK;
}

} // namespace

Status checkSamplerParams(const sinter_sampler_params &p, Fault &fault) {
  const struct {
    const char *name;
    float value, low, high;
    bool openLow, openHigh;
  } ranges[] = {
      {"temperature", p.temperature, 0, 100, false, false},
      {"top_p", p.top_p, 0, 1, true, false},
      {"min_p", p.min_p, 0, 1, false, true},
      {"repeat_penalty", p.repeat_penalty, 0, 100, true, false},
      {"presence_penalty", p.presence_penalty, -100, 100, false, false},
      {"frequency_penalty", p.frequency_penalty, -100, 100, false, false},
  };
  for (const auto &r : ranges) {
    bool good = r.value >= r.low && r.value <= r.high &&
                !(r.openLow && r.value == r.low) &&
                !(r.openHigh && r.value == r.high);
    if (!good)
      return fault.set(SINTER_INVALID_ARGUMENT,
                       "%s is %g, allowed is %s%g to %g%s", r.name,
                       static_cast<double>(r.value), r.openLow ? "above " : "",
                       static_cast<double>(r.low), static_cast<double>(r.high),
                       r.openHigh ? " (not included)" : "");
  }
  if (p.top_k < 0)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "top_k is %d, allowed is 0 (all) or more", p.top_k);
  if (p.penalty_window < 0 || p.penalty_window > kMaxWindow)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "penalty_window is %d, allowed is 0 to %d",
                     p.penalty_window, kMaxWindow);
  return SINTER_OK;
}

Status chooseLargest(const float *logits, uint32_t count, int32_t *token,
                     Fault &fault) {
  float largest = 0;
  if (Status status = findLargest(logits, count, largest, fault))
    return status;
  uint32_t i = 0;
  while (logits[i] != largest)
    ++i;
  *token = static_cast<int32_t>(i);
  return SINTER_OK;
}

Status Sampler::create(const sinter_sampler_params &params, uint32_t vocabSize,
                       Fault &fault) {
  params_ = params;
  if (params_.temperature < kLowestTemperature)
    params_.temperature = 0;
  vocabSize_ = vocabSize;
  bool enough = candidates_.allocate(params_.temperature > 0 ? vocabSize : 0);
  if (enough && hasPenalties())
    enough = changed_.allocate(vocabSize) && counts_.allocate(vocabSize) &&
             window_.allocate(static_cast<size_t>(params.penalty_window));
  if (!enough)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a sampler");
  reset(params.seed);
  return SINTER_OK;
}

bool Sampler::hasPenalties() const {
  return params_.penalty_window > 0 &&
         (params_.repeat_penalty != 1 || params_.presence_penalty != 0 ||
          params_.frequency_penalty != 0);
}

bool Sampler::isGreedy() const {
  return (params_.temperature == 0 || params_.top_k == 1) && !hasPenalties() &&
         !hasBiases();
}

Status Sampler::setBiases(const sinter_logit_bias *biases, size_t count,
                          Fault &fault) {
  if (count > SINTER_MAX_LOGIT_BIASES)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "%zu logit biases, at most %d are allowed", count,
                     SINTER_MAX_LOGIT_BIASES);
  if (count && !biases)
    return fault.set(SINTER_INVALID_ARGUMENT, "biases is null");
  for (size_t i = 0; i < count; ++i) {
    int32_t token = biases[i].token;
    auto bias = static_cast<double>(biases[i].bias);
    if (token < 0 || static_cast<uint32_t>(token) >= vocabSize_)
      return fault.set(SINTER_INVALID_ARGUMENT,
                       "logit bias of token %d, the vocabulary has %u", token,
                       vocabSize_);
    if (!(bias >= -kMaxBias && bias <= kMaxBias))
      return fault.set(SINTER_INVALID_ARGUMENT,
                       "the logit bias of token %d is %g, allowed is -100 to "
                       "100",
                       token, bias);
  }
  bool enough = !count || changed_.size() || changed_.allocate(vocabSize_);
  if (enough && count > biases_.size())
    enough = biases_.allocate(SINTER_MAX_LOGIT_BIASES);
  if (!enough)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for logit biases");
  if (count)
    memcpy(biases_.data(), biases, count * sizeof(sinter_logit_bias));
  biasCount_ = count;
  return SINTER_OK;
}

void Sampler::reset(uint64_t seed) {
  state_ = seed;
  forget();
}

void Sampler::forget() {
  windowUsed_ = windowNext_ = 0;
  for (uint32_t &count : counts_)
    count = 0;
}

void Sampler::accept(int32_t token) {
  auto size = static_cast<uint32_t>(window_.size());
  if (!size)
    return;
  if (windowUsed_ == size)
    --counts_[static_cast<size_t>(window_[windowNext_])];
  else
    ++windowUsed_;
  window_[windowNext_] = token;
  ++counts_[static_cast<size_t>(token)];
  windowNext_ = windowNext_ + 1 == size ? 0 : windowNext_ + 1;
}

void Sampler::addBiases(float *logits) const {
  for (size_t i = 0; i < biasCount_; ++i)
    logits[biases_[i].token] += biases_[i].bias;
}

void Sampler::penalise(float *logits) const {
  for (uint32_t i = 0; i < windowUsed_; ++i) {
    auto token = static_cast<size_t>(window_[i]);
    // Once a token: at its last place in the ring.
    bool again = false;
    if (counts_[token] > 1)
      for (uint32_t j = i + 1; j < windowUsed_ && !again; ++j)
        again = window_[j] == window_[i];
    if (again)
      continue;
    float &v = logits[token];
    v = v > 0 ? v / params_.repeat_penalty : v * params_.repeat_penalty;
    v -= params_.presence_penalty +
         static_cast<float>(counts_[token]) * params_.frequency_penalty;
  }
}

double Sampler::random() {
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

bool Sampler::likelier(const Candidate &a, const Candidate &b) {
  return a.value > b.value || (a.value == b.value && a.token < b.token);
}

bool Sampler::above(const Candidate &a, const Candidate &b, Order order) {
  if (order == Order::LastTokenOnTop)
    return a.token > b.token;
  return order == Order::LikeliestOnTop ? likelier(a, b) : likelier(b, a);
}

/// Restores a heap whose element `at` may be out of place.
void Sampler::sift(uint32_t at, uint32_t count, Order order) {
  Candidate *heap = candidates_.data();
  Candidate moving = heap[at];
  for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && above(heap[child + 1], heap[child], order))
      ++child;
    if (!above(heap[child], moving, order))
      break;
    heap[at] = heap[child];
  }
  heap[at] = moving;
}

void Sampler::makeHeap(uint32_t count, Order order) {
  for (uint32_t i = count / 2; i-- > 0;)
    sift(i, count, order);
}

/// Swaps the heap's top with its last element and shrinks it.
void Sampler::popToEnd(uint32_t &count, Order order) {
  std::swap(candidates_[0], candidates_[--count]);
  sift(0, count, order);
}

/// Takes the k likeliest, in descending order; 1 <= k <= vocabulary. The heap
/// holds the k best so far, the worst of them on top.
uint32_t Sampler::takeTop(const float *logits, uint32_t k) {
  for (uint32_t i = 0; i < k; ++i)
    candidates_[i] = {logits[i], static_cast<int32_t>(i)};
  makeHeap(k, Order::LeastLikelyOnTop);
  float worst = candidates_[0].value;
  for (uint32_t i = k; i < vocabSize_; ++i) {
    if (logits[i] <= worst)
      continue;
    candidates_[0] = {logits[i], static_cast<int32_t>(i)};
    sift(0, k, Order::LeastLikelyOnTop);
    worst = candidates_[0].value;
  }
  for (uint32_t rest = k; rest > 1;)
    popToEnd(rest, Order::LeastLikelyOnTop);
  return k;
}

/// Takes all tokens that can be drawn at all: those with at least e^-30 of the
/// largest probability.
uint32_t Sampler::takeAll(const float *logits, float largest) {
  float floor = largest - 30 * params_.temperature;
  uint32_t count = 0;
  for (uint32_t i = 0; i < vocabSize_; ++i)
    if (logits[i] >= floor && logits[i] > -kInfinity)
      candidates_[count++] = {logits[i], static_cast<int32_t>(i)};
  return count;
}

/// The first candidates that together reach top_p; count of them remain, in
/// descending order. Sorts no further than needed.
uint32_t Sampler::cutTopP(uint32_t count, double total, bool sorted) {
  double wanted = double(params_.top_p) * total, sum = 0;
  if (sorted) {
    uint32_t kept = 0;
    while (kept < count && sum < wanted)
      sum += double(candidates_[kept++].value);
    return kept;
  }
  makeHeap(count, Order::LikeliestOnTop);
  uint32_t rest = count;
  while (rest && sum < wanted) {
    popToEnd(rest, Order::LikeliestOnTop);
    sum += double(candidates_[rest].value);
  }
  uint32_t kept = count - rest;
  Candidate *first = candidates_.data() + rest;
  for (uint32_t i = 0; i < kept / 2; ++i)
    std::swap(first[i], first[kept - 1 - i]);
  memmove(candidates_.data(), first, kept * sizeof(Candidate));
  return kept;
}

/// Draws one of the candidates by their weights; ordered: they are in order of
/// tokens.
int32_t Sampler::draw(uint32_t count, double best, bool ordered) {
  double least = double(params_.min_p) * best, total = 0;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; ++i)
    if (candidates_[i].value > 0 && double(candidates_[i].value) >= least) {
      total += double(candidates_[i].value);
      candidates_[kept++] = candidates_[i];
    }
  if (!ordered) {
    makeHeap(kept, Order::LastTokenOnTop);
    for (uint32_t rest = kept; rest > 1;)
      popToEnd(rest, Order::LastTokenOnTop);
  }
  double point = random() * total;
  for (uint32_t i = 0; i + 1 < kept; ++i) {
    point -= double(candidates_[i].value);
    if (point < 0)
      return candidates_[i].token;
  }
  return candidates_[kept - 1].token;
}

uint32_t Sampler::describe(float (&sampling)[kSamplingSize], int32_t *history) {
  constexpr double kBelowOne = 1 - 0x1p-24; // the largest f32 below 1
  double uniform = params_.temperature > 0 ? random() : 0;
  memset(sampling, 0, sizeof(sampling));
  sampling[0] = params_.temperature;
  sampling[1] = static_cast<float>(params_.top_k);
  sampling[2] = params_.top_p;
  sampling[3] = params_.min_p;
  sampling[4] = params_.repeat_penalty;
  sampling[5] = params_.frequency_penalty;
  sampling[6] = params_.presence_penalty;
  sampling[7] = static_cast<float>(uniform < kBelowOne ? uniform : kBelowOne);
  sampling[8] = static_cast<float>(windowUsed_);
  if (windowUsed_)
    memcpy(history, window_.data(), windowUsed_ * sizeof(int32_t));
  return windowUsed_;
}

Status Sampler::sample(const float *logits, int32_t *token, Fault &fault) {
  float largest = 0;
  if (Status status = findLargest(logits, vocabSize_, largest, fault))
    return status;
  if (windowUsed_ || hasBiases()) {
    memcpy(changed_.data(), logits, vocabSize_ * sizeof(float));
    addBiases(changed_.data());
    penalise(changed_.data());
    logits = changed_.data();
    if (Status status = findLargest(logits, vocabSize_, largest, fault))
      return status;
  }
  if (params_.temperature == 0) {
    if (Status status = chooseLargest(logits, vocabSize_, token, fault))
      return status;
    accept(*token);
    return SINTER_OK;
  }
  auto k = static_cast<uint32_t>(params_.top_k);
  bool sorted = k > 0 && k < vocabSize_;
  uint32_t count = sorted ? takeTop(logits, k) : takeAll(logits, largest);
  float scale = 1 / params_.temperature;
  for (uint32_t i = 0; i < count; ++i)
    candidates_[i].value =
        expOfNegative((candidates_[i].value - largest) * scale);
  double total = 0;
  for (uint32_t i = 0; i < count; ++i)
    total += double(candidates_[i].value);
  bool cut = params_.top_p < 1;
  if (cut)
    count = cutTopP(count, total, sorted);
  // The likeliest has weight e^0.
  *token = draw(count, 1, !sorted && !cut);
  accept(*token);
  return SINTER_OK;
}

} // namespace sinter::rt
