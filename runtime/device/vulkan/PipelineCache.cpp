// PipelineCache.cpp: see the header. A file is replaced in one step, so that
// two processes may write it.
#include "runtime/device/vulkan/PipelineCache.h"
#include "runtime/core/Sha256.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace sinter::rt {

struct PipelineCache::Header {
  uint32_t magic, version;
  uint8_t device[VK_UUID_SIZE];
  uint8_t kernels[32], blob[32]; // SHA-256
};

namespace {
constexpr uint32_t kMagic = 0x43564e53; // "SNVC"
constexpr uint32_t kVersion = 1;
constexpr long kMaxBytes = 256l << 20;
constexpr size_t kPathBytes = 4096;
} // namespace

PipelineCache::~PipelineCache() {
  if (cache_)
    context_.vk.DestroyPipelineCache(context_.device, cache_, nullptr);
}

bool PipelineCache::path(bool beside, char *out, size_t bytes) const {
  int length = -1;
  if (beside) {
    size_t end = strlen(bundle_);
    while (end > 1 && bundle_[end - 1] == '/')
      --end;
    if (bundle_[end - 1] == '.' || bundle_[end - 1] == '/')
      return false; // ".", "..", "/": not beside, but in or above it
    length = snprintf(out, bytes, "%.*s.vulkan-%s", static_cast<int>(end),
                      bundle_, variant_);
  } else {
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    char folder[kPathBytes];
    if (cache && *cache)
      length = snprintf(folder, sizeof(folder), "%s", cache);
    else if (home && *home)
      length = snprintf(folder, sizeof(folder), "%s/.cache", home);
    if (length < 0 || size_t(length) >= sizeof(folder))
      return false;
    (void)mkdir(folder, 0700);
    length = snprintf(out, bytes, "%s/sinter", folder);
    if (length < 0 || size_t(length) >= bytes)
      return false;
    (void)mkdir(out, 0700);
    // Named by the kernels, of which many bundles may have the same.
    char hex[17] = {};
    for (int i = 0; i < 8; ++i)
      snprintf(hex + 2 * i, 3, "%02x", kernels_[i]);
    length = snprintf(out, bytes, "%s/sinter/vulkan-%s-%02x%02x", folder, hex,
                      context_.properties.pipelineCacheUUID[0],
                      context_.properties.pipelineCacheUUID[1]);
  }
  return length > 0 && size_t(length) < bytes;
}

bool PipelineCache::read(const char *path, Buffer &bytes) const {
  FILE *file = fopen(path, "rbe");
  if (!file)
    return false;
  bool good = fseek(file, 0, SEEK_END) == 0;
  long size = good ? ftell(file) : -1;
  good = size > static_cast<long>(sizeof(Header)) && size <= kMaxBytes &&
         fseek(file, 0, SEEK_SET) == 0 &&
         bytes.allocate(static_cast<size_t>(size)) &&
         fread(bytes.data(), 1, bytes.size(), file) == bytes.size();
  fclose(file);
  if (!good)
    return false;
  const auto &header = *bytes.as<Header>();
  uint8_t digest[32];
  Sha256::digest(bytes.data() + sizeof(Header), bytes.size() - sizeof(Header),
                 digest);
  return header.magic == kMagic && header.version == kVersion &&
         memcmp(header.device, context_.properties.pipelineCacheUUID,
                VK_UUID_SIZE) == 0 &&
         memcmp(header.kernels, kernels_, 32) == 0 &&
         memcmp(header.blob, digest, 32) == 0;
}

Status PipelineCache::open(const Buffer &kernels, Fault &fault) {
  Sha256::digest(kernels.data(), kernels.size(), kernels_);
  Buffer bytes;
  char name[kPathBytes];
  bool there = (path(true, name, sizeof(name)) && read(name, bytes)) ||
               (path(false, name, sizeof(name)) && read(name, bytes));
  VkPipelineCacheCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO;
  if (there) {
    info.initialDataSize = loaded_ = bytes.size() - sizeof(Header);
    info.pInitialData = bytes.data() + sizeof(Header);
  }
  return vulkanFault(
      context_.vk.CreatePipelineCache(context_.device, &info, nullptr, &cache_),
      "cannot make a pipeline cache", fault);
}

bool PipelineCache::write(const char *path, const Buffer &bytes) const {
  char temporary[kPathBytes + 32];
  snprintf(temporary, sizeof(temporary), "%s.%ld", path,
           static_cast<long>(getpid()));
  FILE *file = fopen(temporary, "wbe");
  if (!file)
    return false;
  bool good = fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  good &= fclose(file) == 0;
  if (good && rename(temporary, path) == 0)
    return true;
  (void)unlink(temporary);
  return false;
}

void PipelineCache::save() {
  const VulkanApi &vk = context_.vk;
  size_t size = 0;
  Buffer bytes;
  if (vk.GetPipelineCacheData(context_.device, cache_, &size, nullptr) ||
      size <= loaded_ || size > size_t(kMaxBytes) - sizeof(Header) ||
      !bytes.allocate(sizeof(Header) + size) ||
      vk.GetPipelineCacheData(context_.device, cache_, &size,
                              bytes.data() + sizeof(Header)))
    return;
  auto &header = *bytes.as<Header>();
  header.magic = kMagic;
  header.version = kVersion;
  memcpy(header.device, context_.properties.pipelineCacheUUID, VK_UUID_SIZE);
  memcpy(header.kernels, kernels_, 32);
  Sha256::digest(bytes.data() + sizeof(Header), bytes.size() - sizeof(Header),
                 header.blob);
  char name[kPathBytes];
  if (!path(true, name, sizeof(name)) || !write(name, bytes))
    if (path(false, name, sizeof(name)))
      (void)write(name, bytes);
}

} // namespace sinter::rt
