// VulkanWeights.cpp: see the header. While one staging buffer is copied on the
// device, the next shard is read into the other.
#include "runtime/device/vulkan/VulkanWeights.h"
#include "runtime/core/Sha256.h"
#include "runtime/device/vulkan/VulkanCommands.h"

#include <cstring>

namespace sinter::rt {

namespace {

Status readShard(const Bundle &bundle, uint32_t index, uint8_t *out,
                 bool verify, Fault &fault) {
  char path[32];
  shardPath(index, path);
  File file;
  if (Status status = bundle.openListed(path, file, fault))
    return status;
  auto bytes = static_cast<size_t>(file.size());
  if (Status status = file.readAt(out, bytes, 0, fault))
    return status;
  if (!verify)
    return SINTER_OK;
  uint8_t digest[32];
  Sha256::digest(out, bytes, digest);
  if (memcmp(digest, bundle.manifest.find(path)->sha256, 32) == 0)
    return SINTER_OK;
  return fault.set(SINTER_CORRUPT,
                   "'%s' does not have the SHA-256 that manifest.json says; "
                   "copy the bundle again",
                   path);
}

/// A staging buffer and the copy that still reads it.
struct Stage {
  VulkanBuffer buffer;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  Submission pending;
};

} // namespace

/// A shard may go on in the next buffer, so it is read piece by piece.
Status VulkanWeights::loadMapped(const Bundle &bundle, bool verify,
                                 Fault &fault) {
  uint64_t total = bundle.plan.root().weight_bytes();
  Buffer bounce;
  for (uint32_t i = 0; i < bundle.shards(); ++i) {
    uint64_t bytes = shardBytes(i, total), rest = 0;
    uint64_t start = i * kShardBytes;
    BufferPart part = space_.at(start, rest);
    if (rest >= bytes) {
      if (Status status = readShard(
              bundle, i, part.buffer->mapped() + part.offset, verify, fault))
        return status;
      continue;
    }
    if (!bounce.size() && !bounce.allocate(kShardBytes))
      return fault.set(SINTER_OUT_OF_MEMORY, "no memory to read the weights");
    if (Status status = readShard(bundle, i, bounce.data(), verify, fault))
      return status;
    for (uint64_t at = 0; at < bytes;) {
      part = space_.at(start + at, rest);
      uint64_t piece = rest < bytes - at ? rest : bytes - at;
      memcpy(part.buffer->mapped() + part.offset, bounce.data() + at,
             static_cast<size_t>(piece));
      at += piece;
    }
  }
  return SINTER_OK;
}

Status VulkanWeights::loadStaged(VulkanContext &context, const Bundle &bundle,
                                 bool verify, Submission &last, Fault &fault) {
  VulkanCommandPool pool;
  Stage stages[2];
  Status status = pool.create(context, kTransferQueue, fault);
  for (Stage &stage : stages) {
    status = status ? status
                    : stage.buffer.create(context, kShardBytes, Place::Host,
                                          "staging", fault);
    status = status ? status : pool.allocate(stage.commands, fault);
  }
  uint64_t total = bundle.plan.root().weight_bytes();
  for (uint32_t i = 0; i < bundle.shards() && !status; ++i) {
    Stage &stage = stages[i % 2];
    status = context.wait(stage.pending, fault);
    status = status
                 ? status
                 : readShard(bundle, i, stage.buffer.mapped(), verify, fault);
    status = status ? status : pool.begin(stage.commands, true, fault);
    if (status)
      break;
    uint64_t bytes = shardBytes(i, total), rest = 0;
    for (uint64_t at = 0; at < bytes;) {
      BufferPart part = space_.at(i * kShardBytes + at, rest);
      uint64_t piece = rest < bytes - at ? rest : bytes - at;
      VkBufferCopy copy = {at, part.offset, piece};
      context.vk.CmdCopyBuffer(stage.commands, stage.buffer.handle(),
                               part.buffer->handle(), 1, &copy);
      at += piece;
    }
    status = pool.end(stage.commands, fault);
    status = status ? status
                    : context.submit(stage.commands, kTransferQueue, {},
                                     stage.pending, fault);
    last = stage.pending;
  }
  // The staging buffers go; an error before this one is the one to report.
  Fault ignored(nullptr);
  for (Stage &stage : stages) {
    Status waited = context.wait(stage.pending, status ? ignored : fault);
    status = status ? status : waited;
  }
  return status;
}

Status VulkanWeights::load(VulkanContext &context, const Bundle &bundle,
                           bool verify, Submission &last, Fault &fault) {
  const fb::Plan &plan = bundle.plan.root();
  Array<uint64_t> cuts;
  uint32_t weights = plan.weights() ? plan.weights()->size() : 0;
  if (!cuts.allocate(weights))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the weights' table");
  for (uint32_t i = 0; i < weights; ++i)
    cuts[i] = plan.weights()->Get(i)->range()->offset();
  if (Status status = space_.create(context, plan.weight_bytes(), cuts,
                                    "the weights", fault))
    return status;
  for (uint32_t i = 0; i < space_.count(); ++i)
    if (!space_.buffer(i).mapped())
      return loadStaged(context, bundle, verify, last, fault);
  return loadMapped(bundle, verify, fault);
}

} // namespace sinter::rt
