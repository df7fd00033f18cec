//===- GgufFile.h - Reader of the GGUF container ------------------*- C++
//-*-===//
//
// Versions 2 and 3, little-endian, one file. The tensor table is translated to
// Hugging Face names and shapes (see ModelSource.h and TensorNames.h).
// Source: the GGUF specification (ggml docs/gguf.md).
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_GGUF_GGUFFILE_H
#define SINTER_COMPILER_IMPORT_GGUF_GGUFFILE_H

#include "compiler/import/ModelSource.h"
#include "compiler/import/gguf/GgufMetadata.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <vector>

namespace sinter {

class GgufFile : public ModelSource {
public:
  /// True for a file that is called *.gguf or begins with the magic, and for a
  /// folder (tried after Hugging Face folders) with exactly one *.gguf file.
  static bool accepts(llvm::StringRef path);
  static llvm::Expected<std::unique_ptr<ModelSource>>
  open(llvm::StringRef path);
  static bool classof(const ModelSource *source) {
    return source->format() == Format::Gguf;
  }

  const GgufMetadata &metadata() const { return table; }
  /// general.architecture.
  llvm::StringRef architecture() const { return arch; }
  bool ropeRowsInterleaved() const override;

private:
  explicit GgufFile(llvm::StringRef path)
      : ModelSource(Format::Gguf, path), table(path) {}

  GgufMetadata table;
  std::string arch;
};

namespace gguf {

/// Header, metadata and tensor table of one file.
struct Contents {
  GgufMetadata metadata;
  /// With the names of the file; ordered by offset, `file` 0.
  std::vector<TensorInfo> tensors;
};

/// Reads and checks everything before the tensor data, and that each tensor's
/// data lies inside the file, aligned and apart from the others. Memory is
/// bounded by the bytes read; `file` must outlive the result. Errors:
/// InputError with the byte offset; UnsupportedError for tensor types we do not
/// read and files in several parts.
llvm::Expected<Contents> readContents(llvm::ArrayRef<uint8_t> file,
                                      llvm::StringRef path);

} // namespace gguf
} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_GGUF_GGUFFILE_H
