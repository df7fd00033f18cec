//===- ModelSource.cpp - A model as it lies on disk
//-------------------------===//
//
// See ModelSource.h.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ModelSource.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

using namespace sinter;

std::string TensorInfo::describe() const {
  std::string text = "[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(shape, os);
  os << "] " << dtypeName(dtype);
  return text;
}

ModelSource::~ModelSource() = default;

const TensorInfo *ModelSource::find(llvm::StringRef name) const {
  auto found = byName.find(name);
  return found == byName.end() ? nullptr : &index[found->second];
}

llvm::Expected<const TensorInfo *>
ModelSource::require(llvm::StringRef name) const {
  if (const TensorInfo *tensor = find(name))
    return tensor;
  return inputError(location + ": has no tensor " + name);
}

void ModelSource::release(const TensorInfo &tensor, uint64_t from,
                          uint64_t bytes) const {
  if (from >= tensor.bytes)
    return;
  mapped[tensor.file]->release(tensor.offset + from,
                               std::min(bytes, tensor.bytes - from));
}

llvm::Error ModelSource::checkUnchanged() const {
  for (const std::unique_ptr<MappedFile> &file : mapped)
    if (llvm::Error error = file->checkUnchanged())
      return error;
  return llvm::Error::success();
}

llvm::Error ModelSource::addFile(std::unique_ptr<MappedFile> file,
                                 std::vector<TensorInfo> found) {
  unsigned number = static_cast<unsigned>(mapped.size());
  index.reserve(index.size() + found.size());
  for (TensorInfo &tensor : found) {
    tensor.file = number;
    auto [entry, isNew] =
        byName.try_emplace(tensor.name, static_cast<unsigned>(index.size()));
    if (!isNew) {
      unsigned other = index[entry->second].file;
      return inputError(
          file->path() + ": tensor " + tensor.name + " is already in " +
          (other == number ? "the same file" : mapped[other]->path()) +
          "; one of the two must go");
    }
    index.push_back(std::move(tensor));
  }
  mapped.push_back(std::move(file));
  return llvm::Error::success();
}
