//===- MappedFile.cpp - A read-only file in memory, page by page
//------------===//
//
// See MappedFile.h. POSIX calls only; the descriptor is closed after mapping.
//
//===------------------------------------------------------------------------===//

#include "compiler/support/MappedFile.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace sinter;

static FileIdentity identityOf(const struct stat &info) {
  FileIdentity identity;
  identity.device = static_cast<uint64_t>(info.st_dev);
  identity.inode = static_cast<uint64_t>(info.st_ino);
  identity.bytes = static_cast<uint64_t>(info.st_size);
  identity.modifiedNs = static_cast<int64_t>(info.st_mtim.tv_sec) * 1000000000 +
                        static_cast<int64_t>(info.st_mtim.tv_nsec);
  return identity;
}

static llvm::Error openError(llvm::StringRef path, int code) {
  const char *why = std::strerror(code);
  if (code == ENOENT || code == ENOTDIR)
    return inputError(path + ": no such file");
  if (code == ELOOP || code == ENAMETOOLONG)
    return inputError(path + ": cannot be opened: " + why);
  return resourceError(path + ": cannot be opened: " + why);
}

llvm::Expected<std::unique_ptr<MappedFile>>
MappedFile::open(llvm::StringRef path) {
  std::unique_ptr<MappedFile> file(new MappedFile());
  file->name = path.str();
  // O_NONBLOCK: a FIFO must not hang us before we can refuse it.
  int descriptor = -1;
  do {
    descriptor = ::open(file->name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0)
    return openError(path, errno);

  struct stat info;
  if (::fstat(descriptor, &info) != 0) {
    int code = errno;
    ::close(descriptor);
    return openError(path, code);
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(descriptor);
    return inputError(path + ": not a regular file");
  }
  file->identity = identityOf(info);
  if (file->size() == 0) {
    ::close(descriptor);
    return std::move(file);
  }
  void *address =
      ::mmap(nullptr, file->size(), PROT_READ, MAP_PRIVATE, descriptor, 0);
  int code = errno;
  ::close(descriptor);
  if (address == MAP_FAILED)
    return resourceError(
        path + ": cannot be mapped into memory: " + std::strerror(code));
  file->begin = static_cast<const uint8_t *>(address);
  return std::move(file);
}

MappedFile::~MappedFile() {
  if (begin)
    ::munmap(const_cast<uint8_t *>(begin), size());
}

/// madvise on the whole pages from the one that holds `offset` to the end
/// given, the last page included only if `wholeLastPage`.
static void advise(const uint8_t *begin, uint64_t size, uint64_t offset,
                   uint64_t bytes, bool wholeLastPage, int advice) {
  if (!begin || offset >= size)
    return;
  static const uint64_t page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  uint64_t end = bytes > size - offset ? size : offset + bytes;
  uint64_t first = offset / page * page;
  uint64_t last = end / page * page;
  if (end == size || (wholeLastPage && last != end))
    last = (end + page - 1) / page * page;
  if (last > first)
    ::madvise(const_cast<uint8_t *>(begin) + first, last - first, advice);
}

void MappedFile::prefetch(uint64_t offset, uint64_t bytes) const {
  advise(begin, size(), offset, bytes, /*wholeLastPage=*/true, MADV_WILLNEED);
}

void MappedFile::release(uint64_t offset, uint64_t bytes) const {
  advise(begin, size(), offset, bytes, /*wholeLastPage=*/false, MADV_DONTNEED);
}

llvm::Error MappedFile::checkUnchanged() const {
  struct stat info;
  if (::stat(name.c_str(), &info) != 0)
    return inputError(name + ": vanished while it was being read; run again "
                             "when nothing else writes to it");
  FileIdentity now = identityOf(info);
  if (now == identity)
    return llvm::Error::success();
  return inputError(llvm::Twine(name) + ": changed while it was being read (" +
                    llvm::Twine(identity.bytes) + " bytes at the start, " +
                    llvm::Twine(now.bytes) +
                    " now); run again when nothing else writes to it");
}

llvm::Error sinter::checkNotLfsPointer(llvm::StringRef text,
                                       llvm::StringRef path) {
  // Pointer files are at most 1024 bytes and begin with their version line
  // (git-lfs docs/spec.md).
  if (text.size() > 1024 ||
      !text.starts_with("version https://git-lfs.github.com/spec/"))
    return llvm::Error::success();
  llvm::StringRef real = text.split("\nsize ").second.split('\n').first;
  std::string size =
      real.empty() ? std::string() : (" (" + real + " bytes)").str();
  return inputError(path + ": is a Git LFS pointer, not the file itself" +
                    size +
                    "; run `git lfs pull` in the model's folder, or "
                    "download the file");
}
