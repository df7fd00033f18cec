// The sampling flags of run and chat.
#pragma once

#include "compiler/cli/Session.h"

namespace sinter::cli {

struct SamplerFlags {
  std::optional<float> temperature, topP, minP, repeatPenalty;
  std::optional<int32_t> topK;
  std::optional<uint64_t> seed;
  std::vector<std::string> logitBiases; ///< "TOKEN=BIAS"
};
void addSamplerFlags(CLI::App &app, SamplerFlags &flags);

/// A sampler of the model's defaults with the flags over them, or null for
/// greedy decoding (temperature 0).
class OwnedSampler {
public:
  ~OwnedSampler();
  int create(const OpenModel &open, const SamplerFlags &flags);
  sinter_sampler *sampler = nullptr;
};

} // namespace sinter::cli
