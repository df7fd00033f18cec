// VulkanApi.cpp: dlopen and the function pointers.
#include "runtime/device/vulkan/VulkanApi.h"

#include <dlfcn.h>

namespace sinter::rt {

namespace {

/// Assigns a function pointer; false when it is null.
template <typename T> bool assign(T &place, PFN_vkVoidFunction found) {
  place = reinterpret_cast<T>(found);
  return place != nullptr;
}

Status missing(const char *name, Fault &fault) {
  return fault.set(SINTER_UNSUPPORTED,
                   "the Vulkan driver lacks the function vk%s; Vulkan 1.2 is "
                   "needed",
                   name);
}

} // namespace

Status VulkanApi::load(Fault &fault) {
  void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return fault.set(SINTER_UNSUPPORTED,
                     "cannot load libvulkan.so.1 (install a Vulkan driver): "
                     "%s",
                     dlerror());
  get_ = reinterpret_cast<PFN_vkGetInstanceProcAddr>(
      dlsym(library, "vkGetInstanceProcAddr"));
  if (!get_)
    return missing("GetInstanceProcAddr", fault);
#define SINTER_VULKAN_LOAD(NAME)                                               \
  if (!assign(NAME, get_(nullptr, "vk" #NAME)))                                \
    return missing(#NAME, fault);
  SINTER_VULKAN_GLOBAL(SINTER_VULKAN_LOAD)
#undef SINTER_VULKAN_LOAD
  return SINTER_OK;
}

Status VulkanApi::loadInstance(VkInstance instance, Fault &fault) {
#define SINTER_VULKAN_LOAD(NAME)                                               \
  if (!assign(NAME, get_(instance, "vk" #NAME)))                               \
    return missing(#NAME, fault);
  SINTER_VULKAN_INSTANCE(SINTER_VULKAN_LOAD)
#undef SINTER_VULKAN_LOAD
  return SINTER_OK;
}

Status VulkanApi::loadDevice(VkDevice device, Fault &fault) {
#define SINTER_VULKAN_LOAD(NAME)                                               \
  if (!assign(NAME, GetDeviceProcAddr(device, "vk" #NAME)))                    \
    return missing(#NAME, fault);
  SINTER_VULKAN_DEVICE(SINTER_VULKAN_LOAD)
#undef SINTER_VULKAN_LOAD
  return SINTER_OK;
}

Status vulkanFault(VkResult result, const char *what, Fault &fault) {
  switch (result) {
  case VK_SUCCESS:
    return SINTER_OK;
  case VK_ERROR_OUT_OF_HOST_MEMORY:
    return fault.set(SINTER_OUT_OF_MEMORY, "%s: no host memory", what);
  case VK_ERROR_OUT_OF_DEVICE_MEMORY:
  case VK_ERROR_OUT_OF_POOL_MEMORY:
  case VK_ERROR_TOO_MANY_OBJECTS:
    return fault.set(SINTER_OUT_OF_MEMORY,
                     "%s: no memory on the device; close other programs that "
                     "use it, or compile with a smaller --context",
                     what);
  case VK_ERROR_DEVICE_LOST:
    return fault.set(SINTER_DEVICE_LOST,
                     "%s: the device was lost (removed, reset, or a run took "
                     "too long for the driver); open the model again",
                     what);
  case VK_ERROR_INCOMPATIBLE_DRIVER:
  case VK_ERROR_EXTENSION_NOT_PRESENT:
  case VK_ERROR_FEATURE_NOT_PRESENT:
  case VK_ERROR_LAYER_NOT_PRESENT:
    return fault.set(SINTER_UNSUPPORTED,
                     "%s: the driver lacks what is needed (code %d)", what,
                     static_cast<int>(result));
  default:
    return fault.set(SINTER_INTERNAL, "%s: Vulkan error %d", what,
                     static_cast<int>(result));
  }
}

} // namespace sinter::rt
