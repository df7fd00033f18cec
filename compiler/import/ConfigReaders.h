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

namespace sinter::config {

/// An architecture and what its configuration class assumes for absent keys.
struct Architecture {
  /// model_type; also general.architecture of GGUF files.
  llvm::StringLiteral name;
  /// The one entry of "architectures" that we implement.
  llvm::StringLiteral modelClass;
  int64_t maxPositions;
  /// 0: as many as heads.
  int64_t kvHeads;
  /// 0: hidden_size / heads.
  int64_t headDim;
  /// Window if the key is absent; 0: the architecture has none.
  int64_t slidingWindow;
  /// True if windows are off unless use_sliding_window says otherwise.
  bool windowIsOptional;
  bool qkvBias;
  /// True if attention_bias and mlp_bias are honoured.
  bool hasAttentionBiasKey;
  bool hasMlpBiasKey;
  bool qkNorm;
};

/// The table entry, or null.
const Architecture *findArchitecture(llvm::StringRef name);
const Architecture *findArchitectureByClass(llvm::StringRef modelClass);
/// "llama, mistral, ..." for messages.
std::string architectureNames();

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
