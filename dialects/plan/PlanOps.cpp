// Verifiers of the plan ops: the memory plan is checked here, before anything
// is written or run.
#include "dialects/plan/Plan.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter::plan;

namespace {
/// A byte range and when it is in use.
struct Extent {
  int64_t begin, end;
  int64_t first, last;
  Attribute entry; // null: alive in every entry
  Operation *op;
};
} // namespace

static LogicalResult verifyRange(Operation *op, int64_t offset, int64_t bytes,
                                 int64_t alignment, StringRef id) {
  if (offset < 0 || offset % alignment || bytes <= 0 ||
      bytes > INT64_MAX - offset)
    return op->emitOpError("needs an offset that is a multiple of ")
           << alignment << " and positive bytes, got " << offset << " and "
           << bytes << " (" << id << ")";
  return success();
}

LogicalResult WeightOp::verify() {
  return verifyRange(*this, getOffset(), getBytes(), 256, "weight_c1");
}

LogicalResult PartOp::verify() {
  return verifyRange(*this, getOffset(), getBytes(), 256, "part_c1");
}

LogicalResult StateOp::verify() {
  return verifyRange(*this, getOffset(), getBytes(), 256, "state_c1");
}

LogicalResult BufferOp::verify() {
  if (getFirst() < 0 || getFirst() > getLast())
    return emitOpError("must be alive from a dispatch to one not before it "
                       "(buffer_c1)");
  if (!getIo() && !getEntry())
    return emitOpError("needs io or an entry (buffer_c2)");
  return verifyRange(*this, getOffset(), getBytes(), 64, "buffer_c1");
}

static bool meet(const Extent &a, const Extent &b) {
  if (a.entry && b.entry && a.entry != b.entry)
    return false;
  bool always = !a.entry || !b.entry;
  return always || (a.first <= b.last && b.first <= a.last);
}

/// Ranges must lie below `limit` and not overlap while both are alive.
static LogicalResult verifyExtents(SmallVectorImpl<Extent> &extents,
                                   int64_t limit, StringRef id) {
  llvm::sort(extents, [](const Extent &a, const Extent &b) {
    return a.begin < b.begin;
  });
  for (size_t i = 0; i < extents.size(); ++i) {
    if (extents[i].end > limit)
      return extents[i].op->emitOpError("ends at ")
             << extents[i].end << ", beyond " << limit << " (" << id << ")";
    for (size_t j = i + 1;
         j < extents.size() && extents[j].begin < extents[i].end; ++j)
      if (meet(extents[i], extents[j])) {
        auto diagnostic = extents[j].op->emitOpError("overlaps a live range (")
                          << id << ")";
        diagnostic.attachNote(extents[i].op->getLoc()) << "this one";
        return diagnostic;
      }
  }
  return success();
}

/// Place of an op kind in a program; -1: it has none.
static int stageOf(Operation &op) {
  return TypeSwitch<Operation *, int>(&op)
      .Case([](WeightOp) { return 0; })
      .Case([](PartOp) { return 1; })
      .Case([](StateOp) { return 2; })
      .Case([](BufferOp) { return 3; })
      .Case([](EntryOp) { return 4; })
      .Default([](Operation *) { return -1; });
}

LogicalResult ProgramOp::verify() {
  if (getContext() <= 0 || getChunk() <= 0 || getVocabSize() <= 0 ||
      getChunk() > getContext())
    return emitOpError("context, chunk and vocab_size must be positive and "
                       "chunk at most context (program_c4)");
  int stage = 0;
  for (Operation &op : getBody().front()) {
    if (stageOf(op) < stage)
      return op.emitOpError("stands in the wrong place of the program "
                            "(program_c1)");
    stage = stageOf(op);
  }
  return success();
}

/// A buffer of one entry must be bound in that entry, while it is alive.
static LogicalResult verifyLifetimes(EntryOp entry, SymbolTable &symbols) {
  int64_t index = 0;
  for (DispatchOp dispatch : entry.getBody().front().getOps<DispatchOp>()) {
    for (auto name : dispatch.getBindings().getAsRange<FlatSymbolRefAttr>()) {
      auto buffer = symbols.lookup<BufferOp>(name.getAttr());
      if (!buffer || buffer.getIo())
        continue;
      if (buffer.getEntry() != entry.getSymName() ||
          index < buffer.getFirst() || index > buffer.getLast())
        return dispatch.emitOpError()
               << "binds " << name << ", which is not alive in dispatch "
               << index << " of " << entry.getSymName() << " (dispatch_c3)";
    }
    ++index;
  }
  return success();
}

