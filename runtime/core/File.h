// File.h: reading files below a folder: open with an exact size, read whole,
// map.
#ifndef SINTER_RUNTIME_CORE_FILE_H
#define SINTER_RUNTIME_CORE_FILE_H

#include "runtime/core/Memory.h"
#include "runtime/core/Status.h"

namespace sinter::rt {

/// An open folder; files are opened relative to it, so that renaming it
/// meanwhile does not mix two bundles.
class Folder {
public:
  Folder() = default;
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  ~Folder();
  [[nodiscard]] Status open(const char *path, Fault &fault);
  int descriptor() const { return fd_; }
  /// As given to open.
  const char *path() const { return path_.as<char>(); }

private:
  int fd_ = -1;
  Buffer path_;
};

/// A regular file, open for reading.
class File {
public:
  File() = default;
  File(const File &) = delete;
  File &operator=(const File &) = delete;
  ~File();
  /// name: relative to folder. NOT_FOUND when it is missing.
  [[nodiscard]] Status open(const Folder &folder, const char *name,
                            Fault &fault);
  int descriptor() const { return fd_; }
  uint64_t size() const { return size_; }
  /// Reads bytes at offset; CORRUPT if the file ends before.
  [[nodiscard]] Status readAt(void *out, size_t bytes, uint64_t offset,
                              Fault &fault) const;
  /// SHA-256 of the whole file, in small steps.
  [[nodiscard]] Status hash(uint8_t digest[32], Fault &fault) const;

private:
  int fd_ = -1;
  uint64_t size_ = 0;
  char name_[256] = {};
};

} // namespace sinter::rt
#endif
