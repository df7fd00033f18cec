// Manifest.h: manifest.json of a bundle (docs/formats/bundle.md), checked for
// syntax, its own hash, types, ranges and safe paths. Unknown fields are
// ignored.
#ifndef SINTER_RUNTIME_CORE_MANIFEST_H
#define SINTER_RUNTIME_CORE_MANIFEST_H

#include "runtime/core/Json.h"
#include "runtime/core/Memory.h"
#include "runtime/core/Status.h"

namespace sinter::rt {

/// Bytes of every weight shard but the last.
constexpr uint64_t kShardBytes = 24u << 20;
constexpr uint32_t kBundleMajor = 1;
/// From this minor version on a manifest ends with its own hash.
constexpr uint32_t kBundleMinorSealed = 1;
/// A manifest larger than this is refused.
constexpr uint64_t kMaxManifestBytes = 4u << 20;

struct ManifestFile {
  const char *path; // relative, safe
  uint64_t size;
  uint8_t sha256[32];
};

/// A set of kernels, where the runtime chooses by what a device has.
struct ManifestVariant {
  static constexpr uint32_t kMaxFeatures = 8;
  const char *name, *when; // when: a class of devices, "" for all
  const char *features[kMaxFeatures];
  uint32_t featureCount;
};

/// Strings are zero-terminated and live as long as the Manifest.
struct Manifest {
  uint32_t versionMajor = 0, versionMinor = 0, abiVersion = 0;
  const char *generator = "", *name = "", *prefix = "";
  const char *architecture = "", *quantization = "";
  const char *chatTemplate = nullptr;
  uint64_t parameters = 0, context = 0, vocabSize = 0;
  double bitsPerWeight = 0;
  uint64_t downloadBytes = 0, weightBytes = 0, arenaBytes = 0, stateBytes = 0;
  sinter_sampler_params sampling = SINTER_SAMPLER_PARAMS_INIT;
  Array<ManifestFile> files;
  /// Paths of the plans of native targets; null: the bundle lacks the target. A
  /// manifest without targets is one for CPUs.
  const char *cpuPlan = nullptr, *vulkanPlan = nullptr;
  Array<ManifestVariant> vulkanVariants;

  /// Reads a manifest's text. VERSION_MISMATCH for another major version or
  /// ABI, else CORRUPT, with the field's name or the byte.
  [[nodiscard]] Status parse(const char *text, size_t bytes, Fault &fault);

  /// The file with exactly this path, or null.
  const ManifestFile *find(const char *path) const;

private:
  Buffer strings_;
};

/// Not empty, below 256 bytes, '/' between names, no "." or "..", no leading
/// '/', no backslash, colon or control character.
bool isSafePath(const char *path);

} // namespace sinter::rt
#endif
