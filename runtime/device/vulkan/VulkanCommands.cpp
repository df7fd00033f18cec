// VulkanCommands.cpp: see the header.
#include "runtime/device/vulkan/VulkanCommands.h"

namespace sinter::rt {

VulkanCommandPool::~VulkanCommandPool() {
  if (context_)
    context_->vk.DestroyCommandPool(context_->device, pool_, nullptr);
}

Status VulkanCommandPool::create(VulkanContext &context, VulkanQueue queue,
                                 Fault &fault) {
  context_ = &context;
  VkCommandPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  info.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  info.queueFamilyIndex =
      queue == kComputeQueue ? context.computeFamily : context.transferFamily;
  return vulkanFault(
      context.vk.CreateCommandPool(context.device, &info, nullptr, &pool_),
      "cannot make a command pool", fault);
}

Status VulkanCommandPool::allocate(VkCommandBuffer &commands, Fault &fault) {
  VkCommandBufferAllocateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  info.commandPool = pool_;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  return vulkanFault(
      context_->vk.AllocateCommandBuffers(context_->device, &info, &commands),
      "cannot make a command buffer", fault);
}

Status VulkanCommandPool::begin(VkCommandBuffer commands, bool oneTime,
                                Fault &fault) {
  VkCommandBufferBeginInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  info.flags = oneTime ? VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT : 0u;
  return vulkanFault(context_->vk.BeginCommandBuffer(commands, &info),
                     "cannot record commands", fault);
}

Status VulkanCommandPool::end(VkCommandBuffer commands, Fault &fault) {
  return vulkanFault(context_->vk.EndCommandBuffer(commands),
                     "cannot record commands", fault);
}

void memoryBarrier(const VulkanApi &vk, VkCommandBuffer commands,
                   VkPipelineStageFlags fromStage, VkAccessFlags from,
                   VkPipelineStageFlags toStage, VkAccessFlags to) {
  VkMemoryBarrier barrier = {};
  barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  barrier.srcAccessMask = from;
  barrier.dstAccessMask = to;
  vk.CmdPipelineBarrier(commands, fromStage, toStage, 0, 1, &barrier, 0,
                        nullptr, 0, nullptr);
}

} // namespace sinter::rt
