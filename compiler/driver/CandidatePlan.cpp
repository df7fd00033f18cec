// See CandidatePlan.h, and runtime/schema/plan.fbs for the tables.
#include "compiler/driver/CandidatePlan.h"

#include "compiler/driver/custom/KernelInterfaces.h"
#include "compiler/kernels/Layout.h"
#include "compiler/lowering/XfToPlan.h"
#include "runtime/include/sinter_abi.h"
#include "runtime/schema/plan_generated.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace sinter;

static constexpr uint64_t kAlignment = 256;
/// Dispatches of an entry, at most: a run must not take seconds.
static constexpr uint64_t kMostRounds = 8;

static uint64_t placed(uint64_t at, int64_t bytes) {
  return llvm::alignTo(at, kAlignment) + static_cast<uint64_t>(bytes);
}

//===-- What a kernel binds -----------------------------------------------===//

int64_t KernelUse::bytes(Space space) const {
  uint64_t end = 0;
  for (const Binding &binding : bindings)
    if (binding.space == space)
      end = placed(end, binding.bytes);
  return static_cast<int64_t>(llvm::alignTo(end, kAlignment));
}

static KernelUse::Binding inputOf(xf::RegionOp region, unsigned index,
                                  int64_t chunk) {
  using Space = KernelUse::Space;
  BlockArgument argument = region.getBody().getArgument(index);
  if (auto cache = dyn_cast<xf::KvCacheType>(argument.getType()))
    return {Space::State, layout::cacheBytes(cache)};
  auto type = cast<RankedTensorType>(argument.getType());
  if (!isWeightType(type) || xf::getScheme(type) == xf::Scheme::dyn_i8)
    return {Space::Arena, layout::bufferBytes(type, chunk)};
  kernels::RegionRows part = kernels::rowsOfRegion(region);
  if (part.count && kernels::isMatrix(argument))
    type = type.clone({part.count, type.getDimSize(1)});
  bool isTable = roleOf(region, index) == ArgumentRole::table;
  return {Space::Weights, layout::weightBytes(type, isTable)};
}

std::vector<KernelUse> sinter::kernelUses(const PlanRegions &regions) {
  std::vector<KernelUse> uses;
  for (xf::RegionOp region : kernelRegions(*regions.module)) {
    KernelUse use;
    use.region = region;
    use.family = kernels::selectFamily(region).family;
    for (unsigned i = 0; i < region.getArgumentTypes().size(); ++i)
      use.bindings.push_back(inputOf(region, i, regions.chunk));
    for (Type result : region.getResultTypes()) {
      auto type = cast<RankedTensorType>(result);
      // Other entries have one row of results for a call.
      use.prefill |= type.isDynamicDim(0);
      use.bindings.push_back(
          {KernelUse::Space::Arena, layout::bufferBytes(type, regions.chunk)});
    }
    uses.push_back(std::move(use));
  }
  return uses;
}

//===-- The plan ----------------------------------------------------------===//

namespace {

class Writer {
public:
  explicit Writer(const CandidatePlan &plan) : plan(plan) {}

