// xf-merge-linears: linears that share their input become one, followed by
// slices. See Passes.td.
#include "compiler/transforms/Passes.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace sinter {
#define GEN_PASS_DEF_MERGELINEARS
#include "compiler/transforms/Passes.h.inc"
} // namespace sinter

using namespace sinter;

/// "a.q_proj.weight" + "a.k_proj.weight" -> "a.q_proj+k_proj.weight": the parts
/// that differ, joined.
static std::string joinNames(ArrayRef<StringRef> names) {
  StringRef first = names.front();
  size_t prefix = first.size(), suffix = first.size();
  for (StringRef name : names.drop_front()) {
    size_t head = 0, tail = 0;
    while (head < std::min(first.size(), name.size()) &&
           first[head] == name[head])
      ++head;
    while (tail < std::min(first.size(), name.size()) &&
           first[first.size() - 1 - tail] == name[name.size() - 1 - tail])
      ++tail;
    prefix = std::min(prefix, head);
    suffix = std::min(suffix, tail);
  }
  // Cut at dots, so that whole words remain.
  prefix = first.substr(0, prefix).rfind('.') + 1;
  size_t dot = first.substr(first.size() - suffix).find('.');
  suffix = dot == StringRef::npos ? 0 : suffix - dot;
  std::string joined = first.substr(0, prefix).str();
  for (auto [i, name] : llvm::enumerate(names)) {
    if (i)
      joined += '+';
    joined += name.substr(prefix, name.size() - prefix - suffix);
  }
  return joined + first.substr(first.size() - suffix).str();
}

/// Whether a projection's result becomes q, k or v: through slices, norms and
/// rotations it reaches the cache or attention. In a parallel block the MLP
/// reads the same input, and its kernel ends in another way.
static bool feedsAttention(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    if (isa<xf::AppendOp, xf::AttentionOp>(user))
      return true;
    return isa<xf::SliceOp, xf::RmsNormOp, xf::LayerNormOp, xf::RopeOp>(user) &&
           feedsAttention(user->getResult(0));
  });
}

namespace {

struct MergeLinearsPass : sinter::impl::MergeLinearsBase<MergeLinearsPass> {
  void runOnOperation() override {
    symbols.emplace(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      // Linears by input, scheme, presence of a bias and purpose, in program
      // order.
      using Key = std::tuple<Value, unsigned, unsigned, unsigned>;
      llvm::MapVector<Key, SmallVector<xf::LinearOp>> groups;
      function.walk([&](xf::LinearOp op) {
        auto scheme = xf::getScheme(op.getWeight().getType());
        if (weightOf(op.getWeight()) &&
            (!op.getBias() || weightOf(op.getBias())))
          groups[{op.getX(), static_cast<unsigned>(scheme),
                  op.getBias() ? 1u : 0u,
                  feedsAttention(op.getResult()) ? 1u : 0u}]
              .push_back(op);
      });
      for (auto &[key, linears] : groups)
        if (linears.size() > 1)
          merge(linears);
    }
    eraseUnusedWeights();
  }

private:
  /// The file-backed weight a value reads, or null.
  xf::WeightOp weightOf(Value value) {
    auto read = value.getDefiningOp<xf::GetWeightOp>();
    auto weight =
        read ? symbols->lookup<xf::WeightOp>(read.getWeight()) : nullptr;
    return weight && weight.getSources() ? weight : nullptr;
  }

  /// Reads a weight made of the rows of all parts; made once for all entry
  /// points.
  Value concatenate(OpBuilder &builder, Location loc, ArrayRef<Value> parts) {
    SmallVector<StringRef> names;
    SmallVector<Attribute> sources;
    int64_t rows = 0;
    auto type = cast<RankedTensorType>(parts.front().getType());
    for (Value part : parts) {
      xf::WeightOp weight = weightOf(part);
      names.push_back(weight.getSymName());
      llvm::append_range(sources, *weight.getSources());
      rows += cast<RankedTensorType>(part.getType()).getDimSize(0);
    }
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = rows;
    type =
        RankedTensorType::get(shape, type.getElementType(), type.getEncoding());
    std::string name = joinNames(names);
    auto merged = symbols->lookup<xf::WeightOp>(name);
    if (!merged) {
      OpBuilder atWeights(weightOf(parts.front()));
      merged = atWeights.create<xf::WeightOp>(
          weightOf(parts.front()).getLoc(), name, type,
          builder.getArrayAttr(sources), xf::RopeAttr(), xf::AlibiAttr());
      symbols->insert(merged);
    }
    return builder.create<xf::GetWeightOp>(loc, type, name);
  }

  void merge(ArrayRef<xf::LinearOp> linears) {
    xf::LinearOp first = linears.front();
    OpBuilder builder(first);
    SmallVector<Value> weights, biases;
    SmallVector<Location> locs;
    for (xf::LinearOp op : linears) {
      weights.push_back(op.getWeight());
      if (op.getBias())
        biases.push_back(op.getBias());
      locs.push_back(op.getLoc());
    }
    Location loc = builder.getFusedLoc(locs);
    Value weight = concatenate(builder, loc, weights);
    Value bias = biases.empty() ? Value() : concatenate(builder, loc, biases);
    auto resultType = cast<RankedTensorType>(first.getResult().getType());
    auto rows = cast<RankedTensorType>(weight.getType()).getDimSize(0);
    auto wide = RankedTensorType::get({resultType.getDimSize(0), rows},
                                      resultType.getElementType());
    Value all =
        builder.create<xf::LinearOp>(loc, wide, first.getX(), weight, bias);
    int64_t offset = 0;
    for (xf::LinearOp op : linears) {
      auto type = cast<RankedTensorType>(op.getResult().getType());
      Value part = builder.create<xf::SliceOp>(op.getLoc(), type, all, offset);
      op.getResult().replaceAllUsesWith(part);
      offset += type.getDimSize(1);
    }
    for (xf::LinearOp op : linears)
      op.erase();
    merged += linears.size() - 1;
  }

  void eraseUnusedWeights() {
    SmallVector<xf::GetWeightOp> dead;
    llvm::DenseSet<StringAttr> used;
    getOperation().walk([&](xf::GetWeightOp op) {
      if (op.getResult().use_empty())
        dead.push_back(op);
      else
        used.insert(op.getWeightAttr().getAttr());
    });
    for (xf::GetWeightOp op : dead)
      op.erase();
    for (auto weight :
         llvm::make_early_inc_range(getOperation().getOps<xf::WeightOp>()))
      if (!used.contains(weight.getSymNameAttr()))
        symbols->erase(weight);
  }

  std::optional<SymbolTable> symbols;
};

} // namespace
