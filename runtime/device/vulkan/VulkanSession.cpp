// VulkanSession.cpp: see the header. The scalars of an entry lie in a slot of
// io_, written before its commands are submitted again; so decode and head may
// be under way at once. prefill and decode are not waited for: head is.
#include "runtime/device/vulkan/VulkanSession.h"
#include "runtime/core/Clock.h"
#include "runtime/device/vulkan/Hazards.h"

#include <cstring>

namespace sinter::rt {

namespace {
constexpr uint64_t kSlotBytes = 256; // of an entry's scalars
constexpr uint64_t kLeastBounceBytes = 64 << 10;
constexpr VkPipelineStageFlags kCompute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
constexpr VkPipelineStageFlags kTransfer = VK_PIPELINE_STAGE_TRANSFER_BIT;
constexpr VkAccessFlags kShader =
    VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
constexpr VkAccessFlags kCopy =
    VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;

uint32_t dispatchCount(const Plan &plan, uint32_t id) {
  const fb::Entry *entry = plan.entry(EntryId(id));
  return entry ? entry->dispatches()->size() : 0;
}
} // namespace

VulkanSession::VulkanSession(VulkanDevice &owner)
    : owner_(owner), context_(owner.context) {
  device = &owner;
}

VulkanSession::~VulkanSession() {
  waitQuietly();
  if (descriptors_)
    context_.vk.DestroyDescriptorPool(context_.device, descriptors_, nullptr);
  if (queries_)
    context_.vk.DestroyQueryPool(context_.device, queries_, nullptr);
}

void VulkanSession::waitQuietly() {
  Fault ignored(nullptr);
  (void)context_.wait(last_, ignored);
}

BufferPart VulkanSession::find(const fb::Range &range) const {
  switch (range.space()) {
  case fb::Space_weights:
    return owner_.weights.find(range);
  case fb::Space_arena:
    return {&arena_, range.offset()};
  default:
    return state_.find(range.offset(), range.bytes());
  }
}

/// arena, caches, and io_: scalars, copies of what the host reads and writes
/// where the arena is not mapped, and a bounce buffer for all else.
Status VulkanSession::createMemory(Fault &fault) {
  const Plan &plan = *owner_.plan;
  const fb::Plan &root = plan.root();
  if (Status status = arena_.create(context_, root.arena_bytes(), Place::Device,
                                    "the activations", fault))
    return status;
  Array<uint64_t> cuts;
  uint32_t states = root.states() ? root.states()->size() : 0;
  if (!cuts.allocate(states))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a session");
  for (uint32_t i = 0; i < states; ++i)
    cuts[i] = root.states()->Get(i)->range()->offset();
  if (Status status = state_.create(context_, root.state_bytes(), cuts,
                                    "the KV cache", fault))
    return status;
  uint64_t bytes = kEntryCount * kSlotBytes;
  if (!arena_.mapped()) {
    mirrors_[kTokensMirror].range = &plan.tokens();
    if (plan.entry(kGreedy) || plan.entry(kSample))
      mirrors_[kNextMirror].range = &plan.nextToken();
    if (plan.entry(kSample)) {
      mirrors_[kSamplingMirror].range = &plan.sampling();
      mirrors_[kHistoryMirror].range = &plan.history();
    }
    for (Mirror &mirror : mirrors_) {
      mirror.offset = bytes;
      bytes += mirror.range ? roundUp(mirror.range->bytes(), kSlotBytes) : 0;
    }
    bounce_ = bytes;
    bounceBytes_ = plan.logits().bytes() > kLeastBounceBytes
                       ? plan.logits().bytes()
                       : kLeastBounceBytes;
    bytes += bounceBytes_;
  }
  if (Status status =
          io_.create(context_, bytes, Place::Host, "a session", fault))
    return status;
  memset(io_.mapped(), 0, static_cast<size_t>(bytes));
  return SINTER_OK;
}

bool VulkanSession::bindSet(VkDescriptorSet set, const fb::Dispatch &dispatch) {
  VkDescriptorBufferInfo buffers[kMaxKernelBindings];
  VkWriteDescriptorSet writes[kMaxKernelBindings] = {};
  uint32_t count = dispatch.bindings() ? dispatch.bindings()->size() : 0;
  for (uint32_t i = 0; i < count; ++i) {
    const fb::Range &range = *dispatch.bindings()->Get(i);
    BufferPart part = find(range);
    if (!part.buffer)
      return false;
    buffers[i] = {part.buffer->handle(), part.offset, range.bytes()};
    writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    writes[i].dstSet = set;
    writes[i].dstBinding = i;
    writes[i].descriptorCount = 1;
    writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    writes[i].pBufferInfo = &buffers[i];
  }
  if (count)
    context_.vk.UpdateDescriptorSets(context_.device, count, writes, 0,
                                     nullptr);
  return true;
}

Status VulkanSession::createSets(Fault &fault) {
  const Plan &plan = *owner_.plan;
  const VulkanKernels &kernels = owner_.kernels;
  uint32_t sets = kEntryCount, buffers = 0;
  for (uint32_t id = 0; id < kEntryCount; ++id)
    for (uint32_t d = 0; d < dispatchCount(plan, id); ++d) {
      const fb::Dispatch *dispatch =
          plan.entry(EntryId(id))->dispatches()->Get(d);
      buffers += kernels.kernel(dispatch->kernel()).bindings;
      ++sets;
    }
  const VkDescriptorPoolSize sizes[2] = {
      {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, kEntryCount},
      {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, buffers ? buffers : 1}};
  VkDescriptorPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.maxSets = sets;
  info.poolSizeCount = 2;
  info.pPoolSizes = sizes;
  const VulkanApi &vk = context_.vk;
  VkResult result =
      vk.CreateDescriptorPool(context_.device, &info, nullptr, &descriptors_);
  auto allocate = [&](VkDescriptorSetLayout layout, VkDescriptorSet &set) {
    VkDescriptorSetAllocateInfo one = {};
    one.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
    one.descriptorPool = descriptors_;
    one.descriptorSetCount = 1;
    one.pSetLayouts = &layout;
    if (!result)
      result = vk.AllocateDescriptorSets(context_.device, &one, &set);
  };
  for (uint32_t id = 0; id < kEntryCount; ++id) {
    Entry &entry = entries_[id];
    if (!entry.sets.allocate(dispatchCount(plan, id)) ||
        !entry.times.allocate(profile_ ? entry.sets.size() : 0))
      return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a session");
    allocate(kernels.scalarLayout(), entry.scalars);
    for (uint32_t d = 0; d < entry.sets.size(); ++d)
      allocate(kernels.setLayout(
                   plan.entry(EntryId(id))->dispatches()->Get(d)->kernel()),
               entry.sets[d]);
    if (result)
      return vulkanFault(result, "cannot make descriptors", fault);
    VkDescriptorBufferInfo slot = {io_.handle(), id * kSlotBytes,
                                   3 * sizeof(uint32_t)};
    VkWriteDescriptorSet write = {};
    write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    write.dstSet = entry.scalars;
    write.descriptorCount = 1;
    write.descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
    write.pBufferInfo = &slot;
    vk.UpdateDescriptorSets(context_.device, 1, &write, 0, nullptr);
    for (uint32_t d = 0; d < entry.sets.size(); ++d)
      if (!bindSet(entry.sets[d],
                   *plan.entry(EntryId(id))->dispatches()->Get(d)))
        return fault.set(SINTER_UNSUPPORTED,
                         "a buffer of '%s' spans two buffers of the device",
                         Plan::entryName(EntryId(id)));
  }
  return SINTER_OK;
}

/// One timestamp before an entry's dispatches and one after each.
Status VulkanSession::createQueries(Fault &fault) {
  if (!profile_)
    return SINTER_OK;
  if (!context_.timestampBits)
    return fault.set(SINTER_UNSUPPORTED, "%s has no timestamps to profile by",
                     context_.properties.deviceName);
  uint32_t most = 0;
  for (uint32_t id = 0; id < kEntryCount; ++id) {
    uint32_t count = dispatchCount(*owner_.plan, id);
    most = count > most ? count : most;
  }
  if (!stamps_.allocate(most + 1))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the profile");
  VkQueryPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
  info.queryType = VK_QUERY_TYPE_TIMESTAMP;
  info.queryCount = most + 1;
  return vulkanFault(
      context_.vk.CreateQueryPool(context_.device, &info, nullptr, &queries_),
      "cannot make timestamps", fault);
}

/// Zeroes arena and caches.
Status VulkanSession::clear(Fault &fault) {
  if (Status status = pool_.begin(transfer_, true, fault))
    return status;
  context_.vk.CmdFillBuffer(transfer_, arena_.handle(), 0, VK_WHOLE_SIZE, 0);
  for (uint32_t i = 0; i < state_.count(); ++i)
    context_.vk.CmdFillBuffer(transfer_, state_.buffer(i).handle(), 0,
                              VK_WHOLE_SIZE, 0);
  memoryBarrier(context_.vk, transfer_, kTransfer, kCopy,
                kCompute | kTransfer | VK_PIPELINE_STAGE_HOST_BIT,
                kShader | kCopy | VK_ACCESS_HOST_READ_BIT |
                    VK_ACCESS_HOST_WRITE_BIT);
  if (Status status = pool_.end(transfer_, fault))
    return status;
  if (Status status = context_.submit(transfer_, kComputeQueue,
                                      owner_.weightsLoaded, last_, fault))
    return status;
  return context_.wait(last_, fault);
}

Status VulkanSession::create(bool profile, Fault &fault) {
  profile_ = profile;
  if (Status status = createMemory(fault))
    return status;
  if (Status status = createSets(fault))
    return status;
  if (Status status = createQueries(fault))
    return status;
  if (Status status = pool_.create(context_, kComputeQueue, fault))
    return status;
  if (Status status = pool_.allocate(transfer_, fault))
    return status;
  return clear(fault);
}

void VulkanSession::copyMirror(VkCommandBuffer commands, MirrorId id,
                               bool toDevice, uint64_t bytes) {
  const Mirror &mirror = mirrors_[id];
  if (!mirror.range)
    return;
  VkBufferCopy copy = {mirror.offset, mirror.range->offset(), bytes};
  VkBuffer from = io_.handle(), to = arena_.handle();
  if (!toDevice) {
    copy = {mirror.range->offset(), mirror.offset, bytes};
    std::swap(from, to);
  }
  context_.vk.CmdCopyBuffer(commands, from, to, 1, &copy);
}

void VulkanSession::recordDispatches(EntryId id, VkCommandBuffer commands,
                                     uint32_t tokens) {
  const VulkanApi &vk = context_.vk;
  const VulkanKernels &kernels = owner_.kernels;
  const auto &dispatches = *owner_.plan->entry(id)->dispatches();
  Hazards hazards;
  for (uint32_t d = 0; d < dispatches.size(); ++d) {
    const fb::Dispatch &dispatch = *dispatches.Get(d);
    uint32_t kernel = dispatch.kernel();
    const PackedKernel &packed = kernels.kernel(kernel);
    if (hazards.add(dispatch, packed.writtenMask) || (profile_ && d))
      memoryBarrier(vk, commands, kCompute, VK_ACCESS_SHADER_WRITE_BIT,
                    kCompute, kShader);
    const VkDescriptorSet sets[2] = {entries_[id].sets[d],
                                     entries_[id].scalars};
    vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                       kernels.pipeline(kernel));
    vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                             kernels.layout(kernel), 0, 2, sets, 0, nullptr);
    uint64_t per = dispatch.items_per_tokens();
    vk.CmdDispatch(
        commands,
        static_cast<uint32_t>(divideUp(dispatch.items(), packed.itemsPerGroup)),
        per ? static_cast<uint32_t>(divideUp(tokens, per)) : 1, 1);
    if (profile_)
      vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
                           queries_, d + 1);
  }
}

