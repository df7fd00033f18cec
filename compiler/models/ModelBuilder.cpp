// The shared part of all architecture builders. See ModelBuilder.h.
#include "compiler/models/ModelBuilder.h"

#include "compiler/models/UnusedTensors.h"
#include "compiler/support/Error.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace sinter;

ModelBuilder::ModelBuilder(MLIRContext *context, const ModelSource &source,
                           const DecoderConfig &config,
                           const BuildOptions &options)
    : config(config), source(source), options(options),
      module(ModuleOp::create(UnknownLoc::get(context))), builder(context),
      symbols(context), loc(UnknownLoc::get(context)) {
  symbols.setInsertionPointToStart(module->getBody());
  builder.setInsertionPointToEnd(module->getBody());
}

void ModelBuilder::fail(llvm::Error error) {
  if (firstError)
    consumeError(std::move(error));
  else
    firstError = std::move(error);
}

void ModelBuilder::setPath(const Twine &path) {
  loc = NameLoc::get(builder.getStringAttr(path));
}

RankedTensorType ModelBuilder::activationType(int64_t columns) {
  return RankedTensorType::get({ShapedType::kDynamic, columns},
                               builder.getF32Type());
}

RankedTensorType ModelBuilder::tokensType() {
  return RankedTensorType::get({ShapedType::kDynamic}, builder.getI32Type());
}

std::string ModelBuilder::storedType(StringRef name, ArrayRef<int64_t> shape) {
  llvm::Expected<const TensorInfo *> tensor = source.require(name);
  if (!tensor) {
    fail(tensor.takeError());
    return "f32";
  }
  used.insert(name);
  if (ArrayRef<int64_t>((*tensor)->shape) != shape) {
    std::string wanted;
    llvm::raw_string_ostream text(wanted);
    llvm::interleaveComma(shape, text);
    fail(inputError("tensor " + name + " is " + (*tensor)->describe() +
                    " but the configuration asks for [" + wanted + "]"));
    return "f32";
  }
  if (!isFloatLike((*tensor)->dtype)) {
    fail(unsupportedError("tensor " + name + " holds " +
                          dtypeName((*tensor)->dtype) +
                          " numbers; weights must be floats or GGUF blocks"));
    return "f32";
  }
  return dtypeName((*tensor)->dtype).str();
}

/// The shape of the tensor that a weight of this shape and form is made of.
static SmallVector<int64_t> tensorShape(ArrayRef<int64_t> shape,
                                        const TensorForm &form) {
  SmallVector<int64_t> stored(shape);
  if (form.vectorRows)
    return {form.vectorRows, shape[0] / form.vectorRows};
  if (!form.rows.empty())
    stored[0] = shape[0] / form.rows[1] * form.rows[2];
  if (form.transposed)
    std::reverse(stored.begin(), stored.end());
  return stored;
}

RankedTensorType ModelBuilder::declareWeight(StringRef symbol, StringRef name,
                                             ArrayRef<int64_t> shape,
                                             const TensorForm &form) {
  auto [entry, isNew] = declared.try_emplace(symbol);
  if (!isNew)
    return entry->second;
  entry->second = xf::withScheme(
      RankedTensorType::get(shape, builder.getF32Type()), xf::Scheme::f32);
  std::string stored = storedType(name, tensorShape(shape, form));
  auto from = xf::SourceAttr::get(
      builder.getContext(), name, stored, form.unpermuteHeads, form.rows,
      form.transposed && shape.size() > 1, form.plusOne);
  symbols.create<xf::WeightOp>(
      NameLoc::get(builder.getStringAttr(symbol)), symbol, entry->second,
      builder.getArrayAttr({from}), xf::RopeAttr(), xf::AlibiAttr());
  return entry->second;
}

Value ModelBuilder::weight(const Twine &name, ArrayRef<int64_t> shape,
                           const TensorForm &form) {
  std::string tensor = name.str(), symbol = tensor;
  if (!form.part.empty()) // "a.qkv.weight" and q: "a.qkv.q.weight"
    symbol.insert(symbol.rfind('.') + 1, form.part.str() + ".");
  RankedTensorType type = declareWeight(symbol, tensor, shape, form);
  return builder.create<xf::GetWeightOp>(loc, type, symbol);
}

