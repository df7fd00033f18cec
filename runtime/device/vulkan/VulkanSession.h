// VulkanSession.h: arena and caches of one conversation on a Vulkan device,
// and its recorded commands.
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_VULKANSESSION_H
#define SINTER_RUNTIME_DEVICE_VULKAN_VULKANSESSION_H

#include "runtime/device/Device.h"
#include "runtime/device/vulkan/VulkanCommands.h"
#include "runtime/device/vulkan/VulkanKernels.h"
#include "runtime/device/vulkan/VulkanWeights.h"

namespace sinter::rt {

struct VulkanDevice : Device {
  VulkanContext context;
  VulkanKernels kernels;
  VulkanWeights weights;
  Submission weightsLoaded;
  char reason[512] = {};
};

class VulkanSession : public DeviceSession {
public:
  explicit VulkanSession(VulkanDevice &owner);
  VulkanSession(const VulkanSession &) = delete;
  VulkanSession &operator=(const VulkanSession &) = delete;
  ~VulkanSession();

  [[nodiscard]] Status create(bool profile, Fault &fault);
  void write(const fb::Range &range, const void *data, size_t bytes);
  void read(const fb::Range &range, uint64_t offset, void *data, size_t bytes);
  const void *view(const fb::Range &range);
  [[nodiscard]] Status run(EntryId entry, const sinter_scalars &scalars,
                           Fault &fault);
  DispatchTime *times(EntryId entry) {
    return profile_ ? entries_[entry].times.data() : nullptr;
  }

private:
  /// Commands of an entry for one number of tokens.
  struct Recorded {
    VkCommandBuffer commands = VK_NULL_HANDLE;
    uint32_t tokens = 0; // 0: not recorded
    uint64_t lastUse = 0;
  };
  static constexpr uint32_t kRecorded = 4;
  struct Entry {
    Array<VkDescriptorSet> sets; // one per dispatch
    VkDescriptorSet scalars = VK_NULL_HANDLE;
    Array<DispatchTime> times;
    Recorded recorded[kRecorded];
    Submission last;
  };
  /// A range of the arena that the host reads or writes each token: its copy
  /// in io_. (Logits are not: they stay where they are unless asked for.)
  struct Mirror {
    const fb::Range *range = nullptr;
    uint64_t offset = 0;
  };
  enum MirrorId {
    kTokensMirror,
    kSamplingMirror,
    kHistoryMirror,
    kNextMirror, // the only one that the device writes
    kMirrors
  };

  Status createMemory(Fault &fault);
  Status createSets(Fault &fault);
  Status createQueries(Fault &fault);
  Status clear(Fault &fault);
  Status record(EntryId id, Recorded &recorded, uint32_t tokens, Fault &fault);
  void recordDispatches(EntryId id, VkCommandBuffer commands, uint32_t tokens);
  void copyMirror(VkCommandBuffer commands, MirrorId id, bool toDevice,
                  uint64_t bytes);
  Recorded &recordedFor(Entry &entry, uint32_t tokens);
  BufferPart find(const fb::Range &range) const;
  bool bindSet(VkDescriptorSet set, const fb::Dispatch &dispatch);
  Status collectTimes(EntryId id, Fault &fault);
  void copyInputs(EntryId id, VkCommandBuffer commands, uint32_t tokens);
  const Mirror *mirrorOf(const fb::Range &range) const;
  void copyThrough(const fb::Range &range, uint64_t offset, uint8_t *data,
                   size_t bytes, bool toDevice);
  void waitQuietly();

  VulkanDevice &owner_;
  VulkanContext &context_;
  VulkanBuffer arena_, io_;
  VulkanSpace state_;
  Mirror mirrors_[kMirrors];
  uint64_t bounce_ = 0, bounceBytes_ = 0; // offset in io_
  VulkanCommandPool pool_;
  VkCommandBuffer transfer_ = VK_NULL_HANDLE;
  VkDescriptorPool descriptors_ = VK_NULL_HANDLE;
  VkQueryPool queries_ = VK_NULL_HANDLE;
  Array<uint64_t> stamps_;
  Entry entries_[kEntryCount];
  Submission last_;
  uint64_t uses_ = 0;
  bool profile_ = false;
};

} // namespace sinter::rt
#endif
