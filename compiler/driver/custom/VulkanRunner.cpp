// A kernel on a Vulkan device. It runs in a forked child, because a shader may
// hang or crash a driver; results come back through shared memory. The
// runtime's own context chooses the device, so that what is checked is what
// will run.
#include "compiler/driver/custom/KernelRunner.h"

#include "compiler/support/Error.h"
#include "compiler/support/Interrupt.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#if SINTER_HAS_VULKAN
#include "runtime/device/vulkan/VulkanCommands.h"
#include "runtime/device/vulkan/VulkanMemory.h"
#include "runtime/device/vulkan/VulkanPipeline.h"

#include <csignal>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace sinter;

uint32_t KernelTrial::groupsX() const {
  return static_cast<uint32_t>(
      llvm::divideCeil(static_cast<uint64_t>(interface.items),
                       static_cast<uint64_t>(kernel.itemsPerGroup)));
}

uint32_t KernelTrial::groupsY(const CaseSize &size) const {
  return interface.perTokens ? static_cast<uint32_t>(llvm::divideCeil(
                                   static_cast<uint64_t>(size.tokens),
                                   static_cast<uint64_t>(interface.perTokens)))
                             : 1;
}

llvm::Error sinter::guardError(const KernelTrial &trial, size_t index) {
  return errorAt(trial.source, 0,
                 "kernel " + trial.kernel.id + " writes behind binding " +
                     llvm::Twine(index) + " (" +
                     trial.interface.bindings[index].meaning + ")");
}

#if SINTER_HAS_VULKAN

/// Seconds that all cases together may take; software devices on busy machines
/// are slow.
static constexpr unsigned kTimeout = 300;

namespace {

/// What the child leaves behind, at the beginning of the shared memory.
struct Outcome {
  int32_t status; ///< of the runtime, SINTER_OK when all cases ran
  char message[1000];
};

/// Offsets of the bindings of one case, guards included, in shared memory.
struct Layout {
  std::vector<std::vector<uint64_t>> offsets; ///< per case and binding
  uint64_t bytes = 0;
};

Layout layoutOf(const KernelTrial &trial) {
  Layout layout;
  layout.bytes = llvm::alignTo(sizeof(Outcome), kGuardBytes);
  for (const RegionCase &one : trial.cases) {
    layout.offsets.emplace_back();
    for (const std::vector<uint8_t> &binding : one.bindings) {
      layout.offsets.back().push_back(layout.bytes);
      layout.bytes += llvm::alignTo(binding.size(), kGuardBytes) + kGuardBytes;
    }
  }
  return layout;
}

/// Objects of one kernel on one device; what goes wrong goes into `fault`.
class Runner {
public:
  Runner(const KernelTrial &trial, rt::Fault &fault)
      : trial(trial), fault(fault) {}
  ~Runner();

  rt::Status open();
  /// bindings: of the case, with their guards, in the host's memory.
  rt::Status run(const CaseSize &size, llvm::ArrayRef<uint8_t *> bindings);

private:
  rt::Status makePipeline();
  rt::Status makeSets();
  rt::Status makeBuffers(llvm::ArrayRef<uint8_t *> bindings);
  void bind();
  rt::Status record(const CaseSize &size);
  rt::Status check(VkResult result, const char *what) {
    return rt::vulkanFault(result, what, fault);
  }
  uint32_t bindingCount() const {
    return static_cast<uint32_t>(trial.interface.bindings.size());
  }
  uint64_t bytesOf(size_t binding) const {
    return static_cast<uint64_t>(trial.interface.bindings[binding].bytes);
  }

  const KernelTrial &trial;
  rt::Fault &fault;
  rt::VulkanContext context;
  rt::VulkanLayouts layouts;
  VkPipeline pipeline = VK_NULL_HANDLE;
  VkDescriptorPool descriptors = VK_NULL_HANDLE;
  VkDescriptorSet sets[2] = {};
  std::vector<std::unique_ptr<rt::VulkanBuffer>> device, host;
  rt::VulkanBuffer scalars;
  std::unique_ptr<rt::VulkanCommandPool> pool;
  VkCommandBuffer commands = VK_NULL_HANDLE;
};

} // namespace

Runner::~Runner() {
  if (!context.device)
    return;
  context.vk.DestroyDescriptorPool(context.device, descriptors, nullptr);
  context.vk.DestroyPipeline(context.device, pipeline, nullptr);
}

rt::Status Runner::makePipeline() {
  std::vector<uint32_t> words(trial.kernel.code.size() / sizeof(uint32_t));
  std::memcpy(words.data(), trial.kernel.code.data(),
              words.size() * sizeof(uint32_t));
  if (rt::Status status = layouts.require(context, bindingCount(), fault))
    return status;
  rt::KernelCode code = {
      words.data(), words.size(), trial.kernel.entry.c_str(),
      llvm::is_contained(trial.kernel.features, "subgroups")};
  return rt::makePipeline(context, code, layouts.pipeline(bindingCount()),
                          VK_NULL_HANDLE, pipeline, fault);
}

