//===- Config.cpp - Hyper-parameters of a decoder: ranges, architectures
//----===//
//
// See Config.h. The defaults are those of the configuration classes of Hugging
// Face transformers 4.46 to 5; the ranges are wide around every published model
// and narrow enough that a product of any two sizes fits 64 bits.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigReaders.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace sinter;
using namespace sinter::config;

namespace {

struct SizeRange {
  int64_t DecoderConfig::*member;
  llvm::StringLiteral huggingFaceKey;
  llvm::StringLiteral ggufKey;
  int64_t least;
  int64_t most;
};

} // namespace

static const SizeRange kSizeRanges[] = {
    {&DecoderConfig::layers, "num_hidden_layers", "block_count", 1, 1024},
    {&DecoderConfig::hiddenSize, "hidden_size", "embedding_length", 1, 1 << 17},
    {&DecoderConfig::intermediateSize, "intermediate_size",
     "feed_forward_length", 1, 1 << 20},
    {&DecoderConfig::heads, "num_attention_heads", "attention.head_count", 1,
     1 << 12},
    {&DecoderConfig::kvHeads, "num_key_value_heads", "attention.head_count_kv",
     1, 1 << 12},
    {&DecoderConfig::headDim, "head_dim", "attention.key_length", 2, 1 << 12},
    {&DecoderConfig::vocabSize, "vocab_size", "vocab_size", 1, 1 << 24},
    {&DecoderConfig::maxPositions, "max_position_embeddings", "context_length",
     1, 1 << 30},
};

llvm::Error config::checkSizes(const DecoderConfig &config, KeyScheme scheme,
                               llvm::StringRef where) {
  for (const SizeRange &range : kSizeRanges) {
    int64_t value = config.*range.member;
    if (value < range.least || value > range.most)
      return inputError(
          where + ": " +
          (scheme == KeyScheme::Gguf
               ? llvm::Twine(config.architecture) + "." + range.ggufKey
               : llvm::Twine(range.huggingFaceKey)) +
          " is " + llvm::Twine(value) + "; " + llvm::Twine(range.least) +
          " to " + llvm::Twine(range.most) + " is possible");
  }
  if (config.heads % config.kvHeads != 0)
    return inputError(where + ": " + llvm::Twine(config.kvHeads) +
                      " key-value heads do not divide " +
                      llvm::Twine(config.heads) + " heads");
  if (config.headDim % 2 != 0)
    return inputError(where + ": the head dimension " +
                      llvm::Twine(config.headDim) +
                      " is odd; rotary embeddings need pairs");
  return llvm::Error::success();
}

namespace {

struct RealRange {
  double value;
  llvm::StringLiteral what;
  double least;
  double most;
};

} // namespace

/// NaN fails every range.
static llvm::Error checkReal(const RealRange &range, llvm::StringRef where) {
  if (range.value >= range.least && range.value <= range.most)
    return llvm::Error::success();
  return inputError(where + ": " + range.what + " is " +
                    llvm::formatv("{0:g}; {1:g} to {2:g} is possible",
                                  range.value, range.least, range.most)
                        .str());
}

static llvm::Error checkRope(const RopeConfig &rope, llvm::StringRef where) {
  const RealRange ranges[] = {
      {rope.theta, "the rotary base", 1.0 + 1e-6, 1e15},
      {rope.factor, "the rotary scaling factor", 1.0, 1e6},
      {rope.lowFreqFactor, "low_freq_factor", 1e-6, 1e6},
      {rope.highFreqFactor, "high_freq_factor", 1e-6, 1e6},
      {rope.betaFast, "beta_fast", 1e-6, 1e6},
      {rope.betaSlow, "beta_slow", 1e-6, 1e6},
      {rope.attentionFactor, "the rotary attention factor", 1e-6, 1e3},
  };
  for (const RealRange &range : ranges)
    if (llvm::Error error = checkReal(range, where))
      return error;
  for (const std::vector<double> *factors : {&rope.factors, &rope.longFactors})
    for (double factor : *factors)
      if (llvm::Error error = checkReal(
              {factor, "a rotary frequency factor", 1e-6, 1e9}, where))
        return error;
  bool stretches = rope.scaling == RopeScaling::Llama3 ||
                   rope.scaling == RopeScaling::Yarn ||
                   rope.scaling == RopeScaling::LongRope;
  if (stretches && (rope.originalContext < 1 || rope.originalContext > 1 << 30))
    return inputError(where + ": the original context length is " +
                      llvm::Twine(rope.originalContext) + "; 1 to " +
                      llvm::Twine(1 << 30) + " is possible");
  if (rope.scaling == RopeScaling::Llama3 &&
      rope.highFreqFactor <= rope.lowFreqFactor)
    return inputError(where + ": high_freq_factor must be above "
                              "low_freq_factor");
  return llvm::Error::success();
}

llvm::Error config::checkParameters(const DecoderConfig &config,
                                    llvm::StringRef where) {
  if (llvm::Error error = checkReal(
          {config.normEpsilon, "the norm's epsilon", 1e-12, 0.1}, where))
    return error;
  if (config.slidingWindow < 0 || config.slidingWindow > 1 << 30)
    return inputError(where + ": the sliding window is " +
                      llvm::Twine(config.slidingWindow) + "; 1 to " +
                      llvm::Twine(1 << 30) + " is possible");
  for (const std::vector<int64_t> *ids : {&config.bosIds, &config.eosIds})
    for (int64_t id : *ids)
      if (id < 0 || id >= config.vocabSize)
        return inputError(
            where + ": the " + (ids == &config.bosIds ? "bos" : "eos") +
            " token id " + llvm::Twine(id) + " is outside the vocabulary of " +
            llvm::Twine(config.vocabSize));
  const RealRange ranges[] = {
      {config.embeddingScale, "the scale of the embeddings", 1e-6, 1e6},
      {config.attentionScale, "the scale of attention scores", 0, 1e6},
      {config.attentionSoftcap, "attn_logit_softcapping", 0, 1e6},
      {config.logitSoftcap, "final_logit_softcapping", 0, 1e6},
  };
  for (const RealRange &range : ranges)
    if (llvm::Error error = checkReal(range, where))
      return error;
  if (llvm::Error error = checkRope(config.localRope, where))
    return error;
  return checkRope(config.rope, where);
}

double config::yarnMagnitude(double factor, double scale) {
  return factor <= 1.0 ? 1.0 : 0.1 * scale * std::log(factor) + 1.0;
}

double config::longRopeMagnitude(double stretch, int64_t original) {
  double context = static_cast<double>(original);
  return stretch <= 1 ? 1.0
                      : std::sqrt(1 + std::log(stretch) / std::log(context));
}

llvm::Expected<DecoderConfig> sinter::readConfig(const ModelSource &source) {
  if (auto *folder = llvm::dyn_cast<HuggingFaceFolder>(&source))
    return config::readHuggingFace(*folder);
  return config::readGguf(*llvm::cast<GgufFile>(&source));
}
