//===- HuggingFaceFolder.h - A checkpoint as the hub has it -------*- C++
//-*-===//
//
// A folder with config.json and model.safetensors, or several shards named by
// model.safetensors.index.json; beside them generation_config.json and
// tokenizer files. Every shard that the index names is mapped when the folder
// is opened.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_HUGGINGFACEFOLDER_H
#define SINTER_COMPILER_IMPORT_HUGGINGFACEFOLDER_H

#include "compiler/import/ModelSource.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace sinter {

class HuggingFaceFolder : public ModelSource {
public:
  /// True for a folder that has a config.json.
  static bool accepts(llvm::StringRef path);
  static llvm::Expected<std::unique_ptr<ModelSource>>
  open(llvm::StringRef path);
  static bool classof(const ModelSource *source) {
    return source->format() == Format::HuggingFace;
  }

  /// generation_config.json; empty if there is none.
  const llvm::json::Object &generationConfig() const { return generation; }

  /// Full path of a file in the folder ("tokenizer.json"), empty if it is not
  /// there. `name` is ours, never from a file.
  std::string filePath(llvm::StringRef name) const;

private:
  explicit HuggingFaceFolder(llvm::StringRef path)
      : ModelSource(Format::HuggingFace, path) {}

  llvm::Error openSingle(llvm::StringRef file);
  llvm::Error openSharded(llvm::StringRef indexFile);

  llvm::json::Object generation;
};

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_HUGGINGFACEFOLDER_H
