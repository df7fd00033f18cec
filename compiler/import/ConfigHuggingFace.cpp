//===- ConfigHuggingFace.cpp - config.json as a DecoderConfig
//---------------===//
//
// Both key schemes: transformers 4 (rope_theta, rope_scaling with `type` or
// `rope_type`, torch_dtype) and 5 (rope_parameters, dtype). A key that would
// change what the model computes is honoured or refused, never skipped.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigReaders.h"
#include "llvm/ADT/STLExtras.h"

using namespace sinter;
using namespace sinter::config;

namespace {

/// Typed access to one JSON object. The first error sticks and later calls
/// return their fallback. A null counts as an absent key.
class Keys {
public:
  Keys(const llvm::json::Object &object, const llvm::Twine &where)
      : object(object), where(where.str()) {}
  ~Keys() { llvm::consumeError(std::move(error)); }

  const llvm::json::Value *get(llvm::StringRef key) const {
    const llvm::json::Value *value = object.get(key);
    return value && value->kind() != llvm::json::Value::Null ? value : nullptr;
  }
  bool isNull(llvm::StringRef key) const {
    return object.get(key) && !get(key);
  }

  int64_t integer(llvm::StringRef key, std::optional<int64_t> fallback = {});
  double real(llvm::StringRef key, std::optional<double> fallback = {});
  bool flag(llvm::StringRef key, bool fallback);
  llvm::StringRef text(llvm::StringRef key);
  /// An object member, or null.
  const llvm::json::Object *member(llvm::StringRef key);
  /// An integer or a list of integers, appended to `ids` without duplicates.
  void appendIds(llvm::StringRef key, std::vector<int64_t> &ids);

  void fail(llvm::StringRef key, const llvm::Twine &what) {
    if (!error)
      error = inputError(where + ": " + key + " " + what);
  }
  void refuse(llvm::StringRef key, const llvm::Twine &what) {
    if (!error)
      error = unsupportedError(where + ": " + key + " " + what);
  }
  bool failed() { return static_cast<bool>(error); }
  llvm::Error takeError() { return std::move(error); }
  const std::string &place() const { return where; }

private:
  /// The value; null (and an error, unless there is a fallback) if absent.
  const llvm::json::Value *want(llvm::StringRef key, bool hasFallback) {
    const llvm::json::Value *value = get(key);
    if (!value && !hasFallback)
      fail(key, "is missing");
    return value;
  }

  const llvm::json::Object &object;
  std::string where;
  llvm::Error error = llvm::Error::success();
};

} // namespace

int64_t Keys::integer(llvm::StringRef key, std::optional<int64_t> fallback) {
  const llvm::json::Value *value = want(key, fallback.has_value());
  if (!value)
    return fallback.value_or(0);
  if (std::optional<int64_t> number = value->getAsInteger())
    return *number;
  fail(key, "is not an integer of 64 bits");
  return fallback.value_or(0);
}

double Keys::real(llvm::StringRef key, std::optional<double> fallback) {
  const llvm::json::Value *value = want(key, fallback.has_value());
  if (!value)
    return fallback.value_or(0);
  if (std::optional<double> number = value->getAsNumber())
    return *number;
  fail(key, "is not a number");
  return fallback.value_or(0);
}

bool Keys::flag(llvm::StringRef key, bool fallback) {
  const llvm::json::Value *value = get(key);
  if (!value)
    return fallback;
  if (std::optional<bool> set = value->getAsBoolean())
    return *set;
  fail(key, "is neither true nor false");
  return fallback;
}

llvm::StringRef Keys::text(llvm::StringRef key) {
  const llvm::json::Value *value = get(key);
  if (!value)
    return {};
  if (std::optional<llvm::StringRef> string = value->getAsString())
    return *string;
  fail(key, "is not a string");
  return {};
}

const llvm::json::Object *Keys::member(llvm::StringRef key) {
  const llvm::json::Value *value = get(key);
  if (!value)
    return nullptr;
  if (const llvm::json::Object *found = value->getAsObject())
    return found;
  fail(key, "is not an object");
  return nullptr;
}

