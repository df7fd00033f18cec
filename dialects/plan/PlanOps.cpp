// Verifiers of the plan ops: the memory plan is checked here, before anything
// is written or run.
#include "dialects/plan/Plan.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallVector.h"

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

LogicalResult StateOp::verify() {
  return verifyRange(*this, getOffset(), getBytes(), 256, "state_c1");
}

LogicalResult BufferOp::verify() {
  if (getFirst() > getLast())
    return emitOpError("must not end before it begins (buffer_c1)");
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

LogicalResult ProgramOp::verify() {
  if (getContext() <= 0 || getChunk() <= 0 || getVocabSize() <= 0 ||
      getChunk() > getContext())
    return emitOpError("context, chunk and vocab_size must be positive and "
                       "chunk at most context (program_c4)");
  SmallVector<Extent> weights, states, buffers;
  int stage = 0;
  for (Operation &op : getBody().front()) {
    int now = isa<WeightOp>(op)   ? 0
              : isa<StateOp>(op)  ? 1
              : isa<BufferOp>(op) ? 2
              : isa<EntryOp>(op)  ? 3
                                  : -1;
    if (now < stage)
      return op.emitOpError("stands in the wrong place of the program "
                            "(program_c1)");
    stage = now;
    if (auto weight = dyn_cast<WeightOp>(op))
      weights.push_back({weight.getOffset(),
                         weight.getOffset() + weight.getBytes(),
                         0,
                         0,
                         {},
                         &op});
    if (auto state = dyn_cast<StateOp>(op))
      states.push_back({state.getOffset(),
                        state.getOffset() + state.getBytes(),
                        0,
                        0,
                        {},
                        &op});
    if (auto buffer = dyn_cast<BufferOp>(op))
      buffers.push_back(
          {buffer.getOffset(), buffer.getOffset() + buffer.getBytes(),
           buffer.getFirst(), buffer.getLast(),
           buffer.getIo() ? Attribute() : buffer.getEntryAttr(), &op});
  }
  if (failed(verifyExtents(weights, getWeightBytes(), "program_c2")) ||
      failed(verifyExtents(states, getStateBytes(), "program_c2")))
    return failure();
  return verifyExtents(buffers, getArenaBytes(), "program_c3");
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (getItems() <= 0 || getItemsPerTokens() < 0)
    return emitOpError("items must be positive (dispatch_c1)");
  auto program = (*this)->getParentOfType<ProgramOp>();
  if (!symbols.lookupNearestSymbolFrom(program->getParentOp(), getKernelAttr()))
    return emitOpError() << "kernel " << getKernelAttr()
                         << " does not exist (dispatch_c1)";
  for (auto binding : getBindings().getAsRange<FlatSymbolRefAttr>()) {
    Operation *bound = symbols.lookupSymbolIn(program, binding);
    if (!isa_and_nonnull<WeightOp, StateOp, BufferOp>(bound))
      return emitOpError() << "binding " << binding
                           << " is no weight, state or buffer (dispatch_c1)";
  }
  return success();
}
