//===- ConfigReaders.h - Parts of readConfig (private) ------------*- C++
//-*-===//
//
// Config.cpp holds what the formats share: the ranges and the architectures;
// one file per format translates keys. Not for use outside this folder.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_CONFIGREADERS_H
#define SINTER_COMPILER_IMPORT_CONFIGREADERS_H

#include "compiler/import/Config.h"
#include "compiler/import/HuggingFaceFolder.h"
#include "compiler/import/gguf/GgufFile.h"

#include <vector>

namespace sinter::config {

class Keys;
class GgufKeys;

/// An architecture and what its configuration class assumes for absent keys.
/// The table is in Architectures.cpp.
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
  /// GGUF keys that others are refused for.
  std::vector<llvm::StringRef> ggufHonoured = {};
  /// Reads what only this architecture has, after everything else.
  void (*readOwn)(Keys &keys, DecoderConfig &config) = nullptr;
  void (*readGguf)(GgufKeys &keys, DecoderConfig &config) = nullptr;
};

/// The table entry, or null. `name` is any of an entry's names.
const Architecture *findArchitecture(llvm::StringRef name);
const Architecture *findArchitectureByClass(llvm::StringRef modelClass);
const Architecture *findGgufArchitecture(llvm::StringRef name);
/// "llama, mistral, ..." for messages.
std::string architectureNames();
std::string ggufArchitectureNames();

enum class KeyScheme { HuggingFace, Gguf };

/// Checks every size against its range and the relations between them; the
/// message begins with `where` and names the key in the given scheme. Nothing
/// may be allocated from the sizes before this.
llvm::Error checkSizes(const DecoderConfig &config, KeyScheme scheme,
                       llvm::StringRef where);

/// Checks epsilon, window, rotary parameters and token ids.
llvm::Error checkParameters(const DecoderConfig &config, llvm::StringRef where);

/// 0.1 * scale * ln(factor) + 1, the magnitude correction of YaRN
/// (section 3.4).
double yarnMagnitude(double factor, double scale = 1.0);
/// sqrt(1 + ln(stretch) / ln(original)), that of longrope; 1 if nothing is
/// stretched.
double longRopeMagnitude(double stretch, int64_t original);

/// Refuses keys of config.json that this architecture does not honour.
void refuseUnknownFeatures(Keys &keys, const Architecture &architecture);

/// `keys` is config.json, `generation` generation_config.json (or empty),
/// hasHead whether there is an lm_head.weight; `folder` is for messages.
llvm::Expected<DecoderConfig>
readHuggingFaceKeys(const llvm::json::Object &keys,
                    const llvm::json::Object &generation, bool hasHead,
                    llvm::StringRef folder);
llvm::Expected<DecoderConfig> readHuggingFace(const HuggingFaceFolder &folder);
llvm::Expected<DecoderConfig> readGguf(const GgufFile &file);

} // namespace sinter::config

#endif // SINTER_COMPILER_IMPORT_CONFIGREADERS_H
