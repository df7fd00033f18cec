//===- ConfigGguf.cpp - GGUF metadata as a DecoderConfig
//--------------------===//
//
// MetadataKeys are "ARCHITECTURE.name". What GGUF has no key for (biases, tied
// head) is told by the presence of the tensors. Source: the GGUF specification
// (ggml docs/gguf.md) and the metadata of published files.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigReaders.h"
#include "compiler/import/DequantRows.h"
#include "llvm/ADT/STLExtras.h"

using namespace sinter;
using namespace sinter::config;

namespace {

/// Typed access to "ARCHITECTURE.name"; the first error sticks.
class MetadataKeys {
public:
  explicit MetadataKeys(const GgufFile &file)
      : table(file.metadata()), prefix((file.architecture() + ".").str()),
        where(file.path().str()) {}
  ~MetadataKeys() { llvm::consumeError(std::move(error)); }

  bool has(llvm::StringRef name) const {
    return table.find(prefix + name.str());
  }
  int64_t integer(llvm::StringRef name, std::optional<int64_t> fallback = {});
  /// An integer, or an array of integers that are all equal.
  int64_t uniform(llvm::StringRef name, std::optional<int64_t> fallback = {});
  double real(llvm::StringRef name, std::optional<double> fallback = {});
  llvm::StringRef text(llvm::StringRef name);
  /// A token id under its full key; absent and 0xffffffff give nothing.
  void appendId(llvm::StringRef key, std::vector<int64_t> &ids);

  void refuse(llvm::StringRef name, const llvm::Twine &what) {
    if (!error)
      error =
          unsupportedError(where + ": metadata " + prefix + name + " " + what);
  }
  bool failed() { return static_cast<bool>(error); }
  llvm::Error takeError() { return std::move(error); }
  const std::string &place() const { return where; }

private:
  void set(llvm::Error other) {
    if (!error)
      error = std::move(other);
    else
      llvm::consumeError(std::move(other));
  }
  template <typename T>
  T settle(llvm::StringRef key, llvm::Expected<std::optional<T>> value,
           std::optional<T> fallback) {
    if (!value)
      set(value.takeError());
    else if (*value)
      return **value;
    else if (!fallback)
      set(table.error(key, "is missing"));
    return fallback.value_or(T());
  }

  const GgufMetadata &table;
  std::string prefix;
  std::string where;
  llvm::Error error = llvm::Error::success();
};

} // namespace

int64_t MetadataKeys::integer(llvm::StringRef name,
                              std::optional<int64_t> fallback) {
  std::string key = prefix + name.str();
  return settle(key, table.integer(key), fallback);
}

double MetadataKeys::real(llvm::StringRef name,
                          std::optional<double> fallback) {
  std::string key = prefix + name.str();
  return settle(key, table.real(key), fallback);
}

llvm::StringRef MetadataKeys::text(llvm::StringRef name) {
  std::string key = prefix + name.str();
  return settle<llvm::StringRef>(key, table.string(key), llvm::StringRef());
}

int64_t MetadataKeys::uniform(llvm::StringRef name,
                              std::optional<int64_t> fallback) {
  std::string key = prefix + name.str();
  const GgufValue *value = table.find(key);
  if (!value || value->type != GgufType::Array)
    return integer(name, fallback);
  llvm::Expected<std::vector<int64_t>> list = table.integers(key);
  if (!list) {
    set(list.takeError());
    return 0;
  }
  if (list->empty() || !llvm::all_equal(*list)) {
    refuse(name, "differs between layers, which is not implemented");
    return 0;
  }
  return list->front();
}

void MetadataKeys::appendId(llvm::StringRef key, std::vector<int64_t> &ids) {
  int64_t id = settle<int64_t>(key, table.integer(key), -1);
  if (id != -1 && id != UINT32_MAX && !llvm::is_contained(ids, id))
    ids.push_back(id);
}

static void refuseFeatures(MetadataKeys &keys) {
  for (llvm::StringRef name :
       {"attn_logit_softcapping", "final_logit_softcapping",
        "attention.sliding_window_pattern", "attention.clamp_kqv",
        "attention.max_alibi_bias", "logit_scale", "residual_scale",
        "embedding_scale", "attention.scale", "nextn_predict_layers"})
    if (keys.has(name))
      keys.refuse(name, "is set, which is not implemented for this "
                        "architecture");
  if (keys.integer("expert_count", 0) != 0)
    keys.refuse("expert_count", "is set: a mixture of experts, which is not "
                                "implemented");
}

static void readSizes(MetadataKeys &keys, const GgufFile &file,
                      DecoderConfig &config) {
  config.layers = keys.integer("block_count");
  config.hiddenSize = keys.integer("embedding_length");
  config.intermediateSize = keys.uniform("feed_forward_length");
  config.heads = keys.uniform("attention.head_count");
  config.kvHeads = keys.uniform("attention.head_count_kv", config.heads);
  config.maxPositions = keys.integer("context_length");
  const TensorInfo *embedding = file.find("model.embed_tokens.weight");
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
  if (config.rope.dim != config.headDim)
    keys.refuse("rope.dimension_count",
                "is " + llvm::Twine(config.rope.dim) + " of " +
                    llvm::Twine(config.headDim) +
                    " dimensions of a head; a partial rotation is not "
                    "implemented for this architecture");
}

