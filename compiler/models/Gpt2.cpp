// GPT-2: learned positions, layer norms, biases everywhere, a plain MLP. Its
// matrices are stored [in, out]; tensor names have or lack "transformer.".
// Source: Radford et al. 2019 and the published modelling code.
#include "compiler/models/ModelBuilder.h"

using namespace mlir;

namespace sinter {

void buildGpt2(ModelBuilder &model) {
  const DecoderConfig &config = model.config;
  int64_t hidden = config.hiddenSize, inner = config.intermediateSize;
  std::string root = model.has("wte.weight") ? "" : "transformer.";
  // GGUF files have the matrices as [out, in].
  TensorForm stored;
  stored.transposed = !model.isGguf();
  model.setPath("embed_tokens");
  Value x = model.beginFunction("body", model.tokensType(),
                                model.activationType(hidden));
  std::string table = root + "wte.weight";
  x = model.embedding(x, model.weight(table, {config.vocabSize, hidden}));
  x = model.addPositions(
      x, model.weight(root + "wpe.weight", {config.maxPositions, hidden}));
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    std::string prefix = root + "h." + std::to_string(layer) + ".";
    std::string path = "layers." + std::to_string(layer);
    model.setPath(path + ".attention");
    Value normed = model.layerNorm(x, prefix + "ln_1");
    auto p = model.fusedProjections(normed, prefix + "attn.c_attn",
                                    config.qkvLayout, true, stored.transposed);
    Value mixed = model.attention(p.q, p.k, p.v, layer);
    x = model.add(
        x, model.linear(mixed, prefix + "attn.c_proj", hidden, true, stored));
    model.setPath(path + ".mlp");
    normed = model.layerNorm(x, prefix + "ln_2");
    Value wide = model.linear(normed, prefix + "mlp.c_fc", inner, true, stored);
    x = model.add(x, model.linear(model.activation(wide), prefix + "mlp.c_proj",
                                  hidden, true, stored));
  }
  model.endFunction(x);

  model.setPath("lm_head");
  x = model.beginFunction("head", model.activationType(hidden),
                          model.activationType(config.vocabSize));
  x = model.layerNorm(x, root + "ln_f");
  model.endFunction(model.matmul(
      x, model.weight(config.tiedEmbeddings ? table : "lm_head.weight",
                      {config.vocabSize, hidden})));
}

} // namespace sinter
