//===- HuggingFaceFolder.cpp - A checkpoint as the hub has it
//---------------===//
//
// See HuggingFaceFolder.h. File names from the index are plain names inside the
// folder; a symbolic link is followed, because the hub's own cache consists of
// them.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/HuggingFaceFolder.h"
#include "compiler/import/JsonReader.h"
#include "compiler/import/safetensors/Safetensors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <map>

using namespace sinter;
namespace fs = llvm::sys::fs;

static constexpr uint64_t kMaxConfigBytes = 1u << 20;
static constexpr uint64_t kMaxIndexBytes = 64u << 20;

static std::string join(llvm::StringRef folder, llvm::StringRef name) {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

static llvm::Expected<std::unique_ptr<MappedFile>>
openBounded(const std::string &path, uint64_t maxBytes) {
  llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  if ((*file)->size() > maxBytes)
    return inputError(path + ": has " + llvm::Twine((*file)->size()) +
                      " bytes, more than the limit of " +
                      llvm::Twine(maxBytes));
  if (llvm::Error error = checkNotLfsPointer((*file)->text(), path))
    return std::move(error);
  return file;
}

/// Parses a JSON file whose top level is an object.
static llvm::Expected<llvm::json::Object> readObject(const std::string &path) {
  llvm::Expected<std::unique_ptr<MappedFile>> file =
      openBounded(path, kMaxConfigBytes);
  if (!file)
    return file.takeError();
  llvm::Expected<llvm::json::Value> value = parseJson((*file)->text(), path);
  if (!value)
    return value.takeError();
  if (llvm::json::Object *object = value->getAsObject())
    return std::move(*object);
  return inputError(path + ": byte 0: the top level is not a JSON object");
}

bool HuggingFaceFolder::accepts(llvm::StringRef path) {
  return fs::is_directory(path) && fs::exists(join(path, "config.json"));
}

std::string HuggingFaceFolder::filePath(llvm::StringRef name) const {
  std::string full = join(path(), name);
  return fs::exists(full) ? full : std::string();
}

llvm::Error HuggingFaceFolder::openSingle(llvm::StringRef path) {
  llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeError();
  llvm::Expected<std::vector<TensorInfo>> tensors =
      safetensors::readTensors((*file)->bytes(), path);
  if (!tensors)
    return tensors.takeError();
  return addFile(std::move(*file), std::move(*tensors));
}

namespace {
/// weight_map turned around: each shard with the tensors it should hold.
using ShardMap = std::map<std::string, std::vector<std::string>>;
} // namespace

static bool isPlainName(llvm::StringRef name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(llvm::StringRef("/\\\0", 3)) ==
             llvm::StringRef::npos;
}

/// The object under "weight_map"; the reader stands before it.
static void readShards(JsonReader &json, ShardMap &shards) {
  llvm::StringSet<> seen;
  std::string tensor, file;
  json.beginObject();
  while (!json.failed() && json.nextKey(tensor)) {
    if (!seen.insert(tensor).second)
      json.fail("weight_map: tensor '" + tensor + "' occurs twice");
    if (!json.readString(file))
      return;
    if (!isPlainName(file))
      json.fail("weight_map: '" + file + "' is not a plain file name");
    shards[file].push_back(tensor);
  }
  if (!json.failed() && shards.empty())
    json.fail("weight_map is empty");
}

/// Pulled token by token: the index of a large model has megabytes.
static llvm::Expected<ShardMap> readWeightMap(const std::string &path) {
  llvm::Expected<std::unique_ptr<MappedFile>> file =
      openBounded(path, kMaxIndexBytes);
  if (!file)
    return file.takeError();
  JsonReader json((*file)->text(), path);
  ShardMap shards;
  bool found = false;
  std::string key;
  json.beginObject();
  while (!json.failed() && json.nextKey(key)) {
    if (key != "weight_map") {
      json.skipValue();
      continue;
    }
    if (found)
      json.fail("the key 'weight_map' occurs twice");
    found = true;
    readShards(json, shards);
  }
  if (json.atEnd() && !found)
    json.fail(0, "has no 'weight_map'");
  if (llvm::Error error = json.takeError())
    return std::move(error);
  return std::move(shards);
}

/// One error for all shards that are not there or are Git LFS pointers.
static llvm::Error checkShardsPresent(const ShardMap &shards,
                                      llvm::StringRef folder,
                                      llvm::StringRef indexPath) {
  std::vector<std::string> missing, pointers;
  for (const auto &[name, tensors] : shards) {
    std::string path = join(folder, name);
    if (!fs::exists(path)) {
      missing.push_back(name);
      continue;
    }
    uint64_t size = 0;
    if (fs::file_size(path, size) || size > 1024)
      continue;
    llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
    if (!file)
      return file.takeError();
    if (llvm::Error error = checkNotLfsPointer((*file)->text(), path)) {
      llvm::consumeError(std::move(error));
      pointers.push_back(name);
    }
  }
  if (!missing.empty())
    return inputError(indexPath + ": names " + llvm::Twine(missing.size()) +
                      " of " + llvm::Twine(shards.size()) +
                      " files that are missing: " + llvm::join(missing, ", ") +
                      "; download them into the same folder");
  if (!pointers.empty())
    return inputError(llvm::Twine(folder) + ": " +
                      llvm::Twine(pointers.size()) + " of " +
                      llvm::Twine(shards.size()) +
                      " weight files are Git LFS pointers, not the files "
                      "themselves: " +
                      llvm::join(pointers, ", ") +
                      "; run `git lfs pull` in the model's folder");
  return llvm::Error::success();
}

llvm::Error HuggingFaceFolder::openSharded(llvm::StringRef indexPath) {
  llvm::Expected<ShardMap> shards = readWeightMap(indexPath.str());
  if (!shards)
    return shards.takeError();
  if (llvm::Error error = checkShardsPresent(*shards, path(), indexPath))
    return error;
  for (const auto &[name, promised] : *shards) {
    std::string file = join(path(), name);
    unsigned number = static_cast<unsigned>(files().size());
    if (llvm::Error error = openSingle(file))
      return error;
    for (const std::string &tensor : promised) {
      const TensorInfo *found = find(tensor);
      if (!found || found->file != number)
        return inputError(indexPath + ": says that tensor " + tensor +
                          " is in " + name + ", where it is not");
    }
  }
  return llvm::Error::success();
}

/// The error for a folder without weights we can read.
static llvm::Error noWeights(const HuggingFaceFolder &folder) {
  for (llvm::StringRef name :
       {"pytorch_model.bin", "pytorch_model.bin.index.json",
        "consolidated.00.pth"})
    if (!folder.filePath(name).empty())
      return unsupportedError(folder.path() + ": has its weights as pickled " +
                              name +
                              " only; save the model with "
                              "safe_serialization=True to get safetensors");
  if (!folder.filePath("consolidated.safetensors").empty())
    return unsupportedError(
        folder.path() + ": has its weights as consolidated.safetensors only, "
                        "whose tensor names are its vendor's; use the folder "
                        "with model.safetensors");
  return inputError(folder.path() + ": has neither model.safetensors nor "
                                    "model.safetensors.index.json");
}

llvm::Expected<std::unique_ptr<ModelSource>>
HuggingFaceFolder::open(llvm::StringRef path) {
  std::unique_ptr<HuggingFaceFolder> folder(new HuggingFaceFolder(path));
  llvm::Expected<llvm::json::Object> config =
      readObject(join(path, "config.json"));
  if (!config)
    return config.takeError();
  folder->configuration = std::move(*config);

  std::string generationPath = folder->filePath("generation_config.json");
  if (!generationPath.empty()) {
    llvm::Expected<llvm::json::Object> generation = readObject(generationPath);
    if (!generation)
      return generation.takeError();
    folder->generation = std::move(*generation);
  }

  std::string single = folder->filePath("model.safetensors");
  std::string index = folder->filePath("model.safetensors.index.json");
  if (single.empty() && index.empty())
    return noWeights(*folder);
  if (llvm::Error error = single.empty() ? folder->openSharded(index)
                                         : folder->openSingle(single))
    return std::move(error);
  return std::move(folder);
}
