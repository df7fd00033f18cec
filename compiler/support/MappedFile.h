//===- MappedFile.h - A read-only file in memory, page by page ----*- C++
//-*-===//
//
// Model files are larger than memory, so they are mapped and never read whole.
// Pages that have been used can be given back (release), which keeps the peak
// resident size of a streaming compile small. The identity taken at open lets a
// compile notice that somebody rewrote the file meanwhile.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_SUPPORT_MAPPEDFILE_H
#define SINTER_COMPILER_SUPPORT_MAPPEDFILE_H

#include "compiler/support/Error.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <memory>
#include <string>

namespace sinter {

/// What distinguishes one state of a file from another.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t bytes = 0;
  /// Last modification in nanoseconds since 1970.
  int64_t modifiedNs = 0;

  bool operator==(const FileIdentity &other) const {
    return device == other.device && inode == other.inode &&
           bytes == other.bytes && modifiedNs == other.modifiedNs;
  }
};

/// Owns one read-only mapping. All const members may be called from any thread.
/// A file that shrinks while it is mapped makes reads beyond its new end fault
/// (SIGBUS); checkUnchanged before and after a tensor narrows that window.
class MappedFile {
public:
  /// Maps `path`, which must be a regular file (a symbolic link to one will do;
  /// download caches are made of them). Errors: InputError if it does not exist
  /// or is no regular file, ResourceError if it cannot be opened or mapped.
  static llvm::Expected<std::unique_ptr<MappedFile>> open(llvm::StringRef path);

  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  llvm::StringRef path() const { return name; }
  uint64_t size() const { return identity.bytes; }
  const FileIdentity &fileIdentity() const { return identity; }

  /// The whole file; valid as long as this object lives.
  llvm::ArrayRef<uint8_t> bytes() const { return {begin, size()}; }
  llvm::StringRef text() const {
    return {reinterpret_cast<const char *>(begin), size()};
  }

  /// Tells the kernel that [offset, offset + bytes) will be read soon and in
  /// order. Ranges beyond the file are cut. Never fails.
  void prefetch(uint64_t offset, uint64_t bytes) const;

  /// Gives the pages of [offset, offset + bytes) back; reading them again works
  /// and costs a page fault. The page that holds the end is kept, because the
  /// next tensor starts there. Ranges beyond the file are cut. Never fails.
  void release(uint64_t offset, uint64_t bytes) const;

  /// InputError if the file at path() is no longer the one that was opened, or
  /// was written to since.
  llvm::Error checkUnchanged() const;

private:
  MappedFile() = default;

  std::string name;
  FileIdentity identity;
  const uint8_t *begin = nullptr;
};

/// If `text` is a Git LFS pointer (the small text file that stands for a large
/// one until `git lfs pull`), the error that says so; otherwise success.
llvm::Error checkNotLfsPointer(llvm::StringRef text, llvm::StringRef path);

} // namespace sinter

#endif // SINTER_COMPILER_SUPPORT_MAPPEDFILE_H
