// Random inputs as mathematics and as bytes, and the comparison; see
// RegionCase.h. Weights are packed by compiler/quant, so that a kernel sees
// what a bundle would hold.
#include "compiler/driver/custom/RegionCase.h"

#include "compiler/kernels/KernelFamily.h"
#include "compiler/quant/Half.h"
#include "compiler/quant/Scheme.h"
#include "compiler/reference/Ops.h"
#include "compiler/support/Error.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <cstring>
#include <random>

using namespace mlir;
using namespace sinter;
using reference::Datum;
using reference::KvCache;
using reference::Tensor;

/// Operations that evaluating one case may take.
static constexpr double kMostFlops = 4e9;
/// An odd number of tokens, and a position that begins no block of anything.
static constexpr int64_t kSomeTokens = 5, kSomePosition = 11;
static constexpr double kTolerance = 1e-4, kHalfTolerance = 2e-3;
/// Rows are compared as if their largest number was at least this.
static constexpr double kSmallest = 1e-3;

//===-- Sizes and tolerances ----------------------------------------------===//

/// Positions that the region's caches and tables have; 0 where it does not
/// depend on the position.
static int64_t positionsOf(xf::RegionOp region) {
  int64_t positions = 0;
  auto limit = [&](int64_t count) {
    positions = positions ? std::min(positions, count) : count;
  };
  for (Type type : region.getArgumentTypes())
    if (auto cache = dyn_cast<xf::KvCacheType>(type))
      limit(cache.getCapacity());
  region.walk([&](Operation *op) {
    Value table;
    if (auto rope = dyn_cast<xf::RopeOp>(op))
      table = rope.getTable();
    if (auto add = dyn_cast<xf::AddPositionsOp>(op))
      table = add.getTable();
    if (table)
      limit(cast<RankedTensorType>(table.getType()).getDimSize(0));
  });
  return positions;
}

static bool hasOpenRows(xf::RegionOp region) {
  return llvm::any_of(region.getArgumentTypes(), [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.isDynamicDim(0);
  });
}

/// The most tokens that are evaluated in reasonable time.
static int64_t mostTokens(xf::RegionOp region) {
  auto most = region->getAttrOfType<IntegerAttr>(kernels::kMaxTokensAttr);
  int64_t tokens = most ? most.getInt() : 1;
  kernels::Cost cost = kernels::selectFamily(region).family->cost(region);
  double each = std::max(1.0, cost.flopsPerToken);
  return std::max<int64_t>(
      1, std::min<int64_t>(tokens, static_cast<int64_t>(kMostFlops / each)));
}

std::vector<CaseSize> sinter::caseSizes(xf::RegionOp region) {
  int64_t positions = positionsOf(region);
  int64_t most = hasOpenRows(region) ? mostTokens(region) : 1;
  if (positions)
    most = std::min(most, positions);
  std::vector<CaseSize> sizes;
  auto add = [&](int64_t tokens, int64_t position) {
    tokens = std::min(tokens, most);
    position = std::max<int64_t>(0, std::min(position, positions - tokens));
    int64_t row = sizes.empty() ? 0 : tokens - 1;
    for (const CaseSize &known : sizes)
      if (known.tokens == tokens && known.position == position)
        return;
    sizes.push_back({tokens, position, row});
  };
  add(1, 0);
  add(kSomeTokens, kSomePosition);
  add(most, positions);
  if (sizes.size() == 1) { // other numbers at least
    sizes.push_back(sizes.front());
    sizes.back().draw = 1;
  }
  return sizes;
}

double sinter::defaultTolerance(xf::RegionOp region) {
  for (Type type : region.getArgumentTypes())
    if (auto cache = dyn_cast<xf::KvCacheType>(type))
      if (cache.getElementType().isF16())
        return kHalfTolerance;
  return kTolerance;
}

//===-- Random arguments --------------------------------------------------===//

namespace {

/// Random numbers of one argument; the generator's numbers are the same on
/// every machine, which std::normal_distribution's are not.
class Maker {
public:
  explicit Maker(uint32_t seed) : random(seed) {}