  std::string run() {
    std::vector<flatbuffers::Offset<fb::Kernel>> kernels;
    for (size_t i = 0; i < plan.candidates; ++i)
      kernels.push_back(fb::CreateKernelDirect(
          builder, ("candidate_" + std::to_string(i)).c_str(),
          static_cast<uint64_t>(plan.scratchBytes)));
    placeBuffers();
    std::vector<flatbuffers::Offset<fb::Entry>> entries = {
        entry("prefill", plan.use.prefill), entry("decode", !plan.use.prefill),
        entry("head", false)};
    std::vector<flatbuffers::Offset<fb::Io>> ios;
    for (auto &[name, range] : buffers)
      ios.push_back(fb::CreateIoDirect(builder, name, &range));
    auto root = fb::CreatePlan(
        builder, SINTER_ABI_VERSION, static_cast<uint32_t>(plan.context),
        static_cast<uint32_t>(plan.chunk), /*vocab_size=*/1, /*hidden_size=*/1,
        /*layer_count=*/1, static_cast<uint64_t>(plan.poolBytes), arenaBytes,
        stateBytes, /*bos_id=*/-1, 0,
        builder.CreateVectorOfSortedTables(&entries),
        builder.CreateVector(kernels), 0,
        builder.CreateVectorOfSortedTables(&ios));
    fb::FinishPlanBuffer(builder, root);
    return std::string(
        reinterpret_cast<const char *>(builder.GetBufferPointer()),
        builder.GetSize());
  }

private:
  /// The runtime's buffers first, then those of the kernel: all candidates
  /// share them.
  void placeBuffers() {
    auto chunk = static_cast<uint64_t>(plan.chunk);
    uint64_t at = 0;
    for (auto [name, bytes] :
         {std::pair("tokens", 4 * chunk), std::pair("hidden", 4 * chunk),
          std::pair("logits", uint64_t(4))}) {
      buffers.push_back({name, fb::Range(at, bytes, fb::Space_arena)});
      at = llvm::alignTo(at + bytes, kAlignment);
    }
    arenaBegin = at;
    arenaBytes =
        at + static_cast<uint64_t>(plan.use.bytes(KernelUse::Space::Arena));
    stateBytes = static_cast<uint64_t>(plan.use.bytes(KernelUse::Space::State));
  }

  flatbuffers::Offset<fb::Dispatch> dispatch(size_t candidate,
                                             uint64_t weights) {
    std::vector<fb::Range> ranges;
    uint64_t arena = arenaBegin, state = 0;
    for (const KernelUse::Binding &binding : plan.use.bindings) {
      bool isWeight = binding.space == KernelUse::Space::Weights;
      bool isState = binding.space == KernelUse::Space::State;
      uint64_t &at = isWeight ? weights : isState ? state : arena;
      uint64_t begin = llvm::alignTo(at, kAlignment);
      ranges.push_back(fb::Range(begin, static_cast<uint64_t>(binding.bytes),
                                 isWeight  ? fb::Space_weights
                                 : isState ? fb::Space_state
                                           : fb::Space_arena));
      at = placed(at, binding.bytes);
    }
    kernels::WorkItems items = plan.use.family->workItems(plan.use.region);
    return fb::CreateDispatch(builder, static_cast<uint32_t>(candidate),
                              builder.CreateVectorOfStructs(ranges),
                              static_cast<uint32_t>(items.items),
                              static_cast<uint32_t>(items.perTokens));
  }

  flatbuffers::Offset<fb::Entry> entry(const char *name, bool all) {
    std::vector<flatbuffers::Offset<fb::Dispatch>> dispatches;
    auto pool = static_cast<uint64_t>(plan.poolBytes);
    auto each =
        static_cast<uint64_t>(plan.use.bytes(KernelUse::Space::Weights));
    uint64_t turn = each * plan.candidates, at = 0;
    // Chunks of tokens take long, and not because of the weights.
    bool once = !turn || plan.use.prefill;
    uint64_t rounds =
        once ? 1 : std::clamp<uint64_t>(pool / turn, 1, kMostRounds);
    for (uint64_t round = 0; round < (all ? rounds : 1); ++round)
      for (size_t i = 0; i < (all ? plan.candidates : 1); ++i) {
        if (at + each > pool)
          at = 0;
        dispatches.push_back(dispatch(i, at));
        at += each;
      }
    return fb::CreateEntryDirect(builder, name, &dispatches);
  }

  const CandidatePlan &plan;
  flatbuffers::FlatBufferBuilder builder{1 << 16};
  std::vector<std::pair<const char *, fb::Range>> buffers;
  uint64_t arenaBegin = 0, arenaBytes = 0, stateBytes = 0;
};

} // namespace

std::string CandidatePlan::serialize() const { return Writer(*this).run(); }