void Keys::appendIds(llvm::StringRef key, std::vector<int64_t> &ids) {
  const llvm::json::Value *value = get(key);
  if (!value)
    return;
  llvm::json::Array single{*value};
  const llvm::json::Array *list = value->getAsArray();
  for (const llvm::json::Value &entry : list ? *list : single) {
    std::optional<int64_t> id = entry.getAsInteger();
    if (!id)
      return fail(key, "is neither a token id nor a list of token ids");
    if (!llvm::is_contained(ids, *id))
      ids.push_back(*id);
  }
}

//===-- What is refused ---------------------------------------------------===//

/// Keys that change the computation of some models and that we do not
/// implement. `neutral` is the number at which the key changes nothing.
static void refuseFeatures(Keys &keys) {
  struct Feature {
    llvm::StringLiteral key;
    std::optional<double> neutral;
  };
  static const Feature kFeatures[] = {
      {"attn_logit_softcapping", {}},
      {"final_logit_softcapping", {}},
      {"num_experts", 0},
      {"num_local_experts", 0},
      {"n_routed_experts", 0},
      {"clip_qkv", {}},
      {"partial_rotary_factor", 1},
      {"rotary_pct", 1},
      {"attention_multiplier", {}},
      {"residual_multiplier", 1},
      {"embedding_multiplier", 1},
      {"logits_scaling", 1},
      {"logit_scale", 1},
      {"query_pre_attn_scalar", {}},
      {"no_rope_layers", {}},
      {"attention_chunk_size", {}},
      {"text_config", {}},
  };
  for (const Feature &feature : kFeatures) {
    const llvm::json::Value *value = keys.get(feature.key);
    if (!value)
      continue;
    std::optional<double> number = value->getAsNumber();
    if (!feature.neutral || !number || *number != *feature.neutral)
      return keys.refuse(feature.key, "is set, which is not implemented for "
                                      "this architecture");
  }
  for (llvm::StringRef key : {"use_mrope", "is_encoder_decoder"})
    if (keys.flag(key, false))
      return keys.refuse(key, "is set, which is not implemented");
  if (const llvm::json::Object *quantization =
          keys.member("quantization_config"))
    keys.refuse("quantization_config",
                "says that the weights are quantized (" +
                    quantization->getString("quant_method")
                        .value_or("no quant_method given") +
                    "), which is not read; use the unquantized model or a "
                    "GGUF file");
}

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
    keys.refuse("architectures", "is '" + *modelClass + "'; for model_type '" +
                                     found->name + "' " + found->modelClass +
                                     " is implemented");
  return keys.failed() ? nullptr : found;
}

//===-- Sizes -------------------------------------------------------------===//

static void readSizes(Keys &keys, const Architecture &architecture,
                      DecoderConfig &config) {
  config.hiddenSize = keys.integer("hidden_size");
  config.intermediateSize = keys.integer("intermediate_size");
  config.layers = keys.integer("num_hidden_layers");
  config.heads = keys.integer("num_attention_heads");
  config.vocabSize = keys.integer("vocab_size");
  config.maxPositions =
      keys.integer("max_position_embeddings", architecture.maxPositions);
  // An absent key and an explicit null differ here.
  bool asHeads =
      architecture.kvHeads == 0 || keys.isNull("num_key_value_heads");
  config.kvHeads = keys.integer("num_key_value_heads",
                                asHeads ? config.heads : architecture.kvHeads);
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

static void readScaling(Keys &scaling, DecoderConfig &config,
                        int64_t original) {
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
  if (scaling.real("partial_rotary_factor", 1) != 1)
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
  } else if (type.empty()) {
    scaling.fail("rope_type", "is missing");
  } else {
    scaling.refuse("rope_type", "is '" + type +
                                    "', which is not implemented here; "
                                    "default, linear, llama3 and yarn are");
  }
}

