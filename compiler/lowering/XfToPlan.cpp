// Outlining, memory and dispatches. See XfToPlan.h.
#include "compiler/lowering/XfToPlan.h"

#include "compiler/kernels/Layout.h"
#include "compiler/lowering/MemoryPlanner.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;

namespace {

/// A buffer of one entry point while its life is being found out.
struct Buffer {
  Type type;
  std::string name;
  StringAttr entry; ///< null for a buffer with an io name
  PlacedRange range;
};

/// Everything lowerXfToPlan collects before it writes the plan.program.
class Lowering {
public:
  Lowering(ModuleOp module, const PlanOptions &options)
      : module(module), options(options), symbols(module) {}

  LogicalResult run();

private:
  struct Dispatch {
    std::string kernel;
    SmallVector<Attribute> bindings;
    kernels::WorkItems items;
    std::string layer;
    Location loc;
  };
  struct Entry {
    std::string name;
    SmallVector<Dispatch> dispatches;
  };
  struct Part {
    FlatSymbolRefAttr weight;
    int64_t offset, bytes;
  };

  LogicalResult lowerEntry(func::FuncOp function);
  LogicalResult lowerFused(xf::FusedOp fused, StringAttr name, Entry &entry);
  LogicalResult split(xf::RegionOp region, unsigned argument,
                      const Dispatch &whole, Entry &entry);
  xf::RegionOp outline(xf::FusedOp fused);
  xf::RegionOp choose(xf::RegionOp region);
  Attribute partOf(FlatSymbolRefAttr weight, int64_t offset, int64_t bytes);
  Attribute bindingOf(Value value, int64_t step);
  Attribute ioBuffer(StringRef io, Type type);
  void addBuffer(Value value, StringAttr entry, int64_t step);
  void useWeight(xf::GetWeightOp read);
  void placeBuffers();
  void writeProgram();

  ModuleOp module;
  PlanOptions options;
  SymbolTable symbols;
  SmallVector<Entry> entries;
  llvm::MapVector<StringAttr, xf::WeightOp> weights; ///< by first use
  llvm::MapVector<StringAttr, xf::StateOp> states;
  llvm::MapVector<StringAttr, Part> parts;
  SmallVector<Buffer> buffers;
  llvm::DenseMap<Value, size_t> bufferOf;
  llvm::StringMap<size_t> ioBuffers;
  int64_t arenaBytes = 0;
  int64_t context = 0;
  int64_t vocabSize = 0;
};

} // namespace

//===-- Regions -----------------------------------------------------------===//

