// Functions, regions, symbols: the evaluator's walk over the ops.
#include "compiler/reference/Evaluator.h"
#include "compiler/reference/Ops.h"

#include "compiler/support/Error.h"

#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::reference;

Datum reference::makeDatum(Tensor tensor) {
  return std::make_shared<const Tensor>(std::move(tensor));
}

const Tensor &reference::tensorOf(const Datum &datum) {
  return *std::get<std::shared_ptr<const Tensor>>(datum);
}

Evaluator::Evaluator(ReadWeight readWeight)
    : readWeight(std::move(readWeight)) {}

//===-- Shapes ------------------------------------------------------------===//

/// Rows and columns of a tensor type, a vector being one row; -1 for a
/// dimension that is not static.
static std::pair<int64_t, int64_t> sizes(RankedTensorType type) {
  auto size = [&](int64_t i) {
    return type.isDynamicDim(i) ? -1 : type.getDimSize(i);
  };
  if (type.getRank() == 1)
    return {1, size(0)};
  return {size(0), size(1)};
}

static bool fits(int64_t size, int64_t wanted) {
  return wanted < 0 ? size > 0 : size == wanted;
}

static bool matches(const Datum &datum, Type type) {
  if (auto cacheType = dyn_cast<xf::KvCacheType>(type)) {
    auto cache = std::get_if<KvCache *>(&datum);
    return cache && *cache && (*cache)->kvHeads == cacheType.getKvHeads() &&
           (*cache)->capacity == cacheType.getCapacity() &&
           (*cache)->headDim == cacheType.getHeadDim() &&
           (*cache)->half == cacheType.getElementType().isF16();
  }
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType || tensorType.getRank() < 1 || tensorType.getRank() > 2)
    return false;
  auto [rows, columns] = sizes(tensorType);
  if (auto tokens = std::get_if<Tokens>(&datum))
    return tensorType.getElementType().isInteger(32) &&
           tensorType.getRank() == 1 &&
           fits(static_cast<int64_t>(tokens->size()), columns);
  auto tensor = std::get_if<std::shared_ptr<const Tensor>>(&datum);
  return tensor && *tensor && tensorType.getElementType().isF32() &&
         fits((*tensor)->rows, rows) && fits((*tensor)->columns, columns) &&
         int64_t((*tensor)->values.size()) ==
             (*tensor)->rows * (*tensor)->columns;
}

/// Rows of an argument whose type leaves them open; -1 for others.
static int64_t openRows(const Datum &datum, Type type) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType || !tensorType.isDynamicDim(0))
    return -1;
  if (auto tokens = std::get_if<Tokens>(&datum))
    return static_cast<int64_t>(tokens->size());
  return tensorOf(datum).rows;
}

