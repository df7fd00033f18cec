// FaultLayer.cpp: a Vulkan layer for tests: a real driver that fails on demand,
// or looks like another kind of device. SINTER_FAULT is a list of
//
//   allocate=N   the Nth vkAllocateMemory gives VK_ERROR_OUT_OF_DEVICE_MEMORY
//   submit=N     the Nth vkQueueSubmit gives VK_ERROR_DEVICE_LOST, once
//   memory       two memory types: the device's, which no host reaches, and the
//                host's (the driver has one for both)
//   transfer     a second queue family, for transfers only
//   timestamps   no timestamps on any queue
//   images       dynamic indices into arrays of images, which Dawn asks of
//   every
//                device and no compute kernel of ours uses
//
// SINTER_FAULT_LOG: file that gets a line of JSON when the device is destroyed:
// allocations, submits, transfers (submits to the second family) and
// peak_host_bytes, the most memory of the host's type that was allocated at a
// time. One instance and device at a time.
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

namespace {

constexpr uint32_t kDeviceType = 0, kHostType = 1; // memory, with `memory`
constexpr uint32_t kTransferFamily = 1;            // with `transfer`

struct Settings {
  long allocate = 0, submit = 0;
  bool memory = false, transfer = false, timestamps = false, images = false;

  Settings() {
    const char *text = getenv("SINTER_FAULT");
    std::string rest = text ? text : "";
    while (!rest.empty()) {
      size_t comma = rest.find(',');
      take(rest.substr(0, comma));
      rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    }
  }
  void take(const std::string &word) {
    memory |= word == "memory";
    transfer |= word == "transfer";
    timestamps |= word == "timestamps";
    images |= word == "images";
    if (word.rfind("allocate=", 0) == 0)
      allocate = atol(word.c_str() + 9);
    if (word.rfind("submit=", 0) == 0)
      submit = atol(word.c_str() + 7);
  }
};

// What this layer calls of the next one.
#define SINTER_NEXT_INSTANCE(F)                                                \
  F(CreateDevice)                                                              \
  F(GetPhysicalDeviceFeatures)                                                 \
  F(GetPhysicalDeviceFeatures2)                                                \
  F(GetPhysicalDeviceMemoryProperties)                                         \
  F(GetPhysicalDeviceQueueFamilyProperties)
#define SINTER_NEXT_DEVICE(F)                                                  \
  F(DestroyDevice)                                                             \
  F(GetDeviceQueue)                                                            \
  F(CreateCommandPool)                                                         \
  F(AllocateCommandBuffers)                                                    \
  F(CreateBuffer)                                                              \
  F(GetBufferMemoryRequirements)                                               \
  F(AllocateMemory)                                                            \
  F(FreeMemory)                                                                \
  F(QueueSubmit)

/// Filled while instance and device are made: asked later, the loader answers
/// with this layer's own functions.
struct Next {
  PFN_vkGetInstanceProcAddr getInstance;
  PFN_vkGetDeviceProcAddr getDevice;
#define SINTER_DECLARE(NAME) PFN_vk##NAME NAME;
  SINTER_NEXT_INSTANCE(SINTER_DECLARE)
  SINTER_NEXT_DEVICE(SINTER_DECLARE)
#undef SINTER_DECLARE