rt::Status Runner::makeSets() {
  const VkDescriptorPoolSize sizes[2] = {
      {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, bindingCount()},
      {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 1}};
  VkDescriptorPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.maxSets = 2;
  info.poolSizeCount = 2;
  info.pPoolSizes = sizes;
  VkResult result = context.vk.CreateDescriptorPool(context.device, &info,
                                                    nullptr, &descriptors);
  const VkDescriptorSetLayout of[2] = {layouts.set(bindingCount()),
                                       layouts.scalars()};
  VkDescriptorSetAllocateInfo both = {};
  both.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  both.descriptorPool = descriptors;
  both.descriptorSetCount = 2;
  both.pSetLayouts = of;
  if (!result)
    result = context.vk.AllocateDescriptorSets(context.device, &both, sets);
  return check(result, "cannot make descriptors");
}

rt::Status Runner::open() {
  if (rt::Status status = context.open(nullptr, fault))
    return status;
  for (const std::string &feature : trial.kernel.features)
    if (!context.features.has(feature.c_str()))
      return fault.set(SINTER_UNSUPPORTED, "%s has no %s, which it needs",
                       context.properties.deviceName, feature.c_str());
  if (rt::Status status = makePipeline())
    return status;
  if (rt::Status status = makeSets())
    return status;
  pool = std::make_unique<rt::VulkanCommandPool>();
  if (rt::Status status = pool->create(context, rt::kComputeQueue, fault))
    return status;
  if (rt::Status status = pool->allocate(commands, fault))
    return status;
  return scalars.create(context, kGuardBytes, rt::Place::Host, "the scalars",
                        fault);
}

/// A device buffer for every binding, and one of the host to fill it from.
rt::Status Runner::makeBuffers(llvm::ArrayRef<uint8_t *> bindings) {
  device.clear();
  host.clear();
  for (size_t i = 0; i < bindings.size(); ++i) {
    uint64_t bytes = bytesOf(i) + kGuardBytes;
    device.push_back(std::make_unique<rt::VulkanBuffer>());
    host.push_back(std::make_unique<rt::VulkanBuffer>());
    if (rt::Status status = device[i]->create(context, bytes, rt::Place::Device,
                                              "a binding", fault))
      return status;
    if (rt::Status status = host[i]->create(context, bytes, rt::Place::Host,
                                            "a binding", fault))
      return status;
    std::memcpy(host[i]->mapped(), bindings[i], bytes);
  }
  return SINTER_OK;
}

void Runner::bind() {
  std::vector<VkDescriptorBufferInfo> buffers(device.size() + 1);
  std::vector<VkWriteDescriptorSet> writes(device.size() + 1);
  for (size_t i = 0; i <= device.size(); ++i) {
    bool last = i == device.size();
    buffers[i] = {last ? scalars.handle() : device[i]->handle(), 0,
                  last ? 3 * sizeof(uint32_t) : bytesOf(i)};
    writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    writes[i].dstSet = sets[last];
    writes[i].dstBinding = last ? 0 : static_cast<uint32_t>(i);
    writes[i].descriptorCount = 1;
    writes[i].descriptorType = last ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER
                                    : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    writes[i].pBufferInfo = &buffers[i];
  }
  context.vk.UpdateDescriptorSets(context.device,
                                  static_cast<uint32_t>(writes.size()),
                                  writes.data(), 0, nullptr);
}

