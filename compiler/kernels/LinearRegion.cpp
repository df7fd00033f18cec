// Matching regions around one linear (LinearRegion.h).
#include "compiler/kernels/LinearRegion.h"

#include "compiler/kernels/RegionMatch.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

int64_t LinearRegion::panels() const {
  return llvm::divideCeil(partRows ? partRows : outputs, layout::kPanelRows);
}

int64_t LinearRegion::blocks() const {
  return llvm::divideCeil(columns, layout::kBlock);
}

int64_t LinearRegion::quantizedRowBytes() const {
  Builder builder(weight.getContext());
  return layout::rowBytes(
      xf::withScheme(RankedTensorType::get({1, columns}, builder.getF32Type()),
                     xf::Scheme::dyn_i8));
}

namespace {

/// Takes a region apart, from its result backwards.
class Matcher {
public:
  explicit Matcher(xf::RegionOp region) : match(region) {}

  std::optional<LinearRegion> run(std::string &reason) {
    if (match.resultCount() != 1)
      return decline(reason, "more than one result");
    Value value = match.result();
    found.outputs = columnsOf(value);
    xf::LinearOp linear = takeEpilogue(value);
    if (!linear)
      return decline(reason, "the result is not a linear, a linear plus an "
                             "argument, or a linear with an activation");
    if (!takeLinear(linear) || !takePrologue(linear.getX()))
      return decline(reason, "operands of the linear are not arguments");
    if (found.hasGate() && (found.gateRow % layout::kPanelRows ||
                            found.upRow % layout::kPanelRows))
      return decline(reason, "gate and up do not start at multiples of 16");
    if (!match.complete(reason))
      return std::nullopt;
    RegionRows part = rowsOfRegion(match.region);
    found.firstRow = part.first;
    found.partRows = part.count;
    if (part.count && found.hasGate())
      return decline(reason, "a part of a matrix with gate and up");
    return found;
  }

private:
  static std::nullopt_t decline(std::string &reason, StringRef text) {
    reason = text.str();
    return std::nullopt;
  }

  xf::LinearOp takeEpilogue(Value value);
  xf::LinearOp takeGate(xf::MulOp mul);
  bool takeLinear(xf::LinearOp linear);
  bool takePrologue(Value value);

  RegionMatch match;
  LinearRegion found;
};

/// activation(slice of linear) * (other slice of it), in either order.
xf::LinearOp Matcher::takeGate(xf::MulOp mul) {
  Value gate = mul.getLhs(), up = mul.getRhs();
  if (!gate.getDefiningOp<xf::ActivationOp>())
    std::swap(gate, up);
  auto activation = match.take<xf::ActivationOp>(gate);
  if (!activation)
    return nullptr;
  auto gateSlice = match.take<xf::SliceOp>(activation.getX());
  auto upSlice = match.take<xf::SliceOp>(up);
  if (!gateSlice || !upSlice || gateSlice.getX() != upSlice.getX())
    return nullptr;
  found.activation = activation.getKind();
  found.gated = true;
  found.gateRow = gateSlice.getOffset();
  found.upRow = upSlice.getOffset();
  return match.take<xf::LinearOp>(gateSlice.getX());
}

xf::LinearOp Matcher::takeEpilogue(Value value) {
  if (auto mul = match.take<xf::MulOp>(value))
    return takeGate(mul);
  if (auto softcap = match.take<xf::SoftcapOp>(value)) {
    found.softcap = softcap.getCap().convertToDouble();
    value = softcap.getX();
  } else if (auto activation = match.take<xf::ActivationOp>(value)) {
    found.activation = activation.getKind();
    value = activation.getX();
  }
  bool mapped = found.activation || found.softcap > 0;
  if (auto add = mapped ? nullptr : match.take<xf::AddOp>(value)) {
    Value product = add.getLhs(), residual = add.getRhs();
    if (!product.getDefiningOp<xf::LinearOp>())
      std::swap(product, residual);
    found.residual = dyn_cast<BlockArgument>(residual);
    if (!found.residual)
      return nullptr;
    value = product;
  }
  return match.take<xf::LinearOp>(value);
}

bool Matcher::takeLinear(xf::LinearOp linear) {
  found.weight = dyn_cast<BlockArgument>(linear.getWeight());
  if (!found.weight)
    return false;
  if (linear.getBias() &&
      !(found.bias = dyn_cast<BlockArgument>(linear.getBias())))
    return false;
  found.scheme = xf::getScheme(found.weight.getType());
  found.rows = rowsOf(found.weight);
  found.columns = columnsOf(found.weight);
  found.tokens = rowsOf(linear.getResult());
  return true;
}

bool Matcher::takePrologue(Value value) {
  if (auto quantize = match.take<xf::QuantizeOp>(value)) {
    found.quantizes = true;
    value = quantize.getX();
  }
  if (!match.takeNorm(value, /*groups=*/1, found))
    return false;
  if (auto select = match.take<xf::SelectRowOp>(value)) {
    found.selectsRow = true;
    value = select.getX();
  }
  found.input = dyn_cast<BlockArgument>(value);
  return bool(found.input);
}

} // namespace

std::optional<LinearRegion> sinter::kernels::matchLinear(xf::RegionOp region,
                                                         std::string &reason) {
  return Matcher(region).run(reason);
}

std::string sinter::kernels::linearId(const LinearRegion &linear,
                                      llvm::StringRef variant,
                                      xf::RegionOp region) {
  std::string id = "linear_" + xf::stringifyScheme(linear.scheme).str();
  id += linear.isInteger() && !linear.mixed() ? "_i8_" : "_f32_";
  id += variant;
  if (linear.normWeight)
    id += linear.isLayerNorm ? "__layernorm" : "__rmsnorm";
  else if (linear.quantizes)
    id += "__quantize";
  if (linear.bias)
    id += "__bias";
  if (linear.residual)
    id += "__residual";
  if (linear.hasGate())
    id +=
        "__" + xf::stringifyActivationKind(*linear.activation).str() + "_gate";
  else if (linear.activation)
    id += "__" + xf::stringifyActivationKind(*linear.activation).str();
  if (linear.softcap > 0)
    id += "__softcap";
  if (linear.partRows)
    id += "__from_" + std::to_string(linear.firstRow);
  id +=
      "_" + std::to_string(linear.rows) + "x" + std::to_string(linear.columns);
  return uniqueId(id, region);
}

Cost sinter::kernels::linearCost(const LinearRegion &linear) {
  auto rows = double(linear.partRows ? linear.partRows : linear.rows);
  auto columns = double(linear.columns);
  Cost cost;
  cost.weightBytes = double(layout::weightBytes(
                         cast<RankedTensorType>(linear.weight.getType()))) *
                         rows / double(linear.rows) +
                     (linear.bias ? rows * 4 : 0) +
                     (linear.normWeight ? columns * 4 : 0);
  double outputs = rows * double(linear.outputs) / double(linear.rows);
  cost.bytesPerToken = columns * 4 + outputs * (linear.residual ? 8 : 4);
  cost.flopsPerToken = 2 * rows * columns;
  return cost;
}
