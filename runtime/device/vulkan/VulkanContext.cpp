// VulkanContext.cpp: see the header. Queues are externally synchronised by a
// mutex; waiting is not under it.
#include "runtime/device/vulkan/VulkanContext.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <strings.h>

namespace sinter::rt {

namespace {

constexpr uint32_t kVersion = VK_API_VERSION_1_2;
constexpr uint64_t kMinBinding = 128u << 20;
constexpr uint32_t kMaxDevices = 32;
constexpr uint32_t kMaxFamilies = 32;
constexpr uint32_t kLanes = 64;

/// Smaller is better.
int rankOf(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return 0;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return 1;
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return 2;
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return 4;
  default:
    return 3;
  }
}

const char *kindName(VkPhysicalDeviceType type) {
  constexpr const char *kNames[] = {"discrete GPU", "integrated GPU",
                                    "virtual GPU", "other device",
                                    "software device"};
  return kNames[rankOf(type)];
}

bool containsIgnoringCase(const char *text, const char *part) {
  size_t length = strlen(part);
  for (; *text; ++text)
    if (strncasecmp(text, part, length) == 0)
      return true;
  return false;
}

/// The index that `text` is, or -1.
long indexOf(const char *text) {
  char *end = nullptr;
  long index = strtol(text, &end, 10);
  return end != text && !*end && index >= 0 ? index : -1;
}

/// Whether the device can run our kernels at all.
const char *whyNot(const VkPhysicalDeviceProperties &p) {
  if (p.apiVersion < kVersion)
    return "it has no Vulkan 1.2";
  if (p.limits.maxStorageBufferRange < kMinBinding)
    return "its bindings are smaller than 128 MiB";
  if (p.limits.maxComputeWorkGroupInvocations < kLanes ||
      p.limits.maxComputeWorkGroupSize[0] < kLanes)
    return "its workgroups are smaller than 64";
  return nullptr;
}

} // namespace

bool VulkanFeatures::has(const char *name) const {
  const struct {
    const char *name;
    bool there;
  } known[] = {{"float16", float16},
               {"storage16", storage16},
               {"subgroups", subgroups},
               {"integer_dot", integerDot}};
  for (const auto &feature : known)
    if (strcmp(name, feature.name) == 0)
      return feature.there;
  return hasMatrices(name);
}

bool VulkanContext::isClass(const char *when) const {
  if (strcmp(when, "software") == 0)
    return isSoftware();
  if (strcmp(when, "fast_integer_dot") == 0)
    return features.fastIntegerDot && !isSoftware();
  return !*when;
}

VulkanContext::VulkanContext() { pthread_mutex_init(&mutex_, nullptr); }

VulkanContext::~VulkanContext() {
  if (device) {
    vk.DeviceWaitIdle(device);
    for (VkSemaphore semaphore : done_)
      vk.DestroySemaphore(device, semaphore, nullptr);
    vk.DestroyDevice(device, nullptr);
  }
  if (instance_)
    vk.DestroyInstance(instance_, nullptr);
  pthread_mutex_destroy(&mutex_);
}

Status VulkanContext::failed(VkResult result, const char *what, Fault &fault) {
  if (result == VK_ERROR_DEVICE_LOST)
    lost_ = true;
  return vulkanFault(result, what, fault);
}

Status VulkanContext::makeInstance(Fault &fault) {
  uint32_t version = 0;
  if (vk.EnumerateInstanceVersion(&version) != VK_SUCCESS || version < kVersion)
    return fault.set(SINTER_UNSUPPORTED,
                     "the Vulkan loader is older than Vulkan 1.2");
  VkApplicationInfo application = {};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.pEngineName = "sinter";
  application.apiVersion = kVersion;
  VkInstanceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  VkResult result = vk.CreateInstance(&info, nullptr, &instance_);
  if (result)
    return failed(result, "cannot start Vulkan", fault);
  Status status = vk.loadInstance(instance_, fault);
  if (status)
    instance_ = VK_NULL_HANDLE; // without its functions it cannot be closed
  return status;
}

