// What the tests of bundle folders share: a small bundle, and looks at the
// disk.
#pragma once

#include "compiler/bundle/BundleWriter.h"
#include "compiler/bundle/VerifyBundle.h"
#include "tests/unit/import/TestFiles.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <algorithm>
#include <string>
#include <vector>

namespace sinter::test {

inline ManifestInfo smallInfo() {
  ManifestInfo info;
  info.name = "tales";
  info.prefix = "tales";
  info.architecture = "llama";
  info.quantization = "q4_0";
  info.parameters = 1234;
  info.context = 512;
  info.vocabSize = 1024;
  info.bitsPerWeight = 4.5;
  info.targets = {
      {"cpu", "plan.fb", {{"avx2", {}, ""}, {"x86-64-v2", {}, ""}}, 2, 3}};
  info.weightBytes = 1, info.arenaBytes = 2, info.stateBytes = 3;
  info.sampling.temperature = 0.7;
  info.sampling.topK = 40;
  return info;
}

/// The error's text; empty for success.
inline std::string messageOf(llvm::Error error) {
  return error ? llvm::toString(std::move(error)) : std::string();
}

inline std::string readText(const std::string &path) {
  auto bytes = llvm::MemoryBuffer::getFile(path);
  return bytes ? (*bytes)->getBuffer().str() : std::string();
}

/// The names in a folder, hidden ones too, sorted.
inline std::vector<std::string> namesIn(const std::string &folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator it(folder, code), end;
       !code && it != end; it.increment(code))
    names.push_back(llvm::StringRef(it->path()).rsplit('/').second.str());
  std::sort(names.begin(), names.end());
  return names;
}

/// Writes a bundle of three files whose content depends on `content`.
inline llvm::Error writeSmall(const std::string &output,
                              const BundleOptions &options,
                              llvm::StringRef content) {
  auto writer = BundleWriter::create(output, options);
  if (!writer)
    return writer.takeError();
  if (llvm::Error error = (*writer)->reserve(1000))
    return error;
  if (llvm::Error error = (*writer)->addFile("a.txt", content))
    return error;
  if (llvm::Error error =
          (*writer)->addFile("deep/er/b.bin", std::string(3000, 'b')))
    return error;
  if (llvm::Error error = (*writer)->addFile("empty", ""))
    return error;
  return (*writer)->finish(smallInfo());
}

inline llvm::Error writeSmall(const std::string &output, bool overwrite = false,
                              llvm::StringRef content = "a") {
  BundleOptions options;
  options.overwrite = overwrite;
  return writeSmall(output, options, content);
}

/// Whether a reader would take the folder, and all its files are right.
inline bool isSound(const std::string &folder) {
  auto text = readText(folder + "/manifest.json");
  auto files = readManifestFiles(text, folder);
  if (!files) {
    llvm::consumeError(files.takeError());
    return false;
  }
  for (const BundleFile &file : *files) {
    std::string bytes = readText(folder + "/" + file.path);
    if (bytes.size() != file.size || Sha256::of(bytes) != file.sha256)
      return false;
  }
  return !files->empty();
}

} // namespace sinter::test
