// VulkanCommands.h: small helpers around command buffers.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANCOMMANDS_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANCOMMANDS_H

#include "runtime/device/vulkan/VulkanContext.h"

namespace sinter::rt {

/// A pool of command buffers of one queue, for one thread at a time.
class VulkanCommandPool {
public:
  VulkanCommandPool() = default;
  VulkanCommandPool(const VulkanCommandPool &) = delete;
  VulkanCommandPool &operator=(const VulkanCommandPool &) = delete;
  ~VulkanCommandPool();

  [[nodiscard]] Status create(VulkanContext &context, VulkanQueue queue,
                              Fault &fault);
  /// Lives as long as the pool.
  [[nodiscard]] Status allocate(VkCommandBuffer &commands, Fault &fault);
  /// Begins recording anew. oneTime: for one submission.
  [[nodiscard]] Status begin(VkCommandBuffer commands, bool oneTime,
                             Fault &fault);
  [[nodiscard]] Status end(VkCommandBuffer commands, Fault &fault);

private:
  VulkanContext *context_ = nullptr;
  VkCommandPool pool_ = VK_NULL_HANDLE;
};

/// Everything of `from` before everything of `to`.
void memoryBarrier(const VulkanApi &vk, VkCommandBuffer commands,
                   VkPipelineStageFlags fromStage, VkAccessFlags from,
                   VkPipelineStageFlags toStage, VkAccessFlags to);

} // namespace sinter::rt
#endif
