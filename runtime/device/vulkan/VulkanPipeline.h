// VulkanPipeline.h: what every kernel of ours needs to run, whoever made it:
// layouts (docs/vulkan.md: set 0 the bindings, set 1 the scalars) and a
// pipeline from SPIR-V. The runtime's kernels, a user's kernels while they are
// checked, and the numerics tests go through here.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANPIPELINE_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANPIPELINE_H

#include "runtime/device/vulkan/KernelPack.h"
#include "runtime/device/vulkan/VulkanContext.h"

namespace sinter::rt {

/// Layouts by the number of bindings. Destroyed before their context.
class VulkanLayouts {
public:
  VulkanLayouts() = default;
  VulkanLayouts(const VulkanLayouts &) = delete;
  VulkanLayouts &operator=(const VulkanLayouts &) = delete;
  ~VulkanLayouts();

  /// Makes what a kernel with so many bindings needs, if it is not there yet;
  /// at most kMaxKernelBindings. All calls are for one context.
  [[nodiscard]] Status require(VulkanContext &context, uint32_t bindings,
                               Fault &fault);

  VkPipelineLayout pipeline(uint32_t bindings) const {
    return pipelines_[bindings];
  }
  VkDescriptorSetLayout set(uint32_t bindings) const { return sets_[bindings]; }
  VkDescriptorSetLayout scalars() const { return scalars_; }

private:
  VkResult makeSet(uint32_t bindings, VkDescriptorType type,
                   VkDescriptorSetLayout &set);

  VulkanContext *context_ = nullptr;
  VkDescriptorSetLayout sets_[kMaxKernelBindings + 1] = {};
  VkPipelineLayout pipelines_[kMaxKernelBindings + 1] = {};
  VkDescriptorSetLayout scalars_ = VK_NULL_HANDLE;
};

struct KernelCode {
  const uint32_t *words;
  size_t wordCount;
  const char *entry;
  bool fullSubgroups; ///< for kernels with subgroup operations
};

/// May be called by several threads. The pipeline is the caller's to destroy.
[[nodiscard]] Status makePipeline(const VulkanContext &context,
                                  const KernelCode &code,
                                  VkPipelineLayout layout,
                                  VkPipelineCache cache, VkPipeline &pipeline,
                                  Fault &fault);

} // namespace sinter::rt
#endif
