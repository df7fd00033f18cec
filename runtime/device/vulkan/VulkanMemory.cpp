// VulkanMemory.cpp: see the header.
#include "runtime/device/vulkan/VulkanMemory.h"

namespace sinter::rt {

namespace {
constexpr VkMemoryPropertyFlags kMappable =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
/// For special uses; some need features that are not asked for.
constexpr VkMemoryPropertyFlags kSpecial =
    VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT | VK_MEMORY_PROPERTY_PROTECTED_BIT |
    VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD |
    VK_MEMORY_PROPERTY_DEVICE_UNCACHED_BIT_AMD;
/// Buffers are no larger than this even where the device allows more: one that
/// large is hard to place.
constexpr uint64_t kMaxBuffer = uint64_t(4) << 30;
} // namespace

VulkanBuffer::~VulkanBuffer() {
  if (!context_)
    return;
  context_->vk.DestroyBuffer(context_->device, buffer_, nullptr);
  context_->vk.FreeMemory(context_->device, memory_, nullptr);
}

/// Memory of the first type that has all flags of a choice and has room; the
/// choices in order. type: the last that was tried, -1 where none fits.
VkResult VulkanBuffer::allocate(const VkMemoryRequirements &wanted,
                                const VkMemoryPropertyFlags *choices,
                                uint32_t count, int &type) {
  const VkPhysicalDeviceMemoryProperties &memory = context_->memory;
  VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
  uint32_t left = wanted.memoryTypeBits;
  type = -1;
  for (uint32_t choice = 0; choice < count; ++choice)
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
      VkMemoryPropertyFlags has = memory.memoryTypes[i].propertyFlags;
      if (!(left >> i & 1) || (has & kSpecial) ||
          (has & choices[choice]) != choices[choice])
        continue;
      left &= ~(uint32_t(1) << i);
      type = static_cast<int>(i);
      VkMemoryAllocateInfo info = {};
      info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
      info.allocationSize = wanted.size;
      info.memoryTypeIndex = i;
      result = context_->vk.AllocateMemory(context_->device, &info, nullptr,
                                           &memory_);
      if (result != VK_ERROR_OUT_OF_DEVICE_MEMORY)
        return result;
    }
  return result;
}

Status VulkanBuffer::bind(Place place, const char *what, Fault &fault) {
  VulkanContext &context = *context_;
  VkMemoryRequirements wanted;
  context.vk.GetBufferMemoryRequirements(context.device, buffer_, &wanted);
  constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  constexpr VkMemoryPropertyFlags kCached =
      kMappable | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  const VkMemoryPropertyFlags host[] = {kCached, kMappable};
  const VkMemoryPropertyFlags discrete[] = {kLocal};
  // A device that computes in the host's memory likes it mapped and cached;
  // what its firmware calls its own may be a small part.
  const VkMemoryPropertyFlags shared[] = {kLocal | kCached, kLocal, kMappable};
  bool isDiscrete =
      context.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
  int type = -1;
  VkResult result = place == Place::Host ? allocate(wanted, host, 2, type)
                    : isDiscrete         ? allocate(wanted, discrete, 1, type)
                                         : allocate(wanted, shared, 3, type);
  if (type < 0)
    return fault.set(SINTER_UNSUPPORTED, "the device has no memory for %s",
                     what);
  if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY)
    return fault.set(SINTER_OUT_OF_MEMORY,
                     "no memory on the device for %llu bytes of %s; close "
                     "other programs that use it, or compile with a smaller "
                     "--context",
                     static_cast<unsigned long long>(wanted.size), what);
  if (!result)
    result = context.vk.BindBufferMemory(context.device, buffer_, memory_, 0);
  VkMemoryPropertyFlags has = context.memory.memoryTypes[type].propertyFlags;
  bool map =
      place == Place::Host || (!isDiscrete && (has & kCached) == kCached);
  void *data = nullptr;
  if (!result && map)
    result = context.vk.MapMemory(context.device, memory_, 0, VK_WHOLE_SIZE, 0,
                                  &data);
  mapped_ = static_cast<uint8_t *>(data);
  return vulkanFault(result, "cannot allocate a buffer", fault);
}

Status VulkanBuffer::create(VulkanContext &context, uint64_t bytes, Place place,
                            const char *what, Fault &fault) {
  context_ = &context;
  bytes_ = bytes;
  const uint32_t families[2] = {context.computeFamily, context.transferFamily};
  VkBufferCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT |
               (place == Place::Host ? VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT
                                     : VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  info.sharingMode = context.hasTransferQueue() ? VK_SHARING_MODE_CONCURRENT
                                                : VK_SHARING_MODE_EXCLUSIVE;
  if (context.hasTransferQueue()) {
    info.queueFamilyIndexCount = 2;
    info.pQueueFamilyIndices = families;
  }
  VkResult result =
      context.vk.CreateBuffer(context.device, &info, nullptr, &buffer_);
  if (result)
    return vulkanFault(result, "cannot make a buffer", fault);
  return bind(place, what, fault);
}

VulkanSpace::~VulkanSpace() {
  for (uint32_t i = 0; i < count_; ++i)
    buffers_[i].~VulkanBuffer();
  free(buffers_);
}

Status VulkanSpace::create(VulkanContext &context, uint64_t bytes,
                           const Array<uint64_t> &cuts, const char *what,
                           Fault &fault) {
  uint64_t limit =
      context.maxAllocation < kMaxBuffer ? context.maxAllocation : kMaxBuffer;
  uint64_t start = 0, good = 0;
  uint32_t count = 0;
  for (size_t i = 0; i <= cuts.size() && bytes; ++i) {
    uint64_t cut = i < cuts.size() ? cuts[i] : bytes;
    if (cut - start > limit && good > start && count < kMaxBuffers) {
      starts_[++count] = good;
      start = good;
    }
    if (cut - start > limit || count >= kMaxBuffers)
      return fault.set(SINTER_UNSUPPORTED,
                       "the device's buffers are too small for %s: one needs "
                       "%llu bytes, %llu are allowed",
                       what, static_cast<unsigned long long>(cut - start),
                       static_cast<unsigned long long>(limit));
    good = cut;
  }
  if (bytes)
    starts_[++count] = bytes;
  buffers_ = static_cast<VulkanBuffer *>(
      calloc(count ? count : 1, sizeof(VulkanBuffer)));
  if (!buffers_)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for %s", what);
  while (count_ < count) {
    auto *buffer = ::new (&buffers_[count_]) VulkanBuffer();
    uint64_t size = starts_[count_ + 1] - starts_[count_];
    ++count_;
    if (Status status =
            buffer->create(context, size, Place::Device, what, fault))
      return status;
  }
  return SINTER_OK;
}

BufferPart VulkanSpace::at(uint64_t offset, uint64_t &rest) const {
  for (uint32_t i = 0; i < count_; ++i)
    if (offset < starts_[i + 1]) {
      rest = starts_[i + 1] - offset;
      return {&buffers_[i], offset - starts_[i]};
    }
  return {};
}

BufferPart VulkanSpace::find(uint64_t offset, uint64_t bytes) const {
  uint64_t rest = 0;
  BufferPart part = at(offset, rest);
  return rest >= bytes ? part : BufferPart();
}

} // namespace sinter::rt
