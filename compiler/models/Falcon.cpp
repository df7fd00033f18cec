// Falcon in its three generations: RW (every head its keys, ALiBi or rotation,
// one block after the other), 7B (one key-value head, attention and MLP side by
// side under one norm), 40B and later (groups, two norms). q, k and v are fused
// in three orders. Source: TII's published modelling code.
#include "compiler/models/ModelBuilder.h"

using namespace mlir;

namespace sinter {

static Value attentionBlock(ModelBuilder &model, Value x, int64_t layer,
                            const std::string &prefix) {
  const DecoderConfig &config = model.config;
  auto p = model.fusedProjections(x, prefix + "query_key_value",
                                  config.qkvLayout, config.qkvBias);
  if (!config.alibi) {
    p.q = model.rope(p.q, config.heads, layer);
    p.k = model.rope(p.k, config.kvHeads, layer);
  }
  return model.linear(model.attention(p.q, p.k, p.v, layer), prefix + "dense",
                      config.hiddenSize, config.attentionOutputBias);
}

static Value mlpBlock(ModelBuilder &model, Value x, const std::string &prefix) {
  const DecoderConfig &config = model.config;
  Value inner = model.linear(x, prefix + "dense_h_to_4h",
                             config.intermediateSize, config.mlpBias);
  return model.linear(model.activation(inner), prefix + "dense_4h_to_h",
                      config.hiddenSize, config.mlpBias);
}

static Value layerOf(ModelBuilder &model, Value x, int64_t layer,
                     const std::string &prefix) {
  const DecoderConfig &config = model.config;
  std::string path = "layers." + std::to_string(layer);
  model.setPath(path + ".attention");
  bool two = config.separateMlpNorm;
  // GGUF has the MLP's norm under the name of the only one.
  const char *mlpNorm = model.isGguf() ? "input_layernorm" : "ln_mlp";
  Value normed =
      model.layerNorm(x, prefix + (two ? "ln_attn" : "input_layernorm"));
  Value sum = model.add(
      x, attentionBlock(model, normed, layer, prefix + "self_attention."));
  model.setPath(path + ".mlp");
  if (two)
    normed = model.layerNorm(x, prefix + mlpNorm);
  else if (!config.parallelResidual)
    normed = model.layerNorm(sum, prefix + "post_attention_layernorm");
  return model.add(sum, mlpBlock(model, normed, prefix + "mlp."));
}

void buildFalcon(ModelBuilder &model) {
  const DecoderConfig &config = model.config;
  int64_t hidden = config.hiddenSize;
  model.setPath("embed_tokens");
  Value x = model.beginFunction("body", model.tokensType(),
                                model.activationType(hidden));
  std::string table = "transformer.word_embeddings.weight";
  x = model.embedding(x, model.weight(table, {config.vocabSize, hidden}));
  for (int64_t layer = 0; layer < config.layers; ++layer)
    x = layerOf(model, x, layer,
                "transformer.h." + std::to_string(layer) + ".");
  model.endFunction(x);

  model.setPath("lm_head");
  x = model.beginFunction("head", model.activationType(hidden),
                          model.activationType(config.vocabSize));
  x = model.layerNorm(x, "transformer.ln_f");
  model.endFunction(model.matmul(
      x, model.weight(config.tiedEmbeddings ? table : "lm_head.weight",
                      {config.vocabSize, hidden})));
}

} // namespace sinter
