//===- ConfigGguf.cpp - GGUF metadata as a DecoderConfig
//--------------------===//
//
// Keys are "ARCHITECTURE.name". What GGUF has no key for (activation, biases,
// tied head) is told by the architecture or the presence of tensors. A key that
// is neither honoured nor known to change nothing is refused. Source: the GGUF
// specification (ggml docs/gguf.md), the metadata of published files, and
// llama.cpp's converter, which defines the keys.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigReaders.h"
#include "compiler/import/GgufKeys.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace sinter;
using namespace sinter::config;

/// Keys that change the computation of some models, and the value at which they
/// do not. An architecture that honours one has asked for it before.
static void refuseFeatures(GgufKeys &keys, const Architecture &architecture) {
  struct Feature {
    llvm::StringLiteral name;
    double neutral;
  };
  static const Feature kFeatures[] = {
      {"attn_logit_softcapping", 0},
      {"final_logit_softcapping", 0},
      {"router_logit_softcapping", 0},
      {"attention.clamp_kqv", 0},
      {"attention.max_alibi_bias", 0},
      {"attention.scale", 0},
      {"logit_scale", 1},
      {"residual_scale", 1},
      {"embedding_scale", 1},
      {"attention.causal", 1},
      {"expert_count", 0},
      {"expert_used_count", 0},
      {"nextn_predict_layers", 0},
      {"leading_dense_block_count", 0},
      {"pooling_type", 0},
      {"rope.freq_base_swa", 0},
  };
  for (const Feature &feature : kFeatures)
    if (!llvm::is_contained(architecture.ggufHonoured, feature.name))
      keys.refuseUnless(feature.name, feature.neutral);
}

static void readSizes(GgufKeys &keys, const Architecture &architecture,
                      DecoderConfig &config) {
  config.layers = keys.integer("block_count");
  config.hiddenSize = keys.integer("embedding_length");
  config.intermediateSize = keys.uniform("feed_forward_length");
  config.heads = keys.uniform("attention.head_count");
  config.kvHeads = keys.uniform("attention.head_count_kv", config.heads);
  config.maxPositions = keys.integer("context_length");
  const TensorInfo *embedding = keys.tensor("token_embd.weight");
  int64_t rows =
      embedding && embedding->shape.size() == 2 ? embedding->shape[0] : 0;
  config.vocabSize = keys.integer("vocab_size", rows);
  if (keys.failed() || config.heads < 1 || config.hiddenSize < config.heads)
    return; // these are for the range table to name
  config.headDim =
      keys.integer("attention.key_length", config.hiddenSize / config.heads);
  if (keys.integer("attention.value_length", config.headDim) != config.headDim)
    keys.refuse("attention.value_length",
                "differs from attention.key_length, which is not implemented");
  config.rope.dim = keys.integer("rope.dimension_count", config.headDim);
  if (config.rope.dim == config.headDim)
    return;
  std::string rotates =
      (llvm::Twine("is ") + llvm::Twine(config.rope.dim) + " of " +
       llvm::Twine(config.headDim) + " dimensions of a head; ")
          .str();
  if (!llvm::is_contained(architecture.honoured, "partial_rotary_factor"))
    keys.refuse("rope.dimension_count",
                rotates + "a partial rotation is not implemented for this "
                          "architecture");
  else if (config.rope.dim < 2 || config.rope.dim % 2 ||
           config.rope.dim > config.headDim)
    keys.fail(inputError(keys.place() + ": metadata rope.dimension_count " +
                         rotates + "an even number up to that is possible"));
}

//===-- Rotary embedding --------------------------------------------------===//

static void readYarn(GgufKeys &keys, DecoderConfig &config) {
  RopeConfig &rope = config.rope;
  rope.scaling = RopeScaling::Yarn;
  rope.originalContext =
      keys.integer("rope.scaling.original_context_length", config.maxPositions);
  rope.betaFast = keys.real("rope.scaling.yarn_beta_fast", 32.0);
  rope.betaSlow = keys.real("rope.scaling.yarn_beta_slow", 1.0);
  keys.refuseUnless("rope.scaling.yarn_ext_factor", 1);
  keys.refuseUnless("rope.scaling.yarn_log_multiplier", 0);
  double given = keys.real("rope.scaling.yarn_attn_factor", 1.0);
  rope.attentionFactor =
      keys.real("rope.scaling.attn_factor", given) * yarnMagnitude(rope.factor);
}