Status VulkanContext::choose(const char *gpu, VkPhysicalDevice &chosen,
                             Fault &fault) {
  VkPhysicalDevice found[kMaxDevices];
  uint32_t count = kMaxDevices;
  VkResult result = vk.EnumeratePhysicalDevices(instance_, &count, found);
  if (result && result != VK_INCOMPLETE)
    return failed(result, "cannot list the Vulkan devices", fault);
  long index = gpu ? indexOf(gpu) : -1;
  if (index >= static_cast<long>(count))
    index = -1; // "4090" is part of a name
  const char *why = "there is none";
  int best = INT32_MAX;
  for (uint32_t i = 0; i < count; ++i) {
    VkPhysicalDeviceProperties2 p = {};
    p.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    vk.GetPhysicalDeviceProperties2(found[i], &p);
    bool wanted =
        !gpu || !*gpu ||
        (index >= 0 ? index == static_cast<long>(i)
                    : containsIgnoringCase(p.properties.deviceName, gpu));
    if (!wanted)
      continue;
    if (const char *problem = whyNot(p.properties)) {
      why = problem;
      continue;
    }
    int rank = rankOf(p.properties.deviceType);
    if (rank >= best)
      continue;
    best = rank;
    chosen = found[i];
    snprintf(
        reason_, sizeof(reason_), "%s, %s, device %u of %u%s",
        p.properties.deviceName, kindName(p.properties.deviceType), i, count,
        gpu && *gpu ? ", as asked for" : (count > 1 ? ", the best kind" : ""));
  }
  if (chosen)
    return SINTER_OK;
  return gpu && *gpu
             ? fault.set(SINTER_UNSUPPORTED,
                         "no Vulkan device '%.100s' that can run the model "
                         "(%u devices): %s",
                         gpu, count, why)
             : fault.set(SINTER_UNSUPPORTED,
                         "no Vulkan device can run the model (%u devices): %s",
                         count, why);
}

Status VulkanContext::chooseQueues(VkPhysicalDevice physical, Fault &fault) {
  VkQueueFamilyProperties families[kMaxFamilies];
  uint32_t count = kMaxFamilies;
  vk.GetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
  // Families for video, too, may say that they transfer.
  constexpr VkQueueFlags kTransfers = VK_QUEUE_TRANSFER_BIT |
                                      VK_QUEUE_SPARSE_BINDING_BIT |
                                      VK_QUEUE_PROTECTED_BIT;
  uint32_t compute = count, transfer = count;
  for (uint32_t i = 0; i < count; ++i) {
    VkQueueFlags flags = families[i].queueFlags;
    if (flags & VK_QUEUE_COMPUTE_BIT)
      compute = compute == count ? i : compute;
    else if ((flags & VK_QUEUE_TRANSFER_BIT) && !(flags & ~kTransfers))
      transfer = transfer == count ? i : transfer;
  }
  if (compute == count)
    return fault.set(SINTER_UNSUPPORTED, "%s computes nothing",
                     properties.deviceName);
  computeFamily = compute;
  transferFamily = transfer == count ? compute : transfer;
  timestampBits = families[compute].timestampValidBits;
  return SINTER_OK;
}

