// File.h: reading files below a folder: open with an exact size, read whole,
// map. A folder is on a disk, or a list of files in memory (the browser's).
#ifndef SINTER_RUNTIME_CORE_FILE_H
#define SINTER_RUNTIME_CORE_FILE_H

#include "runtime/core/Memory.h"
#include "runtime/core/Status.h"

#if defined(__wasm__)
#define SINTER_HAS_DISK 0
#else
#define SINTER_HAS_DISK 1
#endif

namespace sinter::rt {

/// A file of a folder in memory; path as in a manifest.
struct MemoryFile {
  const char *path;
  const void *data;
  size_t bytes;
};

/// An open folder; files are opened relative to it, so that renaming it
/// meanwhile does not mix two bundles.
class Folder {
public:
  Folder() = default;
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  ~Folder() { close(); }
  [[nodiscard]] Status open(const char *path, Fault &fault);
  /// files belong to the caller, until close.
  void openMemory(const MemoryFile *files, size_t count);
  void close();

  bool inMemory() const { return !path_.data(); }
  /// Of a folder in memory; null if there is no such file.
  const MemoryFile *find(const char *name) const;
  int descriptor() const { return fd_; }
  /// As given to open.
  const char *path() const {
    return inMemory() ? "files in memory" : path_.as<char>();
  }

private:
  int fd_ = -1;
  const MemoryFile *files_ = nullptr;
  size_t count_ = 0;
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
  Status openOnDisk(const Folder &folder, const char *name, Fault &fault);
  Status readFromDisk(uint8_t *out, size_t bytes, uint64_t offset,
                      Fault &fault) const;

  int fd_ = -1;
  const uint8_t *data_ = nullptr; // in memory
  uint64_t size_ = 0;
  char name_[256] = {};
};

} // namespace sinter::rt
#endif
