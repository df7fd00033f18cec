// See CandidatePlan.h, and runtime/schema/plan.fbs for the tables.
#include "compiler/driver/CandidatePlan.h"

#include "compiler/kernels/Layout.h"
#include "dialects/plan/Plan.h"
#include "runtime/include/sinter_abi.h"
#include "runtime/schema/plan_generated.h"

#include "llvm/ADT/StringSet.h"
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

static KernelUse::Binding bindingOf(Operation *symbol) {
  using Space = KernelUse::Space;
  if (auto weight = dyn_cast<plan::WeightOp>(symbol))
    return {Space::Weights, static_cast<int64_t>(weight.getBytes())};
  if (auto part = dyn_cast<plan::PartOp>(symbol))
    return {Space::Weights, static_cast<int64_t>(part.getBytes())};
  if (auto state = dyn_cast<plan::StateOp>(symbol))
    return {Space::State, static_cast<int64_t>(state.getBytes())};
  auto buffer = cast<plan::BufferOp>(symbol);
  return {Space::Arena, static_cast<int64_t>(buffer.getBytes())};
}

std::vector<KernelUse> sinter::kernelUses(ModuleOp module) {
  std::vector<KernelUse> uses;
  llvm::StringSet<> seen;
  plan::ProgramOp program = *module.getOps<plan::ProgramOp>().begin();
  SymbolTable regions(module), symbols(program);
  for (auto entry : program.getOps<plan::EntryOp>())
    for (auto dispatch : entry.getOps<plan::DispatchOp>()) {
      if (!seen.insert(dispatch.getKernel()).second)
        continue;
      KernelUse use;
      use.region = regions.lookup<xf::RegionOp>(dispatch.getKernel());
      use.family = kernels::selectFamily(use.region).family;
      use.prefill = entry.getSymName() == "prefill";
      for (Attribute name : dispatch.getBindings())
        use.bindings.push_back(bindingOf(
            symbols.lookup(cast<FlatSymbolRefAttr>(name).getValue())));
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
