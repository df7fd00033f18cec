//===- ConfigHuggingFace.cpp - config.json as a DecoderConfig
//---------------===//
//
// Both key schemes: transformers 4 (rope_theta, rope_scaling with `type` or
// `rope_type`, torch_dtype) and 5 (rope_parameters, dtype). A key that would
// change what the model computes is honoured or refused, never skipped.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/ConfigReaders.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace sinter;
using namespace sinter::config;

static const Architecture *readArchitecture(Keys &keys,
                                            const llvm::json::Object &object) {
  llvm::StringRef type = keys.text("model_type");
  std::optional<llvm::StringRef> modelClass;
  if (const llvm::json::Value *list = keys.get("architectures")) {
    const llvm::json::Array *names = list->getAsArray();
    if (names && !names->empty())
      modelClass = names->front().getAsString();
    if (!names || (!names->empty() && !modelClass)) {
      keys.fail("architectures", "is not a list of strings");
      return nullptr;
    }
  }
  if (type.empty() && !modelClass) {
    keys.fail("model_type", "is missing");
    return nullptr;
  }
  const Architecture *byClass =
      modelClass ? findArchitectureByClass(*modelClass) : nullptr;
  const Architecture *found = type.empty() ? byClass : findArchitecture(type);
  if (!found)
    keys.refuse(type.empty() ? "architectures" : "model_type",
                "is '" + (type.empty() ? *modelClass : type) +
                    "', an architecture that is not implemented; these are: " +
                    architectureNames());
  else if (modelClass && byClass != found)
    keys.refuse("architectures",
                "is '" + *modelClass + "'; for model_type '" + found->name +
                    "' " + found->modelClasses.front() + " is implemented");
  return keys.failed() ? nullptr : found;
}

//===-- Sizes -------------------------------------------------------------===//

static void readSizes(Keys &keys, const Architecture &architecture,
                      DecoderConfig &config) {
  config.hiddenSize = keys.integer(keys.spelling({"hidden_size", "n_embd"}));
  std::optional<int64_t> wider;
  if (architecture.widening && config.hiddenSize > 0 &&
      config.hiddenSize < 1 << 20)
    wider = architecture.widening * config.hiddenSize;
  config.intermediateSize = keys.integer(
      keys.spelling({"intermediate_size", "ffn_hidden_size", "n_inner"}),
      wider);
  config.layers = keys.integer(keys.spelling({"num_hidden_layers", "n_layer"}));
  config.heads = keys.integer(keys.spelling({"num_attention_heads", "n_head"}));
  config.vocabSize = keys.integer("vocab_size");
  config.maxPositions = keys.integer(
      keys.spelling({"max_position_embeddings", "n_positions", "n_ctx"}),
      architecture.maxPositions);
  // An absent key and an explicit null differ here.
  llvm::StringRef kvKey =
      keys.spelling({"num_key_value_heads", "num_kv_heads", "n_head_kv"});
  bool asHeads =
      architecture.kvHeads == 0 || keys.isNull("num_key_value_heads");
  config.kvHeads =
      keys.integer(kvKey, asHeads ? config.heads : architecture.kvHeads);
  if (keys.failed() || config.heads < 1)
    return; // heads 0 is for the range table to name
  int64_t fallback = architecture.headDim;
  if (fallback == 0 || keys.isNull("head_dim"))
    fallback = config.hiddenSize / config.heads;
  config.headDim = keys.integer("head_dim", fallback);
  if (!keys.get("head_dim") && architecture.headDim == 0 &&
      config.hiddenSize % config.heads != 0)
    keys.fail("hidden_size", llvm::Twine(config.hiddenSize) +
                                 " is no multiple of num_attention_heads " +
                                 llvm::Twine(config.heads) +
                                 " and there is no head_dim");
}

//===-- Rotary embedding --------------------------------------------------===//