  void load(VkInstance instance) {
#define SINTER_LOAD(NAME)                                                      \
  NAME = reinterpret_cast<PFN_vk##NAME>(getInstance(instance, "vk" #NAME));
    SINTER_NEXT_INSTANCE(SINTER_LOAD)
#undef SINTER_LOAD
  }
  void load(VkDevice device) {
#define SINTER_LOAD(NAME)                                                      \
  NAME = reinterpret_cast<PFN_vk##NAME>(getDevice(device, "vk" #NAME));
    SINTER_NEXT_DEVICE(SINTER_LOAD)
#undef SINTER_LOAD
  }
};

struct Counts {
  long allocations = 0, submits = 0, transfers = 0;
  uint64_t hostBytes = 0, peakHostBytes = 0;
  std::map<VkDeviceMemory, uint64_t> host; // allocations of the host's type
};

const Settings &settings() {
  static const Settings read;
  return read;
}
Next next{};
Counts counts;
std::mutex mutex;

/// The structure of the loader in a chain that links this layer to the next.
template <typename T> T *linkOf(const void *chain, VkStructureType type) {
  for (auto *at = static_cast<const VkBaseInStructure *>(chain); at;
       at = at->pNext) {
    auto *found = reinterpret_cast<const T *>(at);
    if (at->sType == type && found->function == VK_LAYER_LINK_INFO)
      return const_cast<T *>(found);
  }
  return nullptr;
}

VkResult createInstance(const VkInstanceCreateInfo *info,
                        const VkAllocationCallbacks *allocator,
                        VkInstance *instance) {
  auto *link = linkOf<VkLayerInstanceCreateInfo>(
      info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
  if (!link)
    return VK_ERROR_INITIALIZATION_FAILED;
  next.getInstance = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  auto create = reinterpret_cast<PFN_vkCreateInstance>(
      next.getInstance(VK_NULL_HANDLE, "vkCreateInstance"));
  VkResult result = create(info, allocator, instance);
  if (result == VK_SUCCESS)
    next.load(*instance);
  return result;
}

/// Claims indices into arrays of images, or does not ask for them.
void setImages(VkPhysicalDeviceFeatures &features, VkBool32 there) {
  if (settings().images)
    features.shaderSampledImageArrayDynamicIndexing =
        features.shaderStorageImageArrayDynamicIndexing = there;
}

void deviceFeatures(VkPhysicalDevice physical, VkPhysicalDeviceFeatures *out) {
  next.GetPhysicalDeviceFeatures(physical, out);
  setImages(*out, VK_TRUE);
}

void deviceFeatures2(VkPhysicalDevice physical,
                     VkPhysicalDeviceFeatures2 *out) {
  next.GetPhysicalDeviceFeatures2(physical, out);
  setImages(out->features, VK_TRUE);
}

VkResult createDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                      const VkAllocationCallbacks *allocator,
                      VkDevice *device) {
  auto *link = linkOf<VkLayerDeviceCreateInfo>(
      info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
  if (!link)
    return VK_ERROR_INITIALIZATION_FAILED;
  next.getDevice = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  VkDeviceCreateInfo real = *info;
  if (settings().transfer)
    real.queueCreateInfoCount = 1; // of the driver's only family
  VkPhysicalDeviceFeatures asked = {};
  if (info->pEnabledFeatures) {
    asked = *info->pEnabledFeatures;
    setImages(asked, VK_FALSE);
    real.pEnabledFeatures = &asked;
  }
  for (auto *at = static_cast<const VkBaseInStructure *>(info->pNext); at;
       at = at->pNext)
    if (at->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2)
      setImages(reinterpret_cast<VkPhysicalDeviceFeatures2 *>(
                    const_cast<VkBaseInStructure *>(at))
                    ->features,
                VK_FALSE);
  VkResult result = next.CreateDevice(physical, &real, allocator, device);
  if (result == VK_SUCCESS)
    next.load(*device);
  counts = {};
  return result;
}

void destroyDevice(VkDevice device, const VkAllocationCallbacks *allocator) {
  if (const char *path = getenv("SINTER_FAULT_LOG"))
    if (FILE *file = fopen(path, "w")) {
      fprintf(file,
              "{\"allocations\": %ld, \"submits\": %ld, \"transfers\": %ld, "
              "\"peak_host_bytes\": %llu}\n",
              counts.allocations, counts.submits, counts.transfers,
              static_cast<unsigned long long>(counts.peakHostBytes));
      fclose(file);
    }
  next.DestroyDevice(device, allocator);
}

//===-- Another kind of device --------------------------------------------===//

void memoryProperties(VkPhysicalDevice physical,
                      VkPhysicalDeviceMemoryProperties *out) {
  next.GetPhysicalDeviceMemoryProperties(physical, out);
  if (!settings().memory)
    return;
  out->memoryTypeCount = 2;
  out->memoryTypes[kDeviceType] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
  out->memoryTypes[kHostType] = {VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                     VK_MEMORY_PROPERTY_HOST_COHERENT_BIT |
                                     VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                                 0};
}

void queueFamilies(VkPhysicalDevice physical, uint32_t *count,
                   VkQueueFamilyProperties *out) {
  auto real = next.GetPhysicalDeviceQueueFamilyProperties;
  uint32_t room = *count;
  real(physical, count, out);
  for (uint32_t i = 0; out && i < *count; ++i)
    if (settings().timestamps)
      out[i].timestampValidBits = 0;
  if (!settings().transfer || (out && room < 2))
    return;
  if (out)
    out[kTransferFamily] = {VK_QUEUE_TRANSFER_BIT, 1, 0, {1, 1, 1}};
  *count = 2;
}

void getQueue(VkDevice device, uint32_t family, uint32_t index,
              VkQueue *queue) {
  if (settings().transfer)
    family = 0;
  next.GetDeviceQueue(device, family, index, queue);
}

/// The driver's only family stands for both; the log tells them apart by the
/// command pools.
std::map<VkCommandBuffer, bool> transferCommands;
std::map<VkCommandPool, bool> transferPools;

VkResult createPool(VkDevice device, const VkCommandPoolCreateInfo *info,
                    const VkAllocationCallbacks *allocator,
                    VkCommandPool *pool) {
  VkCommandPoolCreateInfo real = *info;
  if (settings().transfer)
    real.queueFamilyIndex = 0;
  VkResult result = next.CreateCommandPool(device, &real, allocator, pool);
  std::lock_guard<std::mutex> lock(mutex);
  transferPools[*pool] =
      settings().transfer && info->queueFamilyIndex == kTransferFamily;
  return result;
}

VkResult allocateCommands(VkDevice device,
                          const VkCommandBufferAllocateInfo *info,
                          VkCommandBuffer *out) {
  VkResult result = next.AllocateCommandBuffers(device, info, out);
  std::lock_guard<std::mutex> lock(mutex);
  for (uint32_t i = 0; i < info->commandBufferCount; ++i)
    transferCommands[out[i]] = transferPools[info->commandPool];
  return result;
}

VkResult createBuffer(VkDevice device, const VkBufferCreateInfo *info,
                      const VkAllocationCallbacks *allocator,
                      VkBuffer *buffer) {
  VkBufferCreateInfo real = *info;
  if (settings().transfer) {
    real.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
    real.queueFamilyIndexCount = 0;
  }
  return next.CreateBuffer(device, &real, allocator, buffer);
}

void bufferRequirements(VkDevice device, VkBuffer buffer,
                        VkMemoryRequirements *out) {
  next.GetBufferMemoryRequirements(device, buffer, out);
  if (settings().memory)
    out->memoryTypeBits = 1u << kDeviceType | 1u << kHostType;
}

//===-- Faults ------------------------------------------------------------===//

VkResult allocate(VkDevice device, const VkMemoryAllocateInfo *info,
                  const VkAllocationCallbacks *allocator,
                  VkDeviceMemory *memory) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (++counts.allocations == settings().allocate)
      return VK_ERROR_OUT_OF_DEVICE_MEMORY;
  }
  VkMemoryAllocateInfo real = *info;
  if (settings().memory)
    real.memoryTypeIndex = 0;
  VkResult result = next.AllocateMemory(device, &real, allocator, memory);
  std::lock_guard<std::mutex> lock(mutex);
  if (result == VK_SUCCESS && settings().memory &&
      info->memoryTypeIndex == kHostType) {
    counts.host[*memory] = info->allocationSize;
    counts.hostBytes += info->allocationSize;
    if (counts.hostBytes > counts.peakHostBytes)
      counts.peakHostBytes = counts.hostBytes;
  }
  return result;
}