Value ModelBuilder::concatenated(const Twine &name,
                                 ArrayRef<std::string> tensors, int64_t rows) {
  std::string symbol = name.str();
  auto type = xf::withScheme(
      RankedTensorType::get({rows * static_cast<int64_t>(tensors.size())},
                            builder.getF32Type()),
      xf::Scheme::f32);
  if (declared.try_emplace(symbol, type).second) {
    SmallVector<Attribute> sources;
    for (const std::string &tensor : tensors)
      sources.push_back(xf::SourceAttr::get(builder.getContext(), tensor,
                                            storedType(tensor, {rows}), 0,
                                            ArrayRef<int64_t>(), false, false));
    symbols.create<xf::WeightOp>(NameLoc::get(builder.getStringAttr(symbol)),
                                 symbol, type, builder.getArrayAttr(sources),
                                 xf::RopeAttr(), xf::AlibiAttr());
  }
  return builder.create<xf::GetWeightOp>(loc, type, symbol);
}

Value ModelBuilder::embedding(Value tokens, Value table) {
  int64_t columns = cast<RankedTensorType>(table.getType()).getDimSize(1);
  return builder.create<xf::EmbeddingOp>(loc, activationType(columns), tokens,
                                         table);
}

Value ModelBuilder::rmsNorm(Value x, Value weight, int64_t groups) {
  return builder.create<xf::RmsNormOp>(
      loc, x.getType(), x, weight, builder.getF64FloatAttr(config.normEpsilon),
      builder.getI64IntegerAttr(groups));
}

Value ModelBuilder::addPositions(Value x, Value table) {
  int64_t rows = cast<RankedTensorType>(table.getType()).getDimSize(0);
  // The capacity is rounded up to 16; the runtime stops at the context.
  if (options.context > (rows + 15) / 16 * 16)
    fail(inputError("a context of " + Twine(options.context) +
                    " is beyond the model's " + Twine(rows) +
                    " learned positions; compile with a shorter one"));
  return builder.create<xf::AddPositionsOp>(loc, x.getType(), x, table);
}

Value ModelBuilder::layerNorm(Value x, Value weight, Value bias,
                              int64_t groups) {
  return builder.create<xf::LayerNormOp>(
      loc, x.getType(), x, weight, bias,
      builder.getF64FloatAttr(config.normEpsilon),
      builder.getI64IntegerAttr(groups));
}

Value ModelBuilder::layerNorm(Value x, const Twine &prefix, int64_t groups) {
  int64_t columns = cast<RankedTensorType>(x.getType()).getDimSize(1) / groups;
  Value gain = weight(prefix + ".weight", {columns});
  return layerNorm(x, gain, weight(prefix + ".bias", {columns}), groups);
}

Value ModelBuilder::linear(Value x, const Twine &prefix, int64_t rows,
                           bool hasBias, const TensorForm &form) {
  int64_t columns = cast<RankedTensorType>(x.getType()).getDimSize(1);
  Value matrix = weight(prefix + ".weight", {rows, columns}, form);
  Value bias = hasBias ? weight(prefix + ".bias", {rows}, form) : Value();
  return builder.create<xf::LinearOp>(loc, activationType(rows), x, matrix,
                                      bias);
}

Value ModelBuilder::slice(Value x, int64_t offset, int64_t size) {
  return builder.create<xf::SliceOp>(loc, activationType(size), x,
                                     builder.getI64IntegerAttr(offset));
}