static void readYarn(Keys &scaling, DecoderConfig &config, int64_t original) {
  RopeConfig &rope = config.rope;
  rope.scaling = RopeScaling::Yarn;
  rope.originalContext =
      scaling.integer("original_max_position_embeddings", original);
  if (scaling.get("factor") || rope.originalContext < 1)
    rope.factor = scaling.real("factor");
  else
    rope.factor = static_cast<double>(config.maxPositions) /
                  static_cast<double>(rope.originalContext);
  // Zero means "not given" here, as in the reference.
  double fast = scaling.real("beta_fast", 0),
         slow = scaling.real("beta_slow", 0);
  rope.betaFast = fast == 0 ? 32.0 : fast;
  rope.betaSlow = slow == 0 ? 1.0 : slow;
  rope.truncate = scaling.flag("truncate", true);
  double mscale = scaling.real("mscale", 0);
  double mscaleAll = scaling.real("mscale_all_dim", 0);
  double magnitude = mscale != 0 && mscaleAll != 0
                         ? yarnMagnitude(rope.factor, mscale) /
                               yarnMagnitude(rope.factor, mscaleAll)
                         : yarnMagnitude(rope.factor);
  rope.attentionFactor = scaling.real("attention_factor", magnitude);
}

/// Short factors serve contexts up to the original one, long factors longer
/// ones; the magnitude is the same. Source: modeling_rope_utils of
/// transformers.
static void readLongRope(Keys &scaling, DecoderConfig &config,
                         int64_t original) {
  RopeConfig &rope = config.rope;
  rope.scaling = RopeScaling::LongRope;
  rope.originalContext =
      scaling.integer("original_max_position_embeddings", original);
  rope.factors = scaling.reals("short_factor", rope.dim / 2);
  rope.longFactors = scaling.reals("long_factor", rope.dim / 2);
  if (rope.originalContext < 2)
    return scaling.fail("original_max_position_embeddings",
                        "is missing or below 2");
  double context = static_cast<double>(rope.originalContext);
  double stretch = scaling.real(
      "factor", static_cast<double>(config.maxPositions) / context);
  rope.attentionFactor = scaling.real(
      "attention_factor", longRopeMagnitude(stretch, rope.originalContext));
}

static void readScaling(Keys &scaling, const Architecture &architecture,
                        DecoderConfig &config, int64_t original) {
  RopeConfig &rope = config.rope;
  llvm::StringRef type = scaling.text("rope_type");
  llvm::StringRef oldType = scaling.text("type");
  if (!type.empty() && !oldType.empty() && type != oldType)
    return scaling.refuse("rope_type",
                          "is '" + type + "' but type is '" + oldType + "'");
  type = type.empty() ? oldType : type;
  if (scaling.get("llama_4_scaling_beta"))
    return scaling.refuse("llama_4_scaling_beta",
                          "is set, which is not implemented");
  if (!llvm::is_contained(architecture.honoured, "partial_rotary_factor") &&
      scaling.real("partial_rotary_factor", 1) != 1)
    return scaling.refuse("partial_rotary_factor",
                          "is set, which is not implemented for this "
                          "architecture");
  if (type == "default")
    return;
  if (type == "linear") {
    rope.scaling = RopeScaling::Linear;
    rope.factor = scaling.real("factor");
  } else if (type == "llama3") {
    rope.scaling = RopeScaling::Llama3;
    rope.factor = scaling.real("factor");
    rope.lowFreqFactor = scaling.real("low_freq_factor");
    rope.highFreqFactor = scaling.real("high_freq_factor");
    rope.originalContext =
        scaling.integer("original_max_position_embeddings", original);
  } else if (type == "yarn") {
    readYarn(scaling, config, original);
  } else if ((type == "longrope" || type == "su") && architecture.longRope) {
    readLongRope(scaling, config, original);
  } else if (type.empty()) {
    scaling.fail("rope_type", "is missing");
  } else {
    scaling.refuse("rope_type", "is '" + type +
                                    "', which is not implemented here; "
                                    "default, linear, llama3 and yarn are");
  }
}

