// VulkanWeights.h: the packed weights of a bundle in the device's memory.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANWEIGHTS_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANWEIGHTS_H

#include "runtime/core/Bundle.h"
#include "runtime/device/vulkan/VulkanMemory.h"

namespace sinter::rt {

class VulkanWeights {
public:
  /// Streams the shards from their files, through two staging buffers of a
  /// shard (48 MiB together) or, where the device computes in the host's
  /// memory, straight to their places. verify: checks each shard's SHA-256.
  /// `last` is the submission after which all of them are there.
  [[nodiscard]] Status load(VulkanContext &context, const Bundle &bundle,
                            bool verify, Submission &last, Fault &fault);
  BufferPart find(const fb::Range &range) const {
    return space_.find(range.offset(), range.bytes());
  }

private:
  Status loadMapped(const Bundle &bundle, bool verify, Fault &fault);
  Status loadStaged(VulkanContext &context, const Bundle &bundle, bool verify,
                    Submission &last, Fault &fault);

  VulkanSpace space_;
};

} // namespace sinter::rt
#endif