static void readScaling(MetadataKeys &keys, DecoderConfig &config) {
  RopeConfig &rope = config.rope;
  rope.theta = keys.real("rope.freq_base", 10000.0);
  llvm::StringRef type = keys.text("rope.scaling.type");
  // Files from before rope.scaling.* have scale_linear; 0 means no scaling.
  double oldFactor = keys.real("rope.scale_linear", 1.0);
  double factor = keys.real("rope.scaling.factor", oldFactor);
  factor = factor == 0 ? 1.0 : factor;
  if (type == "none" || (factor == 1.0 && (type.empty() || type == "linear")))
    return;
  rope.factor = factor;
  if (type.empty() || type == "linear") {
    rope.scaling = RopeScaling::Linear;
    return;
  }
  if (type != "yarn")
    return keys.refuse("rope.scaling.type",
                       "is '" + type +
                           "', which is not implemented here; none, linear "
                           "and yarn are");
  rope.scaling = RopeScaling::Yarn;
  rope.originalContext =
      keys.integer("rope.scaling.original_context_length", config.maxPositions);
  rope.betaFast = keys.real("rope.scaling.yarn_beta_fast", 32.0);
  rope.betaSlow = keys.real("rope.scaling.yarn_beta_slow", 1.0);
  if (keys.real("rope.scaling.yarn_ext_factor", 1.0) != 1.0)
    return keys.refuse("rope.scaling.yarn_ext_factor",
                       "is not 1, which is not implemented");
  if (keys.real("rope.scaling.yarn_log_multiplier", 0.0) != 0.0)
    return keys.refuse("rope.scaling.yarn_log_multiplier",
                       "is set, which is not implemented");
  double given = keys.real("rope.scaling.yarn_attn_factor", 1.0);
  rope.attentionFactor =
      keys.real("rope.scaling.attn_factor", given) * yarnMagnitude(factor);
}

/// Llama 3.1 and later: the converter has worked the llama3 bands out and
/// stores a divisor per frequency.
static llvm::Error readFactors(const GgufFile &file, DecoderConfig &config) {
  const TensorInfo *tensor = file.find("rope_freqs.weight");
  if (!tensor)
    return llvm::Error::success();
  RopeConfig &rope = config.rope;
  std::string where = (file.path() + ": tensor rope_freqs.weight").str();
  if (tensor->dtype != DType::F32 || tensor->shape.size() != 1 ||
      tensor->shape[0] != rope.dim / 2)
    return inputError(where + " is " + tensor->describe() + ", not [" +
                      llvm::Twine(rope.dim / 2) + "] f32");
  if (rope.scaling == RopeScaling::Yarn)
    return unsupportedError(where + " is present together with yarn scaling, "
                                    "which is not implemented");
  std::vector<float> row(static_cast<size_t>(tensor->shape[0]));
  readRowF32(tensor->dtype, file.bytes(*tensor).data(), tensor->shape[0],
             row.data());
  for (float factor : row)
    rope.factors.push_back(static_cast<double>(factor) * rope.factor);
  rope.scaling = RopeScaling::Factors;
  rope.factor = 1.0;
  return llvm::Error::success();
}

static void readFlags(MetadataKeys &keys, const GgufFile &file,
                      const Architecture &architecture, DecoderConfig &config) {
  auto has = [&](llvm::StringRef name) {
    return file.find(("model.layers.0." + name).str()) != nullptr;
  };
  config.normEpsilon = keys.real("attention.layer_norm_rms_epsilon");
  config.tiedEmbeddings = !file.find("lm_head.weight");
  config.qkvBias = architecture.qkvBias || has("self_attn.q_proj.bias");
  config.attentionOutputBias = has("self_attn.o_proj.bias");
  config.mlpBias = has("mlp.gate_proj.bias");
  config.qkNorm = architecture.qkNorm;
  config.slidingWindow = keys.integer("attention.sliding_window", 0);
  config.layerSlides.assign(static_cast<size_t>(config.layers),
                            config.slidingWindow > 0);
  config.localRope = config.rope;
  keys.appendId("tokenizer.ggml.bos_token_id", config.bosIds);
  keys.appendId("tokenizer.ggml.eos_token_id", config.eosIds);
  keys.appendId("tokenizer.ggml.eot_token_id", config.eosIds);
  keys.appendId("tokenizer.ggml.eom_token_id", config.eosIds);
}

llvm::Expected<DecoderConfig> config::readGguf(const GgufFile &file) {
  const Architecture *architecture = findArchitecture(file.architecture());
  if (!architecture)
    return unsupportedError(
        file.path() + ": metadata general.architecture is '" +
        file.architecture() +
        "', an architecture that is not implemented; these are: " +
        architectureNames());
  if (architecture->readOwn)
    return unsupportedError(file.path() + ": GGUF files of architecture '" +
                            file.architecture() +
                            "' are not read; use the Hugging Face folder");
  MetadataKeys keys(file);
  DecoderConfig config;
  config.architecture = architecture->name.str();
  refuseFeatures(keys);
  readSizes(keys, file, config);
  // A head dimension that was derived must be exact; ranges come first, so that
  // an absurd number is named as such.
  if (!keys.failed())
    if (llvm::Error error = checkSizes(config, KeyScheme::Gguf, keys.place()))
      return std::move(error);
  if (!keys.failed() && !keys.has("attention.key_length") &&
      config.hiddenSize % config.heads != 0)
    return inputError(
        keys.place() + ": embedding_length " + llvm::Twine(config.hiddenSize) +
        " is no multiple of attention.head_count " + llvm::Twine(config.heads) +
        " and there is no attention.key_length");
  if (keys.failed())
    return keys.takeError();
  readFlags(keys, file, *architecture, config);
  readScaling(keys, config);
  if (keys.failed())
    return keys.takeError();
  if (llvm::Error error = readFactors(file, config))
    return std::move(error);
  if (const TensorInfo *embedding = file.find("model.embed_tokens.weight"))
    config.storedType = dtypeName(embedding->dtype).str();
  if (llvm::Error error = checkParameters(config, keys.place()))
    return std::move(error);
  return std::move(config);
}