/// Rotated dimensions: a share of the head, under one of its three names or
/// inside rope_parameters, or a number of dimensions.
static void readRotaryShare(Keys &keys, const Architecture &architecture,
                            DecoderConfig &config) {
  config.rope.dim = config.headDim;
  if (!llvm::is_contained(architecture.honoured, "partial_rotary_factor"))
    return;
  double share = architecture.rotaryShare;
  if (const llvm::json::Object *object = keys.member("rope_parameters"))
    share = object->getNumber("partial_rotary_factor").value_or(share);
  llvm::StringRef key =
      keys.spelling({"partial_rotary_factor", "rotary_pct", "rope_pct"});
  share = keys.real(key, share);
  if (!(share > 0 && share <= 1))
    return keys.fail(key, "is no share of a head's dimensions");
  config.rope.dim =
      static_cast<int64_t>(share * static_cast<double>(config.headDim));
  config.rope.dim = keys.integer("rotary_dim", config.rope.dim);
  if (config.rope.dim < 2 || config.rope.dim % 2 ||
      config.rope.dim > config.headDim)
    keys.fail(key, "rotates " + llvm::Twine(config.rope.dim) + " of " +
                       llvm::Twine(config.headDim) +
                       " dimensions of a head; an even number is needed");
}

static llvm::Error readScalingObject(const llvm::json::Object &object,
                                     const llvm::Twine &where, bool isNew,
                                     const Architecture &architecture,
                                     DecoderConfig &config, int64_t original) {
  Keys scaling(object, where);
  if (isNew) {
    config.rope.theta = scaling.real("rope_theta", config.rope.theta);
    // The new scheme may leave the type out where there is no scaling.
    if (!scaling.get("rope_type") && !scaling.get("type") &&
        !scaling.get("factor"))
      return scaling.takeError();
  }
  readScaling(scaling, architecture, config, original);
  return scaling.takeError();
}

/// rope_parameters by kind of layer: full_attention and sliding_attention.
static llvm::Error readRopeByLayer(const llvm::json::Object &object,
                                   const llvm::Twine &where,
                                   const Architecture &architecture,
                                   DecoderConfig &config, int64_t original) {
  for (const auto &[name, value] : object) {
    llvm::StringRef kind = name;
    if (!value.getAsObject() ||
        (kind != "full_attention" && kind != "sliding_attention"))
      return unsupportedError(where + " has '" + kind +
                              "', which is no kind of layers that is known");
  }
  // The readers fill config.rope; the sliding layers' goes to its own place.
  RopeConfig global = config.rope;
  if (const llvm::json::Object *sliding =
          object.getObject("sliding_attention")) {
    config.rope = config.localRope;
    llvm::Error error =
        readScalingObject(*sliding, where + ".sliding_attention", true,
                          architecture, config, original);
    config.localRope = config.rope;
    config.rope = global;
    if (error)
      return error;
  }
  if (const llvm::json::Object *full = object.getObject("full_attention"))
    return readScalingObject(*full, where + ".full_attention", true,
                             architecture, config, original);
  return llvm::Error::success();
}

/// rope_parameters (5) or rope_theta and rope_scaling (4).
static llvm::Error readRope(Keys &keys, const Architecture &architecture,
                            DecoderConfig &config) {
  readRotaryShare(keys, architecture, config);
  config.rope.theta = keys.real(
      keys.spelling({"rope_theta", "rotary_emb_base"}), architecture.ropeTheta);
  config.localRope.dim = config.rope.dim;
  config.localRope.theta = architecture.hasLocalRope
                               ? keys.real("rope_local_base_freq", 10000.0)
                               : config.rope.theta;
  // Some files have it beside rope_scaling, most inside.
  int64_t original =
      keys.integer("original_max_position_embeddings", config.maxPositions);
  bool isNew = keys.get("rope_parameters") != nullptr;
  llvm::StringRef key = isNew ? "rope_parameters" : "rope_scaling";
  const llvm::json::Object *object = keys.member(key);
  if (object && !object->empty() && !keys.failed()) {
    std::string where = keys.place() + ": " + key.str();
    auto kind = llvm::find_if(*object, [](const auto &entry) {
      return entry.second.getAsObject() != nullptr;
    });
    bool byLayer = kind != object->end();
    if (byLayer && !architecture.hasLocalRope)
      return unsupportedError(where + " differs between kinds of layers ('" +
                              llvm::StringRef(kind->first) +
                              "'), which is not implemented for this "
                              "architecture");
    if (byLayer)
      return readRopeByLayer(*object, where, architecture, config, original);
    if (llvm::Error error = readScalingObject(*object, where, isNew,
                                              architecture, config, original))
      return error;
  }
  if (!architecture.hasLocalRope)
    config.localRope = config.rope;
  return keys.takeError();
}

