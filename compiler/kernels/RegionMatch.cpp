// Matching regions by def-use, and names for them (RegionMatch.h).
#include "compiler/kernels/RegionMatch.h"

#include "compiler/kernels/KernelFamily.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

int64_t sinter::kernels::columnsOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

int64_t sinter::kernels::rowsOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getDimSize(0);
}

Value RegionMatch::result(unsigned index) {
  return region.getBody().front().getTerminator()->getOperand(index);
}

bool RegionMatch::takeNorm(Value &value, int64_t groups, NormPart &norm) {
  if (auto op = take<xf::RmsNormOp>(value)) {
    norm.normWeight = dyn_cast<BlockArgument>(op.getWeight());
    norm.epsilon = op.getEpsilon().convertToDouble();
    value = op.getX();
    return norm.normWeight && int64_t(op.getGroups()) == groups;
  }
  auto op = take<xf::LayerNormOp>(value);
  if (!op)
    return true;
  norm.isLayerNorm = true;
  norm.normWeight = dyn_cast<BlockArgument>(op.getWeight());
  norm.epsilon = op.getEpsilon().convertToDouble();
  norm.normOfEachGroup = groups > 1 && norm.normWeight &&
                         columnsOf(norm.normWeight) == columnsOf(op.getX());
  value = op.getX();
  if (op.getBias() && !(norm.normBias = dyn_cast<BlockArgument>(op.getBias())))
    return false;
  return norm.normWeight && int64_t(op.getGroups()) == groups;
}

std::optional<RowPart> RegionMatch::takeRowPart(Value value) {
  RowPart part;
  part.columns = columnsOf(value);
  if (auto slice = take<xf::SliceOp>(value)) {
    part.offset = slice.getOffset();
    value = slice.getX();
  }
  part.argument = dyn_cast<BlockArgument>(value);
  if (!part.argument || xf::getScheme(value.getType()) != xf::Scheme::f32)
    return std::nullopt;
  part.stride = columnsOf(value);
  return part;
}

std::optional<HeadRows> RegionMatch::takeHeadRows(Value value, int64_t heads,
                                                  int64_t headDim,
                                                  std::string &reason) {
  HeadRows rows;
  rows.heads = heads;
  rows.headDim = headDim;
  if (auto rope = take<xf::RopeOp>(value)) {
    rows.ropeTable = dyn_cast_or_null<BlockArgument>(rope.getTable());
    rows.ropeDim = rope.getRope().getDim();
    if (!rows.ropeTable || int64_t(rope.getHeads()) != heads) {
      reason = "rope has no table, or other heads than attention";
      return std::nullopt;
    }
    value = rope.getX();
  }
  if (!takeNorm(value, heads, rows)) {
    reason = "the norm before attention is not one of each head";
    return std::nullopt;
  }
  std::optional<RowPart> source = takeRowPart(value);
  if (!source) {
    reason = "q, k or v is neither an argument nor a slice of one";
    return std::nullopt;
  }
  rows.source = *source;
  return rows;
}

bool RegionMatch::complete(std::string &reason) {
  for (Operation &op : region.getBody().front().without_terminator())
    if (!taken.contains(&op)) {
      reason = op.getName().getStringRef().str() + " is not part of its shape";
      return false;
    }
  return true;
}

std::string sinter::kernels::structureOf(xf::RegionOp region) {
  std::string text;
  llvm::raw_string_ostream out(text);
  llvm::DenseMap<Value, unsigned> numbers;
  auto define = [&](Value value) {
    unsigned number = numbers.size();
    numbers[value] = number;
    out << "%" << number << ":" << value.getType() << " ";
  };
  if (RegionRows rows = rowsOfRegion(region); rows.count)
    out << "rows " << rows.first << " " << rows.count << " ";
  Block &body = region.getBody().front();
  for (Value argument : body.getArguments())
    define(argument);
  for (Operation &op : body) {
    out << "\n" << op.getName().getStringRef() << op.getAttrDictionary();
    for (Value operand : op.getOperands())
      out << " %" << numbers.lookup(operand);
    out << " = ";
    for (Value value : op.getResults())
      define(value);
  }
  return text;
}

std::string sinter::kernels::uniqueId(llvm::StringRef prefix,
                                      xf::RegionOp region) {
  std::string id = llvm::formatv(
      "{0}_{1:x-8}", prefix,
      static_cast<uint32_t>(llvm::xxh3_64bits(structureOf(region))));
  for (char &c : id)
    if (!llvm::isAlnum(c))
      c = '_';
  return id;
}
