// VulkanContext.h: instance, the chosen device and its queues. A timeline
// semaphore per queue counts submissions.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANCONTEXT_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANCONTEXT_H

#include "runtime/core/Memory.h"
#include "runtime/device/vulkan/VulkanApi.h"

#include <atomic>
#include <pthread.h>

namespace sinter::rt {

/// What variants of kernels ask for, by the names in manifest.json.
struct VulkanFeatures {
  bool float16 = false, storage16 = false, subgroups = false,
       integerDot = false;
  /// Matrices that a subgroup multiplies: bit i is row i of the table in
  /// VulkanMatrices.cpp.
  uint32_t matrices = 0;
  bool hasMatrices(const char *name) const;
  bool has(const char *name) const;
  /// Whether four packed bytes are multiplied in one instruction.
  bool fastIntegerDot = false;
};

enum VulkanQueue : uint32_t { kComputeQueue, kTransferQueue };

/// What was submitted to a queue, by its number; 0: nothing.
struct Submission {
  VulkanQueue queue = kComputeQueue;
  uint64_t number = 0;
};

class VulkanContext {
public:
  VulkanContext();
  VulkanContext(const VulkanContext &) = delete;
  VulkanContext &operator=(const VulkanContext &) = delete;
  ~VulkanContext();

  /// gpu: null or "" for the best device; an index ("1"), or part of a name.
  [[nodiscard]] Status open(const char *gpu, Fault &fault);

  VulkanApi vk;
  VkDevice device = VK_NULL_HANDLE;
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceMemoryProperties memory{};
  VulkanFeatures features;
  uint64_t maxAllocation = 0; // bytes of one VkDeviceMemory
  uint32_t computeFamily = 0, transferFamily = 0;
  uint32_t timestampBits = 0;
  bool isSoftware() const {
    return properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  }
  /// Whether it is of a class of devices that a variant is for ("when" in
  /// manifest.json); "" is every device.
  bool isClass(const char *when) const;
  /// Whether transfers have a queue of their own.
  bool hasTransferQueue() const { return transferFamily != computeFamily; }
  /// Which device was taken, and why.
  const char *reason() const { return reason_; }

  /// Submits a command buffer, to run after `after` is done.
  [[nodiscard]] Status submit(VkCommandBuffer commands, VulkanQueue queue,
                              Submission after, Submission &submission,
                              Fault &fault);
  /// Waits on the host until a submission is done.
  [[nodiscard]] Status wait(Submission submission, Fault &fault);
  /// Set when the device was lost; nothing works any more.
  bool isLost() const { return lost_; }

private:
  Status makeInstance(Fault &fault);
  Status choose(const char *gpu, VkPhysicalDevice &chosen, Fault &fault);
  Status describe(VkPhysicalDevice physical, Fault &fault);
  void describeDot(VkPhysicalDevice physical);
  Status describeMatrices(VkPhysicalDevice physical, Fault &fault);
  Status chooseQueues(VkPhysicalDevice physical, Fault &fault);
  Status makeDevice(VkPhysicalDevice physical, Fault &fault);
  Status failed(VkResult result, const char *what, Fault &fault);

  VkInstance instance_ = VK_NULL_HANDLE;
  VkQueue queues_[2] = {}; // the same twice without a transfer queue
  VkSemaphore done_[2] = {};
  uint64_t submitted_[2] = {};
  pthread_mutex_t mutex_;
  std::atomic<bool> lost_{false}; // sessions may be used by several threads
  bool hasFullSubgroups_ = false, hasExtensionDot_ = false,
       hasMatrices_ = false, hasBytes_ = false;
  char reason_[320] = {};
};

} // namespace sinter::rt
#endif
