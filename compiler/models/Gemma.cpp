// Gemma 1, 2 and 3 (text): embeddings times sqrt(hidden), RMS norms by 1 + w,
// a gated MLP with gelu. Gemma 2 norms each branch's result too and caps scores
// and logits; Gemma 3 norms the heads of q and k and has two rotary bases.
// Sources: arXiv 2403.08295, 2408.00118, 2503.19786.
#include "compiler/models/ModelBuilder.h"

using namespace mlir;

namespace sinter {

/// The norm whose weight the files have without its 1 (GGUF: with it).
static Value gemmaNorm(ModelBuilder &model, Value x, const std::string &name,
                       int64_t groups = 1) {
  TensorForm form;
  form.plusOne = !model.isGguf();
  int64_t columns = cast<RankedTensorType>(x.getType()).getDimSize(1) / groups;
  return model.rmsNorm(x, model.weight(name + ".weight", {columns}, form),
                       groups);
}

static Value attentionBlock(ModelBuilder &model, Value x, int64_t layer,
                            const std::string &prefix) {
  const DecoderConfig &config = model.config;
  int64_t kvRows = config.kvHeads * config.headDim;
  Value q = model.linear(x, prefix + "q_proj", config.heads * config.headDim,
                         config.qkvBias);
  Value k = model.linear(x, prefix + "k_proj", kvRows, config.qkvBias);
  Value v = model.linear(x, prefix + "v_proj", kvRows, config.qkvBias);
  if (config.qkNorm) {
    q = gemmaNorm(model, q, prefix + "q_norm", config.heads);
    k = gemmaNorm(model, k, prefix + "k_norm", config.kvHeads);
  }
  q = model.rope(q, config.heads, layer);
  k = model.rope(k, config.kvHeads, layer);
  return model.linear(model.attention(q, k, v, layer), prefix + "o_proj",
                      config.hiddenSize, config.attentionOutputBias);
}

static Value mlpBlock(ModelBuilder &model, Value x, const std::string &prefix) {
  int64_t inner = model.config.intermediateSize;
  Value gate = model.linear(x, prefix + "gate_proj", inner, false);
  Value up = model.linear(x, prefix + "up_proj", inner, false);
  return model.linear(model.mul(model.activation(gate), up),
                      prefix + "down_proj", model.config.hiddenSize, false);
}

/// From Gemma 2 on the results of both branches are normed.
static Value layerOf(ModelBuilder &model, Value x, int64_t layer,
                     const std::string &prefix) {
  bool first = model.config.architecture == "gemma";
  std::string path = "layers." + std::to_string(layer);
  model.setPath(path + ".attention");
  Value y = gemmaNorm(model, x, prefix + "input_layernorm");
  y = attentionBlock(model, y, layer, prefix + "self_attn.");
  std::string after = prefix + "post_attention_layernorm";
  if (!first)
    y = gemmaNorm(model, y, after);
  x = model.add(x, y);
  model.setPath(path + ".mlp");
  y = gemmaNorm(model, x, first ? after : prefix + "pre_feedforward_layernorm");
  y = mlpBlock(model, y, prefix + "mlp.");
  if (!first)
    y = gemmaNorm(model, y, prefix + "post_feedforward_layernorm");
  return model.add(x, y);
}

void buildGemma(ModelBuilder &model) {
  const DecoderConfig &config = model.config;
  int64_t hidden = config.hiddenSize;
  model.setPath("embed_tokens");
  Value x = model.beginFunction("body", model.tokensType(),
                                model.activationType(hidden));
  std::string table = "model.embed_tokens.weight";
  x = model.embedding(x, model.weight(table, {config.vocabSize, hidden}));
  x = model.scale(x, config.embeddingScale);
  for (int64_t layer = 0; layer < config.layers; ++layer)
    x = layerOf(model, x, layer, "model.layers." + std::to_string(layer) + ".");
  model.endFunction(x);

  model.setPath("lm_head");
  x = model.beginFunction("head", model.activationType(hidden),
                          model.activationType(config.vocabSize));
  x = gemmaNorm(model, x, "model.norm");
  x = model.matmul(
      x, model.weight(config.tiedEmbeddings ? table : "lm_head.weight",
                      {config.vocabSize, hidden}));
  model.endFunction(model.softcap(x, config.logitSoftcap));
}

} // namespace sinter
