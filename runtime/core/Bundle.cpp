// Bundle.cpp: opening a bundle, see the header.
#include "runtime/core/Bundle.h"
#include "runtime/core/Sha256.h"

#include <cstdio>
#include <cstring>

namespace sinter::rt {

namespace {
constexpr uint32_t kMaxShards = 99999; // five digits
using Long = unsigned long long;
} // namespace

void shardPath(uint32_t index, char *out) {
  snprintf(out, 32, "weights/%05u.bin", index);
}

uint64_t shardBytes(uint32_t index, uint64_t total) {
  uint64_t rest = total - index * kShardBytes;
  return rest < kShardBytes ? rest : kShardBytes;
}

uint32_t Bundle::shards() const {
  return static_cast<uint32_t>(
      divideUp(plan.root().weight_bytes(), kShardBytes));
}

Status Bundle::readManifest(Fault &fault) {
  File file;
  Status status = file.open(folder, "manifest.json", fault);
  if (status == SINTER_NOT_FOUND)
    return fault.set(status,
                     "'%s' is not a bundle: it has no manifest.json (an "
                     "unfinished copy or compilation?)",
                     folder.path());
  if (status)
    return status;
  if (file.size() > kMaxManifestBytes)
    return fault.set(SINTER_CORRUPT, "manifest.json is larger than 4 MiB");
  Buffer text;
  auto bytes = static_cast<size_t>(file.size());
  if (!text.allocate(bytes))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for manifest.json");
  if ((status = file.readAt(text.data(), bytes, 0, fault)))
    return status;
  return manifest.parse(text.as<char>(), bytes, fault);
}

Status Bundle::openListed(const char *path, File &file, Fault &fault) const {
  const ManifestFile *listed = manifest.find(path);
  if (!listed)
    return fault.set(SINTER_CORRUPT, "manifest.json does not list '%s'", path);
  Status status = file.open(folder, path, fault);
  if (status == SINTER_NOT_FOUND)
    return fault.set(status,
                     "the bundle's file '%s' (%llu bytes) is missing; copy the "
                     "bundle again",
                     path, Long(listed->size));
  if (status)
    return status;
  if (file.size() != listed->size)
    return fault.set(SINTER_CORRUPT,
                     "'%s' has %llu bytes, manifest.json says %llu; copy the "
                     "bundle again",
                     path, Long(file.size()), Long(listed->size));
  return SINTER_OK;
}

Status Bundle::checkHash(const char *path, const File &file,
                         Fault &fault) const {
  uint8_t digest[32];
  if (Status status = file.hash(digest, fault))
    return status;
  const ManifestFile *listed = manifest.find(path);
  if (listed && memcmp(digest, listed->sha256, 32) == 0)
    return SINTER_OK;
  return fault.set(SINTER_CORRUPT,
                   "'%s' does not have the SHA-256 that manifest.json says; "
                   "copy the bundle again",
                   path);
}

Status Bundle::readListed(const char *path, uint64_t limit, Buffer &bytes,
                          Fault &fault) const {
  File file;
  if (Status status = openListed(path, file, fault))
    return status;
  if (file.size() > limit)
    return fault.set(SINTER_CORRUPT, "'%s' is larger than %llu bytes", path,
                     Long(limit));
  auto size = static_cast<size_t>(file.size());
  if (!bytes.allocate(size))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for '%s'", path);
  if (Status status = file.readAt(bytes.data(), size, 0, fault))
    return status;
  uint8_t digest[32];
  Sha256::digest(bytes.data(), size, digest);
  if (memcmp(digest, manifest.find(path)->sha256, 32) != 0)
    return fault.set(SINTER_CORRUPT,
                     "'%s' does not have the SHA-256 that manifest.json says; "
                     "copy the bundle again",
                     path);
  return SINTER_OK;
}

Status Bundle::checkAgreement(Fault &fault) const {
  const fb::Plan &p = plan.root();
  if (p.context() != manifest.context || p.vocab_size() != manifest.vocabSize)
    return fault.set(SINTER_CORRUPT,
                     "manifest.json and plan.fb name different context or "
                     "vocabulary sizes");
  if (p.weight_bytes() > kMaxShards * kShardBytes)
    return fault.set(SINTER_UNSUPPORTED, "the weights are too large");
  for (uint32_t i = 0; i < shards(); ++i) {
    char path[32];
    shardPath(i, path);
    const ManifestFile *listed = manifest.find(path);
    uint64_t expected = shardBytes(i, p.weight_bytes());
    if (!listed || listed->size != expected)
      return fault.set(
          SINTER_CORRUPT,
          "manifest.json does not list '%s' with %llu bytes, which "
          "plan.fb needs",
          path, Long(expected));
  }
  return SINTER_OK;
}

/// The path of the plan to open, or null. CPU workers of any target run
/// plan.fb.
static const char *planPath(const Manifest &manifest, BundleTarget target) {
  const char *plain = manifest.find("plan.fb") ? "plan.fb" : nullptr;
  const char *cpu = manifest.cpuPlan ? manifest.cpuPlan : plain;
  switch (target) {
  case BundleTarget::Cpu:
    return cpu;
  case BundleTarget::Vulkan:
    return manifest.vulkanPlan;
  case BundleTarget::Any:
    break;
  }
  return cpu ? cpu : manifest.vulkanPlan;
}

Status Bundle::open(const char *dir, Fault &fault, BundleTarget target) {
  if (Status status = folder.open(dir, fault))
    return status;
  if (Status status = readManifest(fault))
    return status;
  const char *path = planPath(manifest, target);
  if (path)
    return readPlan(path, fault);
  return fault.set(SINTER_UNSUPPORTED,
                   "the bundle has no kernels for this device; compile the "
                   "model with --target %s",
                   target == BundleTarget::Vulkan ? "vulkan" : "cpu");
}

Status Bundle::openMemory(const MemoryFile *files, size_t count,
                          const char *planPath, Fault &fault) {
  folder.openMemory(files, count);
  if (Status status = readManifest(fault))
    return status;
  return readPlan(planPath, fault);
}

Status Bundle::readPlan(const char *path, Fault &fault) {
  Buffer bytes;
  if (Status status = readListed(path, kMaxPlanBytes, bytes, fault))
    return status;
  if (Status status = plan.load(std::move(bytes), fault))
    return status;
  return checkAgreement(fault);
}

} // namespace sinter::rt
