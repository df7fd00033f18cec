//===- VerifyBundle.cpp - Is a bundle what its manifest says? -------------===//
//
// See VerifyBundle.h. Files are hashed on several threads, each in steps, so
// that a bundle of any size needs little memory.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/VerifyBundle.h"

#include "compiler/bundle/Manifest.h"
#include "compiler/support/Error.h"
#include "runtime/schema/plan_generated.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Threading.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace sinter;
using llvm::StringRef;
namespace fs = llvm::sys::fs;

/// What is wrong with one file; empty if nothing.
static std::string checkFile(const std::string &folder,
                             const BundleFile &file) {
  std::string name = folder + "/" + file.path;
  int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return errno == ENOENT
               ? "missing"
               : std::string("cannot be read: ") + std::strerror(errno);
  struct stat info;
  std::string fault;
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
    fault = "not a regular file";
  else if (static_cast<uint64_t>(info.st_size) != file.size)
    fault = "has " + std::to_string(info.st_size) +
            " bytes, the manifest says " + std::to_string(file.size);
  Sha256 hash;
  std::vector<uint8_t> step(1u << 20);
  while (fault.empty()) {
    ssize_t count = ::read(descriptor, step.data(), step.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fault = std::string("cannot be read: ") + std::strerror(errno);
    if (count <= 0)
      break;
    hash.update({step.data(), static_cast<size_t>(count)});
  }
  ::close(descriptor);
  if (fault.empty() && hash.finish() != file.sha256)
    fault = "SHA-256 differs: the bytes are not those that were written";
  return fault;
}

static std::vector<std::string> checkFiles(const std::string &folder,
                                           llvm::ArrayRef<BundleFile> files,
                                           unsigned threads) {
  std::vector<std::string> faults(files.size());
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next++) < files.size();)
      faults[i] = checkFile(folder, files[i]);
  };
  if (threads == 0)
    threads = llvm::hardware_concurrency().compute_thread_count();
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < std::min<size_t>(threads, files.size()); ++i)
    helpers.emplace_back(work);
  work();
  for (std::thread &helper : helpers)
    helper.join();
  return faults;
}

/// A plan's form, and whether the shards hold the bytes it counts on.
static llvm::Error checkPlan(const std::string &folder, StringRef plan,
                             llvm::ArrayRef<BundleFile> files) {
  std::string name = folder + "/" + plan.str();
  auto bytes = llvm::MemoryBuffer::getFile(name, /*IsText=*/false,
                                           /*RequiresNullTerminator=*/false);
  if (!bytes)
    return verificationError(name + ": " + bytes.getError().message());
  auto *data = reinterpret_cast<const uint8_t *>((*bytes)->getBufferStart());
  flatbuffers::Verifier verifier(data, (*bytes)->getBufferSize(), 32, 10000000);
  if ((*bytes)->getBufferSize() < 8 || !fb::PlanBufferHasIdentifier(data) ||
      !fb::VerifyPlanBuffer(verifier))
    return verificationError(name + ": malformed (FlatBuffers verifier)");
  uint64_t shards = 0;
  for (const BundleFile &file : files)
    if (llvm::StringRef(file.path).starts_with("weights/"))
      shards += file.size;
  uint64_t wanted = fb::GetPlan(data)->weight_bytes();
  if (shards != wanted)
    return verificationError(folder + "/weights: " + llvm::Twine(shards) +
                             " bytes, " + plan + " counts on " +
                             llvm::Twine(wanted));
  return llvm::Error::success();
}

static std::vector<std::string> findUnlisted(const std::string &folder,
                                             llvm::ArrayRef<BundleFile> files) {
  llvm::StringSet<> listed;
  listed.insert("manifest.json");
  for (const BundleFile &file : files)
    listed.insert(file.path);
  std::vector<std::string> unlisted;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code, false), end;
       !code && it != end; it.increment(code)) {
    std::string path = it->path().substr(folder.size() + 1);
    if (it->type() != fs::file_type::directory_file && !listed.count(path))
      unlisted.push_back(path);
  }
  llvm::sort(unlisted);
  return unlisted;
}

llvm::Expected<VerifyReport> sinter::verifyBundle(llvm::StringRef path,
                                                  unsigned threads) {
  std::string folder = path.rtrim('/').str();
  if (!fs::is_directory(folder))
    return inputError(path + ": no such folder");
  std::string manifest = folder + "/manifest.json";
  auto text = llvm::MemoryBuffer::getFile(manifest);
  if (!text)
    return verificationError(manifest + ": " + text.getError().message() +
                             "; without it this is no bundle");
  auto files = readManifestFiles((*text)->getBuffer(), manifest);
  if (!files)
    return files.takeError();
  auto programs = readManifestPrograms((*text)->getBuffer(), manifest);
  if (!programs)
    return programs.takeError();
  std::vector<std::string> faults = checkFiles(folder, *files, threads);
  std::string message;
  VerifyReport report;
  for (auto [file, fault] : llvm::zip(*files, faults)) {
    ++report.files;
    report.bytes += file.size;
    if (!fault.empty())
      message += (message.empty() ? "" : "; ") + folder + "/" + file.path +
                 ": " + fault;
  }
  if (!message.empty())
    return verificationError(message);
  for (const BundleProgramFile &program : *programs)
    if (llvm::Error error = checkPlan(folder, program.plan, *files))
      return std::move(error);
  report.unlisted = findUnlisted(folder, *files);
  return report;
}