rt::Status Runner::record(const CaseSize &size) {
  constexpr VkPipelineStageFlags kCompute =
      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
  constexpr VkPipelineStageFlags kTransfer = VK_PIPELINE_STAGE_TRANSFER_BIT;
  const rt::VulkanApi &vk = context.vk;
  if (rt::Status status = pool->begin(commands, true, fault))
    return status;
  for (size_t i = 0; i < device.size(); ++i) {
    VkBufferCopy all = {0, 0, device[i]->bytes()};
    vk.CmdCopyBuffer(commands, host[i]->handle(), device[i]->handle(), 1, &all);
  }
  rt::memoryBarrier(vk, commands, kTransfer, VK_ACCESS_TRANSFER_WRITE_BIT,
                    kCompute,
                    VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
  vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                           layouts.pipeline(bindingCount()), 0, 2, sets, 0,
                           nullptr);
  vk.CmdDispatch(commands, trial.groupsX(), trial.groupsY(size), 1);
  rt::memoryBarrier(vk, commands, kCompute, VK_ACCESS_SHADER_WRITE_BIT,
                    kTransfer, VK_ACCESS_TRANSFER_READ_BIT);
  for (size_t i = 0; i < device.size(); ++i) {
    VkBufferCopy all = {0, 0, device[i]->bytes()};
    vk.CmdCopyBuffer(commands, device[i]->handle(), host[i]->handle(), 1, &all);
  }
  rt::memoryBarrier(vk, commands, kTransfer, VK_ACCESS_TRANSFER_WRITE_BIT,
                    VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
  return pool->end(commands, fault);
}

rt::Status Runner::run(const CaseSize &size,
                       llvm::ArrayRef<uint8_t *> bindings) {
  if (rt::Status status = makeBuffers(bindings))
    return status;
  const uint32_t numbers[3] = {static_cast<uint32_t>(size.tokens),
                               static_cast<uint32_t>(size.position),
                               static_cast<uint32_t>(size.row)};
  std::memcpy(scalars.mapped(), numbers, sizeof(numbers));
  bind();
  if (rt::Status status = record(size))
    return status;
  rt::Submission done;
  if (rt::Status status =
          context.submit(commands, rt::kComputeQueue, {}, done, fault))
    return status;
  if (rt::Status status = context.wait(done, fault))
    return status;
  for (size_t i = 0; i < bindings.size(); ++i)
    std::memcpy(bindings[i], host[i]->mapped(), host[i]->bytes());
  return SINTER_OK;
}

//===-- The child ---------------------------------------------------------===//

/// Runs all cases on the shared memory and does not come back.
[[noreturn]] static void runChild(const KernelTrial &trial,
                                  const Layout &layout, uint8_t *shared) {
  // The parent explains how the child ended; its handlers are not for here.
  for (int number : {SIGINT, SIGTERM, SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE})
    signal(number, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(kTimeout);
  auto *outcome = reinterpret_cast<Outcome *>(shared);
  sinter_error error = {};
  rt::Fault fault(&error);
  {
    Runner runner(trial, fault);
    rt::Status status = runner.open();
    for (size_t i = 0; i < trial.cases.size() && !status; ++i) {
      std::vector<uint8_t *> bindings;
      for (uint64_t offset : layout.offsets[i])
        bindings.push_back(shared + offset);
      status = runner.run(trial.cases[i].size(), bindings);
    }
    outcome->status = status;
  }
  std::strncpy(outcome->message, error.message, sizeof(outcome->message) - 1);
  _exit(0);
}

/// What became of the child.
static llvm::Error explain(const KernelTrial &trial, const Outcome &outcome,
                           int status) {
  if (llvm::Error error = checkInterrupt())
    return error;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return errorAt(trial.source, 0,
                   "kernel " + trial.kernel.id + " does not end within " +
                       llvm::Twine(kTimeout) + " s");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return errorAt(trial.source, 0,
                   "kernel " + trial.kernel.id +
                       " crashes the Vulkan driver (signal " +
                       llvm::Twine(WTERMSIG(status)) + ")");
  if (outcome.status == SINTER_OK)
    return llvm::Error::success();
  if (outcome.status == SINTER_UNSUPPORTED)
    return unsupportedError(
        trial.source.path +
        ": the kernel cannot be run here: " + outcome.message + kUncheckedHint);
  if (outcome.status == SINTER_OUT_OF_MEMORY)
    return resourceError(trial.source.path + ": " + outcome.message);
  return errorAt(trial.source, 0, outcome.message);
}

/// Takes results and guards out of the shared memory.
static llvm::Error collect(const KernelTrial &trial, const Layout &layout,
                           const uint8_t *shared) {
  for (auto [one, offsets] : llvm::zip_equal(trial.cases, layout.offsets))
    for (auto [index, binding] : llvm::enumerate(one.bindings)) {
      const uint8_t *bytes = shared + offsets[index];
      std::memcpy(binding.data(), bytes, binding.size());
      llvm::ArrayRef<uint8_t> guard(bytes + binding.size(), kGuardBytes);
      if (!llvm::all_of(guard, [](uint8_t byte) { return byte == 0xff; }))
        return guardError(trial, index);
    }
  return llvm::Error::success();
}

llvm::Error sinter::runOnVulkan(const KernelTrial &trial) {
  Layout layout = layoutOf(trial);
  void *memory = mmap(nullptr, layout.bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return resourceError("no memory to check kernel " + trial.kernel.id);
  auto *shared = static_cast<uint8_t *>(memory);
  std::memset(shared, 0xff, layout.bytes);
  std::memset(shared, 0, sizeof(Outcome));
  for (auto [one, offsets] : llvm::zip_equal(trial.cases, layout.offsets))
    for (auto [index, binding] : llvm::enumerate(one.bindings))
      std::memcpy(shared + offsets[index], binding.data(), binding.size());
  llvm::Error result = llvm::Error::success();
  int status = 0;
  pid_t child = fork();
  if (child == 0)
    runChild(trial, layout, shared);
  if (child < 0)
    result = llvm::joinErrors(std::move(result),
                              resourceError("cannot start a process to check "
                                            "kernel " +
                                            trial.kernel.id));
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  if (child > 0)
    result = explain(trial, *reinterpret_cast<Outcome *>(shared), status);
  if (!result)
    result = collect(trial, layout, shared);
  munmap(memory, layout.bytes);
  return result;
}

#else

llvm::Error sinter::runOnVulkan(const KernelTrial &trial) {
  return unsupportedError(trial.source.path +
                          ": this sinter was built without Vulkan, the kernel "
                          "cannot be run" +
                          kUncheckedHint);
}

#endif