/// The fused body as an xf.region.
xf::RegionOp Lowering::outline(xf::FusedOp fused) {
  OpBuilder builder(module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  auto type = builder.getFunctionType(fused.getInputs().getTypes(),
                                      fused.getResultTypes());
  auto region = builder.create<xf::RegionOp>(fused.getLoc(), "region", type,
                                             ArrayAttr(), ArrayAttr());
  region.getBody().takeBody(fused.getBody());
  if (module->hasAttr(kernels::kGridAttr)) {
    region->setAttr(kernels::kGridAttr, builder.getUnitAttr());
    region->setAttr(kernels::kMaxTokensAttr,
                    builder.getI64IntegerAttr(options.chunk));
  }
  return region;
}

/// Gives the region the name of its kernel, or returns an equal one that has
/// it. Null if no kernel family computes it.
xf::RegionOp Lowering::choose(xf::RegionOp region) {
  kernels::Selection chosen = kernels::selectFamily(region);
  if (!chosen.family) {
    region.emitOpError("is taken by no kernel family: ") << chosen.reason;
    return nullptr;
  }
  std::string id = chosen.family->id(region);
  if (auto existing = symbols.lookup<xf::RegionOp>(id)) {
    region.erase();
    return existing;
  }
  region.setSymName(id);
  symbols.insert(region);
  region.emitRemark() << id << ": family " << chosen.family->name()
                      << (chosen.reason.empty() ? "" : "; ") << chosen.reason;
  return region;
}

//===-- Values ------------------------------------------------------------===//

void Lowering::useWeight(xf::GetWeightOp read) {
  auto name = read.getWeightAttr().getAttr();
  weights.insert({name, symbols.lookup<xf::WeightOp>(name)});
}

Attribute Lowering::ioBuffer(StringRef io, Type type) {
  auto [entry, isNew] = ioBuffers.try_emplace(io, buffers.size());
  if (isNew) {
    buffers.push_back({type, io.str(), StringAttr(), {}});
  } else {
    // The widest type any entry point has for it (hidden: ? rows).
    Buffer &buffer = buffers[entry->second];
    auto have = cast<RankedTensorType>(buffer.type);
    if (!have.isDynamicDim(0) && cast<RankedTensorType>(type).isDynamicDim(0))
      buffer.type = type;
  }
  return FlatSymbolRefAttr::get(module.getContext(), io);
}

void Lowering::addBuffer(Value value, StringAttr entry, int64_t step) {
  Buffer buffer;
  buffer.type = value.getType();
  buffer.name =
      (entry.getValue() + "." + std::to_string(bufferOf.size())).str();
  buffer.entry = entry;
  buffer.range.first = buffer.range.last = step;
  bufferOf[value] = buffers.size();
  buffers.push_back(buffer);
}

/// The symbol of a value in the program, its life lengthened to `step`.
Attribute Lowering::bindingOf(Value value, int64_t step) {
  MLIRContext *context = module.getContext();
  if (auto read = value.getDefiningOp<xf::GetWeightOp>()) {
    useWeight(read);
    return read.getWeightAttr();
  }
  if (auto read = value.getDefiningOp<xf::GetStateOp>()) {
    auto name = read.getStateAttr().getAttr();
    states.insert({name, symbols.lookup<xf::StateOp>(name)});
    return read.getStateAttr();
  }
  auto found = bufferOf.find(value);
  if (found == bufferOf.end())
    return {};
  Buffer &buffer = buffers[found->second];
  buffer.range.last = std::max(buffer.range.last, step);
  return FlatSymbolRefAttr::get(context, buffer.name);
}

//===-- Entry points ------------------------------------------------------===//

/// The path of the first op that has one: "layers.3.attention".
static std::string layerOf(Location loc) {
  std::string path;
  loc->walk([&](Location part) {
    if (auto name = dyn_cast<NameLoc>(part)) {
      path = name.getName().str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return path;
}

/// The matrix of a region that is larger than a binding may be, or nothing.
static std::optional<unsigned> largeMatrix(xf::RegionOp region, int64_t limit) {
  for (BlockArgument argument : region.getBody().getArguments())
    if (kernels::isMatrix(argument) &&
        layout::weightBytes(cast<RankedTensorType>(argument.getType())) > limit)
      return argument.getArgNumber();
  return std::nullopt;
}

Attribute Lowering::partOf(FlatSymbolRefAttr weight, int64_t offset,
                           int64_t bytes) {
  auto name = StringAttr::get(module.getContext(),
                              weight.getValue() + ".from." + Twine(offset));
  parts.insert({name, {weight, offset, bytes}});
  return FlatSymbolRefAttr::get(name);
}

/// One dispatch for each run of panels that a binding holds.
LogicalResult Lowering::split(xf::RegionOp region, unsigned argument,
                              const Dispatch &whole, Entry &entry) {
  auto type = cast<RankedTensorType>(region.getArgumentTypes()[argument]);
  int64_t rows = type.getDimSize(0);
  int64_t panel = layout::panelBytes(xf::getScheme(type), type.getDimSize(1));
  int64_t unit = 1; // panels until the next offset that can be bound
  while (unit * panel % 256)
    unit *= 2;
  int64_t panels = options.bindingLimit / panel / unit * unit;
  if (panels == 0)
    return region.emitOpError("has a matrix of which ")
           << options.bindingLimit << " bytes, the most that a binding holds, "
           << "are not " << unit << " panels";
  Builder builder(module.getContext());
  int64_t step = panels * layout::kPanelRows;
  for (int64_t first = 0; first < rows; first += step) {
    int64_t count = std::min(step, rows - first);
    xf::RegionOp part = region.clone();
    module.push_back(part);
    part->setAttr(kernels::kFirstRowAttr, builder.getI64IntegerAttr(first));
    part->setAttr(kernels::kRowCountAttr, builder.getI64IntegerAttr(count));
    part = choose(part);
    if (!part)
      return failure();
    Dispatch dispatch = whole;
    dispatch.kernel = part.getSymName().str();
    dispatch.items = kernels::selectFamily(part).family->workItems(part);
    dispatch.bindings[argument] = partOf(
        cast<FlatSymbolRefAttr>(whole.bindings[argument]),
        first / layout::kPanelRows * panel,
        static_cast<int64_t>(llvm::divideCeil(count, layout::kPanelRows)) *
            panel);
    entry.dispatches.push_back(std::move(dispatch));
  }
  region.erase();
  return success();
}

LogicalResult Lowering::lowerFused(xf::FusedOp fused, StringAttr name,
                                   Entry &entry) {
  Dispatch dispatch{"", {}, {}, layerOf(fused.getLoc()), fused.getLoc()};
  auto step = static_cast<int64_t>(entry.dispatches.size());
  for (Value input : fused.getInputs()) {
    Attribute binding = bindingOf(input, step);
    if (!binding)
      return fused.emitOpError("reads a value that has no place in memory");
    dispatch.bindings.push_back(binding);
  }
  for (Value result : fused.getResults()) {
    if (!bufferOf.contains(result))
      addBuffer(result, name, step);
    dispatch.bindings.push_back(bindingOf(result, step));
  }
  SmallVector<Value> bound(fused.getInputs());
  bound.append(fused.getResults().begin(), fused.getResults().end());
  xf::RegionOp region = outline(fused);
  if (auto large = largeMatrix(region, options.bindingLimit)) {
    if (failed(split(region, *large, dispatch, entry)))
      return failure();
    for (Value value : bound) // they live to the last part
      bindingOf(value, static_cast<int64_t>(entry.dispatches.size()) - 1);
    return success();
  }
  region = choose(region);
  if (!region)
    return failure();
  dispatch.kernel = region.getSymName().str();
  dispatch.items = kernels::selectFamily(region).family->workItems(region);
  entry.dispatches.push_back(std::move(dispatch));
  return success();
}

namespace {
/// The names under which the runtime sees an entry's arguments and result.
struct IoNames {
  SmallVector<StringRef, 3> inputs;
  StringRef output;
};
} // namespace

static IoNames ioNames(StringRef entry) {
  if (entry == "head")
    return {{"hidden"}, "logits"};
  if (entry == "greedy")
    return {{"logits"}, "next_token"};
  if (entry == "sample")
    return {{"logits", "sampling", "history"}, "next_token"};
  return {{"tokens"}, "hidden"};
}

LogicalResult Lowering::lowerEntry(func::FuncOp function) {
  auto [inputNames, outputName] = ioNames(function.getName());
  Block &body = function.getBody().front();
  Value result = body.getTerminator()->getOperand(0);
  if (function.getNumArguments() != inputNames.size())
    return function.emitOpError("must have ")
           << inputNames.size() << " arguments";
  for (auto [name, argument] : llvm::zip(inputNames, function.getArguments())) {
    ioBuffer(name, argument.getType());
    bufferOf[argument] = ioBuffers[name];
  }
  ioBuffer(outputName, result.getType());
  bufferOf[result] = ioBuffers[outputName];
  if (outputName == "logits")
    vocabSize = cast<RankedTensorType>(result.getType()).getDimSize(1);
  Entry entry{function.getName().str(), {}};
  auto name = StringAttr::get(module.getContext(), entry.name);
  for (Operation &op : body) {
    if (isa<xf::GetWeightOp, xf::GetStateOp, func::ReturnOp>(op))
      continue;
    auto fused = dyn_cast<xf::FusedOp>(op);
    if (!fused)
      return op.emitOpError("must be fused before it can be planned");
    if (failed(lowerFused(fused, name, entry)))
      return failure();
  }
  entries.push_back(std::move(entry));
  return success();
}

//===-- Memory ------------------------------------------------------------===//

static int64_t alignUp(int64_t value, int64_t alignment) {
  return static_cast<int64_t>(llvm::alignTo(value, alignment));
}

/// Buffers the runtime sees come first and live always; those of an entry point
/// share the space above with those of the others.
void Lowering::placeBuffers() {
  int64_t base = 0;
  for (Buffer &buffer : buffers) {
    buffer.range.bytes =
        layout::bufferBytes(cast<RankedTensorType>(buffer.type), options.chunk);
    if (buffer.entry)
      continue;
    buffer.range.offset = base;
    base = alignUp(base + buffer.range.bytes, options.alignment);
  }
  arenaBytes = base;
  for (const Entry &entry : entries) {
    SmallVector<PlacedRange> ranges;
    SmallVector<Buffer *> owners;
    for (Buffer &buffer : buffers)
      if (buffer.entry && buffer.entry.getValue() == entry.name) {
        ranges.push_back(buffer.range);
        owners.push_back(&buffer);
      }
    arenaBytes =
        std::max(arenaBytes, placeRanges(ranges, base, options.alignment));
    for (auto [owner, range] : llvm::zip(owners, ranges))
      owner->range = range;
  }
  arenaBytes = alignUp(arenaBytes, options.alignment);
}

void Lowering::writeProgram() {
  OpBuilder builder(module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  Location loc = module.getLoc();
  int64_t chunk = std::min(options.chunk, context);
  auto program = builder.create<plan::ProgramOp>(loc, context, chunk, vocabSize,
                                                 0, arenaBytes, 0);
  builder.setInsertionPointToStart(&program.getBody().emplaceBlock());
  int64_t offset = 0, end = 0;
  for (auto &[name, weight] : weights) {
    auto type = cast<RankedTensorType>(weight.getType());
    bool isTable = weight.getRope() || weight.getAlibi();
    int64_t bytes = layout::weightBytes(type, isTable);
    builder.create<plan::WeightOp>(
        weight.getLoc(), name.getValue(), name.getValue(),
        weight.getAlibi() ? "alibi" : layout::weightLayout(type, isTable),
        offset, bytes);
    end = offset + bytes;
    offset = alignUp(end, 256);
  }
  program.setWeightBytes(end);
  for (auto &[name, part] : parts)
    builder.create<plan::PartOp>(loc, name.getValue(), part.weight.getValue(),
                                 part.offset, part.bytes);
  offset = end = 0;
  for (auto &[name, state] : states) {
    auto type = cast<xf::KvCacheType>(state.getType());
    int64_t bytes = layout::cacheBytes(type);
    builder.create<plan::StateOp>(state.getLoc(), name.getValue(), type, offset,
                                  bytes);
    end = offset + bytes;
    offset = alignUp(end, 256);
  }
  program.setStateBytes(end);
  for (const Buffer &buffer : buffers)
    builder.create<plan::BufferOp>(
        loc, buffer.name, buffer.type,
        buffer.entry ? StringAttr() : builder.getStringAttr(buffer.name),
        buffer.entry ? FlatSymbolRefAttr::get(buffer.entry)
                     : FlatSymbolRefAttr(),
        buffer.range.first, buffer.range.last, buffer.range.offset,
        buffer.range.bytes);
  for (const Entry &entry : entries) {
    auto op = builder.create<plan::EntryOp>(loc, entry.name);
    OpBuilder inside = OpBuilder::atBlockEnd(&op.getBody().emplaceBlock());
    for (const Dispatch &dispatch : entry.dispatches)
      inside.create<plan::DispatchOp>(
          dispatch.loc, dispatch.kernel,
          builder.getArrayAttr(dispatch.bindings), dispatch.items.items,
          dispatch.items.perTokens,
          dispatch.layer.empty() ? StringAttr()
                                 : builder.getStringAttr(dispatch.layer));
  }
}

LogicalResult Lowering::run() {
  for (StringRef name : {"prefill", "decode", "head", "greedy", "sample"}) {
    auto function = symbols.lookup<func::FuncOp>(name);
    if (!function && name == "sample")
      continue;
    if (!function)
      return module.emitError() << "entry point @" << name << " is missing";
    if (failed(lowerEntry(function)))
      return failure();
  }
  for (auto &[name, state] : states) {
    auto type = cast<xf::KvCacheType>(state.getType());
    context = type.getCapacity();
    if (int64_t bytes = layout::cacheBytes(type); bytes > options.bindingLimit)
      return state.emitOpError("needs ")
             << bytes << " bytes, and a binding of the target holds "
             << options.bindingLimit << "; compile for a shorter context";
  }
  placeBuffers();
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    function.erase();
  writeProgram();
  return verify(module);
}

LogicalResult sinter::lowerXfToPlan(ModuleOp module,
                                    const PlanOptions &options) {
  return Lowering(module, options).run();
}
