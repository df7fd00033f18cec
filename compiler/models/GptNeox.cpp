// GPT-NeoX and Pythia: layer norms, biases, a rotated share of each head, a
// plain MLP; attention and MLP side by side, each with its norm, or one after
// the other. q, k and v are fused head by head. Source: Black et al., arXiv
// 2204.06745, and the published modelling code.
#include "compiler/models/ModelBuilder.h"

using namespace mlir;

namespace sinter {

static Value attentionBlock(ModelBuilder &model, Value x, int64_t layer,
                            const std::string &prefix) {
  const DecoderConfig &config = model.config;
  auto p = model.fusedProjections(x, prefix + "query_key_value",
                                  config.qkvLayout, config.qkvBias);
  Value q = model.rope(p.q, config.heads, layer);
  Value k = model.rope(p.k, config.kvHeads, layer);
  return model.linear(model.attention(q, k, p.v, layer), prefix + "dense",
                      config.hiddenSize, config.attentionOutputBias);
}

static Value mlpBlock(ModelBuilder &model, Value x, const std::string &prefix) {
  const DecoderConfig &config = model.config;
  Value inner = model.linear(x, prefix + "dense_h_to_4h",
                             config.intermediateSize, config.mlpBias);
  return model.linear(model.activation(inner), prefix + "dense_4h_to_h",
                      config.hiddenSize, config.mlpBias);
}

void buildGptNeox(ModelBuilder &model) {
  const DecoderConfig &config = model.config;
  int64_t hidden = config.hiddenSize;
  model.setPath("embed_tokens");
  Value x = model.beginFunction("body", model.tokensType(),
                                model.activationType(hidden));
  std::string table = "gpt_neox.embed_in.weight";
  x = model.embedding(x, model.weight(table, {config.vocabSize, hidden}));
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string path = "layers." + std::to_string(layer);
    std::string prefix = "gpt_neox." + path + ".";
    model.setPath(path + ".attention");
    Value normed = model.layerNorm(x, prefix + "input_layernorm");
    Value sum = model.add(
        x, attentionBlock(model, normed, layer, prefix + "attention."));
    model.setPath(path + ".mlp");
    normed = model.layerNorm(config.parallelResidual ? x : sum,
                             prefix + "post_attention_layernorm");
    x = model.add(sum, mlpBlock(model, normed, prefix + "mlp."));
  }
  model.endFunction(x);

  model.setPath("lm_head");
  x = model.beginFunction("head", model.activationType(hidden),
                          model.activationType(config.vocabSize));
  x = model.layerNorm(x, "gpt_neox.final_layer_norm");
  model.endFunction(model.matmul(
      x, model.weight(config.tiedEmbeddings ? table : "embed_out.weight",
                      {config.vocabSize, hidden})));
}

} // namespace sinter
