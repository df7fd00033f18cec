// Bundle.h: an opened bundle: manifest and plan are read and checked,
// the other files can be opened by their listed path.
#ifndef SINTER_RUNTIME_CORE_BUNDLE_H
#define SINTER_RUNTIME_CORE_BUNDLE_H

#include "runtime/core/File.h"
#include "runtime/core/Manifest.h"
#include "runtime/core/Plan.h"

namespace sinter::rt {

/// Whose plan is opened. Any: the CPU's, if there is one.
enum class BundleTarget { Any, Cpu, Vulkan };

struct Bundle {
  Folder folder;
  Manifest manifest;
  Plan plan;

  /// Reads manifest.json and the plan of a target, and checks that they agree
  /// with each other and that the manifest lists all weight shards in their
  /// sizes. UNSUPPORTED when the bundle is not for the target.
  [[nodiscard]] Status open(const char *dir, Fault &fault,
                            BundleTarget target = BundleTarget::Any);
  /// The same from files in memory, of which only manifest.json, the plan
  /// (planPath as the manifest lists it) and the tokenizer are needed. They may
  /// go after folder.close().
  [[nodiscard]] Status openMemory(const MemoryFile *files, size_t count,
                                  const char *planPath, Fault &fault);

  /// Opens a listed file and checks its size. Errors name the file, and the
  /// expected and found sizes.
  [[nodiscard]] Status openListed(const char *path, File &file,
                                  Fault &fault) const;
  /// Compares an opened file's SHA-256 with the listed one.
  [[nodiscard]] Status checkHash(const char *path, const File &file,
                                 Fault &fault) const;
  /// Reads a whole file of at most limit bytes and checks its SHA-256.
  [[nodiscard]] Status readListed(const char *path, uint64_t limit,
                                  Buffer &bytes, Fault &fault) const;

  uint32_t shards() const;

private:
  Status readPlan(const char *path, Fault &fault);
  Status readManifest(Fault &fault);
  Status checkAgreement(Fault &fault) const;
};

/// The path of a weight shard: "weights/00042.bin". out: 32 bytes.
void shardPath(uint32_t index, char *out);
/// Bytes of a shard when all shards have total bytes.
uint64_t shardBytes(uint32_t index, uint64_t total);

} // namespace sinter::rt
#endif
