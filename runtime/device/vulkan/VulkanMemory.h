// VulkanMemory.h: buffers and what lies in them.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANMEMORY_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANMEMORY_H

#include "runtime/core/Plan.h"
#include "runtime/device/vulkan/VulkanContext.h"

namespace sinter::rt {

/// Where a buffer lies, and who reaches it.
enum class Place {
  Device, // the device's own memory; mapped where that is the host's, too
  Host    // the host's memory, which the device reaches
};

/// A buffer with memory of its own.
class VulkanBuffer {
public:
  VulkanBuffer() = default;
  VulkanBuffer(const VulkanBuffer &) = delete;
  VulkanBuffer &operator=(const VulkanBuffer &) = delete;
  ~VulkanBuffer();

  /// what: for errors, "the weights".
  [[nodiscard]] Status create(VulkanContext &context, uint64_t bytes,
                              Place place, const char *what, Fault &fault);
  VkBuffer handle() const { return buffer_; }
  uint64_t bytes() const { return bytes_; }
  /// The bytes where the host reaches them, else null.
  uint8_t *mapped() const { return mapped_; }

private:
  Status bind(Place place, const char *what, Fault &fault);
  VkResult allocate(const VkMemoryRequirements &wanted,
                    const VkMemoryPropertyFlags *choices, uint32_t count,
                    int &type);

  VulkanContext *context_ = nullptr;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  uint8_t *mapped_ = nullptr;
  uint64_t bytes_ = 0;
};

/// Part of a buffer.
struct BufferPart {
  const VulkanBuffer *buffer = nullptr;
  uint64_t offset = 0;
};

/// A space of a plan as a row of buffers, cut where no range is.
class VulkanSpace {
public:
  VulkanSpace() = default;
  VulkanSpace(const VulkanSpace &) = delete;
  VulkanSpace &operator=(const VulkanSpace &) = delete;
  ~VulkanSpace();

  /// cuts: offsets, in ascending order, at which the space may be cut.
  [[nodiscard]] Status create(VulkanContext &context, uint64_t bytes,
                              const Array<uint64_t> &cuts, const char *what,
                              Fault &fault);
  /// The buffer that holds all of [offset, offset + bytes), or none.
  BufferPart find(uint64_t offset, uint64_t bytes) const;
  /// The part that holds `offset`, and how many bytes follow in it.
  BufferPart at(uint64_t offset, uint64_t &rest) const;
  uint32_t count() const { return count_; }
  const VulkanBuffer &buffer(uint32_t i) const { return buffers_[i]; }

private:
  static constexpr uint32_t kMaxBuffers = 256;
  VulkanBuffer *buffers_ = nullptr;
  uint64_t starts_[kMaxBuffers + 1] = {};
  uint32_t count_ = 0;
};

} // namespace sinter::rt
#endif
