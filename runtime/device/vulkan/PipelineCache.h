// PipelineCache.h: a VkPipelineCache kept in a file beside the bundle
// (BUNDLE.vulkan-VARIANT), or in the user's cache folder where that cannot be
// written. The file is checked (device, driver, kernels, SHA-256) before the
// driver sees it; a cache that does not fit is ignored.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_PIPELINECACHE_H
#define SINTER_RUNTIME_DEVICE_VULKAN_PIPELINECACHE_H

#include "runtime/device/vulkan/VulkanContext.h"

namespace sinter::rt {

class PipelineCache {
public:
  /// bundle: path of the folder; both strings outlive the cache.
  PipelineCache(VulkanContext &context, const char *bundle, const char *variant)
      : context_(context), bundle_(bundle), variant_(variant) {}
  PipelineCache(const PipelineCache &) = delete;
  PipelineCache &operator=(const PipelineCache &) = delete;
  ~PipelineCache();

  /// kernels: what the pipelines are made of.
  [[nodiscard]] Status open(const Buffer &kernels, Fault &fault);
  VkPipelineCache handle() const { return cache_; }
  /// Writes the file if there is something new. Failing to is no error.
  void save();

private:
  struct Header;
  bool path(bool beside, char *out, size_t bytes) const;
  bool read(const char *path, Buffer &bytes) const;
  bool write(const char *path, const Buffer &bytes) const;

  VulkanContext &context_;
  const char *bundle_, *variant_;
  uint8_t kernels_[32] = {};
  size_t loaded_ = 0; // bytes of the blob that was there
  VkPipelineCache cache_ = VK_NULL_HANDLE;
};

} // namespace sinter::rt
#endif