/// Phi-3 and its successors: factors for contexts up to the original length
/// and for longer ones; the magnitude is a key, or follows from the lengths.
static void readLongRope(GgufKeys &keys, const TensorInfo *shortFactors,
                         const TensorInfo *longFactors, DecoderConfig &config) {
  RopeConfig &rope = config.rope;
  if (!shortFactors || !longFactors)
    return keys.fail(inputError(keys.place() +
                                ": of the tensors rope_factors_short.weight "
                                "and rope_factors_long.weight one is missing"));
  rope.scaling = RopeScaling::LongRope;
  rope.originalContext = keys.integer("rope.scaling.original_context_length");
  rope.factors = keys.numbers(*shortFactors, rope.dim / 2);
  rope.longFactors = keys.numbers(*longFactors, rope.dim / 2);
  if (keys.failed())
    return;
  if (rope.originalContext < 2)
    return keys.fail(inputError(
        keys.place() + ": metadata rope.scaling.original_context_length is " +
        llvm::Twine(rope.originalContext) + "; it must be 2 or more"));
  rope.attentionFactor =
      keys.real("rope.scaling.attn_factor",
                longRopeMagnitude(static_cast<double>(config.maxPositions) /
                                      static_cast<double>(rope.originalContext),
                                  rope.originalContext));
}

static void readScaling(GgufKeys &keys, const Architecture &architecture,
                        DecoderConfig &config) {
  RopeConfig &rope = config.rope;
  rope.theta = keys.real("rope.freq_base", architecture.ropeTheta);
  llvm::StringRef type = keys.text("rope.scaling.type");
  // Without a scaling these two say nothing.
  keys.integer("rope.scaling.original_context_length", 0);
  keys.flag("rope.scaling.finetuned", false);
  const TensorInfo *shortFactors = keys.tensor("rope_factors_short.weight");
  const TensorInfo *longFactors = keys.tensor("rope_factors_long.weight");
  if (architecture.longRope && (shortFactors || longFactors))
    return readLongRope(keys, shortFactors, longFactors, config);
  // Files from before rope.scaling.* have scale_linear; 0 means no scaling.
  double oldFactor = keys.real("rope.scale_linear", 1.0);
  double factor = keys.real("rope.scaling.factor", oldFactor);
  factor = factor == 0 ? 1.0 : factor;
  if (type == "none" || (factor == 1.0 && (type.empty() || type == "linear")))
    return keys.refuseUnless("rope.scaling.attn_factor", 1);
  rope.factor = factor;
  if (type == "yarn")
    return readYarn(keys, config);
  if (!type.empty() && type != "linear")
    return keys.refuse("rope.scaling.type",
                       "is '" + type +
                           "', which is not implemented here; none, linear "
                           "and yarn are");
  rope.scaling = RopeScaling::Linear;
  keys.refuseUnless("rope.scaling.attn_factor", 1);
}

/// Llama 3.1 and later: the converter has worked the llama3 bands out and
/// stores a divisor per frequency.
static void readFactors(GgufKeys &keys, DecoderConfig &config) {
  const TensorInfo *tensor = keys.tensor("rope_freqs.weight");
  if (!tensor)
    return;
  RopeConfig &rope = config.rope;
  std::vector<double> factors = keys.numbers(*tensor, rope.dim / 2);
  if (rope.scaling != RopeScaling::None && rope.scaling != RopeScaling::Linear)
    return keys.fail(unsupportedError(
        keys.place() + ": tensor rope_freqs.weight is present together with "
                       "another scaling, which is not implemented"));
  for (double factor : factors)
    rope.factors.push_back(factor * rope.factor);
  rope.scaling = RopeScaling::Factors;
  rope.factor = 1.0;
}

static void readRope(GgufKeys &keys, const Architecture &architecture,
                     DecoderConfig &config) {
  readScaling(keys, architecture, config);
  if (keys.failed())
    return;
  readFactors(keys, config);
  config.localRope = config.rope;
  if (!architecture.hasLocalRope)
    return;
  config.localRope = RopeConfig();
  config.localRope.dim = config.rope.dim;
  config.localRope.theta = keys.real("rope.freq_base_swa", 10000.0);
}

//===-- The rest ----------------------------------------------------------===//

