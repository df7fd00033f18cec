// StableLM: layer norms, rotation of a quarter of each head, a gated MLP. The
// 12B model norms each head of q and k with weights of its own, and adds
// attention and MLP of the same input side by side. Source: Stability AI's
// published modelling code and that of Hugging Face transformers.
#include "compiler/models/ModelBuilder.h"

using namespace mlir;

namespace sinter {

/// The norm of each head: published as one tensor per head.
static Value headNorm(ModelBuilder &model, Value x, const std::string &prefix,
                      int64_t heads) {
  int64_t dim = model.config.headDim;
  if (model.isGguf()) { // one tensor [heads, dim]
    TensorForm form;
    form.vectorRows = heads;
    return model.layerNorm(
        x, model.weight(prefix + ".weight", {heads * dim}, form), Value(),
        heads);
  }
  std::vector<std::string> tensors;
  for (int64_t head = 0; head < heads; ++head)
    tensors.push_back(prefix + ".norms." + std::to_string(head) + ".weight");
  return model.layerNorm(
      x, model.concatenated(prefix + ".weight", tensors, dim), Value(), heads);
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
    q = headNorm(model, q, prefix + "q_layernorm", config.heads);
    k = headNorm(model, k, prefix + "k_layernorm", config.kvHeads);
  }
  q = model.rope(q, config.heads, layer);
  k = model.rope(k, config.kvHeads, layer);
  return model.linear(model.attention(q, k, v, layer), prefix + "o_proj",
                      config.hiddenSize, false);
}

static Value mlpBlock(ModelBuilder &model, Value x, const std::string &prefix) {
  int64_t inner = model.config.intermediateSize;
  Value gate = model.linear(x, prefix + "gate_proj", inner, false);
  Value up = model.linear(x, prefix + "up_proj", inner, false);
  return model.linear(model.mul(model.activation(gate), up),
                      prefix + "down_proj", model.config.hiddenSize, false);
}

void buildStableLm(ModelBuilder &model) {
  const DecoderConfig &config = model.config;
  int64_t hidden = config.hiddenSize;
  model.setPath("embed_tokens");
  Value x = model.beginFunction("body", model.tokensType(),
                                model.activationType(hidden));
  std::string table = "model.embed_tokens.weight";
  x = model.embedding(x, model.weight(table, {config.vocabSize, hidden}));
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string path = "layers." + std::to_string(layer);
    std::string prefix = "model." + path + ".";
    model.setPath(path + ".attention");
    Value normed = model.layerNorm(x, prefix + "input_layernorm");
    x = model.add(x,
                  attentionBlock(model, normed, layer, prefix + "self_attn."));
    model.setPath(path + ".mlp");
    if (!config.parallelResidual)
      normed = model.layerNorm(x, prefix + "post_attention_layernorm");
    x = model.add(x, mlpBlock(model, normed, prefix + "mlp."));
  }
  model.endFunction(x);

  model.setPath("lm_head");
  x = model.beginFunction("head", model.activationType(hidden),
                          model.activationType(config.vocabSize));
  x = model.layerNorm(x, "model.norm");
  model.endFunction(model.matmul(
      x, model.weight(config.tiedEmbeddings ? table : "lm_head.weight",
                      {config.vocabSize, hidden})));
}

} // namespace sinter