  /// About normal, variance 1: the sum of four uniform numbers.
  float normal() {
    double sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += double(random()) / 4294967296.0;
    return static_cast<float>((sum - 2) * 1.7320508);
  }
  int32_t below(int64_t limit) {
    return static_cast<int32_t>(random() % static_cast<uint64_t>(limit));
  }
  Tensor tensor(int64_t rows, int64_t columns) {
    Tensor made(rows, columns);
    for (float &value : made.values)
      value = normal();
    return made;
  }

private:
  std::mt19937 random;
};

/// Puts numbers at the beginning of a binding's bytes.
template <typename T>
void put(std::vector<uint8_t> &bytes, llvm::ArrayRef<T> values) {
  size_t size = std::min(bytes.size(), values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), size);
}

/// A random matrix, packed; its meaning is what the packed bytes say.
Tensor packedMatrix(RankedTensorType type, kernels::RegionRows part,
                    Maker &maker, std::vector<uint8_t> &bytes) {
  const quant::Scheme *scheme =
      quant::findScheme(xf::stringifyScheme(xf::getScheme(type)));
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  int64_t first = part.first / quant::kPanelRows;
  auto panelBytes = static_cast<size_t>(scheme->panelBytes(columns));
  Tensor meaning(rows, columns);
  std::vector<float> panel(static_cast<size_t>(quant::kPanelRows * columns));
  std::vector<uint8_t> packed(panelBytes);
  quant::PackStats stats;
  for (int64_t p = 0; p < quant::panelCount(rows); ++p) {
    int64_t there = std::min(quant::kPanelRows, rows - p * quant::kPanelRows);
    std::fill(panel.begin(), panel.end(), 0.0f);
    for (int64_t i = 0; i < there * columns; ++i)
      panel[static_cast<size_t>(i)] = maker.normal();
    scheme->packPanel(panel.data(), columns, {}, packed.data(), stats);
    scheme->unpackPanel(packed.data(), columns, panel.data());
    std::copy_n(panel.begin(), there * columns,
                meaning.values.begin() + p * quant::kPanelRows * columns);
    size_t at = static_cast<size_t>(p - first) * panelBytes;
    if (p >= first && at + panelBytes <= bytes.size())
      std::memcpy(bytes.data() + at, packed.data(), panelBytes);
  }
  return meaning;
}

/// Bytes of a cache element at an index of KvCache, of keys or values.
size_t cacheOffset(const KvCache &cache, bool values, size_t index) {
  return (values ? cache.keys.size() : 0) + index;
}

float cacheNumber(const KvCache &cache, const std::vector<uint8_t> &bytes,
                  bool values, size_t index) {
  size_t at = cacheOffset(cache, values, index);
  if (cache.half) {
    uint16_t half;
    std::memcpy(&half, bytes.data() + 2 * at, 2);
    return quant::halfToFloat(half);
  }
  float value;
  std::memcpy(&value, bytes.data() + 4 * at, 4);
  return value;
}

/// Random keys and values for the first `positions` tokens.
void fillCache(KvCache &cache, int64_t positions, Maker &maker,
               std::vector<uint8_t> &bytes) {
  for (bool values : {false, true}) {
    std::vector<float> &numbers = values ? cache.values : cache.keys;
    for (int64_t head = 0; head < cache.kvHeads; ++head)
      for (int64_t i = 0; i < positions * cache.headDim; ++i) {
        size_t index = cache.index(head, 0) + static_cast<size_t>(i);
        float value = maker.normal();
        size_t at = cacheOffset(cache, values, index);
        if (cache.half) {
          uint16_t half = quant::floatToHalf(value);
          std::memcpy(bytes.data() + 2 * at, &half, 2);
          value = quant::halfToFloat(half);
        } else {
          std::memcpy(bytes.data() + 4 * at, &value, 4);
        }
        numbers[index] = value;
      }
  }
}

