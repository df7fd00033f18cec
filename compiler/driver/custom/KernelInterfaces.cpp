// Bindings and grid from a region's types and uses; see KernelInterfaces.h.
#include "compiler/driver/custom/KernelInterfaces.h"

#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/grid/GridShell.h"
#include "compiler/lowering/XfToPlan.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace sinter;

bool sinter::isWeightType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getEncoding();
}

ArgumentRole sinter::roleOf(xf::RegionOp region, unsigned index) {
  BlockArgument argument = region.getBody().getArgument(index);
  if (isa<xf::KvCacheType>(argument.getType()))
    return ArgumentRole::cache;
  auto type = cast<RankedTensorType>(argument.getType());
  if (type.getElementType().isInteger(32))
    return ArgumentRole::tokens;
  if (!isWeightType(type))
    return ArgumentRole::activation;
  if (type.getRank() == 1)
    return ArgumentRole::vector;
  for (Operation *user : argument.getUsers()) {
    auto rope = dyn_cast<xf::RopeOp>(user);
    auto attention = dyn_cast<xf::AttentionOp>(user);
    if ((rope && rope.getTable() == argument) ||
        (attention && attention.getBias() == argument))
      return ArgumentRole::table;
  }
  return ArgumentRole::matrix;
}

bool sinter::isAppendedTo(xf::RegionOp region, unsigned index) {
  return llvm::any_of(region.getBody().getArgument(index).getUsers(),
                      [](Operation *user) { return isa<xf::AppendOp>(user); });
}

/// Rows as text: a number or token_count.
static std::string rowsOf(RankedTensorType type, int64_t maxTokens) {
  if (!type.isDynamicDim(0))
    return std::to_string(type.getDimSize(0));
  return "token_count <= " + std::to_string(maxTokens);
}

static std::string meaningOf(xf::RegionOp region, unsigned index,
                             int64_t maxTokens) {
  Type type = region.getArgumentTypes()[index];
  ArgumentRole role = roleOf(region, index);
  if (auto cache = dyn_cast<xf::KvCacheType>(type))
    return llvm::formatv("cache, {0} [2: keys, values][{1} heads][{2} "
                         "positions][{3}]",
                         cache.getElementType().isF16() ? "f16" : "f32",
                         cache.getKvHeads(), cache.getCapacity(),
                         cache.getHeadDim());
  auto tensor = cast<RankedTensorType>(type);
  if (role == ArgumentRole::tokens)
    return "tokens, i32 [" + rowsOf(tensor, maxTokens) + "]";
  if (role == ArgumentRole::vector)
    return llvm::formatv("weight, f32 [{0}]", tensor.getDimSize(0));
  if (role == ArgumentRole::table)
    return llvm::formatv("table, f32 [{0}][{1}]; of rotary ones a row is a "
                         "position's cosines, then its sines",
                         tensor.getDimSize(0), tensor.getDimSize(1));
  if (role == ArgumentRole::activation)
    return llvm::formatv("f32 [{0}][{1}]", rowsOf(tensor, maxTokens),
                         tensor.getDimSize(1));
  kernels::RegionRows part = kernels::rowsOfRegion(region);
  int64_t rows = part.count ? part.count : tensor.getDimSize(0);
  return llvm::formatv(
      "weight, {0} rows16 (packed-weights.md) of {1} rows x "
      "{2} columns{3}",
      xf::stringifyScheme(xf::getScheme(tensor)), rows, tensor.getDimSize(1),
      part.count ? ", from row " + std::to_string(part.first) : std::string());
}

/// The region's ops, without locations and types of no interest here.
static std::vector<std::string> opsOf(xf::RegionOp region) {
  std::string text;
  llvm::raw_string_ostream out(text);
  OpPrintingFlags flags;
  flags.useLocalScope();
  region->print(out, flags);
  std::vector<std::string> lines;
  for (llvm::StringRef line : llvm::split(out.str(), '\n')) {
    llvm::StringRef op = line.trim();
    if (op.starts_with("%") || op.starts_with("xf.append") ||
        op.starts_with("xf.yield"))
      lines.push_back(op.str());
  }
  return lines;
}