/// One linear and three slices where the rows lie as we want them, else three
/// linears that pick their rows.
ModelBuilder::Projections
ModelBuilder::fusedProjections(Value x, const Twine &prefix, QkvLayout layout,
                               bool hasBias, bool transposed) {
  std::string name = prefix.str();
  int64_t head = config.headDim, kv = config.kvHeads;
  int64_t qRows = config.heads * head, kvRows = kv * head;
  if (layout == QkvLayout::Stacked) {
    TensorForm form;
    form.transposed = transposed;
    Value all = linear(x, name, qRows + 2 * kvRows, hasBias, form);
    return {slice(all, 0, qRows), slice(all, qRows, kvRows),
            slice(all, qRows + kvRows, kvRows)};
  }
  // Query rows before k in each unit of the tensor's rows.
  int64_t before =
      layout == QkvLayout::PerHead ? head : config.heads / kv * head;
  int64_t stride = before + 2 * head;
  auto pick = [&](StringRef part, int64_t first, int64_t count, int64_t rows) {
    TensorForm form;
    form.rows = {first, count, stride};
    form.part = part;
    return linear(x, name, rows, hasBias, form);
  };
  Value q = pick("q", 0, before, qRows);
  Value k = pick("k", before, head, kvRows);
  return {q, k, pick("v", before + head, head, kvRows)};
}

Value ModelBuilder::matmul(Value x, Value matrix) {
  int64_t rows = cast<RankedTensorType>(matrix.getType()).getDimSize(0);
  return builder.create<xf::LinearOp>(loc, activationType(rows), x, matrix,
                                      Value());
}

static xf::RopeScaling scalingKind(RopeScaling kind) {
  switch (kind) {
  case RopeScaling::None:
    return xf::RopeScaling::none;
  case RopeScaling::Linear:
    return xf::RopeScaling::linear;
  case RopeScaling::Llama3:
    return xf::RopeScaling::llama3;
  case RopeScaling::Yarn:
    return xf::RopeScaling::yarn;
  case RopeScaling::Factors:
  case RopeScaling::LongRope:
    return xf::RopeScaling::factors;
  }
  llvm_unreachable("all kinds are listed");
}

/// The numbers of #xf.rope, in the order its description gives.
static SmallVector<double> scalingValues(const RopeConfig &rope,
                                         int64_t longest) {
  double context = static_cast<double>(rope.originalContext);
  switch (rope.scaling) {
  case RopeScaling::None:
    return {};
  case RopeScaling::Linear:
    return {rope.factor};
  case RopeScaling::Llama3:
    return {rope.factor, rope.lowFreqFactor, rope.highFreqFactor, context};
  case RopeScaling::Yarn:
    return {rope.factor, rope.betaFast,        rope.betaSlow,
            context,     rope.attentionFactor, rope.truncate ? 1.0 : 0.0};
  case RopeScaling::Factors:
  case RopeScaling::LongRope: {
    bool isLong =
        rope.scaling == RopeScaling::LongRope && longest > rope.originalContext;
    const std::vector<double> &factors =
        isLong ? rope.longFactors : rope.factors;
    SmallVector<double> values(factors.begin(), factors.end());
    values.push_back(rope.attentionFactor);
    return values;
  }
  }
  llvm_unreachable("all kinds are listed");
}

Value ModelBuilder::rope(Value x, int64_t heads, int64_t layer) {
  const RopeConfig &rope = config.ropeOf(layer);
  SmallVector<double> values = scalingValues(rope, options.context);
  DenseF64ArrayAttr valuesAttr;
  if (!values.empty())
    valuesAttr = builder.getDenseF64ArrayAttr(values);
  auto attr = xf::RopeAttr::get(builder.getContext(),
                                builder.getF64FloatAttr(rope.theta), rope.dim,
                                scalingKind(rope.scaling), valuesAttr);
  return builder.create<xf::RopeOp>(loc, x.getType(), x, Value(),
                                    builder.getI64IntegerAttr(heads), attr);
}

