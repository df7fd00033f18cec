// sinter-vulkan-copy [GPU [MIB [REPEATS]]]: what the device's memory copies per
// second: vkCmdCopyBuffer between two buffers of its own memory, by timestamps
// (by the host's clock where it has none); bytes read and written count. The
// best of several; one JSON line. GPU: index or part of a name, "" the best.
#include "runtime/core/Clock.h"
#include "runtime/device/vulkan/VulkanCommands.h"
#include "runtime/device/vulkan/VulkanMemory.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace sinter::rt;

namespace {

[[noreturn]] void die(const sinter_error &error) {
  std::fprintf(stderr, "sinter-vulkan-copy: %s\n", error.message);
  std::exit(error.code == SINTER_UNSUPPORTED ? 3 : 1);
}

/// Seconds of one copy; timed by the device where it has timestamps.
double timeCopy(VulkanContext &context, VkCommandBuffer commands,
                VkQueryPool queries, sinter_error &error) {
  Fault fault(&error);
  Submission done;
  uint64_t before = monotonicNanoseconds();
  if (context.submit(commands, kComputeQueue, {}, done, fault) ||
      context.wait(done, fault))
    die(error);
  uint64_t stamps[2] = {before, monotonicNanoseconds()};
  if (!queries)
    return double(stamps[1] - stamps[0]) * 1e-9;
  context.vk.GetQueryPoolResults(
      context.device, queries, 0, 2, sizeof(stamps), stamps, sizeof(uint64_t),
      VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
  uint64_t mask = context.timestampBits >= 64
                      ? UINT64_MAX
                      : (uint64_t(1) << context.timestampBits) - 1;
  return double((stamps[1] - stamps[0]) & mask) *
         double(context.properties.limits.timestampPeriod) * 1e-9;
}

} // namespace

int main(int argc, char **argv) {
  sinter_error error = {};
  Fault fault(&error);
  VulkanContext context;
  if (context.open(argc > 1 ? argv[1] : "", fault))
    die(error);
  uint64_t bytes = (argc > 2 ? strtoull(argv[2], nullptr, 10) : 1024) << 20;
  int repeats = argc > 3 ? std::atoi(argv[3]) : 20;
  VulkanBuffer from, to;
  VulkanCommandPool pool;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  if (from.create(context, bytes, Place::Device, "the copy", fault) ||
      to.create(context, bytes, Place::Device, "the copy", fault) ||
      pool.create(context, kComputeQueue, fault) ||
      pool.allocate(commands, fault))
    die(error);
  const VulkanApi &vk = context.vk;
  VkQueryPool queries = VK_NULL_HANDLE;
  VkQueryPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
  info.queryType = VK_QUERY_TYPE_TIMESTAMP;
  info.queryCount = 2;
  if (context.timestampBits)
    vk.CreateQueryPool(context.device, &info, nullptr, &queries);
  if (pool.begin(commands, false, fault))
    die(error);
  vk.CmdFillBuffer(commands, from.handle(), 0, VK_WHOLE_SIZE, 0x2c2c2c2c);
  memoryBarrier(vk, commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT,
                VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT);
  if (queries) {
    vk.CmdResetQueryPool(commands, queries, 0, 2);
    vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, queries, 0);
  }
  VkBufferCopy whole = {0, 0, bytes};
  vk.CmdCopyBuffer(commands, from.handle(), to.handle(), 1, &whole);
  if (queries)
    vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, queries, 1);
  if (pool.end(commands, fault))
    die(error);
  double best = 1e9;
  for (int i = 0; i < repeats; ++i)
    best = std::min(best, timeCopy(context, commands, queries, error));
  std::printf("{\"id\":\"device_copy\",\"device\":\"%s\",\"bytes\":%llu,"
              "\"gb_per_s\":%.2f}\n",
              context.properties.deviceName,
              static_cast<unsigned long long>(2 * bytes),
              2 * double(bytes) / best / 1e9);
  if (queries)
    vk.DestroyQueryPool(context.device, queries, nullptr);
  return 0;
}
