// Every xf op on one row (FallbackBody.h).
#include "compiler/kernels/FallbackBody.h"

#include "compiler/kernels/Activation.h"
#include "compiler/kernels/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

/// Elements of one row as its memory has them: columns, or bytes of int8 rows,
/// or one number per token.
static int64_t rowElements(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 1)
    return 1;
  return xf::getScheme(type) == xf::Scheme::dyn_i8 ? layout::rowBytes(type)
                                                   : columnsOf(value);
}

/// The T of the loop in which an op is computed: of its result, or of what an
/// append writes. A row is selected from an op's result while its tokens pass.
static int64_t tokensOf(Operation &op) {
  if (auto select = dyn_cast<xf::SelectRowOp>(op))
    if (select.getX().getDefiningOp())
      return rowsOf(select.getX());
  return rowsOf(op.getNumResults() ? op.getResult(0) : op.getOperand(0));
}

//===-- Structure ---------------------------------------------------------===//

void FallbackBody::allocate() {
  for (Operation &op : region.getBody().front().without_terminator()) {
    for (Value result : op.getResults())
      rows[result] =
          k.scratch(layout::bindingType(result.getType()).getElementType(),
                    rowElements(result));
    if (auto attention = dyn_cast<xf::AttentionOp>(op)) {
      xf::KvCacheType cache = attention.getCache().getType();
      cores[&op] =
          std::make_unique<AttentionCore>(k, cache, attention, /*tokens=*/1);
    }
    if (auto linear = dyn_cast<xf::LinearOp>(op))
      if (xf::getScheme(linear.getX().getType()) == xf::Scheme::dyn_i8)
        inputs[&op] =
            k.scratch(k.builder.getF32Type(), columnsOf(linear.getX()));
  }
}

kern::KernelOp FallbackBody::build() {
  allocate();
  llvm::SetVector<int64_t> counts;
  for (Operation &op : region.getBody().front().without_terminator())
    counts.insert(tokensOf(op));
  for (Value result : region.getBody().front().getTerminator()->getOperands())
    counts.insert(rowsOf(result));
  // A row selected from many tokens is needed after them, never before.
  bool single = counts.remove(1);
  return k.items([&](Value) {
    for (int64_t count : counts)
      loopOverTokens(count);
    if (single)
      loopOverTokens(1);
  });
}

void FallbackBody::loopOverTokens(int64_t count) {
  Value start = k.scalar(kern::Scalar::position);
  k.loop(k.index(0), k.tokens(count), 1, [&](Value t) {
    token = t;
    position = k.add(start, t);
    for (Operation &op : region.getBody().front().without_terminator())
      if (tokensOf(op) == count)
        emit(op);
    for (auto [index, value] : llvm::enumerate(
             region.getBody().front().getTerminator()->getOperands()))
      if (rowsOf(value) == count)
        copyRow(k, rowOf(value), rowElements(value),
                {k.result(index), k.mul(token, rowElements(value))});
  });
}

Row FallbackBody::rowOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return {k.binding(argument), k.mul(token, rowElements(value))};
  return {rows[value], k.index(0)};
}