//===-- Sliding window ----------------------------------------------------===//

/// Fills layerSlides from layer_types; false if the key is absent.
static bool readLayerTypes(Keys &keys, DecoderConfig &config) {
  const llvm::json::Value *value = keys.get("layer_types");
  if (!value)
    return false;
  const llvm::json::Array *types = value->getAsArray();
  if (!types || types->size() != static_cast<size_t>(config.layers)) {
    keys.fail("layer_types", "is not a list of one string per layer");
    return true;
  }
  for (size_t layer = 0; layer < types->size(); ++layer) {
    llvm::StringRef type = (*types)[layer].getAsString().value_or("");
    if (type == "sliding_attention")
      config.layerSlides[layer] = true;
    else if (type != "full_attention")
      keys.refuse("layer_types", "has '" + type + "' for layer " +
                                     llvm::Twine(layer) +
                                     ", which is not implemented");
  }
  return true;
}

static void readWindow(Keys &keys, const Architecture &architecture,
                       DecoderConfig &config) {
  config.layerSlides.assign(static_cast<size_t>(config.layers), false);
  bool hasTypes = readLayerTypes(keys, config);
  bool anySlides = llvm::is_contained(config.layerSlides, true);
  if (architecture.slidingWindow == 0) {
    if (anySlides)
      keys.refuse("layer_types", "has sliding_attention, which this "
                                 "architecture does not know");
    return;
  }
  bool isGiven = architecture.windowNeedsKey
                     ? keys.get("sliding_window") != nullptr
                     : !keys.isNull("sliding_window");
  bool isOn = isGiven && (!architecture.windowIsOptional ||
                          keys.flag("use_sliding_window", false));
  if (!isOn) {
    config.layerSlides.assign(static_cast<size_t>(config.layers), false);
    return;
  }
  config.slidingWindow =
      keys.integer("sliding_window", architecture.slidingWindow);
  if (config.slidingWindow < 1)
    return keys.fail("sliding_window",
                     "is " + llvm::Twine(config.slidingWindow) +
                         "; it must be positive, or null for no window");
  if (hasTypes && (architecture.windowIsOptional || architecture.windowPeriod))
    return;
  if (hasTypes && !llvm::all_of(config.layerSlides, [](bool b) { return b; }))
    return keys.refuse("layer_types", "has full_attention beside a sliding "
                                      "window, which this architecture does "
                                      "not know");
  if (architecture.windowPeriod) {
    int64_t period =
        keys.integer("sliding_window_pattern", architecture.windowPeriod);
    if (period < 1)
      return keys.fail("sliding_window_pattern", "is not positive");
    for (int64_t layer = 0; layer < config.layers; ++layer)
      config.layerSlides[static_cast<size_t>(layer)] = (layer + 1) % period;
    return;
  }
  int64_t firstSliding =
      architecture.windowIsOptional ? keys.integer("max_window_layers", 28) : 0;
  for (int64_t layer = 0; layer < config.layers; ++layer)
    config.layerSlides[static_cast<size_t>(layer)] = layer >= firstSliding;
}

//===-- The rest ----------------------------------------------------------===//