static LogicalResult verifyBuffer(BufferOp buffer, SymbolTable &symbols) {
  if (!buffer.getEntry())
    return success();
  auto entry = symbols.lookup<EntryOp>(*buffer.getEntry());
  if (!entry)
    return buffer.emitOpError()
           << buffer.getEntryAttr() << " is no plan.entry (buffer_c2)";
  int64_t dispatches = entry.getBody().front().getOperations().size();
  if (!buffer.getIo() && buffer.getLast() >= dispatches)
    return buffer.emitOpError()
           << "is alive until dispatch " << buffer.getLast() << ", but "
           << buffer.getEntryAttr() << " has " << dispatches << " (buffer_c2)";
  return success();
}

LogicalResult ProgramOp::verifyRegions() {
  // The ops inside have been verified by now: their attributes exist and their
  // ranges do not overflow.
  mlir::SymbolTable symbols(*this); // not the trait of that name
  SmallVector<Extent> weights, states, buffers;
  for (Operation &op : getBody().front()) {
    if (auto weight = dyn_cast<WeightOp>(op)) {
      int64_t end = weight.getOffset() + weight.getBytes();
      weights.push_back({weight.getOffset(), end, 0, 0, {}, &op});
    } else if (auto part = dyn_cast<PartOp>(op)) {
      auto weight = symbols.lookup<WeightOp>(part.getWeight());
      if (!weight || part.getOffset() + part.getBytes() > weight.getBytes())
        return part.emitOpError() << "is no part of a plan.weight "
                                  << part.getWeightAttr() << " (part_c2)";
    } else if (auto state = dyn_cast<StateOp>(op)) {
      int64_t end = state.getOffset() + state.getBytes();
      states.push_back({state.getOffset(), end, 0, 0, {}, &op});
    } else if (auto buffer = dyn_cast<BufferOp>(op)) {
      if (failed(verifyBuffer(buffer, symbols)))
        return failure();
      Attribute entry = buffer.getIo() ? Attribute() : buffer.getEntryAttr();
      buffers.push_back({buffer.getOffset(),
                         buffer.getOffset() + buffer.getBytes(),
                         buffer.getFirst(), buffer.getLast(), entry, &op});
    } else if (auto entry = dyn_cast<EntryOp>(op)) {
      if (failed(verifyLifetimes(entry, symbols)))
        return failure();
    }
  }
  if (failed(verifyExtents(weights, getWeightBytes(), "program_c2")) ||
      failed(verifyExtents(states, getStateBytes(), "program_c2")))
    return failure();
  return verifyExtents(buffers, getArenaBytes(), "program_c3");
}

LogicalResult EntryOp::verify() {
  for (Operation &op : getBody().front())
    if (!isa<DispatchOp>(op))
      return op.emitOpError("is no plan.dispatch (entry_c1)");
  return success();
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (getItems() <= 0 || getItemsPerTokens() < 0)
    return emitOpError("items must be positive and items_per_tokens not "
                       "negative (dispatch_c1)");
  auto program = (*this)->getParentOfType<ProgramOp>();
  Operation *module = program ? program->getParentOp() : nullptr;
  auto kernel = module ? symbols.lookupNearestSymbolFrom<FunctionOpInterface>(
                             module, getKernelAttr())
                       : FunctionOpInterface();
  if (!kernel)
    return emitOpError() << "kernel " << getKernelAttr()
                         << " does not exist (dispatch_c1)";
  for (auto binding : getBindings().getAsRange<FlatSymbolRefAttr>()) {
    Operation *bound = symbols.lookupSymbolIn(program, binding);
    if (!isa_and_nonnull<WeightOp, PartOp, StateOp, BufferOp>(bound))
      return emitOpError()
             << "binding " << binding
             << " is no weight, part, state or buffer (dispatch_c1)";
  }
  size_t wanted = kernel.getNumArguments() + kernel.getNumResults();
  if (getBindings().size() != wanted)
    return emitOpError() << "kernel " << getKernelAttr() << " takes " << wanted
                         << " bindings, got " << getBindings().size()
                         << " (dispatch_c2)";
  return success();
}