Status VulkanContext::describe(VkPhysicalDevice physical, Fault &fault) {
  VkPhysicalDeviceMaintenance3Properties sizes = {};
  sizes.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES;
  VkPhysicalDeviceSubgroupProperties subgroups = {};
  subgroups.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES;
  subgroups.pNext = &sizes;
  VkPhysicalDeviceProperties2 all = {};
  all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  all.pNext = &subgroups;
  vk.GetPhysicalDeviceProperties2(physical, &all);
  properties = all.properties;
  maxAllocation = sizes.maxMemoryAllocationSize;
  vk.GetPhysicalDeviceMemoryProperties(physical, &memory);

  VkExtensionProperties extensions[512];
  uint32_t count = 512;
  VkResult result = vk.EnumerateDeviceExtensionProperties(physical, nullptr,
                                                          &count, extensions);
  if (result && result != VK_INCOMPLETE)
    return failed(result, "cannot list the device's extensions", fault);
  bool sizeControl = false;
  for (uint32_t i = 0; i < count; ++i) {
    const char *name = extensions[i].extensionName;
    sizeControl |= !strcmp(name, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
    hasExtensionDot_ |=
        !strcmp(name, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
    hasMatrices_ |= !strcmp(name, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
  }
  VkPhysicalDeviceShaderIntegerDotProductFeaturesKHR dot = {};
  dot.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES_KHR;
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT sizing = {};
  sizing.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT;
  sizing.pNext = hasExtensionDot_ ? &dot : nullptr;
  VkPhysicalDeviceVulkan12Features core12 = {};
  core12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  core12.pNext = sizeControl ? static_cast<void *>(&sizing) : sizing.pNext;
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices = {};
  matrices.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR;
  VkPhysicalDeviceVulkan11Features core11 = {};
  core11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  core11.pNext = &core12;
  VkPhysicalDeviceFeatures2 there = {};
  there.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  there.pNext = &core11;
  if (hasMatrices_) {
    matrices.pNext = there.pNext;
    there.pNext = &matrices;
  }
  vk.GetPhysicalDeviceFeatures2(physical, &there);
  constexpr VkSubgroupFeatureFlags kOperations =
      VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
  hasFullSubgroups_ = sizeControl && sizing.computeFullSubgroups;
  features.subgroups =
      hasFullSubgroups_ &&
      (subgroups.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
      (subgroups.supportedOperations & kOperations) == kOperations &&
      subgroups.subgroupSize >= 4 && subgroups.subgroupSize <= kLanes;
  features.float16 = core12.shaderFloat16;
  features.storage16 = core11.storageBuffer16BitAccess;
  features.integerDot = hasExtensionDot_ && dot.shaderIntegerDotProduct;
  if (features.integerDot)
    describeDot(physical);
  hasMatrices_ = hasMatrices_ && matrices.cooperativeMatrix &&
                 core12.vulkanMemoryModel && features.subgroups &&
                 features.float16;
  hasBytes_ = core12.shaderInt8;
  if (hasMatrices_)
    if (Status status = describeMatrices(physical, fault))
      return status;
  return chooseQueues(physical, fault);
}

void VulkanContext::describeDot(VkPhysicalDevice physical) {
  VkPhysicalDeviceShaderIntegerDotProductPropertiesKHR dot = {};
  dot.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES_KHR;
  VkPhysicalDeviceProperties2 all = {};
  all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  all.pNext = &dot;
  vk.GetPhysicalDeviceProperties2(physical, &all);
  features.fastIntegerDot = dot.integerDotProduct4x8BitPackedSignedAccelerated;
}

Status VulkanContext::makeDevice(VkPhysicalDevice physical, Fault &fault) {
  float priority = 1;
  VkDeviceQueueCreateInfo queues[2] = {};
  for (VkDeviceQueueCreateInfo &queue : queues) {
    queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
  }
  queues[0].queueFamilyIndex = computeFamily;
  queues[1].queueFamilyIndex = transferFamily;
  VkPhysicalDeviceShaderIntegerDotProductFeaturesKHR dot = {};
  dot.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES_KHR;
  dot.shaderIntegerDotProduct = VK_TRUE;
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT sizing = {};
  sizing.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT;
  sizing.computeFullSubgroups = VK_TRUE;
  VkPhysicalDeviceVulkan12Features core12 = {};
  core12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  core12.timelineSemaphore = VK_TRUE;
  core12.shaderFloat16 = features.float16;
  core12.vulkanMemoryModel = hasMatrices_;
  core12.shaderInt8 = hasMatrices_ && hasBytes_;
  VkPhysicalDeviceVulkan11Features core11 = {};
  core11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  core11.storageBuffer16BitAccess = features.storage16;
  core11.pNext = &core12;
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices = {};
  matrices.sType =
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR;
  matrices.cooperativeMatrix = VK_TRUE;
  const char *extensions[3];
  uint32_t count = 0;
  if (hasFullSubgroups_) {
    extensions[count++] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
    core12.pNext = &sizing;
  }
  if (features.integerDot) {
    extensions[count++] = VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME;
    (hasFullSubgroups_ ? sizing.pNext : core12.pNext) = &dot;
  }
  VkDeviceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &core11;
  if (hasMatrices_) {
    extensions[count++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
    matrices.pNext = &core11;
    info.pNext = &matrices;
  }
  info.queueCreateInfoCount = hasTransferQueue() ? 2 : 1;
  info.pQueueCreateInfos = queues;
  info.enabledExtensionCount = count;
  info.ppEnabledExtensionNames = extensions;
  VkResult result = vk.CreateDevice(physical, &info, nullptr, &device);
  if (result)
    return failed(result, "cannot open the Vulkan device", fault);
  if (Status status = vk.loadDevice(device, fault)) {
    device = VK_NULL_HANDLE; // without its functions it cannot be closed
    return status;
  }
  vk.GetDeviceQueue(device, computeFamily, 0, &queues_[kComputeQueue]);
  vk.GetDeviceQueue(device, transferFamily, 0, &queues_[kTransferQueue]);
  VkSemaphoreTypeCreateInfo timeline = {};
  timeline.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO;
  timeline.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
  VkSemaphoreCreateInfo semaphore = {};
  semaphore.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
  semaphore.pNext = &timeline;
  for (VkSemaphore &done : done_)
    if ((result = vk.CreateSemaphore(device, &semaphore, nullptr, &done)))
      return failed(result, "cannot make a semaphore", fault);
  return SINTER_OK;
}

Status VulkanContext::open(const char *gpu, Fault &fault) {
  if (Status status = vk.load(fault))
    return status;
  if (Status status = makeInstance(fault))
    return status;
  VkPhysicalDevice chosen = VK_NULL_HANDLE;
  if (Status status = choose(gpu, chosen, fault))
    return status;
  if (Status status = describe(chosen, fault))
    return status;
  return makeDevice(chosen, fault);
}

Status VulkanContext::submit(VkCommandBuffer commands, VulkanQueue queue,
                             Submission after, Submission &submission,
                             Fault &fault) {
  queue = hasTransferQueue() ? queue : kComputeQueue;
  VkTimelineSemaphoreSubmitInfo values = {};
  values.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO;
  VkSubmitInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.pNext = &values;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  info.signalSemaphoreCount = values.signalSemaphoreValueCount = 1;
  info.pSignalSemaphores = &done_[queue];
  VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
  if (after.number) {
    info.waitSemaphoreCount = values.waitSemaphoreValueCount = 1;
    info.pWaitSemaphores = &done_[after.queue];
    info.pWaitDstStageMask = &stage;
    values.pWaitSemaphoreValues = &after.number;
  }
  pthread_mutex_lock(&mutex_);
  uint64_t number = submitted_[queue] + 1;
  values.pSignalSemaphoreValues = &number;
  VkResult result = vk.QueueSubmit(queues_[queue], 1, &info, VK_NULL_HANDLE);
  if (!result) {
    submitted_[queue] = number;
    submission = {queue, number};
  }
  pthread_mutex_unlock(&mutex_);
  return failed(result, "cannot submit work", fault);
}

Status VulkanContext::wait(Submission submission, Fault &fault) {
  if (!submission.number)
    return SINTER_OK;
  VkSemaphoreWaitInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO;
  info.semaphoreCount = 1;
  info.pSemaphores = &done_[submission.queue];
  info.pValues = &submission.number;
  return failed(vk.WaitSemaphores(device, &info, UINT64_MAX),
                "cannot wait for the device", fault);
}

} // namespace sinter::rt