Value ModelBuilder::attention(Value q, Value k, Value v, int64_t layer) {
  Type element = options.halfPrecisionCache ? Type(builder.getF16Type())
                                            : Type(builder.getF32Type());
  auto type = xf::KvCacheType::get(builder.getContext(), config.kvHeads,
                                   options.context, config.headDim, element);
  std::string name = "layers." + std::to_string(layer) + ".kv";
  symbols.create<xf::StateOp>(loc, name, type);
  Value cache = builder.create<xf::GetStateOp>(loc, type, name);
  builder.create<xf::AppendOp>(loc, k, v, cache);
  double scale = config.attentionScale;
  if (scale == 0)
    scale = 1.0 / std::sqrt(static_cast<double>(config.headDim));
  if (config.scaleByLayer)
    scale /= static_cast<double>(layer + 1);
  return builder.create<xf::AttentionOp>(
      loc, q.getType(), q, cache,
      config.alibi ? positionBiases(scale) : Value(),
      builder.getI64IntegerAttr(config.heads), builder.getF64FloatAttr(scale),
      builder.getI64IntegerAttr(config.windowOf(layer)),
      builder.getF64FloatAttr(config.attentionSoftcap));
}

/// The table of linear biases; one for all layers.
Value ModelBuilder::positionBiases(double scale) {
  auto attr = xf::AlibiAttr::get(builder.getContext(), config.heads,
                                 builder.getF64FloatAttr(scale));
  auto type =
      xf::withScheme(RankedTensorType::get({config.heads, options.context},
                                           builder.getF32Type()),
                     xf::Scheme::f32);
  StringRef name = "alibi";
  if (declared.try_emplace(name, type).second)
    symbols.create<xf::WeightOp>(loc, name, type, ArrayAttr(), xf::RopeAttr(),
                                 attr);
  return builder.create<xf::GetWeightOp>(loc, type, name);
}

Value ModelBuilder::activation(Value x) {
  auto kind = config.activation == Activation::Silu ? xf::ActivationKind::silu
              : config.activation == Activation::Gelu
                  ? xf::ActivationKind::gelu
                  : xf::ActivationKind::gelu_tanh;
  return builder.create<xf::ActivationOp>(loc, x.getType(), x, kind);
}

Value ModelBuilder::scale(Value x, double factor) {
  if (factor == 1.0)
    return x;
  return builder.create<xf::ScaleOp>(loc, x.getType(), x,
                                     builder.getF64FloatAttr(factor));
}

Value ModelBuilder::softcap(Value x, double cap) {
  if (cap == 0.0)
    return x;
  return builder.create<xf::SoftcapOp>(loc, x.getType(), x,
                                       builder.getF64FloatAttr(cap));
}

Value ModelBuilder::add(Value a, Value b) {
  return builder.create<xf::AddOp>(loc, a, b);
}

Value ModelBuilder::mul(Value a, Value b) {
  return builder.create<xf::MulOp>(loc, a, b);
}

Value ModelBuilder::beginFunction(StringRef name, Type argument, Type result) {
  builder.setInsertionPointToEnd(module->getBody());
  auto function = builder.create<func::FuncOp>(
      loc, name, builder.getFunctionType({argument}, {result}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  return function.getArgument(0);
}

void ModelBuilder::endFunction(Value result) {
  builder.create<func::ReturnOp>(loc, result);
}

llvm::Expected<OwningOpRef<ModuleOp>> ModelBuilder::finish() {
  if (firstError)
    return std::move(firstError);
  if (llvm::Error error = checkTensorsUsed(source, used))
    return std::move(error);
  if (failed(verify(*module)))
    return internalError("the model builder made invalid IR");
  return std::move(module);
}

//===-- Families ----------------------------------------------------------===//

namespace sinter {
#define SINTER_FAMILY(Name) void build##Name(ModelBuilder &model);
#include "compiler/import/architectures/Families.def"
} // namespace sinter

llvm::Expected<OwningOpRef<ModuleOp>>
sinter::buildModel(MLIRContext *context, const ModelSource &source,
                   const DecoderConfig &config, const BuildOptions &options) {
  using Build = void (*)(ModelBuilder &);
  auto build = llvm::StringSwitch<Build>(config.family)
#define SINTER_FAMILY(Name) .Case(#Name, build##Name)
#include "compiler/import/architectures/Families.def"
                   .Default(nullptr);
  if (!build)
    return unsupportedError("architecture '" + config.architecture +
                            "' is not supported");
  context->loadDialect<func::FuncDialect, xf::XfDialect>();
  ModelBuilder model(context, source, config, options);
  build(model);
  return model.finish();
}
