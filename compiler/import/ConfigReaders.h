//===- ConfigReaders.h - Parts of readConfig (private) ------------*- C++
//-*-===//
//
// Config.cpp holds the ranges that the formats share, architectures/ what
// single architectures have; one file per format translates keys. Not for use
// outside this folder.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_CONFIGREADERS_H
#define SINTER_COMPILER_IMPORT_CONFIGREADERS_H

#include "compiler/import/Config.h"
#include "compiler/import/HuggingFaceFolder.h"
#include "compiler/import/architectures/Architecture.h"
#include "compiler/import/gguf/GgufFile.h"

namespace sinter::config {

class Keys;

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
