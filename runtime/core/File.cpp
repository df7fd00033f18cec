// File.cpp: files in memory, and POSIX files: reads are repeated until
// complete; EINTR is not an error.
#include "runtime/core/File.h"
#include "runtime/core/Sha256.h"

#include <cstring>
#if SINTER_HAS_DISK
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace sinter::rt {

void Folder::openMemory(const MemoryFile *files, size_t count) {
  files_ = files;
  count_ = count;
}

void Folder::close() {
#if SINTER_HAS_DISK
  if (fd_ >= 0)
    ::close(fd_);
#endif
  fd_ = -1;
  files_ = nullptr;
  count_ = 0;
}

const MemoryFile *Folder::find(const char *name) const {
  for (size_t i = 0; i < count_; ++i)
    if (strcmp(files_[i].path, name) == 0)
      return &files_[i];
  return nullptr;
}

Status File::open(const Folder &folder, const char *name, Fault &fault) {
  strncpy(name_, name, sizeof(name_) - 1);
#if SINTER_HAS_DISK
  if (!folder.inMemory())
    return openOnDisk(folder, name, fault);
#endif
  const MemoryFile *file = folder.find(name);
  if (!file)
    return fault.set(SINTER_NOT_FOUND, "'%s' is not among the files in memory",
                     name);
  data_ = static_cast<const uint8_t *>(file->data);
  size_ = file->bytes;
  return SINTER_OK;
}

Status File::readAt(void *out, size_t bytes, uint64_t offset,
                    Fault &fault) const {
#if SINTER_HAS_DISK
  if (fd_ >= 0)
    return readFromDisk(static_cast<uint8_t *>(out), bytes, offset, fault);
#endif
  if (offset > size_ || bytes > size_ - offset)
    return fault.set(SINTER_CORRUPT, "'%s' is shorter than it should be",
                     name_);
  if (bytes)
    memcpy(out, data_ + offset, bytes);
  return SINTER_OK;
}

File::~File() {
#if SINTER_HAS_DISK
  if (fd_ >= 0)
    ::close(fd_);
#endif
}

Status File::hash(uint8_t digest[32], Fault &fault) const {
  constexpr size_t kStep = 256u << 10;
  Buffer step;
  if (!step.allocate(kStep))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory to check '%s'", name_);
  Sha256 sha;
  for (uint64_t at = 0; at < size_;) {
    auto bytes = static_cast<size_t>(size_ - at < kStep ? size_ - at : kStep);
    if (Status status = readAt(step.data(), bytes, at, fault))
      return status;
    sha.update(step.data(), bytes);
    at += bytes;
  }
  sha.finish(digest);
  return SINTER_OK;
}

#if SINTER_HAS_DISK

Status Folder::open(const char *path, Fault &fault) {
  size_t bytes = strlen(path) + 1;
  if (!path_.allocate(bytes))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a path");
  memcpy(path_.data(), path, bytes);
  fd_ = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd_ >= 0)
    return SINTER_OK;
  Status code =
      errno == ENOENT || errno == ENOTDIR ? SINTER_NOT_FOUND : SINTER_IO_ERROR;
  return fault.setErrno(code, "cannot open the bundle folder", path);
}

Status File::openOnDisk(const Folder &folder, const char *name, Fault &fault) {
  // O_NONBLOCK: opening a FIFO must not hang.
  fd_ = openat(folder.descriptor(), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) {
    Status code = errno == ENOENT || errno == ENOTDIR ? SINTER_NOT_FOUND
                                                      : SINTER_IO_ERROR;
    return fault.setErrno(code, "cannot open the bundle's file", name);
  }
  struct stat info;
  if (fstat(fd_, &info) != 0)
    return fault.setErrno(SINTER_IO_ERROR, "cannot examine", name);
  if (!S_ISREG(info.st_mode))
    return fault.set(SINTER_CORRUPT, "'%s' of the bundle is not a regular file",
                     name);
  size_ = static_cast<uint64_t>(info.st_size);
  return SINTER_OK;
}

Status File::readFromDisk(uint8_t *target, size_t bytes, uint64_t offset,
                          Fault &fault) const {
  while (bytes) {
    ssize_t got = pread(fd_, target, bytes < (1u << 30) ? bytes : 1u << 30,
                        static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return fault.setErrno(SINTER_IO_ERROR, "cannot read", name_);
    if (got == 0)
      return fault.set(SINTER_CORRUPT, "'%s' became shorter while being read",
                       name_);
    target += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return SINTER_OK;
}

#endif

} // namespace sinter::rt
