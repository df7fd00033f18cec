// Phi-3, Phi-3.5 and Phi-4-mini: Llama's block with q, k, v in one projection
// and gate and up in another (gate first). Long contexts stretch each frequency
// by a factor of its own (longrope). Source: Microsoft's published modelling
// code.
#include "compiler/models/ModelBuilder.h"

using namespace mlir;

namespace sinter {

static Value attentionBlock(ModelBuilder &model, Value x, int64_t layer,
                            const std::string &prefix) {
  const DecoderConfig &config = model.config;
  auto p = model.fusedProjections(x, prefix + "qkv_proj", config.qkvLayout,
                                  config.qkvBias);
  Value q = model.rope(p.q, config.heads, layer);
  Value k = model.rope(p.k, config.kvHeads, layer);
  return model.linear(model.attention(q, k, p.v, layer), prefix + "o_proj",
                      config.hiddenSize, false);
}

static Value mlpBlock(ModelBuilder &model, Value x, const std::string &prefix) {
  int64_t inner = model.config.intermediateSize;
  Value both = model.linear(x, prefix + "gate_up_proj", 2 * inner, false);
  Value gate = model.activation(model.slice(both, 0, inner));
  return model.linear(model.mul(gate, model.slice(both, inner, inner)),
                      prefix + "down_proj", model.config.hiddenSize, false);
}

void buildPhi3(ModelBuilder &model) {
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
    Value normed = model.rmsNorm(
        x, model.weight(prefix + "input_layernorm.weight", {hidden}));
    x = model.add(x,
                  attentionBlock(model, normed, layer, prefix + "self_attn."));
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
  model.endFunction(model.matmul(
      x, model.weight(config.tiedEmbeddings ? table : "lm_head.weight",
                      {config.vocabSize, hidden})));
}

} // namespace sinter
