// VulkanPipeline.cpp: see the header.
#include "runtime/device/vulkan/VulkanPipeline.h"

namespace sinter::rt {

VulkanLayouts::~VulkanLayouts() {
  if (!context_)
    return;
  const VulkanApi &vk = context_->vk;
  for (uint32_t i = 0; i <= kMaxKernelBindings; ++i) {
    vk.DestroyPipelineLayout(context_->device, pipelines_[i], nullptr);
    vk.DestroyDescriptorSetLayout(context_->device, sets_[i], nullptr);
  }
  vk.DestroyDescriptorSetLayout(context_->device, scalars_, nullptr);
}

VkResult VulkanLayouts::makeSet(uint32_t bindings, VkDescriptorType type,
                                VkDescriptorSetLayout &set) {
  VkDescriptorSetLayoutBinding slots[kMaxKernelBindings] = {};
  for (uint32_t i = 0; i < bindings; ++i) {
    slots[i].binding = i;
    slots[i].descriptorType = type;
    slots[i].descriptorCount = 1;
    slots[i].stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
  }
  VkDescriptorSetLayoutCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  info.bindingCount = bindings;
  info.pBindings = slots;
  return context_->vk.CreateDescriptorSetLayout(context_->device, &info,
                                                nullptr, &set);
}

Status VulkanLayouts::require(VulkanContext &context, uint32_t bindings,
                              Fault &fault) {
  context_ = &context;
  if (pipelines_[bindings])
    return SINTER_OK;
  VkResult result = VK_SUCCESS;
  if (!scalars_)
    result = makeSet(1, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, scalars_);
  if (!result)
    result =
        makeSet(bindings, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, sets_[bindings]);
  if (result)
    return vulkanFault(result, "cannot make a descriptor layout", fault);
  const VkDescriptorSetLayout both[2] = {sets_[bindings], scalars_};
  VkPipelineLayoutCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.setLayoutCount = 2;
  info.pSetLayouts = both;
  result = context.vk.CreatePipelineLayout(context.device, &info, nullptr,
                                           &pipelines_[bindings]);
  return vulkanFault(result, "cannot make a pipeline layout", fault);
}

Status makePipeline(const VulkanContext &context, const KernelCode &kernel,
                    VkPipelineLayout layout, VkPipelineCache cache,
                    VkPipeline &pipeline, Fault &fault) {
  const VulkanApi &vk = context.vk;
  VkShaderModuleCreateInfo code = {};
  code.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  code.codeSize = kernel.wordCount * sizeof(uint32_t);
  code.pCode = kernel.words;
  VkComputePipelineCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.pName = kernel.entry;
  if (kernel.fullSubgroups)
    info.stage.flags =
        VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT_EXT;
  info.layout = layout;
  VkResult result =
      vk.CreateShaderModule(context.device, &code, nullptr, &info.stage.module);
  if (result)
    return vulkanFault(result, "cannot load a kernel", fault);
  result = vk.CreateComputePipelines(context.device, cache, 1, &info, nullptr,
                                     &pipeline);
  vk.DestroyShaderModule(context.device, info.stage.module, nullptr);
  return vulkanFault(result, "cannot compile a kernel", fault);
}

} // namespace sinter::rt
