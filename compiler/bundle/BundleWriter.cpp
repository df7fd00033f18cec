//===- BundleWriter.cpp - Writing a bundle, all or nothing ----------------===//
//
// See BundleWriter.h. Order of events: lock, recover, clean, write, sync files,
// sync folders, manifest (by rename, synced), rename of the folder, sync of the
// folder above, removal of the old bundle, unlock.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/BundleWriter.h"

#include "compiler/support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

using namespace sinter;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// Bytes hashed and written at a time: stays in the cache in between.
static constexpr size_t kStepBytes = 1u << 20;

static constexpr char kManifest[] = "manifest.json";

//===-- What is there already
//----------------------------------------------===//

/// The absolute path of an output, links resolved so that renames replace the
/// folder and not a link to it.
static llvm::Expected<std::string> resolveOutput(llvm::StringRef output) {
  if (output.empty())
    return inputError("the output folder has no name; pass one with -o");
  llvm::SmallString<256> absolute(output);
  if (std::error_code code = fs::make_absolute(absolute))
    return resourceError("the current folder cannot be found: " +
                         code.message());
  llvm::SmallString<256> real;
  if (!fs::real_path(absolute, real))
    return std::string(real);
  path::remove_dots(absolute, /*remove_dot_dot=*/true);
  while (absolute.size() > 1 && absolute.back() == '/')
    absolute.pop_back();
  llvm::StringRef parent = path::parent_path(absolute);
  if (!fs::is_directory(parent))
    return inputError(output + ": the folder " + parent +
                      " does not exist; make it first");
  return std::string(absolute);
}

static bool isEmptyFolder(const std::string &folder) {
  std::error_code code;
  fs::directory_iterator it(folder, code), end;
  return !code && it == end;
}

static bool isBundle(const std::string &folder) {
  auto text = llvm::MemoryBuffer::getFile(folder + "/" + kManifest);
  return text &&
         (*text)->getBuffer().take_front(4096).contains("\"sinter-bundle\"");
}

static llvm::Error checkReplaceable(const std::string &target, bool overwrite) {
  struct stat info;
  if (::lstat(target.c_str(), &info) != 0)
    return llvm::Error::success();
  if (!S_ISDIR(info.st_mode))
    return inputError(target + " exists and is not a folder; choose another "
                               "output");
  if (isEmptyFolder(target))
    return llvm::Error::success();
  if (!isBundle(target))
    return inputError(target +
                      " exists and is not a bundle; it is left alone, choose "
                      "another output");
  if (!overwrite)
    return inputError(target +
                      " exists; pass --overwrite to replace the bundle");
  return llvm::Error::success();
}

/// Removes a bundle or a part of one, the manifest first: whoever is killed
/// meanwhile leaves nothing that looks like a bundle.
static void removeBundle(const std::string &folder) {
  fs::remove(folder + "/" + kManifest);
  fs::remove_directories(folder, /*IgnoreErrors=*/true);
}

/// Takes up what a killed writer left beside the output; the lock is held, so
/// nobody else is using it. A bundle whose replacement was cut short between
/// two renames goes back to its place.
static void cleanLeftovers(const std::string &target) {
  std::string prefix = temporaryPrefix(target), old = prefix + "old";
  if (!fs::exists(target) && isBundle(old))
    fs::rename(old, target);
  std::vector<std::string> leftovers;
  std::error_code code;
  for (fs::directory_iterator it(path::parent_path(target), code), end;
       !code && it != end; it.increment(code))
    if (llvm::StringRef(it->path()).starts_with(prefix) &&
        it->path() != prefix + "lock")
      leftovers.push_back(it->path());
  for (const std::string &leftover : leftovers)
    removeBundle(leftover);
}

//===-- Life
//----------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<BundleWriter>>
BundleWriter::create(llvm::StringRef output, const BundleOptions &options) {
  llvm::Expected<std::string> target = resolveOutput(output);
  if (!target)
    return target.takeError();
  llvm::Expected<OutputLock> lock = OutputLock::acquire(*target);
  if (!lock)
    return lock.takeError();
  std::unique_ptr<BundleWriter> writer(
      new BundleWriter(*target, options, std::move(*lock)));
  if (llvm::Error error = writer->prepare())
    return std::move(error);
  return std::move(writer);
}

BundleWriter::BundleWriter(llvm::StringRef target, const BundleOptions &options,
                           OutputLock lock)
    : target(target.str()),
      temporary(temporaryPrefix(target) + std::to_string(::getpid())),
      options(options), lock(std::move(lock)) {}

llvm::Error BundleWriter::prepare() {
  cleanLeftovers(target);
  if (llvm::Error error = checkReplaceable(target, options.overwrite))
    return error;
  removal = std::make_unique<RemoveOnInterrupt>(temporary);
  int code = injected("mkdir");
  if (code == 0 && ::mkdir(temporary.c_str(), 0777) != 0)
    code = errno;
  return code ? failure("make", temporary, code) : llvm::Error::success();
}

