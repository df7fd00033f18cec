//===- ModelSource.h - A model as it lies on disk -----------------*- C++
//-*-===//
//
// What every importer produces: an index of the tensors in one or more mapped
// files, and the configuration as the format has it. Nothing is loaded; a
// tensor's bytes are a view into a mapping. When an object of this type exists,
// every tensor's bytes lie inside its file and have the size its shape and type
// say.
//
// Names are those of Hugging Face checkpoints
// ("model.layers.0.mlp.up_proj.weight") whatever the format; shapes are
// row-major with the outermost dimension first, so that a linear layer's weight
// is [out, in].
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_MODELSOURCE_H
#define SINTER_COMPILER_IMPORT_MODELSOURCE_H

#include "compiler/import/DType.h"
#include "compiler/support/MappedFile.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sinter {

/// One tensor of a model.
struct TensorInfo {
  std::string name;
  DType dtype = DType::F32;
  /// Row-major, outermost first; empty for a scalar.
  llvm::SmallVector<int64_t, 2> shape;
  /// Index into ModelSource::files().
  unsigned file = 0;
  /// First byte, from the start of the file.
  uint64_t offset = 0;
  uint64_t bytes = 0;

  /// Elements of the last dimension (1 for a scalar): what readRowF32 reads.
  int64_t rowElements() const { return shape.empty() ? 1 : shape.back(); }
  /// "[320, 64] bf16", for messages.
  std::string describe() const;
};

/// See the file comment. Immutable after open; const members may be called from
/// any thread.
class ModelSource {
public:
  enum class Format { HuggingFace, Gguf };

  virtual ~ModelSource();

  Format format() const { return kind; }
  /// What the user named: a folder or a file.
  llvm::StringRef path() const { return location; }

  /// In file order; within a file by offset.
  llvm::ArrayRef<TensorInfo> tensors() const { return index; }
  /// The tensor of that name, or null.
  const TensorInfo *find(llvm::StringRef name) const;
  /// Like find, but an InputError that names the model if there is none.
  llvm::Expected<const TensorInfo *> require(llvm::StringRef name) const;

  /// The files that hold tensors.
  llvm::ArrayRef<std::unique_ptr<MappedFile>> files() const { return mapped; }

  /// The tensor's bytes, not aligned in any way; valid while this object lives.
  llvm::ArrayRef<uint8_t> bytes(const TensorInfo &tensor) const {
    return mapped[tensor.file]->bytes().slice(tensor.offset, tensor.bytes);
  }
  /// Says that bytes [from, from + bytes) of the tensor are not needed soon, so
  /// that they stop counting towards resident memory.
  void release(const TensorInfo &tensor, uint64_t from, uint64_t bytes) const;

  /// InputError if any file was replaced or written to since it was opened.
  llvm::Error checkUnchanged() const;

  /// config.json; empty for GGUF, whose metadata is GgufFile::metadata().
  const llvm::json::Object &config() const { return configuration; }

  /// True if the rows of the q and k projections are in the order of
  /// interleaved rotary pairs (GGUF files of the llama architecture); the model
  /// builder undoes it, because our rotary form is half-split as in Hugging
  /// Face checkpoints.
  virtual bool ropeRowsInterleaved() const { return false; }

protected:
  ModelSource(Format kind, llvm::StringRef path)
      : kind(kind), location(path.str()) {}

  /// Takes over `file` and the tensors found in it (their `file` member is set
  /// here). InputError if a name is already taken.
  llvm::Error addFile(std::unique_ptr<MappedFile> file,
                      std::vector<TensorInfo> found);

  llvm::json::Object configuration;

private:
  const Format kind;
  const std::string location;
  std::vector<std::unique_ptr<MappedFile>> mapped;
  std::vector<TensorInfo> index;
  llvm::StringMap<unsigned> byName;
};

/// Opens whatever `path` is: a Hugging Face folder, a GGUF file, or a folder
/// with one GGUF file in it (Importers.def). Errors are InputError,
/// UnsupportedError or ResourceError.
llvm::Expected<std::unique_ptr<ModelSource>> openModel(llvm::StringRef path);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_MODELSOURCE_H