/// Cosines and sines where a rotary table is bound, random biases elsewhere.
Tensor tableOf(xf::RegionOp region, unsigned index, Maker &maker) {
  BlockArgument argument = region.getBody().getArgument(index);
  auto type = cast<RankedTensorType>(argument.getType());
  for (OpOperand &use : argument.getUses())
    if (auto rope = dyn_cast<xf::RopeOp>(use.getOwner()))
      return reference::ropeTable(rope.getRope(), type.getDimSize(0));
  return maker.tensor(type.getDimSize(0), type.getDimSize(1));
}

/// Rows of the table that token ids choose from.
int64_t vocabularyOf(BlockArgument tokens) {
  for (Operation *user : tokens.getUsers())
    if (auto lookup = dyn_cast<xf::EmbeddingOp>(user))
      return cast<RankedTensorType>(lookup.getTable().getType()).getDimSize(0);
  return 1;
}

} // namespace

void RegionCase::addArgument(unsigned index, uint32_t seed) {
  Maker maker(seed);
  BlockArgument argument = region.getBody().getArgument(index);
  // All ones: NaN in every format.
  std::vector<uint8_t> bytes(
      static_cast<size_t>(interface->bindings[index].bytes), 0xff);
  auto rowsOf = [&](RankedTensorType type) {
    return type.isDynamicDim(0) ? runSize.tokens : type.getDimSize(0);
  };
  auto floats = [&](Tensor tensor) {
    put<float>(bytes, tensor.values);
    arguments.push_back(reference::makeDatum(std::move(tensor)));
  };
  if (auto type = dyn_cast<xf::KvCacheType>(argument.getType())) {
    caches.push_back(std::make_unique<KvCache>(
        type.getKvHeads(), type.getCapacity(), type.getHeadDim(),
        type.getElementType().isF16()));
    // A region that does not append finds this run's tokens in the cache.
    int64_t cached =
        runSize.position + (isAppendedTo(region, index) ? 0 : runSize.tokens);
    fillCache(*caches.back(), cached, maker, bytes);
    arguments.push_back(caches.back().get());
  } else {
    auto tensor = cast<RankedTensorType>(argument.getType());
    switch (roleOf(region, index)) {
    case ArgumentRole::tokens: {
      reference::Tokens tokens;
      for (int64_t i = 0; i < rowsOf(tensor); ++i)
        tokens.push_back(maker.below(vocabularyOf(argument)));
      put<int32_t>(bytes, tokens);
      arguments.push_back(std::move(tokens));
      break;
    }
    case ArgumentRole::matrix:
      arguments.push_back(reference::makeDatum(
          packedMatrix(tensor, kernels::rowsOfRegion(region), maker, bytes)));
      break;
    case ArgumentRole::vector:
      floats(maker.tensor(1, tensor.getDimSize(0)));
      break;
    case ArgumentRole::table:
      floats(tableOf(region, index, maker));
      break;
    default:
      floats(maker.tensor(rowsOf(tensor), tensor.getDimSize(1)));
    }
  }
  bindings.push_back(std::move(bytes));
}

llvm::Expected<RegionCase> RegionCase::make(xf::RegionOp region,
                                            const KernelInterface &interface,
                                            const CaseSize &size) {
  RegionCase made;
  made.region = region;
  made.interface = &interface;
  made.runSize = size;
  unsigned arguments = region.getArgumentTypes().size();
  auto seed = static_cast<uint32_t>(1 + 1000 * size.tokens + size.position) +
              1'000'003 * size.draw;
  for (unsigned i = 0; i < arguments; ++i)
    made.addArgument(i, seed + 7919 * i);
  for (size_t i = arguments; i < interface.bindings.size(); ++i)
    made.bindings.emplace_back(static_cast<size_t>(interface.bindings[i].bytes),
                               0xff);
  made.before = made.bindings;
  reference::Evaluator evaluator([](xf::WeightOp) -> llvm::Expected<Tensor> {
    return internalError("a region reads a weight by its symbol");
  });
  auto results =
      evaluator.run(region, made.arguments, {size.position, size.row});
  if (!results)
    return results.takeError();
  made.results = std::move(*results);
  return std::move(made);
}

//===-- Comparison --------------------------------------------------------===//

