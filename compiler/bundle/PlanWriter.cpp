//===- PlanWriter.cpp - The plan dialect to plan.fb -----------------------===//
//
// See PlanWriter.h. Ranges of symbols are collected first, then the tables are
// written in the order of the program.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/PlanWriter.h"

#include "compiler/support/Error.h"
#include "dialects/xf/Xf.h"
#include "runtime/include/sinter_abi.h"
#include "runtime/schema/plan_generated.h"

using namespace mlir;
using namespace sinter;

namespace {

class Writer {
public:
  Writer(plan::ProgramOp program, const PlanInfo &info)
      : program(program), info(info) {}

  llvm::Expected<std::string> run();

private:
  template <typename T> using Offset = flatbuffers::Offset<T>;

  void collect();
  void addWeight(plan::WeightOp op);
  void addState(plan::StateOp op);
  void addBuffer(plan::BufferOp op);
  void addEntry(plan::EntryOp op);
  Offset<fb::Dispatch> dispatch(plan::DispatchOp op);
  Offset<flatbuffers::Vector<Offset<fb::Kernel>>> kernels();

  fb::Range range(int64_t offset, int64_t bytes, fb::Space space) {
    return fb::Range(static_cast<uint64_t>(offset),
                     static_cast<uint64_t>(bytes), space);
  }
  /// Notes the first number that is negative or beyond 32 bits.
  uint32_t narrow(int64_t value, StringRef what) {
    if (value < 0 || value > UINT32_MAX)
      fail(what + " " + Twine(value) + " does not fit plan.fb");
    return static_cast<uint32_t>(value);
  }
  void fail(const Twine &what) {
    if (fault.empty())
      fault = what.str();
  }
  Offset<flatbuffers::String> text(StringRef value) {
    return builder.CreateSharedString(value.data(), value.size());
  }

  plan::ProgramOp program;
  const PlanInfo &info;
  flatbuffers::FlatBufferBuilder builder{1 << 16};
  llvm::StringMap<fb::Range> ranges;
  llvm::StringMap<uint32_t> kernelIndex;
  std::vector<Offset<fb::Weight>> weights;
  std::vector<Offset<fb::State>> states;
  std::vector<Offset<fb::Buffer>> buffers;
  std::vector<Offset<fb::Io>> ios;
  std::vector<Offset<fb::Entry>> entries;
  std::string fault;
};

} // namespace

/// Dispatches may name any symbol, so all ranges are needed before the first.
void Writer::collect() {
  for (Operation &op : program.getBody().front()) {
    if (auto weight = dyn_cast<plan::WeightOp>(op))
      ranges[weight.getSymName()] =
          range(weight.getOffset(), weight.getBytes(), fb::Space_weights);
    else if (auto part = dyn_cast<plan::PartOp>(op))
      ranges[part.getSymName()] =
          range(static_cast<int64_t>(ranges[part.getWeight()].offset()) +
                    part.getOffset(),
                part.getBytes(), fb::Space_weights);
    else if (auto state = dyn_cast<plan::StateOp>(op))
      ranges[state.getSymName()] =
          range(state.getOffset(), state.getBytes(), fb::Space_state);
    else if (auto buffer = dyn_cast<plan::BufferOp>(op))
      ranges[buffer.getSymName()] =
          range(buffer.getOffset(), buffer.getBytes(), fb::Space_arena);
  }
  for (auto [i, kernel] : llvm::enumerate(info.kernels))
    kernelIndex[kernel.id] = static_cast<uint32_t>(i);
}

void Writer::addWeight(plan::WeightOp op) {
  auto definition = SymbolTable::lookupNearestSymbolFrom<xf::WeightOp>(
      program->getParentOp(), op.getDefinitionAttr());
  if (!definition)
    return fail("weight " + op.getSymName() + " has no definition @" +
                op.getDefinition());
  auto type = cast<RankedTensorType>(definition.getType());
  bool matrix = type.getRank() == 2;
  int64_t rows = matrix ? type.getDimSize(0) : 1;
  int64_t columns = type.getDimSize(matrix ? 1 : 0);
  StringRef scheme = op.getLayout() == "rows16"
                         ? xf::stringifyScheme(xf::getScheme(type))
                         : StringRef("f32");
  auto name = text(op.getSymName()), layout = text(op.getLayout());
  auto schemeText = text(scheme);
  fb::Range place = ranges[op.getSymName()];
  weights.push_back(fb::CreateWeight(builder, name, layout, schemeText,
                                     narrow(rows, "rows"),
                                     narrow(columns, "columns"), &place));
}

