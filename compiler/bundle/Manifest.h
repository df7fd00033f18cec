//===- Manifest.h - manifest.json of a bundle -------------------*- C++ -*-===//
//
// What a bundle is, for people and loaders; the format is
// docs/formats/bundle.md. Keys are printed in a fixed order, so that equal
// bundles have equal manifests.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/bundle/Sha256.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace sinter {

/// Format version written: readers refuse another major one. From 1.1 on a
/// manifest ends with its own hash.
constexpr int64_t kBundleMajor = 1, kBundleMinor = 1;

/// Bytes of every weight shard but the last.
constexpr uint64_t kShardBytes = 24u << 20;

/// Where shard `index` lies in a bundle.
std::string shardPath(size_t index);

/// Everything in the manifest but the files, the download size and the
/// versions. Bytes are those of the plan.
struct ManifestInfo {
  struct Target {
    struct Variant {
      std::string name;
      std::vector<std::string> features; ///< what a device must have
      std::string when;                  ///< the devices it is for, or empty
    };
    std::string name;              ///< "cpu"
    std::string plan;              ///< "plan.fb"
    std::vector<Variant> variants; ///< best first
    uint64_t arenaBytes = 0, stateBytes = 0;
  };
  struct Sampling {
    std::optional<double> temperature, topP, minP, repeatPenalty;
    std::optional<int64_t> topK;
  };

  /// A user's shader in the place of a generated kernel.
  struct CustomKernel {
    std::string id, target, variant;
    std::string file;    ///< its name, without folders
    std::string sha256;  ///< of its text
    bool checked = true; ///< its results were compared with the reference
  };

  std::string name;   ///< of the model, for people
  std::string prefix; ///< C identifier
  std::string architecture, quantization;
  int64_t parameters = 0, context = 0, vocabSize = 0;
  double bitsPerWeight = 0;
  std::vector<Target> targets;
  uint64_t weightBytes = 0, arenaBytes = 0, stateBytes = 0;
  Sampling sampling;
  std::optional<std::string> chatTemplate;
  std::vector<CustomKernel> customKernels;
};

/// One file of a bundle.
struct BundleFile {
  std::string path; ///< relative, '/' between names
  uint64_t size = 0;
  Digest sha256{};
};

/// The text of manifest.json, its own hash at the end. `files` are listed in
/// the order given.
std::string manifestText(const ManifestInfo &info,
                         llvm::ArrayRef<BundleFile> files);

/// The files of a manifest, after checking format, version, ABI version, its
/// own hash and every path, size and hash. VerificationError otherwise; `where`
/// is named.
llvm::Expected<std::vector<BundleFile>>
readManifestFiles(llvm::StringRef text, llvm::StringRef where);

/// A program of a bundle and who runs it.
struct BundleProgramFile {
  std::string plan;                 ///< "plan.fb"
  std::vector<std::string> targets; ///< {"cpu", "wasm"}
};

/// The programs of a manifest, each plan once, in the order of its targets; the
/// one of the CPU first. A manifest without targets is one for CPUs.
llvm::Expected<std::vector<BundleProgramFile>>
readManifestPrograms(llvm::StringRef text, llvm::StringRef where);

/// Whether a path may stand in a manifest: relative, not above the bundle, no
/// backslash, colon or control character, below 256 bytes.
bool isSafeBundlePath(llvm::StringRef path);

} // namespace sinter