/// Where `count` numbers differ by more than tolerance times the row's largest.
static std::string compareRow(int64_t count, double tolerance,
                              llvm::function_ref<double(int64_t)> expected,
                              llvm::function_ref<double(int64_t)> got) {
  double largest = kSmallest;
  for (int64_t i = 0; i < count; ++i)
    largest = std::max(largest, std::fabs(expected(i)));
  for (int64_t i = 0; i < count; ++i)
    if (!(std::fabs(got(i) - expected(i)) <= tolerance * largest)) {
      std::string text;
      llvm::raw_string_ostream(text) << llvm::format(
          "column %lld is %.6g, not %.6g (allowed difference: "
          "%g of the row's largest number, %.6g)",
          static_cast<long long>(i), got(i), expected(i), tolerance, largest);
      return text;
    }
  return {};
}

std::string RegionCase::compareResult(unsigned index, const Datum &expected,
                                      double tolerance) const {
  const std::vector<uint8_t> &bytes = bindings[index];
  if (auto *tokens = std::get_if<reference::Tokens>(&expected)) {
    for (auto [i, token] : llvm::enumerate(*tokens)) {
      int32_t got;
      std::memcpy(&got, bytes.data() + 4 * i, 4);
      if (got != token)
        return llvm::formatv("row {0} is {1}, not {2}", i, got, token);
    }
    return {};
  }
  const Tensor &wanted = reference::tensorOf(expected);
  kernels::RegionRows part = kernels::rowsOfRegion(region);
  int64_t first = part.count ? part.first : 0;
  int64_t count = part.count ? part.count : wanted.columns;
  for (int64_t r = 0; r < wanted.rows; ++r) {
    auto got = [&](int64_t c) {
      float value;
      std::memcpy(&value, bytes.data() + 4 * (r * wanted.columns + first + c),
                  4);
      return double(value);
    };
    std::string where = compareRow(
        count, tolerance,
        [&](int64_t c) { return double(wanted.at(r, first + c)); }, got);
    if (!where.empty())
      return "row " + std::to_string(r) + ", " + where;
  }
  return {};
}

/// Rows of the run's tokens are compared, all others must be as before.
std::string RegionCase::compareCache(unsigned index, double tolerance) const {
  const KvCache &cache = *std::get<KvCache *>(arguments[index]);
  int64_t end = runSize.position + runSize.tokens;
  for (bool values : {false, true})
    for (int64_t head = 0; head < cache.kvHeads; ++head)
      for (int64_t p = 0; p < cache.capacity; ++p) {
        size_t at = cache.index(head, p);
        const std::vector<float> &wanted = values ? cache.values : cache.keys;
        std::string where;
        size_t each = cache.half ? 2 : 4;
        size_t byte = each * cacheOffset(cache, values, at);
        if (p < runSize.position || p >= end) {
          size_t size = each * static_cast<size_t>(cache.headDim);
          if (std::memcmp(&before[index][byte], &bindings[index][byte], size))
            where = "is not of this run's tokens, but written";
        } else {
          where = compareRow(
              cache.headDim, tolerance,
              [&](int64_t d) { return double(wanted[at + size_t(d)]); },
              [&](int64_t d) {
                return double(cacheNumber(cache, bindings[index], values,
                                          at + size_t(d)));
              });
        }
        if (!where.empty())
          return llvm::formatv("{0} of head {1} at position {2}: {3}",
                               values ? "value" : "key", head, p, where);
      }
  return {};
}

std::string RegionCase::compareBinding(unsigned index, double tolerance) const {
  if (index >= arguments.size())
    return compareResult(index, results[index - arguments.size()], tolerance);
  if (interface->bindings[index].written)
    return compareCache(index, tolerance);
  return before[index] == bindings[index]
             ? std::string()
             : "is an input of the region, but written";
}

std::string RegionCase::compare(double tolerance) const {
  for (unsigned i = 0; i < bindings.size(); ++i) {
    std::string where = compareBinding(i, tolerance);
    if (!where.empty())
      return llvm::formatv(
          "token_count {0}, position {1}: binding {2} ({3}): {4}",
          runSize.tokens, runSize.position, i, interface->bindings[i].meaning,
          where);
  }
  return {};
}