static void readActivation(Keys &keys, const Architecture &architecture,
                           DecoderConfig &config) {
  llvm::StringRef key = keys.spelling(
      {"hidden_activation", "hidden_act", "activation_function", "activation"});
  llvm::StringRef name = keys.text(key);
  config.activation = architecture.activation;
  if (name.empty())
    return;
  if (name == "silu" || name == "swish")
    config.activation = Activation::Silu;
  else if (name == "gelu")
    // The first Gemma files say hidden_act gelu and were trained with tanh.
    config.activation = architecture.oldGeluIsTanh && key != "hidden_activation"
                            ? Activation::GeluTanh
                            : Activation::Gelu;
  else if (name == "gelu_pytorch_tanh" || name == "gelu_new" ||
           name == "gelu_fast")
    config.activation = Activation::GeluTanh;
  else
    keys.refuse(key, "is '" + name +
                         "', which is not implemented; silu, gelu and "
                         "gelu_pytorch_tanh are");
}

static void readFlags(Keys &keys, const Architecture &architecture,
                      bool hasHead, DecoderConfig &config) {
  // Files may have both; each kind of norm has its own.
  llvm::StringRef epsilon =
      architecture.layerNorm
          ? keys.spelling({"layer_norm_eps", "layer_norm_epsilon", "norm_eps"})
          : "rms_norm_eps";
  config.normEpsilon = keys.real(epsilon, architecture.normEpsilon);
  // Absent means untied in most families; a file without a head cannot mean
  // that.
  config.tiedEmbeddings =
      keys.flag("tie_word_embeddings", architecture.tiedByDefault || !hasHead);
  bool attentionBias = architecture.hasAttentionBiasKey &&
                       keys.flag("attention_bias", architecture.attentionBias);
  config.qkvBias = architecture.qkvBias || attentionBias;
  config.attentionOutputBias = attentionBias;
  config.mlpBias = architecture.hasMlpBiasKey && keys.flag("mlp_bias", false);
  config.qkNorm = architecture.qkNorm;
  llvm::StringRef stored = keys.text("dtype");
  config.storedType =
      (stored.empty() ? keys.text("torch_dtype") : stored).str();
}

/// Ids of both files, those of generation_config.json first.
static llvm::Error readIds(Keys &keys, Keys &&generation,
                           DecoderConfig &config) {
  generation.appendIds("bos_token_id", config.bosIds);
  generation.appendIds("eos_token_id", config.eosIds);
  keys.appendIds("bos_token_id", config.bosIds);
  keys.appendIds("eos_token_id", config.eosIds);
  return generation.takeError();
}

llvm::Expected<DecoderConfig>
config::readHuggingFaceKeys(const llvm::json::Object &object,
                            const llvm::json::Object &generation, bool hasHead,
                            llvm::StringRef folder) {
  Keys keys(object, folder + "/config.json");
  const Architecture *architecture = readArchitecture(keys, object);
  if (!architecture)
    return keys.takeError();
  DecoderConfig config;
  config.architecture = architecture->name.str();
  config.family = architecture->family.str();
  refuseUnknownFeatures(keys, *architecture);
  readSizes(keys, *architecture, config);
  if (keys.failed())
    return keys.takeError();
  if (llvm::Error error =
          checkSizes(config, KeyScheme::HuggingFace, keys.place()))
    return std::move(error);

  readWindow(keys, *architecture, config);
  readActivation(keys, *architecture, config);
  readFlags(keys, *architecture, hasHead, config);
  if (llvm::Error error = readIds(
          keys, Keys(generation, folder + "/generation_config.json"), config))
    return std::move(error);
  if (llvm::Error error = readRope(keys, *architecture, config))
    return std::move(error);
  if (architecture->readOwn)
    architecture->readOwn(keys, config);
  if (keys.failed())
    return keys.takeError();
  if (llvm::Error error =
          checkSizes(config, KeyScheme::HuggingFace, keys.place()))
    return std::move(error);
  if (llvm::Error error = checkParameters(config, keys.place()))
    return std::move(error);
  return std::move(config);
}

llvm::Expected<DecoderConfig>
config::readHuggingFace(const HuggingFaceFolder &folder) {
  return readHuggingFaceKeys(folder.config(), folder.generationConfig(),
                             folder.find("lm_head.weight") != nullptr ||
                                 folder.find("embed_out.weight") != nullptr ||
                                 folder.find("lm_head.linear.weight") !=
                                     nullptr,
                             folder.path());
}