/// rope_parameters (5) or rope_theta and rope_scaling (4).
static llvm::Error readRope(Keys &keys, DecoderConfig &config) {
  config.rope.dim = config.headDim;
  config.rope.theta = keys.real("rope_theta", 10000.0);
  // Some files have it beside rope_scaling, most inside.
  int64_t original =
      keys.integer("original_max_position_embeddings", config.maxPositions);
  bool isNew = keys.get("rope_parameters") != nullptr;
  llvm::StringRef key = isNew ? "rope_parameters" : "rope_scaling";
  const llvm::json::Object *object = keys.member(key);
  if (!object || object->empty() || keys.failed())
    return keys.takeError();
  for (const auto &[name, value] : *object)
    if (value.getAsObject())
      return unsupportedError(keys.place() + ": " + key +
                              " differs between kinds of layers ('" +
                              llvm::StringRef(name) +
                              "'), which is not implemented for this "
                              "architecture");
  Keys scaling(*object, keys.place() + ": " + key);
  if (isNew) {
    config.rope.theta = scaling.real("rope_theta", config.rope.theta);
    // The new scheme may leave the type out where there is no scaling.
    if (!scaling.get("rope_type") && !scaling.get("type") &&
        !scaling.get("factor"))
      return scaling.takeError();
  }
  readScaling(scaling, config, original);
  return scaling.takeError();
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
  bool isOn = !keys.isNull("sliding_window") &&
              (!architecture.windowIsOptional ||
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
  if (hasTypes && architecture.windowIsOptional)
    return;
  if (hasTypes && !llvm::all_of(config.layerSlides, [](bool b) { return b; }))
    return keys.refuse("layer_types", "has full_attention beside a sliding "
                                      "window, which this architecture does "
                                      "not know");
  int64_t firstSliding =
      architecture.windowIsOptional ? keys.integer("max_window_layers", 28) : 0;
  for (int64_t layer = 0; layer < config.layers; ++layer)
    config.layerSlides[static_cast<size_t>(layer)] = layer >= firstSliding;
}

//===-- The rest ----------------------------------------------------------===//

static void readActivation(Keys &keys, DecoderConfig &config) {
  llvm::StringRef name = keys.text("hidden_act");
  if (name.empty() || name == "silu" || name == "swish")
    config.activation = Activation::Silu;
  else if (name == "gelu")
    config.activation = Activation::Gelu;
  else if (name == "gelu_pytorch_tanh" || name == "gelu_new" ||
           name == "gelu_fast")
    config.activation = Activation::GeluTanh;
  else
    keys.refuse("hidden_act", "is '" + name +
                                  "', which is not implemented; silu, gelu "
                                  "and gelu_pytorch_tanh are");
}

static void readFlags(Keys &keys, const Architecture &architecture,
                      bool hasHead, DecoderConfig &config) {
  config.normEpsilon = keys.real("rms_norm_eps", 1e-6);
  // Absent means untied in this family; a file without a head cannot mean that.
  config.tiedEmbeddings = keys.flag("tie_word_embeddings", !hasHead);
  bool attentionBias =
      architecture.hasAttentionBiasKey && keys.flag("attention_bias", false);
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
  refuseFeatures(keys);
  readSizes(keys, *architecture, config);
  if (keys.failed())
    return keys.takeError();
  if (llvm::Error error =
          checkSizes(config, KeyScheme::HuggingFace, keys.place()))
    return std::move(error);

  readWindow(keys, *architecture, config);
  readActivation(keys, config);
  readFlags(keys, *architecture, hasHead, config);
  if (llvm::Error error = readIds(
          keys, Keys(generation, folder + "/generation_config.json"), config))
    return std::move(error);
  if (llvm::Error error = readRope(keys, config))
    return std::move(error);
  if (keys.failed())
    return keys.takeError();
  if (llvm::Error error = checkParameters(config, keys.place()))
    return std::move(error);
  return std::move(config);
}

llvm::Expected<DecoderConfig>
config::readHuggingFace(const HuggingFaceFolder &folder) {
  return readHuggingFaceKeys(folder.config(), folder.generationConfig(),
                             folder.find("lm_head.weight") != nullptr,
                             folder.path());
}