static KernelBinding bindingOf(Type type, llvm::StringRef name,
                               int64_t maxTokens) {
  KernelBinding binding;
  binding.name = name.str();
  MemRefType memory = kernels::gridBindingType(type, maxTokens);
  binding.bytes = memory.getNumElements() * 4;
  binding.element = memory.getElementType().isF32() ? BindingElement::f32
                                                    : BindingElement::packed;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && tensor.getElementType().isInteger(32))
    binding.element = BindingElement::i32;
  return binding;
}

KernelInterface sinter::interfaceOf(xf::RegionOp region) {
  KernelInterface interface;
  interface.id = region.getSymName().str();
  auto most = region->getAttrOfType<IntegerAttr>(kernels::kMaxTokensAttr);
  int64_t maxTokens = most ? most.getInt() : 1;
  kernels::RegionRows part = kernels::rowsOfRegion(region);
  unsigned arguments = region.getArgumentTypes().size();
  for (auto [i, type] : llvm::enumerate(region.getArgumentTypes())) {
    auto index = static_cast<unsigned>(i);
    ArgumentRole role = roleOf(region, index);
    bool cache = role == ArgumentRole::cache;
    bool weight = isWeightType(type);
    Type bound = type;
    if (part.count && role == ArgumentRole::matrix)
      bound = cast<RankedTensorType>(type).clone(
          {part.count, cast<RankedTensorType>(type).getDimSize(1)});
    llvm::StringRef stem = cache ? "cache" : weight ? "w" : "x";
    KernelBinding binding =
        bindingOf(bound, stem.str() + std::to_string(index), maxTokens);
    binding.weight = weight;
    binding.written = cache && isAppendedTo(region, index);
    binding.meaning = meaningOf(region, index, maxTokens);
    interface.bindings.push_back(std::move(binding));
  }
  for (auto [i, type] : llvm::enumerate(region.getResultTypes())) {
    KernelBinding binding =
        bindingOf(type, "y" + std::to_string(arguments + i), maxTokens);
    binding.written = true;
    auto tensor = cast<RankedTensorType>(type);
    binding.meaning = "result, ";
    binding.meaning += binding.element == BindingElement::i32 ? "i32" : "f32";
    binding.meaning += " [" + rowsOf(tensor, maxTokens) + "]";
    if (tensor.getRank() == 2)
      binding.meaning += "[" + std::to_string(tensor.getDimSize(1)) + "]";
    interface.bindings.push_back(std::move(binding));
  }
  const kernels::KernelFamily *family = kernels::selectFamily(region).family;
  kernels::WorkItems items = family->workItems(region);
  interface.items = items.items;
  interface.perTokens = items.perTokens;
  interface.family = family->name().str();
  interface.ops = opsOf(region);
  return interface;
}

/// Ids whose beginning, up to the shape or the hash, is that of `id`.
static std::string idsLike(ModuleOp module, llvm::StringRef id) {
  SmallVector<llvm::StringRef> near, all;
  llvm::StringRef family = id.split('_').first;
  for (xf::RegionOp region : kernelRegions(module)) {
    all.push_back(region.getSymName());
    if (region.getSymName().starts_with(family))
      near.push_back(region.getSymName());
  }
  return llvm::join(near.empty() ? all : near, ", ");
}

llvm::Expected<xf::RegionOp> sinter::findRegion(ModuleOp module,
                                                llvm::StringRef id) {
  for (xf::RegionOp region : kernelRegions(module))
    if (region.getSymName() == id)
      return region;
  return inputError("kernel '" + id + "' is none of this model's; there are " +
                    idsLike(module, id));
}
