// The last family: any mix of xf ops, one token after another, every
// intermediate row in scratch. One work item. Correct and slow; a remark names
// what the families before it did not match.
#include "compiler/kernels/FallbackBody.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

namespace {

class FallbackFamily : public KernelFamily {
public:
  StringRef name() const override { return "fallback"; }
  bool accepts(xf::RegionOp region, std::string &reason) const override;
  std::string id(xf::RegionOp region) const override;
  WorkItems workItems(xf::RegionOp) const override { return {1, 0}; }
  Cost cost(xf::RegionOp region) const override;
  FailureOr<kern::KernelOp> build(OpBuilder &builder, xf::RegionOp region,
                                  kern::CapsAttr caps) const override {
    KernelShell k(builder, region, id(region), caps);
    return FallbackBody(k, region).build();
  }
};

} // namespace

static bool isArgument(Value value) { return isa<BlockArgument>(value); }

/// Why an op cannot be computed; empty if it can.
static std::string objection(Operation &op) {
  for (Value operand : op.getOperands())
    if (!isa<xf::LinearOp, xf::YieldOp>(op) &&
        xf::getScheme(operand.getType()) == xf::Scheme::dyn_i8)
      return "takes int8 activations";
  auto needs = [&](bool arguments) -> std::string {
    return arguments ? "" : "has weights or caches that are not arguments";
  };
  return llvm::TypeSwitch<Operation *, std::string>(&op)
      .Case([&](xf::RopeOp rope) -> std::string {
        if (!rope.getTable())
          return "has no rotary table";
        return needs(isArgument(rope.getTable()));
      })
      .Case([&](xf::RmsNormOp norm) {
        return needs(isArgument(norm.getWeight()));
      })
      .Case([&](xf::LayerNormOp norm) {
        return needs(isArgument(norm.getWeight()) &&
                     (!norm.getBias() || isArgument(norm.getBias())));
      })
      .Case([&](xf::AddPositionsOp positions) {
        return needs(isArgument(positions.getTable()));
      })
      .Case([&](xf::LinearOp linear) {
        return needs(isArgument(linear.getWeight()) &&
                     (!linear.getBias() || isArgument(linear.getBias())));
      })
      .Case([&](xf::EmbeddingOp lookup) {
        return needs(isArgument(lookup.getTable()));
      })
      .Case([&](xf::AppendOp append) {
        return needs(isArgument(append.getCache()));
      })
      .Case([&](xf::AttentionOp attention) {
        return needs(isArgument(attention.getCache()) &&
                     (!attention.getBias() || isArgument(attention.getBias())));
      })
      .Case<xf::SliceOp, xf::AddOp, xf::MulOp, xf::ScaleOp, xf::SoftcapOp,
            xf::ActivationOp, xf::QuantizeOp, xf::SelectRowOp, xf::ArgmaxOp,
            xf::YieldOp>([](Operation *) { return std::string(); })
      .Default([](Operation *) {
        return std::string("is not an operation on rows");
      });
}

bool FallbackFamily::accepts(xf::RegionOp region, std::string &reason) const {
  std::optional<int64_t> cacheRows;
  for (Operation &op : region.getBody().front()) {
    std::string why = objection(op);
    if (isa<xf::AppendOp, xf::AttentionOp>(op)) {
      int64_t rows = rowsOf(op.getOperand(0));
      if (cacheRows.value_or(rows) != rows)
        why = "uses the cache for other tokens than an earlier op";
      cacheRows = rows;
    }
    if (!why.empty()) {
      reason = op.getName().getStringRef().str() + " " + why;
      return false;
    }
  }
  return true;
}

std::string FallbackFamily::id(xf::RegionOp region) const {
  constexpr size_t kLongest = 80;
  std::string prefix = "fallback";
  for (Operation &op : region.getBody().front().without_terminator())
    if (prefix.size() < kLongest)
      prefix += "_" + op.getName().stripDialect().str();
  return uniqueId(prefix, region);
}

Cost FallbackFamily::cost(xf::RegionOp region) const {
  Cost cost;
  for (Operation &op : region.getBody().front()) {
    if (auto linear = dyn_cast<xf::LinearOp>(op)) {
      auto type = cast<RankedTensorType>(linear.getWeight().getType());
      cost.weightBytes += double(layout::weightBytes(type));
      cost.flopsPerToken += 2.0 * double(type.getNumElements());
      continue;
    }
    if (auto attention = dyn_cast<xf::AttentionOp>(op)) {
      xf::KvCacheType cache = attention.getCache().getType();
      cost.bytesPerTokenPosition +=
          2.0 * double(cache.getKvHeads() * cache.getHeadDim()) *
          cache.getElementType().getIntOrFloatBitWidth() / 8;
      cost.flopsPerTokenPosition += 4.0 * double(columnsOf(attention.getQ()));
    }
    for (Value value : op.getResults()) {
      auto columns = cast<RankedTensorType>(value.getType()).getRank() == 2
                         ? double(columnsOf(value))
                         : 1;
      cost.bytesPerToken += 8 * columns;
      cost.flopsPerToken += columns;
    }
  }
  return cost;
}

namespace sinter::kernels {
const KernelFamily &getFallbackFamily() {
  static const FallbackFamily family;
  return family;
}
} // namespace sinter::kernels
