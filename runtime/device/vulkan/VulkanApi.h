// VulkanApi.h: the functions of libvulkan that the device uses. The library is
// loaded when the first device is made and never linked, so that programs run
// where there is none.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANAPI_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANAPI_H

#include "runtime/core/Status.h"

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

// What headers before 1.3.255 lack of VK_KHR_cooperative_matrix.
#ifndef VK_KHR_cooperative_matrix
#define VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME "VK_KHR_cooperative_matrix"
constexpr auto
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR =
        static_cast<VkStructureType>(1000506000);
constexpr auto VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR =
    static_cast<VkStructureType>(1000506001);
enum VkComponentTypeKHR : int32_t {
  VK_COMPONENT_TYPE_FLOAT16_KHR = 0,
  VK_COMPONENT_TYPE_FLOAT32_KHR = 1,
  VK_COMPONENT_TYPE_SINT8_KHR = 3,
  VK_COMPONENT_TYPE_SINT32_KHR = 5,
};
enum VkScopeKHR : int32_t { VK_SCOPE_SUBGROUP_KHR = 3 };
struct VkPhysicalDeviceCooperativeMatrixFeaturesKHR {
  VkStructureType sType;
  void *pNext;
  VkBool32 cooperativeMatrix, cooperativeMatrixRobustBufferAccess;
};
struct VkCooperativeMatrixPropertiesKHR {
  VkStructureType sType;
  void *pNext;
  uint32_t MSize, NSize, KSize;
  VkComponentTypeKHR AType, BType, CType, ResultType;
  VkBool32 saturatingAccumulation;
  VkScopeKHR scope;
};
typedef VkResult(
    VKAPI_PTR *PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)(
    VkPhysicalDevice, uint32_t *, VkCooperativeMatrixPropertiesKHR *);
#endif

// Found without an instance, with an instance, and with a device.
#define SINTER_VULKAN_GLOBAL(F) F(CreateInstance) F(EnumerateInstanceVersion)

#define SINTER_VULKAN_INSTANCE(F)                                              \
  F(DestroyInstance)                                                           \
  F(EnumeratePhysicalDevices)                                                  \
  F(GetPhysicalDeviceProperties2)                                              \
  F(GetPhysicalDeviceFeatures2)                                                \
  F(GetPhysicalDeviceMemoryProperties)                                         \
  F(GetPhysicalDeviceQueueFamilyProperties)                                    \
  F(EnumerateDeviceExtensionProperties)                                        \
  F(CreateDevice)                                                              \
  F(GetDeviceProcAddr)

#define SINTER_VULKAN_DEVICE(F)                                                \
  F(DestroyDevice)                                                             \
  F(DeviceWaitIdle)                                                            \
  F(GetDeviceQueue)                                                            \
  F(QueueSubmit)                                                               \
  F(CreateSemaphore)                                                           \
  F(DestroySemaphore)                                                          \
  F(WaitSemaphores)                                                            \
  F(AllocateMemory)                                                            \
  F(FreeMemory)                                                                \
  F(MapMemory)                                                                 \
  F(CreateBuffer)                                                              \
  F(DestroyBuffer)                                                             \
  F(GetBufferMemoryRequirements)                                               \
  F(BindBufferMemory)                                                          \
  F(CreateShaderModule)                                                        \
  F(DestroyShaderModule)                                                       \
  F(CreatePipelineCache)                                                       \
  F(DestroyPipelineCache)                                                      \
  F(GetPipelineCacheData)                                                      \
  F(CreateDescriptorSetLayout)                                                 \
  F(DestroyDescriptorSetLayout)                                                \
  F(CreatePipelineLayout)                                                      \
  F(DestroyPipelineLayout)                                                     \
  F(CreateComputePipelines)                                                    \
  F(DestroyPipeline)                                                           \
  F(CreateDescriptorPool)                                                      \
  F(DestroyDescriptorPool)                                                     \
  F(AllocateDescriptorSets)                                                    \
  F(UpdateDescriptorSets)                                                      \
  F(CreateCommandPool)                                                         \
  F(DestroyCommandPool)                                                        \
  F(AllocateCommandBuffers)                                                    \
  F(BeginCommandBuffer)                                                        \
  F(EndCommandBuffer)                                                          \
  F(CmdBindPipeline)                                                           \
  F(CmdBindDescriptorSets)                                                     \
  F(CmdDispatch)                                                               \
  F(CmdPipelineBarrier)                                                        \
  F(CmdCopyBuffer)                                                             \
  F(CmdFillBuffer)                                                             \
  F(CmdResetQueryPool)                                                         \
  F(CmdWriteTimestamp)                                                         \
  F(CreateQueryPool)                                                           \
  F(DestroyQueryPool)                                                          \
  F(GetQueryPoolResults)

namespace sinter::rt {

#define SINTER_VULKAN_DECLARE(NAME) PFN_vk##NAME NAME = nullptr;

struct VulkanApi {
  SINTER_VULKAN_GLOBAL(SINTER_VULKAN_DECLARE)
  SINTER_VULKAN_INSTANCE(SINTER_VULKAN_DECLARE)
  SINTER_VULKAN_DEVICE(SINTER_VULKAN_DECLARE)

  VulkanApi() = default;
  VulkanApi(const VulkanApi &) = delete;
  VulkanApi &operator=(const VulkanApi &) = delete;
  /// The library stays: drivers start threads and are unsafe to unload.
  ~VulkanApi() = default;

  /// Loads the library; UNSUPPORTED where there is none.
  [[nodiscard]] Status load(Fault &fault);
  [[nodiscard]] Status loadInstance(VkInstance instance, Fault &fault);
  [[nodiscard]] Status loadDevice(VkDevice device, Fault &fault);
  /// A function of an instance's extension; null where there is none.
  PFN_vkVoidFunction find(VkInstance instance, const char *name) const {
    return get_(instance, name);
  }

private:
  PFN_vkGetInstanceProcAddr get_ = nullptr;
};

#undef SINTER_VULKAN_DECLARE

/// A failed call as one of our errors; what: "cannot make a pipeline". Adds the
/// code's name.
[[nodiscard]] Status vulkanFault(VkResult result, const char *what,
                                 Fault &fault);

} // namespace sinter::rt
#endif
