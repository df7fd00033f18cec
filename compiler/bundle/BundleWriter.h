//===- BundleWriter.h - Writing a bundle, all or nothing --------*- C++ -*-===//
//
// Files go to a temporary folder beside the output, under a lock; they are
// synced, the manifest is written last, and the folder is renamed into place. A
// writer that is killed at any moment leaves either what was there before or
// nothing that a reader accepts; the next writer to the same place removes the
// remains. See docs/formats/bundle.md, "Writing".
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/bundle/Manifest.h"
#include "compiler/bundle/OutputLock.h"
#include "compiler/support/Interrupt.h"

#include <functional>
#include <memory>
#include <mutex>

namespace sinter {

struct BundleOptions {
  /// Replace a bundle that is there; anything else is never replaced.
  bool overwrite = false;
  /// For tests: called before each operation on the file system with its name
  /// ("open", "write", "close", "fsync",
  /// "rename", "mkdir", "reserve"); returns 0 or the errno it
  /// shall fail with. Called from several threads.
  std::function<int(llvm::StringRef operation)> fault;
};

/// One bundle being written. addFile, addCopy and bytesWritten may be called
/// from several threads.
class BundleWriter {
public:
  /// Locks `output` and makes the temporary folder; the folder above must
  /// exist. InputError if there is something at `output` that may not be
  /// replaced, ResourceError if another process is writing there (its owner is
  /// named) or the file system refuses.
  static llvm::Expected<std::unique_ptr<BundleWriter>>
  create(llvm::StringRef output, const BundleOptions &options = {});

  /// Without a successful finish(): removes the temporary folder.
  ~BundleWriter();

  /// Says that the bundle will have at least `bytes` in all. ResourceError
  /// unless what is not yet written of them is free.
  llvm::Error reserve(uint64_t bytes);

  /// Writes a file; its folders are made as needed. The path must be safe and
  /// new. ResourceError for a full disk (needed and free bytes are told) and
  /// any other refusal; InterruptedError after a signal.
  llvm::Error addFile(llvm::StringRef path, llvm::StringRef bytes);

  /// Copies a file from elsewhere; InternalError if it cannot be read, because
  /// only our own resources are copied.
  llvm::Error addCopy(llvm::StringRef path, llvm::StringRef from);

  /// Writes a manifest of what is there so far into the temporary folder, so
  /// that a runtime can open it before the bundle is finished. The folder.
  llvm::Expected<std::string> preview(const ManifestInfo &info);

  /// Takes a file back that was there for a preview only.
  llvm::Error removeFile(llvm::StringRef path);

  /// Syncs everything, writes the manifest and moves the bundle into place.
  llvm::Error finish(const ManifestInfo &info);

  /// Bytes of all files so far.
  uint64_t bytesWritten() const;
  llvm::StringRef output() const { return target; }

private:
  BundleWriter(llvm::StringRef target, const BundleOptions &options,
               OutputLock lock);

  llvm::Error prepare();
  llvm::Error makeFolders(llvm::StringRef path);
  llvm::Expected<int> openNew(const std::string &path);
  llvm::Error writeAll(int descriptor, llvm::StringRef bytes,
                       const std::string &path);
  llvm::Error closeNew(int descriptor, const std::string &path);
  llvm::Error sync(const std::string &path);
  llvm::Error syncAll();
  llvm::Error writeManifest(const ManifestInfo &info);
  llvm::Error moveIntoPlace();
  llvm::Error failure(llvm::StringRef operation, const std::string &path,
                      int code);
  int injected(llvm::StringRef operation) const;

  std::string target;    ///< where the bundle will be
  std::string temporary; ///< where it is written
  BundleOptions options;
  OutputLock lock;
  std::unique_ptr<RemoveOnInterrupt> removal;
  mutable std::mutex mutex; ///< guards files, reserved
  std::vector<BundleFile> files;
  uint64_t reserved = 0; ///< the most reserve() was asked for
  bool finished = false;
};

} // namespace sinter
