//===- Safetensors.h - Reader of the safetensors container --------*- C++
//-*-===//
//
// A file is: 8 bytes little-endian header length N, N bytes of JSON, tensor
// data. The header names each tensor's type, shape and [begin, end) in the
// data; the tensors cover the data exactly, without gap or overlap. Source: the
// format page and the checks of huggingface/safetensors.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_SAFETENSORS_SAFETENSORS_H
#define SINTER_COMPILER_IMPORT_SAFETENSORS_SAFETENSORS_H

#include "compiler/import/ModelSource.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace sinter::safetensors {

/// Longest header we read, as in the reference implementation.
inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;
/// Bounds that keep the index small next to the header it came from.
inline constexpr size_t kMaxTensors = 1u << 18;
inline constexpr size_t kMaxNameBytes = 1024;
inline constexpr size_t kMaxRank = 8;

/// Reads and checks the header of a whole file; `path` is for messages. Tensors
/// come back ordered by offset, with `file` 0. Memory is bounded by the
/// header's size; nothing is allocated from a number in the file. Errors:
/// InputError with the byte offset or the tensor's name; UnsupportedError for
/// an unknown type.
llvm::Expected<std::vector<TensorInfo>>
readTensors(llvm::ArrayRef<uint8_t> file, llvm::StringRef path);

} // namespace sinter::safetensors

#endif // SINTER_COMPILER_IMPORT_SAFETENSORS_SAFETENSORS_H
