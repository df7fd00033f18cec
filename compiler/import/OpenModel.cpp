//===- OpenModel.cpp - Finding the importer for a path
//----------------------===//
//
// See openModel in ModelSource.h; the table is Importers.def.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/HuggingFaceFolder.h"
#include "compiler/import/gguf/GgufFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace sinter;
namespace fs = llvm::sys::fs;

/// Why nobody accepted `path`, and what to name instead.
static llvm::Error refusal(llvm::StringRef path) {
  if (!fs::exists(path))
    return inputError(path + ": no such file or folder");
  if (fs::is_directory(path))
    return inputError(path + ": has no config.json; name the folder of a "
                             "Hugging Face model or a GGUF file");
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".safetensors" || extension == ".json")
    return inputError(path + ": name the folder that holds the model, not a "
                             "file in it");
  llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  if (llvm::Error error = checkNotLfsPointer((*file)->text(), path))
    return error;
  return inputError(path + ": is no model format known here; Hugging Face "
                           "folders and GGUF files are");
}

llvm::Expected<std::unique_ptr<ModelSource>>
sinter::openModel(llvm::StringRef path) {
#define SINTER_IMPORTER(Class)                                                 \
  if (Class::accepts(path))                                                    \
    return Class::open(path);
#include "compiler/import/Importers.def"
  return refusal(path);
}