/// What the host wrote for this entry, into the arena.
void VulkanSession::copyInputs(EntryId id, VkCommandBuffer commands,
                               uint32_t tokens) {
  if (id == kPrefill || id == kDecode) {
    copyMirror(commands, kTokensMirror, true, tokens * sizeof(int32_t));
  } else if (id == kSample) {
    for (MirrorId mirror : {kSamplingMirror, kHistoryMirror})
      copyMirror(commands, mirror, true, mirrors_[mirror].range->bytes());
  } else {
    return;
  }
  memoryBarrier(context_.vk, commands, kTransfer, VK_ACCESS_TRANSFER_WRITE_BIT,
                kCompute, kShader);
}

Status VulkanSession::record(EntryId id, Recorded &recorded, uint32_t tokens,
                             Fault &fault) {
  recorded.tokens = 0;
  if (!recorded.commands)
    if (Status status = pool_.allocate(recorded.commands, fault))
      return status;
  VkCommandBuffer commands = recorded.commands;
  if (Status status = pool_.begin(commands, false, fault))
    return status;
  const VulkanApi &vk = context_.vk;
  // What earlier submissions of this session wrote.
  memoryBarrier(vk, commands, kCompute | kTransfer, kShader | kCopy,
                kCompute | kTransfer, kShader | kCopy);
  if (profile_) {
    vk.CmdResetQueryPool(commands, queries_, 0,
                         static_cast<uint32_t>(entries_[id].sets.size() + 1));
    vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, queries_,
                         0);
  }
  if (!arena_.mapped())
    copyInputs(id, commands, tokens);
  recordDispatches(id, commands, tokens);
  if (!arena_.mapped() && (id == kGreedy || id == kSample)) {
    memoryBarrier(vk, commands, kCompute, VK_ACCESS_SHADER_WRITE_BIT, kTransfer,
                  VK_ACCESS_TRANSFER_READ_BIT);
    copyMirror(commands, kNextMirror, false,
               mirrors_[kNextMirror].range->bytes());
  }
  memoryBarrier(vk, commands, kCompute | kTransfer,
                VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
  if (Status status = pool_.end(commands, fault))
    return status;
  recorded.tokens = tokens;
  return SINTER_OK;
}

