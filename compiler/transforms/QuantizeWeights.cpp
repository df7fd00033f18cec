// xf-quantize-weights: the only place that decides in which scheme a weight is
// kept. See Passes.td for the policy.
#include "compiler/transforms/Passes.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_QUANTIZEWEIGHTS
#include "compiler/transforms/Passes.h.inc"
} // namespace sinter

using namespace sinter;

/// The scheme that keeps what is stored: exactly where the scheme is ours too.
static xf::Scheme nearestScheme(StringRef stored) {
  return llvm::StringSwitch<xf::Scheme>(stored)
      .Case("f32", xf::Scheme::f32)
      .Cases("f16", "bf16", xf::Scheme::f16)
      .Case("q4_0", xf::Scheme::q4_0)
      .Default(xf::Scheme::q8_0);
}

static bool isPlainFloat(StringRef stored) {
  return stored == "f32" || stored == "f16" || stored == "bf16";
}

namespace {

struct QuantizeWeightsPass
    : sinter::impl::QuantizeWeightsBase<QuantizeWeightsPass> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(parseScheme()))
      return signalPassFailure();
    SymbolTable symbols(getOperation());
    SmallVector<xf::GetWeightOp> reads;
    getOperation().walk([&](xf::GetWeightOp op) { reads.push_back(op); });
    for (xf::GetWeightOp read : reads)
      if (isMatrix(read))
        setScheme(symbols.lookup<xf::WeightOp>(read.getWeight()));
    for (xf::GetWeightOp read : reads)
      read.getResult().setType(cast<RankedTensorType>(
          symbols.lookup<xf::WeightOp>(read.getWeight()).getType()));
    if (activations == "i8")
      getOperation().walk([](xf::LinearOp op) { quantizeInput(op); });
  }

private:
  LogicalResult parseScheme() {
    keep = scheme == "keep";
    auto found = llvm::StringSwitch<std::optional<xf::Scheme>>(scheme)
                     .Case("f32", xf::Scheme::f32)
                     .Case("f16", xf::Scheme::f16)
                     .Cases("q8", "q8_0", xf::Scheme::q8_0)
                     .Cases("q4", "q4_0", "keep", xf::Scheme::q4_0)
                     .Default(std::nullopt);
    if (!found)
      return emitError(getOperation().getLoc())
             << "unknown quantization '" << scheme.getValue()
             << "'; use f32, f16, q8, q4 or keep";
    wanted = *found;
    if (activations != "i8" && activations != "f32")
      return emitError(getOperation().getLoc())
             << "unknown activations '" << activations.getValue()
             << "'; use i8 or f32";
    return success();
  }

  /// Whether the weight is multiplied or looked up as a matrix.
  static bool isMatrix(xf::GetWeightOp read) {
    return llvm::any_of(read.getResult().getUses(), [](OpOperand &use) {
      if (auto linear = dyn_cast<xf::LinearOp>(use.getOwner()))
        return use.get() == linear.getWeight();
      return isa<xf::EmbeddingOp>(use.getOwner());
    });
  }

  void setScheme(xf::WeightOp weight) {
    auto type = cast<RankedTensorType>(weight.getType());
    auto source = cast<xf::SourceAttr>((*weight.getSources())[0]);
    xf::Scheme chosen = keep ? nearestScheme(source.getStored()) : wanted;
    if (xf::getScheme(type) == chosen)
      return;
    if (!isPlainFloat(source.getStored()) &&
        source.getStored() != xf::stringifyScheme(chosen))
      weight.emitRemark() << source.getName() << " is stored as "
                          << source.getStored() << " and is converted to "
                          << xf::stringifyScheme(chosen);
    weight.setType(xf::withScheme(type, chosen));
    ++quantized;
  }

  static void quantizeInput(xf::LinearOp op) {
    if (!xf::isIntegerScheme(xf::getScheme(op.getWeight().getType())))
      return;
    OpBuilder builder(op);
    auto type = cast<RankedTensorType>(op.getX().getType());
    for (Operation *user : op.getX().getUsers())
      if (auto other = dyn_cast<xf::QuantizeOp>(user))
        return op.getXMutable().assign(other.getResult());
    op.getXMutable().assign(builder.create<xf::QuantizeOp>(
        op.getLoc(), xf::withScheme(type, xf::Scheme::dyn_i8), op.getX()));
  }

  bool keep = false;
  xf::Scheme wanted = xf::Scheme::q4_0;
};

} // namespace
