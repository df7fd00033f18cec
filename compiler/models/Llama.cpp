// The Llama family: pre-norm decoder with RMS norms, rotary grouped-query
// attention and a gated MLP. Mistral adds a sliding window, Qwen2 biases on q,
// k and v, Qwen3 norms on q and k; all of that is in the DecoderConfig. Source:
// Touvron et al., arXiv 2302.13971, and the families' published modelling code.
#include "compiler/models/ModelBuilder.h"

using namespace mlir;

namespace sinter {

static Value attentionBlock(ModelBuilder &model, Value x, int64_t layer,
                            const std::string &prefix, int64_t unpermute) {
  const DecoderConfig &config = model.config;
  int64_t qRows = config.heads * config.headDim;
  int64_t kvRows = config.kvHeads * config.headDim;
  Value q = model.linear(x, prefix + "q_proj", qRows, config.qkvBias,
                         {unpermute * config.heads});
  Value k = model.linear(x, prefix + "k_proj", kvRows, config.qkvBias,
                         {unpermute * config.kvHeads});
  Value v = model.linear(x, prefix + "v_proj", kvRows, config.qkvBias);
  if (config.qkNorm) {
    q = model.rmsNorm(q,
                      model.weight(prefix + "q_norm.weight", {config.headDim}),
                      config.heads);
    k = model.rmsNorm(k,
                      model.weight(prefix + "k_norm.weight", {config.headDim}),
                      config.kvHeads);
  }
  q = model.rope(q, config.heads, layer);
  k = model.rope(k, config.kvHeads, layer);
  Value mixed = model.attention(q, k, v, layer);
  return model.linear(mixed, prefix + "o_proj", config.hiddenSize,
                      config.attentionOutputBias);
}

static Value mlpBlock(ModelBuilder &model, Value x, const std::string &prefix) {
  const DecoderConfig &config = model.config;
  Value gate = model.linear(x, prefix + "gate_proj", config.intermediateSize,
                            config.mlpBias);
  Value up = model.linear(x, prefix + "up_proj", config.intermediateSize,
                          config.mlpBias);
  Value inner = model.mul(model.activation(gate), up);
  return model.linear(inner, prefix + "down_proj", config.hiddenSize,
                      config.mlpBias);
}

void buildLlama(ModelBuilder &model) {
  const DecoderConfig &config = model.config;
  int64_t hidden = config.hiddenSize;
  model.setPath("embed_tokens");
  Value tokens = model.beginFunction("body", model.tokensType(),
                                     model.activationType(hidden));
  Value x = model.embedding(tokens, model.weight("model.embed_tokens.weight",
                                                 {config.vocabSize, hidden}));
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string path = "layers." + std::to_string(layer);
    std::string prefix = "model." + path + ".";
    model.setPath(path + ".attention");
    Value normed = model.rmsNorm(
        x, model.weight(prefix + "input_layernorm.weight", {hidden}));
    x = model.add(x, attentionBlock(model, normed, layer, prefix + "self_attn.",
                                    model.ropeRowsInterleaved() ? 1 : 0));
    model.setPath(path + ".mlp");
    normed = model.rmsNorm(
        x, model.weight(prefix + "post_attention_layernorm.weight", {hidden}));
    x = model.add(x, mlpBlock(model, normed, prefix + "mlp."));
  }
  model.endFunction(x);

  model.setPath("lm_head");
  x = model.beginFunction("head", model.activationType(hidden),
                          model.activationType(config.vocabSize));
  x = model.rmsNorm(x, model.weight("model.norm.weight", {hidden}));
  Value head = model.weight(config.tiedEmbeddings ? "model.embed_tokens.weight"
                                                  : "lm_head.weight",
                            {config.vocabSize, hidden});
  model.endFunction(model.matmul(x, head));
}

} // namespace sinter
