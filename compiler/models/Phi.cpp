// Phi-1, 1.5 and 2: one layer norm per layer, attention and MLP side by side,
// biases everywhere, a rotated share of each head, a plain MLP. Three naming
// schemes: transformers, phi-msft (fused Wqkv), mixformer-sequential (numbered
// layers). Source: Microsoft's published modelling code.
#include "compiler/models/ModelBuilder.h"

using namespace mlir;

namespace {

/// Tensor names of one scheme; "$" stands for the layer's number.
struct Names {
  std::string embedding, layer, norm, dense, fc1, fc2, finalNorm, head;
  /// Fused projection, or empty for q_proj, k_proj, v_proj below attention.
  std::string fused, attention;
};

} // namespace

namespace sinter {

static Names namesOf(ModelBuilder &model) {
  if (model.has("transformer.embd.wte.weight"))
    return {"transformer.embd.wte",
            "transformer.h.",
            "ln",
            "mixer.out_proj",
            "mlp.fc1",
            "mlp.fc2",
            "lm_head.ln",
            "lm_head.linear",
            "mixer.Wqkv",
            "mixer."};
  if (model.has("layers.0.wte.weight")) {
    std::string head =
        "layers." + std::to_string(model.config.layers + 1) + ".";
    return {"layers.0.wte", "layers.", "ln",        "mixer.out_proj",
            "mlp.fc1",      "mlp.fc2", head + "ln", head + "linear",
            "mixer.Wqkv",   "mixer."};
  }
  Names names{"model.embed_tokens",
              "model.layers.",
              "input_layernorm",
              "self_attn.dense",
              "mlp.fc1",
              "mlp.fc2",
              "model.final_layernorm",
              "lm_head",
              "",
              "self_attn."};
  if (model.has("model.layers.0.self_attn.qkv_proj.weight"))
    names.fused = "self_attn.qkv_proj";
  return names;
}

static Value attentionBlock(ModelBuilder &model, Value x, int64_t layer,
                            const Names &names, const std::string &prefix) {
  const DecoderConfig &config = model.config;
  int64_t kvRows = config.kvHeads * config.headDim;
  ModelBuilder::Projections p;
  std::string attention = prefix + names.attention;
  if (names.fused.empty()) {
    p.q = model.linear(x, attention + "q_proj", config.heads * config.headDim,
                       true);
    p.k = model.linear(x, attention + "k_proj", kvRows, true);
    p.v = model.linear(x, attention + "v_proj", kvRows, true);
  } else {
    p = model.fusedProjections(x, prefix + names.fused, QkvLayout::Stacked,
                               true);
  }
  if (config.qkNorm) {
    p.q = model.layerNorm(p.q, attention + "q_layernorm", config.heads);
    p.k = model.layerNorm(p.k, attention + "k_layernorm", config.kvHeads);
  }
  Value q = model.rope(p.q, config.heads, layer);
  Value k = model.rope(p.k, config.kvHeads, layer);
  return model.linear(model.attention(q, k, p.v, layer), prefix + names.dense,
                      config.hiddenSize, true);
}

void buildPhi(ModelBuilder &model) {
  const DecoderConfig &config = model.config;
  Names names = namesOf(model);
  int64_t hidden = config.hiddenSize;
  int64_t firstNumber = names.layer == "layers." ? 1 : 0;
  model.setPath("embed_tokens");
  Value x = model.beginFunction("body", model.tokensType(),
                                model.activationType(hidden));
  std::string table = names.embedding + ".weight";
  x = model.embedding(x, model.weight(table, {config.vocabSize, hidden}));
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string path = "layers." + std::to_string(layer);
    std::string prefix =
        names.layer + std::to_string(layer + firstNumber) + ".";
    model.setPath(path + ".attention");
    Value normed = model.layerNorm(x, prefix + names.norm);
    x = model.add(x, attentionBlock(model, normed, layer, names, prefix));
    model.setPath(path + ".mlp");
    Value inner =
        model.linear(normed, prefix + names.fc1, config.intermediateSize, true);
    x = model.add(x, model.linear(model.activation(inner), prefix + names.fc2,
                                  hidden, true));
  }
  model.endFunction(x);

  model.setPath("lm_head");
  x = model.beginFunction("head", model.activationType(hidden),
                          model.activationType(config.vocabSize));
  x = model.layerNorm(x, names.finalNorm);
  model.endFunction(model.linear(x, names.head, config.vocabSize, true));
}

} // namespace sinter
