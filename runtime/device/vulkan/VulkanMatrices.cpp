// VulkanMatrices.cpp: which matrices the chosen device multiplies
// (VK_KHR_cooperative_matrix); a part of VulkanContext.h.
#include "runtime/device/vulkan/VulkanContext.h"

#include <cstring>

namespace sinter::rt {

namespace {

/// What kernels with matrices ask for, whatever their schedule
/// (compiler/kernels/grid/GridMatrix.h).
constexpr uint32_t kMatrixLanes = 128;
constexpr uint32_t kMatrixSharedBytes = 32 << 10;
constexpr uint32_t kMaxShapes = 128;

/// What variants of kernels ask for, by its name in manifest.json: factors of
/// edge x depth and depth x edge, f16 with sums in f32, or signed bytes with
/// sums in i32.
struct MatrixShape {
  const char *name;
  uint32_t edge, depth;
  bool bytes;
};
constexpr MatrixShape kShapes[] = {
    {"matrix_8x8x8", 8, 8, false},        {"matrix_16x16x16", 16, 16, false},
    {"matrix_s8_8x8x8", 8, 8, true},      {"matrix_s8_16x16x16", 16, 16, true},
    {"matrix_s8_16x16x32", 16, 32, true},
};

bool isOf(const MatrixShape &shape,
          const VkCooperativeMatrixPropertiesKHR &there) {
  auto factor =
      shape.bytes ? VK_COMPONENT_TYPE_SINT8_KHR : VK_COMPONENT_TYPE_FLOAT16_KHR;
  auto sum = shape.bytes ? VK_COMPONENT_TYPE_SINT32_KHR
                         : VK_COMPONENT_TYPE_FLOAT32_KHR;
  return there.MSize == shape.edge && there.NSize == shape.edge &&
         there.KSize == shape.depth && there.AType == factor &&
         there.BType == factor && there.CType == sum &&
         there.ResultType == sum && !there.saturatingAccumulation &&
         there.scope == VK_SCOPE_SUBGROUP_KHR;
}

} // namespace

bool VulkanFeatures::hasMatrices(const char *name) const {
  uint32_t bit = 1;
  for (const MatrixShape &shape : kShapes) {
    if (strcmp(name, shape.name) == 0)
      return matrices & bit;
    bit <<= 1;
  }
  return false;
}

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
  uint32_t bit = 1;
  for (const MatrixShape &shape : kShapes) {
    for (uint32_t i = 0; i < count; ++i)
      if (isOf(shape, shapes[i]) && (hasBytes_ || !shape.bytes))
        features.matrices |= bit;
    bit <<= 1;
  }
  return SINTER_OK;
}

} // namespace sinter::rt