void Writer::addState(plan::StateOp op) {
  auto type = dyn_cast<xf::KvCacheType>(op.getType());
  if (!type)
    return fail("state " + op.getSymName() + " is no KV cache");
  auto name = text(op.getSymName());
  fb::Range place = ranges[op.getSymName()];
  states.push_back(fb::CreateState(
      builder, name, narrow(type.getKvHeads(), "kv_heads"),
      narrow(type.getCapacity(), "capacity"),
      narrow(type.getHeadDim(), "head_dim"),
      type.getElementType().getIntOrFloatBitWidth() / 8, &place));
}

void Writer::addBuffer(plan::BufferOp op) {
  fb::Range place = ranges[op.getSymName()];
  buffers.push_back(fb::CreateBuffer(builder, text(op.getSymName()),
                                     text(op.getEntry().value_or("")),
                                     narrow(op.getFirst(), "first use"),
                                     narrow(op.getLast(), "last use"), &place));
  if (!op.getIo())
    return;
  auto name = text(*op.getIo());
  ios.push_back(fb::CreateIo(builder, name, &place));
}

flatbuffers::Offset<fb::Dispatch> Writer::dispatch(plan::DispatchOp op) {
  std::vector<fb::Range> bindings;
  for (Attribute binding : op.getBindings()) {
    auto found = ranges.find(cast<FlatSymbolRefAttr>(binding).getValue());
    if (found == ranges.end())
      fail("a dispatch binds " + cast<FlatSymbolRefAttr>(binding).getValue() +
           ", which is nowhere");
    else
      bindings.push_back(found->second);
  }
  auto kernel = kernelIndex.find(op.getKernel());
  if (kernel == kernelIndex.end())
    fail("a dispatch names the kernel " + op.getKernel() +
         ", which is not in the kernel table");
  uint32_t index = kernel == kernelIndex.end() ? 0 : kernel->second;
  auto places = builder.CreateVectorOfStructs(bindings);
  auto layer = text(op.getLayer().value_or(""));
  return fb::CreateDispatch(
      builder, index, places, narrow(op.getItems(), "items"),
      narrow(op.getItemsPerTokens(), "items_per_tokens"), layer);
}

void Writer::addEntry(plan::EntryOp op) {
  std::vector<Offset<fb::Dispatch>> dispatches;
  for (auto inside : op.getBody().getOps<plan::DispatchOp>())
    dispatches.push_back(dispatch(inside));
  auto name = text(op.getSymName());
  auto list = builder.CreateVector(dispatches);
  entries.push_back(fb::CreateEntry(builder, name, list));
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Kernel>>>
Writer::kernels() {
  std::vector<Offset<fb::Kernel>> list;
  for (const PlanKernel &kernel : info.kernels) {
    auto id = text(kernel.id), family = text(kernel.family);
    auto reason = text(kernel.reason);
    fb::Cost cost(kernel.weightBytes, kernel.bytesPerToken,
                  kernel.flopsPerToken, kernel.bytesPerTokenPosition,
                  kernel.flopsPerTokenPosition);
    list.push_back(fb::CreateKernel(builder, id, kernel.scratchBytes, family,
                                    reason, &cost));
  }
  return builder.CreateVector(list);
}

llvm::Expected<std::string> Writer::run() {
  collect();
  for (Operation &op : program.getBody().front()) {
    if (auto weight = dyn_cast<plan::WeightOp>(op))
      addWeight(weight);
    else if (auto state = dyn_cast<plan::StateOp>(op))
      addState(state);
    else if (auto buffer = dyn_cast<plan::BufferOp>(op))
      addBuffer(buffer);
    else if (auto entry = dyn_cast<plan::EntryOp>(op))
      addEntry(entry);
  }
  auto eos = builder.CreateVector(info.eosIds);
  auto entryList = builder.CreateVectorOfSortedTables(&entries);
  auto kernelList = kernels();
  auto weightList = builder.CreateVector(weights);
  auto ioList = builder.CreateVectorOfSortedTables(&ios);
  auto stateList = builder.CreateVector(states);
  auto bufferList = builder.CreateVector(buffers);
  auto root = fb::CreatePlan(
      builder, SINTER_ABI_VERSION, narrow(program.getContext(), "context"),
      narrow(program.getChunk(), "chunk"),
      narrow(program.getVocabSize(), "vocab_size"),
      narrow(info.hiddenSize, "hidden_size"),
      narrow(info.layerCount, "layer_count"),
      static_cast<uint64_t>(program.getWeightBytes()),
      static_cast<uint64_t>(program.getArenaBytes()),
      static_cast<uint64_t>(program.getStateBytes()), info.bosId, eos,
      entryList, kernelList, weightList, ioList, stateList, bufferList);
  if (!fault.empty())
    return internalError("plan.fb cannot be written: " + fault);
  fb::FinishPlanBuffer(builder, root);
  return std::string(reinterpret_cast<const char *>(builder.GetBufferPointer()),
                     builder.GetSize());
}

llvm::Expected<std::string> sinter::writePlan(plan::ProgramOp program,
                                              const PlanInfo &info) {
  return Writer(program, info).run();
}