void release(VkDevice device, VkDeviceMemory memory,
             const VkAllocationCallbacks *allocator) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = counts.host.find(memory);
    if (found != counts.host.end()) {
      counts.hostBytes -= found->second;
      counts.host.erase(found);
    }
  }
  next.FreeMemory(device, memory, allocator);
}

VkResult submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                VkFence fence) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    ++counts.submits;
    for (uint32_t i = 0; i < count; ++i)
      for (uint32_t c = 0; c < infos[i].commandBufferCount; ++c)
        counts.transfers += transferCommands[infos[i].pCommandBuffers[c]];
    if (settings().submit && counts.submits == settings().submit)
      return VK_ERROR_DEVICE_LOST;
  }
  return next.QueueSubmit(queue, count, infos, fence);
}

//===-- Functions by name -------------------------------------------------===//

PFN_vkVoidFunction getInstanceFunction(VkInstance instance, const char *name);
PFN_vkVoidFunction getDeviceFunction(VkDevice device, const char *name);

PFN_vkVoidFunction ours(const char *name) {
  const struct {
    const char *name;
    PFN_vkVoidFunction function;
  } table[] = {
#define SINTER_FUNCTION(NAME, FUNCTION)                                        \
  {"vk" #NAME,                                                                 \
   reinterpret_cast<PFN_vkVoidFunction>(static_cast<PFN_vk##NAME>(FUNCTION))},
      SINTER_FUNCTION(GetInstanceProcAddr, getInstanceFunction) SINTER_FUNCTION(
          GetDeviceProcAddr, getDeviceFunction) SINTER_FUNCTION(CreateInstance,
                                                                createInstance)
          SINTER_FUNCTION(CreateDevice, createDevice) SINTER_FUNCTION(
              GetPhysicalDeviceFeatures,
              deviceFeatures) SINTER_FUNCTION(GetPhysicalDeviceFeatures2,
                                              deviceFeatures2)
              SINTER_FUNCTION(GetPhysicalDeviceFeatures2KHR, deviceFeatures2)
                  SINTER_FUNCTION(DestroyDevice, destroyDevice) SINTER_FUNCTION(
                      GetPhysicalDeviceMemoryProperties, memoryProperties)
                      SINTER_FUNCTION(GetPhysicalDeviceQueueFamilyProperties,
                                      queueFamilies)
                          SINTER_FUNCTION(GetDeviceQueue, getQueue)
                              SINTER_FUNCTION(CreateCommandPool, createPool)
                                  SINTER_FUNCTION(AllocateCommandBuffers,
                                                  allocateCommands)
                                      SINTER_FUNCTION(CreateBuffer,
                                                      createBuffer)
                                          SINTER_FUNCTION(
                                              GetBufferMemoryRequirements,
                                              bufferRequirements)
                                              SINTER_FUNCTION(AllocateMemory,
                                                              allocate)
                                                  SINTER_FUNCTION(FreeMemory,
                                                                  release)
                                                      SINTER_FUNCTION(
                                                          QueueSubmit, submit)
#undef SINTER_FUNCTION
  };
  for (const auto &row : table)
    if (strcmp(row.name, name) == 0)
      return row.function;
  return nullptr;
}

PFN_vkVoidFunction getInstanceFunction(VkInstance instance, const char *name) {
  if (PFN_vkVoidFunction function = ours(name))
    return function;
  return next.getInstance ? next.getInstance(instance, name) : nullptr;
}

PFN_vkVoidFunction getDeviceFunction(VkDevice device, const char *name) {
  if (PFN_vkVoidFunction function = ours(name))
    return function;
  return next.getDevice ? next.getDevice(device, name) : nullptr;
}

} // namespace

extern "C" VK_LAYER_EXPORT VkResult
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *version) {
  version->loaderLayerInterfaceVersion = 2;
  version->pfnGetInstanceProcAddr = getInstanceFunction;
  version->pfnGetDeviceProcAddr = getDeviceFunction;
  version->pfnGetPhysicalDeviceProcAddr = nullptr;
  return VK_SUCCESS;
}