void FallbackBody::emit(Operation &op) {
  llvm::TypeSwitch<Operation *>(&op)
      .Case([&](xf::SliceOp slice) { emitSlice(slice); })
      .Case([&](xf::AddOp add) {
        map(add.getResult(), add->getOperands(),
            [&](ValueRange x) { return k.addf(x[0], x[1]); });
      })
      .Case([&](xf::MulOp mul) {
        map(mul.getResult(), mul->getOperands(),
            [&](ValueRange x) { return k.mulf(x[0], x[1]); });
      })
      .Case([&](xf::ScaleOp scale) {
        map(scale.getResult(), scale->getOperands(), [&](ValueRange x) {
          return scaled(k, x[0], scale.getFactor().convertToDouble());
        });
      })
      .Case([&](xf::SoftcapOp softcap) {
        map(softcap.getResult(), softcap->getOperands(), [&](ValueRange x) {
          return capped(k, x[0], softcap.getCap().convertToDouble());
        });
      })
      .Case([&](xf::LayerNormOp norm) { emitLayerNorm(norm); })
      .Case([&](xf::AddPositionsOp add) { emitAddPositions(add); })
      .Case([&](xf::ActivationOp activation) {
        map(activation.getResult(), activation->getOperands(),
            [&](ValueRange x) {
              return activate(k, activation.getKind(), x[0]);
            });
      })
      .Case([&](xf::RmsNormOp norm) { emitNorm(norm); })
      .Case([&](xf::QuantizeOp quantize) { emitQuantize(quantize); })
      .Case([&](xf::LinearOp linear) { emitLinear(linear); })
      .Case([&](xf::RopeOp rope) { emitRope(rope); })
      .Case([&](xf::AppendOp append) { emitAppend(append); })
      .Case([&](xf::AttentionOp attention) { emitAttention(attention); })
      .Case([&](xf::SelectRowOp select) { emitSelectRow(select); })
      .Case([&](xf::EmbeddingOp lookup) {
        Row id = rowOf(lookup.getTokens());
        Value row = k.create<arith::IndexCastOp>(
            k.builder.getIndexType(), k.loadScalar(id.memory, id.at));
        unpackTableRow(k, cast<RankedTensorType>(lookup.getTable().getType()),
                       bindingOf(lookup.getTable()), row,
                       rowOf(lookup.getResult()));
      })
      .Case([&](xf::ArgmaxOp argmax) {
        Row to = rowOf(argmax.getResult());
        k.storeScalar(argmaxRow(k, rowOf(argmax.getLogits()),
                                columnsOf(argmax.getLogits())),
                      to.memory, to.at);
      });
}

//===-- Ops ---------------------------------------------------------------===//

void FallbackBody::map(Value result, OperandRange operands,
                       llvm::function_ref<Value(ValueRange)> compute) {
  Row to = rowOf(result);
  forColumns(k, columnsOf(result), k.lanes(), [&](Value offset, int64_t width) {
    Values inputs;
    for (Value operand : operands) {
      Row from = rowOf(operand);
      inputs.push_back(k.load(from.memory, k.add(from.at, offset), width));
    }
    k.store(compute(inputs), to.memory, k.add(to.at, offset));
  });
}

void FallbackBody::emitSlice(xf::SliceOp op) {
  Row from = rowOf(op.getX());
  from.at = k.add(from.at, int64_t(op.getOffset()));
  copyRow(k, from, columnsOf(op.getResult()), rowOf(op.getResult()));
}

void FallbackBody::emitSelectRow(xf::SelectRowOp op) {
  Row from = rowOf(op.getX()), to = rowOf(op.getResult());
  int64_t columns = columnsOf(op.getResult());
  Value selected = k.scalar(kern::Scalar::row);
  if (!op.getX().getDefiningOp())
    return copyRow(k, {from.memory, k.mul(selected, columns)}, columns, to);
  Value isSelected =
      k.create<arith::CmpIOp>(arith::CmpIPredicate::eq, token, selected);
  k.when(isSelected, [&] { copyRow(k, from, columns, to); });
}

void FallbackBody::emitNorm(xf::RmsNormOp op) {
  int64_t groups = op.getGroups(), columns = columnsOf(op.getX()) / groups;
  Row from = rowOf(op.getX()), to = rowOf(op.getResult());
  k.loop(k.index(0), k.index(groups), 1, [&](Value group) {
    Value offset = k.mul(group, columns);
    NormWeights weights;
    weights.weight = bindingOf(op.getWeight());
    weights.epsilon = op.getEpsilon().convertToDouble();
    normRow(k, weights, {from.memory, k.add(from.at, offset)}, columns,
            {to.memory, k.add(to.at, offset)});
  });
}

void FallbackBody::emitLayerNorm(xf::LayerNormOp op) {
  int64_t groups = op.getGroups(), columns = columnsOf(op.getX()) / groups;
  bool ofEachPart = columnsOf(op.getWeight()) == columnsOf(op.getX());
  Row from = rowOf(op.getX()), to = rowOf(op.getResult());
  k.loop(k.index(0), k.index(groups), 1, [&](Value group) {
    Value offset = k.mul(group, columns);
    NormWeights weights;
    weights.epsilon = op.getEpsilon().convertToDouble();
    weights.isLayerNorm = true;
    weights.weight = bindingOf(op.getWeight());
    if (op.getBias())
      weights.bias = bindingOf(op.getBias());
    weights.at = ofEachPart ? offset : k.index(0);
    normRow(k, weights, {from.memory, k.add(from.at, offset)}, columns,
            {to.memory, k.add(to.at, offset)});
  });
}