BundleWriter::~BundleWriter() {
  if (!finished)
    fs::remove_directories(temporary, /*IgnoreErrors=*/true);
}

//===-- Failures
//------------------------------------------------------------===//

int BundleWriter::injected(llvm::StringRef operation) const {
  return options.fault ? options.fault(operation) : 0;
}

static uint64_t freeBytes(const std::string &folder) {
  struct statvfs info;
  if (::statvfs(folder.c_str(), &info) != 0)
    return 0;
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

llvm::Error BundleWriter::failure(llvm::StringRef operation,
                                  const std::string &name, int code) {
  std::string what =
      ("cannot " + operation + " " + name + ": ").str() + std::strerror(code);
  if (code != ENOSPC && code != EDQUOT)
    return resourceError(what);
  uint64_t written = bytesWritten();
  uint64_t needed;
  {
    std::lock_guard<std::mutex> guard(mutex);
    needed = std::max(reserved, written);
  }
  return resourceError(
      what + "; the bundle needs " + std::to_string(needed) + " bytes, " +
      std::to_string(written) + " are written and " +
      std::to_string(freeBytes(path::parent_path(target).str())) + " are free");
}

llvm::Error BundleWriter::reserve(uint64_t bytes) {
  uint64_t free = freeBytes(temporary), written = bytesWritten();
  {
    std::lock_guard<std::mutex> guard(mutex);
    reserved = std::max(reserved, bytes);
  }
  int code = injected("reserve");
  if (code == 0 && (bytes <= written || bytes - written <= free))
    return llvm::Error::success();
  return resourceError("not enough space for " + target + ": " +
                       llvm::Twine(bytes) + " bytes are needed, " +
                       llvm::Twine(written) + " are written and " +
                       llvm::Twine(free) + " are free");
}

uint64_t BundleWriter::bytesWritten() const {
  std::lock_guard<std::mutex> guard(mutex);
  uint64_t sum = 0;
  for (const BundleFile &file : files)
    sum += file.size;
  return sum;
}

//===-- Files
//---------------------------------------------------------------===//

llvm::Error BundleWriter::makeFolders(llvm::StringRef file) {
  for (size_t slash = file.find('/'); slash != llvm::StringRef::npos;
       slash = file.find('/', slash + 1)) {
    std::string folder = temporary + "/" + file.take_front(slash).str();
    int code = injected("mkdir");
    if (code == 0 && ::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
      code = errno;
    if (code)
      return failure("make", folder, code);
  }
  return llvm::Error::success();
}

llvm::Expected<int> BundleWriter::openNew(const std::string &name) {
  int code = injected("open"), descriptor = -1;
  while (code == 0 && descriptor < 0) {
    descriptor =
        ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno != EINTR)
      code = errno;
  }
  if (code)
    return failure("create", name, code);
  return descriptor;
}

llvm::Error BundleWriter::writeAll(int descriptor, llvm::StringRef bytes,
                                   const std::string &name) {
  while (!bytes.empty()) {
    int code = injected("write");
    ssize_t count = 0;
    if (code == 0) {
      count = ::write(descriptor, bytes.data(), bytes.size());
      if (count < 0)
        code = errno;
    }
    if (code == EINTR)
      continue;
    if (code)
      return failure("write", name, code);
    bytes = bytes.drop_front(static_cast<size_t>(count));
  }
  return llvm::Error::success();
}

/// Closes without syncing, but lets the disk begin: the sync at the end then
/// has little left to wait for.
llvm::Error BundleWriter::closeNew(int descriptor, const std::string &name) {
#ifdef SYNC_FILE_RANGE_WRITE
  ::sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
  // Some file systems tell only here that the disk is full.
  int code = injected("close");
  if (::close(descriptor) != 0 && code == 0)
    code = errno;
  if (code && code != EINTR)
    return failure("write", name, code);
  return llvm::Error::success();
}

llvm::Error BundleWriter::addFile(llvm::StringRef file, llvm::StringRef bytes) {
  if (!isSafeBundlePath(file))
    return internalError("the path '" + file + "' may not be in a bundle");
  if (llvm::Error error = makeFolders(file))
    return error;
  std::string name = temporary + "/" + file.str();
  llvm::Expected<int> descriptor = openNew(name);
  if (!descriptor)
    return descriptor.takeError();
  Sha256 hash;
  llvm::Error error = llvm::Error::success();
  for (size_t at = 0; at < bytes.size() && !error; at += kStepBytes) {
    llvm::StringRef part = bytes.substr(at, kStepBytes);
    hash.update({part.bytes_begin(), part.size()});
    error = checkInterrupt();
    if (!error)
      error = writeAll(*descriptor, part, name);
  }
  if (llvm::Error closing = closeNew(*descriptor, name))
    error = llvm::joinErrors(std::move(error), std::move(closing));
  if (error)
    return error;
  std::lock_guard<std::mutex> guard(mutex);
  files.push_back({file.str(), bytes.size(), hash.finish()});
  return llvm::Error::success();
}

llvm::Error BundleWriter::addCopy(llvm::StringRef file, llvm::StringRef from) {
  auto bytes = llvm::MemoryBuffer::getFile(from, /*IsText=*/false,
                                           /*RequiresNullTerminator=*/false);
  if (!bytes)
    return internalError("cannot read " + from + ", a part of this program: " +
                         bytes.getError().message() + "; install it again");
  return addFile(file, (*bytes)->getBuffer());
}

//===-- The end
//-------------------------------------------------------------===//

/// Waits until a file or folder is on the disk.
llvm::Error BundleWriter::sync(const std::string &name) {
  int code = injected("fsync"), descriptor = -1;
  if (code == 0)
    descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (code == 0 && descriptor < 0)
    code = errno;
  while (code == 0 && ::fsync(descriptor) != 0) {
    // EINVAL: a file system that cannot sync this kind of file.
    if (errno == EINVAL)
      break;
    if (errno != EINTR)
      code = errno;
  }
  if (descriptor >= 0)
    ::close(descriptor);
  return code ? failure("sync", name, code) : llvm::Error::success();
}

llvm::Error BundleWriter::syncAll() {
  llvm::StringSet<> folders;
  for (const BundleFile &file : files) {
    if (llvm::Error error = checkInterrupt())
      return error;
    if (llvm::Error error = sync(temporary + "/" + file.path))
      return error;
    for (llvm::StringRef folder = path::parent_path(file.path); !folder.empty();
         folder = path::parent_path(folder))
      folders.insert(folder);
  }
  for (const auto &folder : folders)
    if (llvm::Error error = sync(temporary + "/" + folder.getKey().str()))
      return error;
  return llvm::Error::success();
}

llvm::Error BundleWriter::writeManifest(const ManifestInfo &info) {
  std::string name = temporary + "/" + kManifest, draft = name + ".new";
  llvm::Expected<int> descriptor = openNew(draft);
  if (!descriptor)
    return descriptor.takeError();
  llvm::Error error = writeAll(*descriptor, manifestText(info, files), draft);
  if (llvm::Error closing = closeNew(*descriptor, draft))
    error = llvm::joinErrors(std::move(error), std::move(closing));
  if (!error)
    error = sync(draft);
  if (error)
    return error;
  int code = injected("rename");
  if (code == 0 && ::rename(draft.c_str(), name.c_str()) != 0)
    code = errno;
  if (code)
    return failure("rename", draft, code);
  return sync(temporary);
}

llvm::Expected<std::string> BundleWriter::preview(const ManifestInfo &info) {
  if (llvm::Error error = writeManifest(info))
    return std::move(error);
  return temporary;
}

llvm::Error BundleWriter::removeFile(llvm::StringRef file) {
  std::string name = temporary + "/" + file.str();
  if (::unlink(name.c_str()) != 0)
    return failure("remove", name, errno);
  std::lock_guard<std::mutex> guard(mutex);
  llvm::erase_if(files,
                 [&](const BundleFile &one) { return one.path == file; });
  return llvm::Error::success();
}

/// Where the file system can, old and new change places in one step; elsewhere
/// the old one steps aside first, and cleanLeftovers knows that state.
llvm::Error BundleWriter::moveIntoPlace() {
  int code = injected("rename");
  if (code)
    return failure("rename", temporary, code);
  if (::rename(temporary.c_str(), target.c_str()) == 0)
    return llvm::Error::success();
  if ((errno != ENOTEMPTY && errno != EEXIST) || !options.overwrite)
    return failure("rename", temporary, errno);
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, target.c_str(),
                  RENAME_EXCHANGE) == 0)
    return llvm::Error::success();
  std::string old = temporaryPrefix(target) + "old";
  if (::rename(target.c_str(), old.c_str()) != 0)
    return failure("rename", target, errno);
  if (::rename(temporary.c_str(), target.c_str()) != 0) {
    code = errno;
    ::rename(old.c_str(), target.c_str());
    return failure("rename", temporary, code);
  }
  removeBundle(old);
  return llvm::Error::success();
}

llvm::Error BundleWriter::finish(const ManifestInfo &info) {
  llvm::sort(files, [](const BundleFile &a, const BundleFile &b) {
    return a.path < b.path;
  });
  if (llvm::Error error = syncAll())
    return error;
  if (llvm::Error error = writeManifest(info))
    return error;
  if (llvm::Error error = moveIntoPlace())
    return error;
  // What is left under the temporary name is the bundle that was replaced.
  removeBundle(temporary);
  finished = true;
  // The bundle is complete: a folder that cannot be synced is no failure.
  llvm::consumeError(sync(path::parent_path(target).str()));
  return llvm::Error::success();
}
