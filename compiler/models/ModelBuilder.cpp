// The shared part of all architecture builders. See ModelBuilder.h.
#include "compiler/models/ModelBuilder.h"

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

RankedTensorType ModelBuilder::declareWeight(StringRef name,
                                             ArrayRef<int64_t> shape,
                                             int64_t unpermuteHeads) {
  auto [entry, isNew] = declared.try_emplace(name);
  if (!isNew)
    return entry->second;
  entry->second = xf::withScheme(
      RankedTensorType::get(shape, builder.getF32Type()), xf::Scheme::f32);
  llvm::Expected<const TensorInfo *> tensor = source.require(name);
  StringRef stored = "f32";
  if (!tensor)
    fail(tensor.takeError());
  else if (ArrayRef<int64_t>((*tensor)->shape) != shape) {
    std::string wanted;
    llvm::raw_string_ostream text(wanted);
    llvm::interleaveComma(shape, text);
    fail(inputError("tensor " + name + " is " + (*tensor)->describe() +
                    " but the configuration asks for [" + wanted + "]"));
  } else if (!isFloatLike((*tensor)->dtype)) {
    fail(unsupportedError("tensor " + name + " holds " +
                          dtypeName((*tensor)->dtype) +
                          " numbers; weights must be floats or GGUF blocks"));
  } else {
    stored = dtypeName((*tensor)->dtype);
  }
  auto from =
      xf::SourceAttr::get(builder.getContext(), name, stored, unpermuteHeads);
  symbols.create<xf::WeightOp>(NameLoc::get(builder.getStringAttr(name)), name,
                               entry->second, builder.getArrayAttr({from}),
                               xf::RopeAttr());
  return entry->second;
}

Value ModelBuilder::weight(const Twine &name, ArrayRef<int64_t> shape,
                           int64_t unpermuteHeads) {
  std::string symbol = name.str();
  RankedTensorType type = declareWeight(symbol, shape, unpermuteHeads);
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

Value ModelBuilder::linear(Value x, const Twine &prefix, int64_t rows,
                           bool hasBias, int64_t unpermuteHeads) {
  int64_t columns = cast<RankedTensorType>(x.getType()).getDimSize(1);
  Value matrix = weight(prefix + ".weight", {rows, columns}, unpermuteHeads);
  Value bias =
      hasBias ? weight(prefix + ".bias", {rows}, unpermuteHeads) : Value();
  return builder.create<xf::LinearOp>(loc, activationType(rows), x, matrix,
                                      bias);
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
    return xf::RopeScaling::factors;
  }
  llvm_unreachable("all kinds are listed");
}

/// The numbers of #xf.rope, in the order its description gives.
static SmallVector<double> scalingValues(const RopeConfig &rope) {
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
  case RopeScaling::Factors: {
    SmallVector<double> values(rope.factors.begin(), rope.factors.end());
    values.push_back(rope.attentionFactor);
    return values;
  }
  }
  llvm_unreachable("all kinds are listed");
}

Value ModelBuilder::rope(Value x, int64_t heads) {
  const RopeConfig &rope = config.rope;
  SmallVector<double> values = scalingValues(rope);
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
  double scale = 1.0 / std::sqrt(static_cast<double>(config.headDim));
  return builder.create<xf::AttentionOp>(
      loc, q.getType(), q, cache, builder.getI64IntegerAttr(config.heads),
      builder.getF64FloatAttr(scale),
      builder.getI64IntegerAttr(config.windowOf(layer)));
}

Value ModelBuilder::activation(Value x) {
  auto kind = config.activation == Activation::Silu ? xf::ActivationKind::silu
              : config.activation == Activation::Gelu
                  ? xf::ActivationKind::gelu
                  : xf::ActivationKind::gelu_tanh;
  return builder.create<xf::ActivationOp>(loc, x.getType(), x, kind);
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
  if (failed(verify(*module)))
    return internalError("the model builder made invalid IR");
  return std::move(module);
}

//===-- Architectures -----------------------------------------------------===//

namespace sinter {
#define SINTER_MODEL(TYPE, BUILD) void build##BUILD(ModelBuilder &model);
#include "compiler/models/Models.def"
} // namespace sinter

llvm::Expected<OwningOpRef<ModuleOp>>
sinter::buildModel(MLIRContext *context, const ModelSource &source,
                   const DecoderConfig &config, const BuildOptions &options) {
  using Build = void (*)(ModelBuilder &);
  auto build = llvm::StringSwitch<Build>(config.architecture)
#define SINTER_MODEL(TYPE, BUILD) .Case(TYPE, build##BUILD)
#include "compiler/models/Models.def"
                   .Default(nullptr);
  if (!build)
    return unsupportedError("architecture '" + config.architecture +
                            "' is not supported");
  context->loadDialect<func::FuncDialect, xf::XfDialect>();
  ModelBuilder model(context, source, config, options);
  build(model);
  return model.finish();
}