static std::string textOf(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

//===-- Functions and blocks ----------------------------------------------===//

llvm::Expected<std::vector<Datum>>
Evaluator::run(FunctionOpInterface function, llvm::ArrayRef<Datum> arguments,
               const Scalars &given) {
  if (!llvm::hasSingleElement(function.getFunctionBody()))
    return unsupportedError("function " + function.getName() +
                            " has no body of one block");
  scalars = given;
  return runBlock(function.getFunctionBody().front(), arguments);
}

llvm::Expected<std::vector<Datum>>
Evaluator::run(xf::FusedOp fused, llvm::ArrayRef<Datum> arguments,
               const Scalars &given) {
  scalars = given;
  return runBlock(fused.getBody().front(), arguments);
}

llvm::Expected<std::vector<Datum>>
Evaluator::runBlock(Block &block, llvm::ArrayRef<Datum> arguments) {
  if (arguments.size() != block.getNumArguments())
    return inputError("got " + llvm::Twine(arguments.size()) +
                      " arguments, needs " +
                      llvm::Twine(block.getNumArguments()));
  if (scalars.position < 0 || scalars.position > INT32_MAX)
    return inputError("position " + llvm::Twine(scalars.position) +
                      " is out of range");
  Values values;
  int64_t tokenCount = -1;
  for (auto [argument, datum] : llvm::zip(block.getArguments(), arguments)) {
    if (!matches(datum, argument.getType()))
      return inputError("argument " + llvm::Twine(argument.getArgNumber()) +
                        " does not have the type " +
                        textOf(argument.getType()));
    int64_t rows = openRows(datum, argument.getType());
    if (rows >= 0 && tokenCount >= 0 && rows != tokenCount)
      return inputError("arguments have " + llvm::Twine(tokenCount) + " and " +
                        llvm::Twine(rows) + " tokens");
    tokenCount = std::max(tokenCount, rows);
    values[argument] = datum;
  }
  for (Operation &op : block.without_terminator())
    if (llvm::Error error = runOp(op, values))
      return std::move(error);
  std::vector<Datum> results;
  for (mlir::Value value : block.getTerminator()->getOperands())
    results.push_back(values.at(value));
  return results;
}

llvm::Error Evaluator::runOp(Operation &op, Values &values) {
  if (auto fused = dyn_cast<xf::FusedOp>(op)) {
    std::vector<Datum> inputs;
    for (mlir::Value input : fused.getInputs())
      inputs.push_back(values.at(input));
    auto results = runBlock(fused.getBody().front(), inputs);
    if (!results)
      return results.takeError();
    for (auto [result, datum] : llvm::zip(fused.getResults(), *results))
      values[result] = datum;
    return llvm::Error::success();
  }
  if (auto append = dyn_cast<xf::AppendOp>(op))
    return reference::append(
        tensorOf(values.at(append.getK())), tensorOf(values.at(append.getV())),
        scalars.position, *std::get<KvCache *>(values.at(append.getCache())));
  if (auto sort = dyn_cast<xf::SortLogitsOp>(op))
    return computeSort(sort, values);
  llvm::Expected<Datum> datum = compute(op, values);
  if (!datum)
    return datum.takeError();
  if (!matches(*datum, op.getResult(0).getType()))
    return inputError("operands of " + op.getName().getStringRef() +
                      " do not fit its result " +
                      textOf(op.getResult(0).getType()));
  values[op.getResult(0)] = *datum;
  return llvm::Error::success();
}

static llvm::Expected<Datum> wrap(llvm::Expected<Tensor> tensor) {
  if (!tensor)
    return tensor.takeError();
  return makeDatum(std::move(*tensor));
}

/// The value of an op with one result.
llvm::Expected<Datum> Evaluator::compute(Operation &op, Values &values) {
  using Result = llvm::Expected<Datum>;
  auto tensor = [&](mlir::Value value) -> const Tensor & {
    return tensorOf(values.at(value));
  };
  return TypeSwitch<Operation *, Result>(&op)
      .Case([&](xf::EmbeddingOp op) {
        return wrap(embedding(std::get<Tokens>(values.at(op.getTokens())),
                              tensor(op.getTable())));
      })
      .Case([&](xf::SelectRowOp op) {
        return wrap(selectRow(tensor(op.getX()), scalars.row));
      })
      .Case([&](xf::ArgmaxOp op) -> Result {
        return Datum(argmax(tensor(op.getLogits())));
      })
      .Case([&](xf::SampleOp op) -> Result {
        return Datum(Tokens{
            sample(tensor(op.getPenalised()), tensor(op.getSampling()))});
      })
      .Case([&](xf::RmsNormOp op) -> Result {
        return makeDatum(rmsNorm(tensor(op.getX()), tensor(op.getWeight()),
                                 op.getEpsilon().convertToDouble(),
                                 op.getGroups()));
      })
      .Case([&](xf::LinearOp op) -> Result {
        return makeDatum(
            linear(tensor(op.getX()), tensor(op.getWeight()),
                   op.getBias() ? &tensor(op.getBias()) : nullptr));
      })
      .Case([&](xf::QuantizeOp op) -> Result {
        return makeDatum(fakeQuantize(tensor(op.getX())));
      })
      .Case([&](xf::RopeOp op) { return computeRope(op, values); })
      .Case([&](xf::AttentionOp op) {
        return wrap(attention(
            tensor(op.getQ()), *std::get<KvCache *>(values.at(op.getCache())),
            op.getHeads(),
            {op.getScale().convertToDouble(), int64_t(op.getWindow()),
             op.getSoftcap().convertToDouble(),
             op.getBias() ? &tensor(op.getBias()) : nullptr},
            scalars.position));
      })
      .Case([&](xf::ActivationOp op) -> Result {
        return makeDatum(activation(tensor(op.getX()), op.getKind()));
      })
      .Case([&](xf::LayerNormOp op) -> Result {
        return makeDatum(
            layerNorm(tensor(op.getX()), tensor(op.getWeight()),
                      op.getBias() ? &tensor(op.getBias()) : nullptr,
                      op.getEpsilon().convertToDouble(), op.getGroups()));
      })
      .Case([&](xf::AddPositionsOp op) {
        return wrap(addPositions(tensor(op.getX()), tensor(op.getTable()),
                                 scalars.position));
      })
      .Case([&](xf::ScaleOp op) -> Result {
        return makeDatum(
            scale(tensor(op.getX()), op.getFactor().convertToDouble()));
      })
      .Case([&](xf::SoftcapOp op) -> Result {
        return makeDatum(
            softcap(tensor(op.getX()), op.getCap().convertToDouble()));
      })
      .Case([&](xf::AddOp op) -> Result {
        return makeDatum(add(tensor(op.getLhs()), tensor(op.getRhs())));
      })
      .Case([&](xf::MulOp op) -> Result {
        return makeDatum(mul(tensor(op.getLhs()), tensor(op.getRhs())));
      })
      .Case([&](xf::SliceOp op) -> Result {
        auto type = cast<RankedTensorType>(op.getResult().getType());
        return makeDatum(
            slice(tensor(op.getX()), op.getOffset(), type.getDimSize(1)));
      })
      .Case([&](xf::GetWeightOp op) -> Result {
        auto values = weight(symbols.lookupNearestSymbolFrom<xf::WeightOp>(
            op, op.getWeightAttr()));
        if (!values)
          return values.takeError();
        return Datum(*values);
      })
      .Case([&](xf::GetStateOp op) -> Result {
        return Datum(&state(symbols.lookupNearestSymbolFrom<xf::StateOp>(
            op, op.getStateAttr())));
      })
      .Default([](Operation *op) -> Result {
        return unsupportedError("the reference evaluator does not know " +
                                op->getName().getStringRef());
      });
}

llvm::Error Evaluator::computeSort(xf::SortLogitsOp op, Values &values) {
  const Tensor &logits = tensorOf(values.at(op.getLogits()));
  const Tensor &sampling = tensorOf(values.at(op.getSampling()));
  const auto &history = std::get<Tokens>(values.at(op.getHistory()));
  if (!(sampling.at(0, 8) >= 0 && sampling.at(0, 8) <= float(history.size())))
    return inputError("sampling counts tokens that history does not have");
  for (int32_t token : history)
    if (token < 0 || token >= logits.columns)
      return inputError("token " + llvm::Twine(token) +
                        " of history lies outside the vocabulary of " +
                        llvm::Twine(logits.columns));
  auto type = cast<RankedTensorType>(op.getSorted().getType());
  SortedLogits out = sortLogits(logits, sampling, history, type.getDimSize(1));
  values[op.getPenalised()] = makeDatum(std::move(out.penalised));
  values[op.getSorted()] = makeDatum(std::move(out.sorted));
  values[op.getSums()] = makeDatum(std::move(out.sums));
  return llvm::Error::success();
}

llvm::Expected<Datum> Evaluator::computeRope(xf::RopeOp op, Values &values) {
  const Tensor &x = tensorOf(values.at(op.getX()));
  if (op.getTable())
    return wrap(rope(x, op.getHeads(), tensorOf(values.at(op.getTable())),
                     scalars.position));
  return wrap(rope(x, op.getHeads(),
                   *table(op.getRope(), scalars.position + x.rows),
                   scalars.position));
}

//===-- Symbols -----------------------------------------------------------===//

llvm::Expected<std::shared_ptr<const Tensor>>
Evaluator::weight(xf::WeightOp op) {
  auto [entry, isNew] = weights.try_emplace(op.getSymName());
  if (!isNew)
    return entry->second;
  auto type = cast<RankedTensorType>(op.getType());
  if (op.getRope())
    return entry->second = std::make_shared<const Tensor>(
               ropeTable(*op.getRope(), type.getDimSize(0)));
  if (op.getAlibi())
    return entry->second = std::make_shared<const Tensor>(
               alibiTable(*op.getAlibi(), type.getDimSize(1)));
  llvm::Expected<Tensor> read = readWeight(op);
  if (!read) {
    weights.erase(entry);
    return read.takeError();
  }
  return entry->second = std::make_shared<const Tensor>(std::move(*read));
}

/// At least `positions` rows; grown by doubling, so that decoding step by step
/// does not make a table per step.
std::shared_ptr<const Tensor> Evaluator::table(xf::RopeAttr rope,
                                               int64_t positions) {
  std::shared_ptr<const Tensor> &made = tables[rope];
  if (!made || made->rows < positions) {
    int64_t rows = std::max(positions, made ? 2 * made->rows : 64);
    made = std::make_shared<const Tensor>(ropeTable(rope, rows));
  }
  return made;
}

KvCache &Evaluator::state(xf::StateOp op) {
  std::unique_ptr<KvCache> &cache = states[op.getSymName()];
  if (!cache) {
    auto type = cast<xf::KvCacheType>(op.getType());
    cache = std::make_unique<KvCache>(type.getKvHeads(), type.getCapacity(),
                                      type.getHeadDim(),
                                      type.getElementType().isF16());
  }
  return *cache;
}
