// VulkanDevice.h: a device that computes on a GPU through Vulkan 1.2
// (docs/vulkan.md).
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANDEVICE_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANDEVICE_H

#include "runtime/core/Bundle.h"
#include "runtime/device/Device.h"

namespace sinter::rt {

struct VulkanDeviceOptions {
  const char *gpu = nullptr;     // index or part of a name; null: the best
  const char *variant = nullptr; // null: the first that fits
  bool verifyWeights = false;
};

/// Opens the device, makes the pipelines and uploads the weights. The bundle
/// (opened for the target "vulkan") outlives the device.
[[nodiscard]] Status createVulkanDevice(const Bundle &bundle,
                                        const VulkanDeviceOptions &options,
                                        Device **device, Fault &fault);

} // namespace sinter::rt
#endif
