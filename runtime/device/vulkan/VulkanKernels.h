// VulkanKernels.h: the pipelines of a model: one per kernel, made from the
// variant that fits the device.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANKERNELS_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANKERNELS_H

#include "runtime/core/Bundle.h"
#include "runtime/device/vulkan/VulkanPipeline.h"

namespace sinter::rt {

class VulkanKernels {
public:
  VulkanKernels() = default;
  VulkanKernels(const VulkanKernels &) = delete;
  VulkanKernels &operator=(const VulkanKernels &) = delete;
  ~VulkanKernels();

  /// variant: a name, or null for the first in the manifest that the device can
  /// run. UNSUPPORTED when there is none.
  [[nodiscard]] Status load(VulkanContext &context, const Bundle &bundle,
                            const char *variant, Fault &fault);

  const ManifestVariant &variant() const { return *variant_; }
  VkPipeline pipeline(uint32_t kernel) const { return pipelines_[kernel]; }
  const PackedKernel &kernel(uint32_t kernel) const { return table_[kernel]; }
  VkPipelineLayout layout(uint32_t kernel) const {
    return layouts_.pipeline(table_[kernel].bindings);
  }
  VkDescriptorSetLayout setLayout(uint32_t kernel) const {
    return layouts_.set(table_[kernel].bindings);
  }
  VkDescriptorSetLayout scalarLayout() const { return layouts_.scalars(); }
  /// Nanoseconds that making the pipelines took.
  uint64_t pipelineTime() const { return pipelineTime_; }

private:
  struct Making;
  static void *makeShare(void *making);
  Status chooseVariant(const Bundle &bundle, const char *wanted, Fault &fault);
  Status readPack(const Bundle &bundle, Fault &fault);
  Status checkPack(const Plan &plan, Fault &fault) const;
  Status checkDispatches(const Plan &plan, Fault &fault) const;
  Status makeLayouts(Fault &fault);
  Status makePipeline(uint32_t kernel, const char *entry, VkPipelineCache cache,
                      Fault &fault);
  Status makePipelines(const Bundle &bundle, Fault &fault);

  VulkanContext *context_ = nullptr;
  const ManifestVariant *variant_ = nullptr;
  Buffer pack_;
  const KernelPackHeader *header_ = nullptr;
  const PackedKernel *table_ = nullptr;
  VulkanLayouts layouts_;
  Array<VkPipeline> pipelines_;
  uint64_t pipelineTime_ = 0;
};

} // namespace sinter::rt
#endif