void FallbackBody::emitAddPositions(xf::AddPositionsOp op) {
  Row x = rowOf(op.getX()), to = rowOf(op.getResult());
  unpackTableRow(k, cast<RankedTensorType>(op.getTable().getType()),
                 bindingOf(op.getTable()), position, to);
  forColumns(k, columnsOf(op.getX()), k.lanes(),
             [&](Value offset, int64_t width) {
               Value at = k.add(to.at, offset);
               Value sum = k.addf(k.load(x.memory, k.add(x.at, offset), width),
                                  k.load(to.memory, at, width));
               k.store(sum, to.memory, at);
             });
}

void FallbackBody::emitQuantize(xf::QuantizeOp op) {
  Row from = rowOf(op.getX()), to = rowOf(op.getResult());
  auto block = [&](Value column, int64_t valid) {
    Value at = k.add(from.at, column);
    return valid == layout::kBlock
               ? k.load(from.memory, at, layout::kBlock)
               : k.loadHead(from.memory, at, layout::kBlock, k.index(valid));
  };
  quantizeRow(k, columnsOf(op.getX()), block, to.memory, to.at);
}

void FallbackBody::emitLinear(xf::LinearOp op) {
  Row x = rowOf(op.getX());
  if (Value memory = inputs.lookup(op)) {
    Row plain{memory, k.index(0)};
    dequantizeRow(k, x.memory, x.at, columnsOf(op.getX()), plain);
    x = plain;
  }
  linearRow(k, cast<RankedTensorType>(op.getWeight().getType()),
            bindingOf(op.getWeight()), x,
            op.getBias() ? bindingOf(op.getBias()) : Value(),
            rowOf(op.getResult()));
}

/// Head `head` of a row.
static Row headOfRow(KernelShell &k, Row row, Value head, int64_t headDim) {
  return {row.memory, k.add(row.at, k.mul(head, headDim))};
}

void FallbackBody::emitRope(xf::RopeOp op) {
  HeadTransform transform;
  int64_t heads = op.getHeads();
  transform.headDim = columnsOf(op.getX()) / heads;
  transform.ropeTable = bindingOf(op.getTable());
  transform.ropeDim = op.getRope().getDim();
  Row from = rowOf(op.getX()), to = rowOf(op.getResult());
  k.loop(k.index(0), k.index(heads), 1, [&](Value head) {
    transformHead(k, transform, headOfRow(k, from, head, transform.headDim),
                  head, position, {},
                  headOfRow(k, to, head, transform.headDim));
  });
}

void FallbackBody::emitAppend(xf::AppendOp op) {
  xf::KvCacheType type = op.getCache().getType();
  CacheView cache(k, type, bindingOf(op.getCache()));
  Row key = rowOf(op.getK()), value = rowOf(op.getV());
  k.loop(k.index(0), k.index(type.getKvHeads()), 1, [&](Value head) {
    appendHead(k, cache, headOfRow(k, key, head, type.getHeadDim()),
               headOfRow(k, value, head, type.getHeadDim()), head, position);
  });
}

void FallbackBody::emitAttention(xf::AttentionOp op) {
  xf::KvCacheType type = op.getCache().getType();
  int64_t headDim = type.getHeadDim();
  int64_t group = int64_t(op.getHeads()) / type.getKvHeads();
  CacheView cache(k, type, bindingOf(op.getCache()));
  AttentionCore &core = *cores[op];
  HeadTransform scaling;
  scaling.headDim = headDim;
  Value scale = k.f32(op.getScale().convertToDouble());
  Row q = rowOf(op.getQ()), to = rowOf(op.getResult());
  k.loop(k.index(0), k.index(type.getKvHeads()), 1, [&](Value head) {
    auto forGroup = [&](llvm::function_ref<void(Value, Value)> body) {
      k.loop(k.index(0), k.index(group), 1,
             [&](Value g) { body(g, k.add(k.mul(head, group), g)); });
    };
    forGroup([&](Value g, Value qHead) {
      transformHead(k, scaling, headOfRow(k, q, qHead, headDim), qHead,
                    position, scale, core.query(g));
    });
    core.run(cache, head, position, k.index(1));
    forGroup([&](Value g, Value qHead) {
      copyRow(k, core.output(g), headDim, headOfRow(k, to, qHead, headDim));
    });
  });
}