/// The commands recorded for this number of tokens, or the place of those that
/// were used longest ago.
VulkanSession::Recorded &VulkanSession::recordedFor(Entry &entry,
                                                    uint32_t tokens) {
  Recorded *best = &entry.recorded[0];
  for (Recorded &recorded : entry.recorded) {
    if (recorded.tokens == tokens)
      return recorded;
    if (recorded.lastUse < best->lastUse)
      best = &recorded;
  }
  return *best;
}

Status VulkanSession::run(EntryId id, const sinter_scalars &scalars,
                          Fault &fault) {
  if (context_.isLost())
    return vulkanFault(VK_ERROR_DEVICE_LOST, "cannot run the model", fault);
  Entry &entry = entries_[id];
  // Its commands and its scalars may still be in use.
  if (Status status = context_.wait(entry.last, fault))
    return status;
  auto tokens = static_cast<uint32_t>(scalars.token_count);
  Recorded &recorded = recordedFor(entry, tokens);
  if (recorded.tokens != tokens)
    if (Status status = record(id, recorded, tokens, fault))
      return status;
  recorded.lastUse = ++uses_;
  const uint32_t words[3] = {tokens, static_cast<uint32_t>(scalars.position),
                             static_cast<uint32_t>(scalars.row)};
  memcpy(io_.mapped() + id * kSlotBytes, words, sizeof(words));
  if (Status status = context_.submit(recorded.commands, kComputeQueue, {},
                                      entry.last, fault))
    return status;
  last_ = entry.last;
  if (profile_)
    return collectTimes(id, fault);
  return id == kPrefill || id == kDecode ? SINTER_OK
                                         : context_.wait(last_, fault);
}

