// VulkanMatrices.cpp: which matrices the chosen device multiplies
// (VK_KHR_cooperative_matrix); a part of VulkanContext.h.
#include "runtime/device/vulkan/VulkanContext.h"

namespace sinter::rt {

namespace {

/// What kernels with matrices ask for, whatever their schedule
/// (compiler/kernels/grid/GridMatrix.h).
constexpr uint32_t kMatrixLanes = 128;
constexpr uint32_t kMatrixSharedBytes = 32 << 10;
constexpr uint32_t kMaxShapes = 128;

} // namespace

/// Which matrices a subgroup multiplies, if workgroups are large enough for
/// their kernels.
Status VulkanContext::describeMatrices(VkPhysicalDevice physical,
                                       Fault &fault) {
  auto list =
      reinterpret_cast<PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR>(
          vk.find(instance_,
                  "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
  const VkPhysicalDeviceLimits &limits = properties.limits;
  if (!list || limits.maxComputeWorkGroupInvocations < kMatrixLanes ||
      limits.maxComputeWorkGroupSize[0] < kMatrixLanes ||
      limits.maxComputeSharedMemorySize < kMatrixSharedBytes)
    return SINTER_OK;
  VkCooperativeMatrixPropertiesKHR shapes[kMaxShapes] = {};
  for (VkCooperativeMatrixPropertiesKHR &shape : shapes)
    shape.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  uint32_t count = kMaxShapes;
  VkResult result = list(physical, &count, shapes);
  if (result && result != VK_INCOMPLETE)
    return failed(result, "cannot list the device's matrices", fault);
  for (uint32_t i = 0; i < count; ++i) {
    const VkCooperativeMatrixPropertiesKHR &shape = shapes[i];
    bool fits = shape.MSize == shape.NSize && shape.MSize == shape.KSize &&
                shape.AType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
                shape.BType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
                shape.CType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
                shape.ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
                shape.scope == VK_SCOPE_SUBGROUP_KHR;
    features.matrix8 |= fits && shape.MSize == 8;
    features.matrix16 |= fits && shape.MSize == 16;
  }
  return SINTER_OK;
}

} // namespace sinter::rt
