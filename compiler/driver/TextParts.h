// What of a bundle is text's: the tokenizer, the chat template, the sampling
// defaults.
#pragma once

#include "compiler/bundle/Manifest.h"
#include "compiler/import/Config.h"
#include "compiler/import/ModelSource.h"

namespace sinter {

struct TextParts {
  std::vector<uint8_t>
      tokenizer; ///< tokenizer.bin; empty if the model brings none
  std::optional<std::string> chatTemplate;
  std::string remark; ///< for the user; empty: nothing to say
  ManifestInfo::Sampling sampling;
};

/// Reads them from the model's folder or GGUF metadata. A tokenizer that is
/// there but damaged or unknown is an error; none at all is not.
llvm::Expected<TextParts> readTextParts(const ModelSource &source,
                                        const DecoderConfig &config);

} // namespace sinter