Status VulkanSession::collectTimes(EntryId id, Fault &fault) {
  if (Status status = context_.wait(last_, fault))
    return status;
  uint64_t end = monotonicNanoseconds();
  Array<DispatchTime> &times = entries_[id].times;
  auto count = static_cast<uint32_t>(times.size() + 1);
  VkResult result = context_.vk.GetQueryPoolResults(
      context_.device, queries_, 0, count, count * sizeof(uint64_t),
      stamps_.data(), sizeof(uint64_t),
      VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
  if (result)
    return vulkanFault(result, "cannot read the timestamps", fault);
  uint64_t mask = context_.timestampBits >= 64
                      ? UINT64_MAX
                      : (uint64_t(1) << context_.timestampBits) - 1;
  double period = double(context_.properties.limits.timestampPeriod);
  auto between = [&](size_t from, size_t to) {
    uint64_t ticks = (stamps_[to] - stamps_[from]) & mask;
    return static_cast<uint64_t>(double(ticks) * period);
  };
  for (size_t d = 0; d < times.size(); ++d) {
    times[d].calls += 1;
    times[d].nanoseconds += between(d, d + 1);
    times[d].lastBegin = end - between(d, times.size());
  }
  return SINTER_OK;
}

const VulkanSession::Mirror *
VulkanSession::mirrorOf(const fb::Range &range) const {
  for (const Mirror &mirror : mirrors_)
    if (mirror.range && mirror.range->offset() == range.offset() &&
        mirror.range->bytes() == range.bytes())
      return &mirror;
  return nullptr;
}

/// Through the bounce buffer, a piece at a time: for what has no mirror. What
/// cannot be read (the device was lost) is 0xff: no numbers, no tokens.
void VulkanSession::copyThrough(const fb::Range &range, uint64_t offset,
                                uint8_t *data, size_t bytes, bool toDevice) {
  Fault ignored(nullptr);
  if (!toDevice)
    memset(data, 0xff, bytes);
  while (bytes) {
    size_t piece = bytes < bounceBytes_ ? bytes : bounceBytes_;
    uint8_t *bounce = io_.mapped() + bounce_;
    if (toDevice)
      memcpy(bounce, data, piece);
    VkBufferCopy copy = {bounce_, range.offset() + offset, piece};
    VkBuffer from = io_.handle(), to = arena_.handle();
    if (!toDevice) {
      copy = {range.offset() + offset, bounce_, piece};
      std::swap(from, to);
    }
    if (pool_.begin(transfer_, true, ignored))
      return;
    memoryBarrier(context_.vk, transfer_, kCompute | kTransfer, kShader | kCopy,
                  kTransfer, kCopy);
    context_.vk.CmdCopyBuffer(transfer_, from, to, 1, &copy);
    memoryBarrier(context_.vk, transfer_, kTransfer, kCopy,
                  VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
    if (pool_.end(transfer_, ignored) ||
        context_.submit(transfer_, kComputeQueue, {}, last_, ignored) ||
        context_.wait(last_, ignored))
      return;
    if (!toDevice)
      memcpy(data, bounce, piece);
    data += piece;
    offset += piece;
    bytes -= piece;
  }
}

void VulkanSession::write(const fb::Range &range, const void *data,
                          size_t bytes) {
  waitQuietly(); // a run may still read the old bytes
  if (arena_.mapped()) {
    memcpy(arena_.mapped() + range.offset(), data, bytes);
    return;
  }
  const Mirror *mirror = mirrorOf(range);
  if (mirror && mirror < &mirrors_[kNextMirror]) {
    memcpy(io_.mapped() + mirror->offset, data, bytes);
    return;
  }
  auto *source = const_cast<uint8_t *>(static_cast<const uint8_t *>(data));
  copyThrough(range, 0, source, bytes, true);
}

void VulkanSession::read(const fb::Range &range, uint64_t offset, void *data,
                         size_t bytes) {
  waitQuietly();
  if (arena_.mapped())
    memcpy(data, arena_.mapped() + range.offset() + offset, bytes);
  else if (const Mirror *mirror = mirrorOf(range))
    memcpy(data, io_.mapped() + mirror->offset + offset, bytes);
  else
    copyThrough(range, offset, static_cast<uint8_t *>(data), bytes, false);
}

const void *VulkanSession::view(const fb::Range &range) {
  waitQuietly();
  return arena_.mapped() ? arena_.mapped() + range.offset() : nullptr;
}

} // namespace sinter::rt