/// Gemma 2 and 3 alternate (a period, or a list with an entry per layer), the
/// others have the window on every layer or none.
static void readWindow(GgufKeys &keys, const Architecture &architecture,
                       DecoderConfig &config) {
  config.layerSlides.assign(static_cast<size_t>(config.layers), false);
  config.slidingWindow =
      keys.integer("attention.sliding_window", architecture.ggufWindow);
  llvm::StringRef patternKey = "attention.sliding_window_pattern";
  if (config.slidingWindow == 0) {
    keys.list(patternKey); // says nothing without a window
    return;
  }
  if (!architecture.ggufSlides)
    return keys.refuse("attention.sliding_window",
                       "is set, which is not implemented for this "
                       "architecture");
  if (!architecture.windowPeriod) {
    if (keys.has(patternKey))
      return keys.refuse(patternKey, "is set, which is not implemented for "
                                     "this architecture");
    config.layerSlides.assign(static_cast<size_t>(config.layers), true);
    return;
  }
  std::vector<int64_t> pattern = keys.list(patternKey);
  if (!pattern.empty()) {
    if (pattern.size() != static_cast<size_t>(config.layers))
      return keys.fail(inputError(keys.place() + ": metadata " + patternKey +
                                  " has " + llvm::Twine(pattern.size()) +
                                  " entries for " + llvm::Twine(config.layers) +
                                  " layers"));
    for (size_t layer = 0; layer < pattern.size(); ++layer)
      config.layerSlides[layer] = pattern[layer] != 0;
    return;
  }
  int64_t period = keys.integer(patternKey, architecture.windowPeriod);
  if (period < 1)
    return keys.fail(inputError(keys.place() + ": metadata " + patternKey +
                                " is " + llvm::Twine(period) +
                                "; it must be positive"));
  for (int64_t layer = 0; layer < config.layers; ++layer)
    config.layerSlides[static_cast<size_t>(layer)] = (layer + 1) % period != 0;
}

static void readFlags(GgufKeys &keys, const Architecture &architecture,
                      DecoderConfig &config) {
  auto has = [&](const char *name) {
    return keys.tensor(std::string("blk.0.") + name) != nullptr;
  };
  config.normEpsilon =
      keys.real(architecture.layerNorm ? "attention.layer_norm_epsilon"
                                       : "attention.layer_norm_rms_epsilon");
  config.activation = architecture.activation;
  config.tiedEmbeddings = !keys.tensor("output.weight");
  config.qkvBias =
      architecture.qkvBias || has("attn_q.bias") || has("attn_qkv.bias");
  config.attentionOutputBias = has("attn_output.bias");
  config.mlpBias = has("ffn_up.bias");
  config.qkNorm = architecture.qkNorm;
  keys.appendId("tokenizer.ggml.bos_token_id", config.bosIds);
  keys.appendId("tokenizer.ggml.eos_token_id", config.eosIds);
  keys.appendId("tokenizer.ggml.eot_token_id", config.eosIds);
  keys.appendId("tokenizer.ggml.eom_token_id", config.eosIds);
}

/// A head dimension that was derived must be exact.
static void checkHeadDim(GgufKeys &keys, const DecoderConfig &config) {
  if (!keys.has("attention.key_length") &&
      config.hiddenSize % config.heads != 0)
    keys.fail(inputError(
        keys.place() + ": embedding_length " + llvm::Twine(config.hiddenSize) +
        " is no multiple of attention.head_count " + llvm::Twine(config.heads) +
        " and there is no attention.key_length"));
}

llvm::Expected<DecoderConfig> config::readGguf(const GgufFile &file) {
  const Architecture *architecture = findGgufArchitecture(file.architecture());
  if (!architecture)
    return unsupportedError(
        file.path() + ": metadata general.architecture is '" +
        file.architecture() +
        "', an architecture that is not implemented; these are: " +
        ggufArchitectureNames());
  GgufKeys keys(file);
  DecoderConfig config;
  config.architecture = file.architecture().str(); // as its keys begin
  refuseFeatures(keys, *architecture);
  readSizes(keys, *architecture, config);
  // Ranges come first, so that an absurd number is named as such.
  if (!keys.failed())
    if (llvm::Error error = checkSizes(config, KeyScheme::Gguf, keys.place()))
      return std::move(error);
  if (keys.failed())
    return keys.takeError();
  config.architecture = architecture->name.str();
  config.family = architecture->family.str();
  checkHeadDim(keys, config);
  readFlags(keys, *architecture, config);
  readWindow(keys, *architecture, config);
  readRope(keys, *architecture, config);
  if (architecture->readGguf && !keys.failed())
    architecture->readGguf(keys, config);
  keys.refuseUnread();
  if (keys.failed())
    return keys.takeError();
  if (const TensorInfo *embedding = keys.tensor("token_embd.weight"))
    config.storedType = dtypeName(embedding->dtype).str();
  if (llvm::Error error = checkParameters(config, keys.place()))
    return std::move(error);
  return std::move(config);
}
