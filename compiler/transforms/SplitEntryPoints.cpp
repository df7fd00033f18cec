// xf-split-entry-points: @body and @head become the four functions the runtime
// calls. Needs @body: tensor<?xi32> -> tensor<?xHxf32> and @head:
// tensor<?xHxf32> -> tensor<?xVxf32>; leaves @prefill, @decode, @head, @greedy,
// and @sample if asked for.
#include "compiler/transforms/Passes.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_SPLITENTRYPOINTS
#include "compiler/transforms/Passes.h.inc"
} // namespace sinter

using namespace sinter;

/// The type with its dynamic token dimension set to one.
static Type singleToken(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() == 0 || !tensor.isDynamicDim(0))
    return type;
  SmallVector<int64_t> shape(tensor.getShape());
  shape[0] = 1;
  return RankedTensorType::get(shape, tensor.getElementType(),
                               tensor.getEncoding());
}

static void specializeToOneToken(func::FuncOp function) {
  function.walk([](Operation *op) {
    for (Value result : op->getResults())
      result.setType(singleToken(result.getType()));
  });
  for (BlockArgument argument : function.getArguments())
    argument.setType(singleToken(argument.getType()));
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.getBody().getArgumentTypes(),
      function.getBody().front().getTerminator()->getOperandTypes()));
}

/// Puts a select_row before the head, so that it computes one row only.
static void selectRowFirst(func::FuncOp head) {
  specializeToOneToken(head);
  BlockArgument hidden = head.getArgument(0);
  auto rowType = cast<RankedTensorType>(hidden.getType());
  auto allType = RankedTensorType::get(
      {ShapedType::kDynamic, rowType.getDimSize(1)}, rowType.getElementType());
  auto builder = OpBuilder::atBlockBegin(&head.getBody().front());
  auto row = builder.create<xf::SelectRowOp>(head.getLoc(), rowType, hidden);
  hidden.replaceAllUsesExcept(row.getResult(), row);
  hidden.setType(allType);
  head.setFunctionType(FunctionType::get(head.getContext(), allType,
                                         head.getFunctionType().getResults()));
}

static void addGreedy(func::FuncOp head) {
  OpBuilder builder(head.getContext());
  builder.setInsertionPointAfter(head);
  Type logits = head.getFunctionType().getResult(0);
  auto token = RankedTensorType::get({1}, builder.getI32Type());
  auto greedy = builder.create<func::FuncOp>(
      head.getLoc(), "greedy", builder.getFunctionType({logits}, {token}));
  builder.setInsertionPointToStart(greedy.addEntryBlock());
  Value best = builder.create<xf::ArgmaxOp>(greedy.getLoc(), token,
                                            greedy.getArgument(0));
  builder.create<func::ReturnOp>(greedy.getLoc(), best);
}

/// Tokens that penalties can count: those of the context, within reason.
static int64_t historyTokens(ModuleOp module) {
  constexpr int64_t most = 8192;
  int64_t context = 0;
  for (auto state : module.getOps<xf::StateOp>())
    context = std::max(
        context, int64_t(cast<xf::KvCacheType>(state.getType()).getCapacity()));
  return std::min(context, most);
}

/// Not where a vocabulary is too large to be sorted in runs: the host draws.
static void addSample(ModuleOp module, func::FuncOp head) {
  OpBuilder builder(head.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  auto logits = cast<RankedTensorType>(head.getFunctionType().getResult(0));
  int64_t run = xf::runTokens(logits.getDimSize(1));
  int64_t history = historyTokens(module);
  if (!run || !history)
    return;
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  auto token = RankedTensorType::get({1}, i32);
  SmallVector<Type> inputs = {logits,
                              RankedTensorType::get({xf::kSamplingSize}, f32),
                              RankedTensorType::get({history}, i32)};
  auto sample = builder.create<func::FuncOp>(
      head.getLoc(), "sample", builder.getFunctionType(inputs, {token}));
  builder.setInsertionPointToStart(sample.addEntryBlock());
  Value sampling = sample.getArgument(1);
  auto count = int64_t(llvm::divideCeil(logits.getDimSize(1), run));
  Type sorted = RankedTensorType::get({count, run}, f32);
  auto sort = builder.create<xf::SortLogitsOp>(sample.getLoc(), sorted, sorted,
                                               sorted, sample.getArgument(0),
                                               sampling, sample.getArgument(2));
  Value drawn =
      builder.create<xf::SampleOp>(sample.getLoc(), token, sort.getPenalised(),
                                   sort.getSorted(), sort.getSums(), sampling);
  builder.create<func::ReturnOp>(sample.getLoc(), drawn);
}

namespace {

struct SplitEntryPointsPass
    : sinter::impl::SplitEntryPointsBase<SplitEntryPointsPass> {
  using Base::Base;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    auto body = symbols.lookup<func::FuncOp>("body");
    auto head = symbols.lookup<func::FuncOp>("head");
    if (!body || !head || body.getNumArguments() != 1 ||
        head.getNumArguments() != 1) {
      getOperation().emitError("needs @body and @head of one argument each");
      return signalPassFailure();
    }
    func::FuncOp decode = body.clone();
    decode.setName("decode");
    body.setName("prefill");
    getOperation().getBody()->getOperations().insertAfter(Block::iterator(body),
                                                          decode);
    specializeToOneToken(decode);
    selectRowFirst(head);
    addGreedy(head);
    if (sample)
      addSample(getOperation(), head);
  }
};

} // namespace
