// VulkanKernels.cpp: see the header.
#include "runtime/device/vulkan/VulkanKernels.h"
#include "runtime/core/Clock.h"
#include "runtime/core/Processors.h"
#include "runtime/device/vulkan/PipelineCache.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>

namespace sinter::rt {

namespace {
constexpr uint64_t kMaxPack = 64u << 20;
constexpr uint32_t kSpirvMagic = 0x07230203;
constexpr uint32_t kMaxGroup = 1024;
/// Threads that make pipelines beside the caller.
constexpr uint32_t kMaxHelpers = 7;

/// A kernel in the order of making: its index below its words.
uint64_t sortKey(const PackedKernel &kernel, uint32_t index) {
  return uint64_t(kernel.words) << 32 | index;
}
int largerFirst(const void *a, const void *b) {
  uint64_t x = *static_cast<const uint64_t *>(a),
           y = *static_cast<const uint64_t *>(b);
  return x < y ? 1 : x > y ? -1 : 0;
}
} // namespace

VulkanKernels::~VulkanKernels() {
  if (!context_)
    return;
  for (VkPipeline pipeline : pipelines_)
    context_->vk.DestroyPipeline(context_->device, pipeline, nullptr);
}

Status VulkanKernels::chooseVariant(const Bundle &bundle, const char *wanted,
                                    Fault &fault) {
  for (const ManifestVariant &variant : bundle.manifest.vulkanVariants) {
    bool good = true;
    for (uint32_t i = 0; i < variant.featureCount; ++i)
      good &= context_->features.has(variant.features[i]);
    if (wanted) {
      if (strcmp(variant.name, wanted) != 0)
        continue;
      if (!good)
        return fault.set(SINTER_UNSUPPORTED,
                         "%s lacks a feature that variant '%s' needs",
                         context_->properties.deviceName, wanted);
    } else if (!context_->isClass(variant.when)) {
      continue;
    }
    if (good) {
      variant_ = &variant;
      return SINTER_OK;
    }
  }
  return fault.set(SINTER_UNSUPPORTED,
                   "the bundle has no Vulkan kernels %s%.60s for %s; compile "
                   "the model with all variants",
                   wanted ? "of variant " : "", wanted ? wanted : "",
                   context_->properties.deviceName);
}

Status VulkanKernels::readPack(const Bundle &bundle, Fault &fault) {
  char path[128];
  int length =
      snprintf(path, sizeof(path), "kernels/vulkan/%s.spvpack", variant_->name);
  if (length < 0 || size_t(length) >= sizeof(path))
    return fault.set(SINTER_CORRUPT, "manifest.json: a variant's name is too "
                                     "long");
  if (Status status = bundle.readListed(path, kMaxPack, pack_, fault))
    return status;
  header_ = pack_.as<KernelPackHeader>();
  table_ = reinterpret_cast<const PackedKernel *>(header_ + 1);
  return checkPack(bundle.plan, fault);
}

Status VulkanKernels::checkPack(const Plan &plan, Fault &fault) const {
  uint32_t kernels = plan.root().kernels() ? plan.root().kernels()->size() : 0;
  size_t first = sizeof(KernelPackHeader);
  if (pack_.size() < first || header_->magic != kKernelPackMagic)
    return fault.set(SINTER_CORRUPT, "the Vulkan kernels have no magic");
  if (header_->version != kKernelPackVersion)
    return fault.set(SINTER_VERSION_MISMATCH,
                     "the Vulkan kernels have version %u, this runtime has %u; "
                     "compile the model again",
                     header_->version, kKernelPackVersion);
  if (memcmp(header_->planSha256, plan.sha256(), 32) != 0 ||
      header_->kernels != kernels)
    return fault.set(SINTER_VERSION_MISMATCH,
                     "the Vulkan kernels belong to another plan; compile the "
                     "model again");
  first += uint64_t(kernels) * sizeof(PackedKernel);
  if (first > pack_.size() || header_->group == 0 || header_->group > kMaxGroup)
    return fault.set(SINTER_CORRUPT, "the table of Vulkan kernels is cut off");
  const VkPhysicalDeviceLimits &limits = context_->properties.limits;
  if (header_->group > limits.maxComputeWorkGroupInvocations ||
      header_->group > limits.maxComputeWorkGroupSize[0])
    return fault.set(SINTER_UNSUPPORTED,
                     "the Vulkan kernels are for workgroups of %u lanes, the "
                     "device has %u",
                     header_->group, limits.maxComputeWorkGroupInvocations);
  uint64_t words = pack_.size() / sizeof(uint32_t);
  for (uint32_t i = 0; i < kernels; ++i) {
    const PackedKernel &k = table_[i];
    if (k.words < 5 || k.firstWord < first / sizeof(uint32_t) ||
        uint64_t(k.firstWord) + k.words > words || k.itemsPerGroup == 0 ||
        k.bindings > kMaxKernelBindings ||
        pack_.as<uint32_t>()[k.firstWord] != kSpirvMagic)
      return fault.set(SINTER_CORRUPT, "Vulkan kernel %u is malformed", i);
    if (k.sharedBytes > limits.maxComputeSharedMemorySize)
      return fault.set(SINTER_UNSUPPORTED,
                       "Vulkan kernel %u needs %u bytes of workgroup memory, "
                       "the device has %u",
                       i, k.sharedBytes, limits.maxComputeSharedMemorySize);
  }
  return checkDispatches(plan, fault);
}

/// Bindings and grids against what the device allows.
Status VulkanKernels::checkDispatches(const Plan &plan, Fault &fault) const {
  const VkPhysicalDeviceLimits &limits = context_->properties.limits;
  for (uint32_t id = 0; id < kEntryCount; ++id) {
    const fb::Entry *entry = plan.entry(EntryId(id));
    if (!entry)
      continue;
    for (const fb::Dispatch *dispatch : *entry->dispatches()) {
      const PackedKernel &k = table_[dispatch->kernel()];
      const auto *ranges = dispatch->bindings();
      if ((ranges ? ranges->size() : 0) != k.bindings)
        return fault.set(SINTER_CORRUPT,
                         "a dispatch of '%s' binds other than the %u buffers "
                         "of its kernel",
                         Plan::entryName(EntryId(id)), k.bindings);
      uint64_t per = dispatch->items_per_tokens();
      uint64_t rows = per ? divideUp(plan.root().chunk(), per) : 1;
      if (divideUp(dispatch->items(), k.itemsPerGroup) >
              limits.maxComputeWorkGroupCount[0] ||
          rows > limits.maxComputeWorkGroupCount[1] ||
          k.bindings > limits.maxPerStageDescriptorStorageBuffers)
        return fault.set(SINTER_UNSUPPORTED,
                         "a dispatch of '%s' is larger than the device allows",
                         Plan::entryName(EntryId(id)));
      for (uint32_t i = 0; i < k.bindings; ++i)
        if (ranges->Get(i)->bytes() > limits.maxStorageBufferRange ||
            ranges->Get(i)->offset() % limits.minStorageBufferOffsetAlignment)
          return fault.set(SINTER_UNSUPPORTED,
                           "a buffer of '%s' is larger than the device binds, "
                           "or is not aligned for it",
                           Plan::entryName(EntryId(id)));
    }
  }
  return SINTER_OK;
}

Status VulkanKernels::makeLayouts(Fault &fault) {
  for (uint32_t i = 0; i < header_->kernels; ++i)
    if (Status status = layouts_.require(*context_, table_[i].bindings, fault))
      return status;
  return SINTER_OK;
}

Status VulkanKernels::makePipeline(uint32_t kernel, const char *entry,
                                   VkPipelineCache cache, Fault &fault) {
  KernelCode code = {pack_.as<uint32_t>() + table_[kernel].firstWord,
                     table_[kernel].words, entry, false};
  for (uint32_t i = 0; i < variant_->featureCount; ++i)
    code.fullSubgroups |= strcmp(variant_->features[i], "subgroups") == 0;
  return rt::makePipeline(*context_, code, layout(kernel), cache,
                          pipelines_[kernel], fault);
}

/// Kernels that threads share: drivers compile one at a time on the caller.
/// The largest come first, so that none is left for the end.
struct VulkanKernels::Making {
  VulkanKernels *kernels;
  const Plan *plan;
  VkPipelineCache cache;
  Array<uint64_t> order;
  std::atomic<uint32_t> next{0};
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  Status status = SINTER_OK; // the first failure, and its text
  sinter_error error = {};
};

void *VulkanKernels::makeShare(void *argument) {
  auto &making = *static_cast<Making *>(argument);
  const auto *kernels = making.plan->root().kernels();
  for (uint32_t turn; (turn = making.next.fetch_add(1)) < kernels->size();) {
    uint32_t i = static_cast<uint32_t>(making.order[turn]);
    const auto *id = kernels->Get(i)->id();
    sinter_error error = {};
    Fault fault(&error);
    Status status = making.kernels->makePipeline(i, id ? id->c_str() : "",
                                                 making.cache, fault);
    if (!status)
      continue;
    pthread_mutex_lock(&making.mutex);
    if (!making.status) {
      making.status = status;
      making.error = error;
    }
    pthread_mutex_unlock(&making.mutex);
    break;
  }
  return nullptr;
}

Status VulkanKernels::makePipelines(const Bundle &bundle, Fault &fault) {
  if (!pipelines_.allocate(header_->kernels))
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the pipelines");
  PipelineCache cache(*context_, bundle.folder.path(), variant_->name);
  if (Status status = cache.open(pack_, fault))
    return status;
  uint64_t before = monotonicNanoseconds();
  if (header_->kernels) {
    Making making;
    making.kernels = this;
    making.plan = &bundle.plan;
    making.cache = cache.handle();
    if (!making.order.allocate(header_->kernels))
      return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the pipelines");
    for (uint32_t i = 0; i < header_->kernels; ++i)
      making.order[i] = sortKey(table_[i], i);
    qsort(making.order.begin(), header_->kernels, sizeof(uint64_t),
          largerFirst);
    pthread_t helpers[kMaxHelpers];
    uint32_t wanted = usableProcessors() - 1, started = 0;
    wanted = wanted < kMaxHelpers ? wanted : kMaxHelpers;
    while (started < wanted &&
           !pthread_create(&helpers[started], nullptr, makeShare, &making))
      ++started;
    makeShare(&making);
    for (uint32_t i = 0; i < started; ++i)
      pthread_join(helpers[i], nullptr);
    if (making.status)
      return fault.set(making.status, "%s", making.error.message);
  }
  pipelineTime_ = monotonicNanoseconds() - before;
  cache.save();
  return SINTER_OK;
}

Status VulkanKernels::load(VulkanContext &context, const Bundle &bundle,
                           const char *variant, Fault &fault) {
  context_ = &context;
  if (Status status = chooseVariant(bundle, variant, fault))
    return status;
  if (Status status = readPack(bundle, fault))
    return status;
  if (Status status = makeLayouts(fault))
    return status;
  return makePipelines(bundle, fault);
}

} // namespace sinter::rt
