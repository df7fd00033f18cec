//===- Phi3.cpp - Phi-3, Phi-3.5, Phi-4-mini ----------------------------===//
//
// Rows of projections are fused.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "compiler/import/GgufKeys.h"
#include "compiler/import/architectures/Architecture.h"

using namespace sinter;
using namespace sinter::config;

static constexpr NamePair kPhi3InLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_qkv", "self_attn.qkv_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_up", "mlp.gate_up_proj"},
    {"ffn_down", "mlp.down_proj"},
};

static void readPhi3(Keys &, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
}

/// The converter puts fused rows into one order, whatever the checkpoint's.
static void readPhi3Gguf(GgufKeys &, DecoderConfig &config) {
  config.qkvLayout = QkvLayout::Stacked;
}

std::vector<Architecture> config::describePhi3() {
  Architecture phi3{"phi3"};
  phi3.modelClasses = {"Phi3ForCausalLM"};
  phi3.maxPositions = 4096;
  phi3.normEpsilon = 1e-5;
  phi3.slidingWindow = 1 << 30;
  phi3.windowNeedsKey = phi3.longRope = phi3.ggufSlides = true;
  phi3.honoured = {"partial_rotary_factor"};
  phi3.readOwn = readPhi3;
  phi3.readGguf = readPhi3Gguf;
  phi3.ggufInLayer = kPhi3InLayer;
  return {phi3};
}
