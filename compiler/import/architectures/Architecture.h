//===- Architecture.h - What is known about an architecture (private) -----===//
//
// One file per family describes its architectures: names, what a configuration
// means by absent keys, the keys and tensor names that it alone has. The
// defaults are those of the configuration classes of Hugging Face transformers
// 4.40 to 5; for GGUF those of llama.cpp, which has no keys for some (its
// loader is the source). Not for use outside compiler/import.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_ARCHITECTURES_ARCHITECTURE_H
#define SINTER_COMPILER_IMPORT_ARCHITECTURES_ARCHITECTURE_H

#include "compiler/import/Config.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace sinter::config {

class Keys;
class GgufKeys;

/// One part of a tensor's name without its ".weight" or ".bias".
struct NamePair {
  llvm::StringLiteral gguf;
  llvm::StringLiteral huggingFace;
};

inline constexpr NamePair kUsualNamesOutside[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
};
inline constexpr NamePair kUsualNamesInLayer[] = {
    {"attn_norm", "input_layernorm"},
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"},
    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
};

/// An architecture and what its configuration class assumes for absent keys.
struct Architecture {
  /// model_type, and other spellings of it, of older files.
  llvm::StringRef name;
  std::vector<llvm::StringRef> otherNames = {};
  /// GGUF's general.architecture; empty: as name.
  llvm::StringRef ggufName = {};
  /// The entries of "architectures" that we implement.
  std::vector<llvm::StringRef> modelClasses = {};
  int64_t maxPositions = 2048;
  /// 0: as many as heads.
  int64_t kvHeads = 0;
  /// 0: hidden_size / heads.
  int64_t headDim = 0;
  /// The MLP is this many times wider than the hidden state if there is no key;
  /// 0: the key is needed.
  int64_t widening = 0;
  /// Window if the key is absent; 0: the architecture has none.
  int64_t slidingWindow = 0;
  /// True if windows are off unless use_sliding_window says otherwise.
  bool windowIsOptional = false;
  /// True if windows are off unless sliding_window is given.
  bool windowNeedsKey = false;
  /// Every so many-th layer sees everything, the others have the window; 0: all
  /// layers alike.
  int64_t windowPeriod = 0;
  bool qkvBias = false;
  /// True if attention_bias (with its default) and mlp_bias are honoured.
  bool hasAttentionBiasKey = false;
  bool attentionBias = false;
  bool hasMlpBiasKey = false;
  bool qkNorm = false;
  bool tiedByDefault = false;
  double normEpsilon = 1e-6;
  Activation activation = Activation::Silu;
  /// "gelu" under hidden_act means the tanh form.
  bool oldGeluIsTanh = false;
  double ropeTheta = 10000.0;
  double rotaryShare = 1.0;
  bool longRope = false;
  bool hasLocalRope = false;
  /// Keys that others are refused for.
  std::vector<llvm::StringRef> honoured = {};
  /// Layer norms instead of RMS norms: GGUF has the epsilon under another key.
  bool layerNorm = false;
  /// Whether layers of GGUF files may have a window, and the window if there is
  /// no key (0: none). Mistral's files are of architecture llama.
  bool ggufSlides = false;
  int64_t ggufWindow = 0;
  /// What GGUF calls the tensors, outside layers and after "blk.N.", and what
  /// stands for "blk.". Source: the tensor name list of the GGUF specification,
  /// and what llama.cpp's converter writes.
  llvm::StringRef ggufLayers = "model.layers.";
  llvm::ArrayRef<NamePair> ggufOutside = kUsualNamesOutside;
  llvm::ArrayRef<NamePair> ggufInLayer = kUsualNamesInLayer;
  /// The converter stores q and k rows in interleaved rotary order.
  bool ggufRopeInterleaved = false;
  /// GGUF keys that others are refused for.
  std::vector<llvm::StringRef> ggufHonoured = {};
  /// Reads what only this architecture has, after everything else.
  void (*readOwn)(Keys &keys, DecoderConfig &config) = nullptr;
  void (*readGguf)(GgufKeys &keys, DecoderConfig &config) = nullptr;
  /// The family in Families.def, which names the files.
  llvm::StringRef family = {};
};

#define SINTER_FAMILY(Name) std::vector<Architecture> describe##Name();
#include "compiler/import/architectures/Families.def"

/// The table entry, or null. `name` is any of an entry's names.
const Architecture *findArchitecture(llvm::StringRef name);
const Architecture *findArchitectureByClass(llvm::StringRef modelClass);
const Architecture *findGgufArchitecture(llvm::StringRef name);
/// "llama, mistral, ..." for messages.
std::string architectureNames();
std::string ggufArchitectureNames();

} // namespace sinter::config

#endif // SINTER_COMPILER_IMPORT_ARCHITECTURES_ARCHITECTURE_H
