//===- TensorNames.h - GGUF tensor names as Hugging Face ones -----*- C++
//-*-===//
//
// GGUF has names of its own (blk.3.attn_q.weight). The model builders know one
// naming, that of the published checkpoints.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_GGUF_TENSORNAMES_H
#define SINTER_COMPILER_IMPORT_GGUF_TENSORNAMES_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace sinter::gguf {

/// The Hugging Face name of a tensor in a file of that architecture
/// ("model.layers.3.self_attn.q_proj.weight"). A name that the table does not
/// have (rope_freqs.weight) comes back as it is.
std::string huggingFaceName(llvm::StringRef architecture,
                            llvm::StringRef ggufName);

/// True if the converter stores q and k rows in interleaved rotary order for
/// this architecture.
bool ropeRowsInterleaved(llvm::StringRef architecture);

} // namespace sinter::gguf

#endif // SINTER_COMPILER_IMPORT_GGUF_TENSORNAMES_H
