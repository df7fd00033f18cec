// Whether a model uses what its file brings: a tensor that nobody reads (a bias
// the configuration does not mention, scales of quantized weights, a layer more
// than it counts) means that the file and we understand different models.
#pragma once

#include "compiler/import/ModelSource.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"

namespace sinter {

/// UnsupportedError that names the first tensor which belongs to the decoder
/// (it lies among the layers, or beside a used tensor) but is not in `used`.
/// Buffers that follow from the configuration (masks, rotary frequencies) and
/// what lies elsewhere (a reward head) may be left over.
llvm::Error checkTensorsUsed(const ModelSource &source,
                             const llvm::StringSet<> &used);

} // namespace sinter
