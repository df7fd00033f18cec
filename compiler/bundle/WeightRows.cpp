//===- WeightRows.cpp - The rows of a weight, from the model's files ------===//
//
// See WeightRows.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/WeightRows.h"

#include "compiler/import/DequantRows.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace sinter;
using quant::kPanelRows;

/// Largest row we are ready to widen: 16 of them as f32 are 1 GiB.
static constexpr int64_t kMaxColumns = int64_t(1) << 24;

llvm::Error WeightRows::addPart(xf::SourceAttr attr, llvm::StringRef weight) {
  llvm::Expected<const TensorInfo *> tensor = source->require(attr.getName());
  if (!tensor)
    return tensor.takeError();
  auto wrong = [&](const llvm::Twine &what) {
    return inputError(source->path() + ": tensor " + attr.getName() + " " +
                      (*tensor)->describe() + " " + what + " for weight " +
                      weight);
  };
  if (!isFloatLike((*tensor)->dtype))
    return unsupportedError(source->path() + ": tensor " + attr.getName() +
                            " is stored as " + dtypeName((*tensor)->dtype) +
                            ", which is no type of weights");
  std::optional<uint64_t> elements = elementCount((*tensor)->shape);
  int64_t stored = (*tensor)->rowElements();
  if (!elements || *elements == 0)
    return wrong("is empty");
  Part part{};
  part.transposed = attr.getTransposed();
  part.plusOne = attr.getPlusOne();
  int64_t all = static_cast<int64_t>(*elements) / columnCount;
  if (part.transposed) {
    if (isVector || stored != all || isBlockType((*tensor)->dtype))
      return wrong("cannot be read by columns");
  } else if (!isVector && stored != columnCount) {
    return wrong("has not " + std::to_string(columnCount) + " columns");
  }
  part.tensor = *tensor;
  part.firstRow = rowCount;
  part.rows = all;
  part.rowBytes = *rowBytes((*tensor)->dtype, static_cast<uint64_t>(stored));
  if (llvm::ArrayRef<int64_t> rows = attr.getRows(); !rows.empty()) {
    part.first = rows[0], part.count = rows[1], part.stride = rows[2];
    if (all % part.stride)
      return wrong("is no multiple of " + std::to_string(part.stride) +
                   " rows");
    part.rows = all / part.stride * part.count;
  }
  if (int64_t heads = attr.getUnpermuteHeads()) {
    if (heads < 0 || part.rows % heads || part.rows / heads % 2)
      return wrong("cannot be divided into " + std::to_string(heads) +
                   " heads of rotary pairs");
    part.headRows = part.rows / heads;
  }
  rowCount += part.rows;
  parts.push_back(part);
  return llvm::Error::success();
}

llvm::Expected<WeightRows> WeightRows::find(xf::WeightOp weight,
                                            const ModelSource &source) {
  auto type = mlir::cast<mlir::RankedTensorType>(weight.getType());
  WeightRows result;
  result.source = &source;
  result.isVector = type.getRank() == 1;
  result.columnCount = result.isVector ? 1 : type.getDimSize(1);
  if (result.columnCount <= 0 || result.columnCount > kMaxColumns)
    return unsupportedError("weight " + weight.getSymName() + " has rows of " +
                            llvm::Twine(result.columnCount) +
                            " elements; at most " + llvm::Twine(kMaxColumns) +
                            " are possible");
  mlir::ArrayAttr sources = *weight.getSources();
  for (mlir::Attribute attr : sources)
    if (llvm::Error error = result.addPart(mlir::cast<xf::SourceAttr>(attr),
                                           weight.getSymName()))
      return std::move(error);
  if (result.rowCount != type.getDimSize(0))
    return inputError(source.path() + ": the tensors of weight " +
                      weight.getSymName() + " have " +
                      llvm::Twine(result.rowCount) + " rows, not " +
                      llvm::Twine(type.getDimSize(0)));
  return result;
}

const WeightRows::Part &WeightRows::partOf(int64_t row) const {
  return *llvm::find_if(
      parts, [&](const Part &part) { return row < part.firstRow + part.rows; });
}

/// Half-split row i of a head of D rows is the first (i < D/2) or second of the
/// interleaved pair i mod D/2.
int64_t WeightRows::storedRow(const Part &part, int64_t row) {
  int64_t local = row - part.firstRow;
  if (part.count)
    return part.first + local / part.count * part.stride + local % part.count;
  if (part.headRows == 0)
    return local;
  int64_t half = part.headRows / 2, i = local % part.headRows;
  return local - i + 2 * (i % half) + i / half;
}

const uint8_t *WeightRows::rowAt(const Part &part, int64_t row) const {
  return source->bytes(*part.tensor).data() +
         static_cast<uint64_t>(storedRow(part, row)) * part.rowBytes;
}

void WeightRows::readRow(const Part &part, int64_t row, float *out) const {
  DType dtype = part.tensor->dtype;
  if (!part.transposed) {
    readRowF32(dtype, rowAt(part, row), columnCount, out);
  } else {
    auto column = static_cast<uint64_t>(storedRow(part, row));
    const uint8_t *at =
        source->bytes(*part.tensor).data() + *rowBytes(dtype, column);
    for (int64_t i = 0; i < columnCount; ++i, at += part.rowBytes)
      readRowF32(dtype, at, 1, out + i);
  }
  if (part.plusOne)
    for (int64_t i = 0; i < columnCount; ++i)
      out[i] += 1.0f;
}

static bool isBlockOf(DType dtype, const quant::Scheme &scheme) {
  return isBlockType(dtype) && dtypeName(dtype) == scheme.name();
}

bool WeightRows::repacks(const quant::Scheme &scheme) const {
  return llvm::any_of(parts, [&](const Part &part) {
    return isBlockOf(part.tensor->dtype, scheme) && !part.plusOne;
  });
}

void WeightRows::packPanel(int64_t panel, const quant::Scheme &scheme,
                           const quant::PackOptions &options, float *scratch,
                           uint8_t *packed, quant::PackStats &stats) const {
  const uint8_t *blocks[kPanelRows];
  bool anyBlocks = false, allBlocks = true;
  for (int64_t r = 0; r < kPanelRows; ++r) {
    int64_t row = panel * kPanelRows + r;
    float *out = scratch + r * columnCount;
    blocks[r] = nullptr;
    if (row < rowCount) {
      const Part &part = partOf(row);
      if (isBlockOf(part.tensor->dtype, scheme) && !part.plusOne) {
        blocks[r] = rowAt(part, row);
        anyBlocks = true;
      } else {
        readRow(part, row, out);
      }
    }
    allBlocks &= blocks[r] != nullptr;
    if (row >= rowCount || blocks[r])
      std::fill_n(out, columnCount, 0.0f);
  }
  if (!allBlocks)
    scheme.packPanel(scratch, columnCount, options, packed, stats);
  if (anyBlocks)
    scheme.repackPanel(blocks, columnCount, packed, stats);
}

void WeightRows::readVector(float *out, quant::PackStats &stats) const {
  for (const Part &part : parts) {
    const TensorInfo &tensor = *part.tensor;
    // Stored as rows of rowElements() numbers; ours are single ones.
    int64_t width = tensor.rowElements();
    auto all = static_cast<int64_t>(*elementCount(tensor.shape));
    std::vector<float> stored(static_cast<size_t>(all));
    const uint8_t *bytes = source->bytes(tensor).data();
    for (int64_t at = 0; at < all; at += width, bytes += part.rowBytes)
      readRowF32(tensor.dtype, bytes, width, stored.data() + at);
    for (int64_t r = 0; r < part.rows; ++r) {
      float x = stored[static_cast<size_t>(storedRow(part, part.firstRow + r))];
      if (part.plusOne)
        x += 1.0f;
      out[part.firstRow + r] = x;
      if (std::isfinite(x))
        stats.squaredSum += static_cast<double>(x) * x;
      else
        ++stats.nonFinite;
    }
  }
}

/// The stored bytes behind some rows, one run per tensor. A reordered head is
/// taken whole.
llvm::SmallVector<WeightRows::Run, 2> WeightRows::runs(int64_t first,
                                                       int64_t count) const {
  llvm::SmallVector<Run, 2> result;
  for (const Part &part : parts) {
    int64_t begin = std::max<int64_t>(0, first - part.firstRow);
    int64_t end = std::min(part.rows, first + count - part.firstRow);
    if (begin >= end)
      continue;
    if (isVector || part.transposed) {
      result.push_back({&part, 0, part.tensor->bytes});
      continue;
    }
    if (part.count) { // whole units of the pattern
      begin = begin / part.count * part.stride;
      end = ((end - 1) / part.count + 1) * part.stride;
    }
    if (part.headRows) {
      begin = begin / part.headRows * part.headRows;
      end = (end + part.headRows - 1) / part.headRows * part.headRows;
    }
    result.push_back({&part, static_cast<uint64_t>(begin) * part.rowBytes,
                      static_cast<uint64_t>(end - begin) * part.rowBytes});
  }
  return result;
}

void WeightRows::prefetch(int64_t first, int64_t count) const {
  for (const Run &run : runs(first, count)) {
    const TensorInfo &tensor = *run.part->tensor;
    source->files()[tensor.file]->prefetch(tensor.offset + run.from, run.bytes);
  }
}

void WeightRows::release(int64_t first, int64_t count) const {
  for (const Run &run : runs(first, count))
    source->release(*run.part->tensor, run.from, run.bytes);
}

llvm::Error WeightRows::checkUnchanged(int64_t first, int64_t count) const {
  for (const Run &run : runs(first, count))
    if (llvm::Error error =
            source->files()[run.part->tensor->file]->checkUnchanged())
      return error;
  return llvm::Error::success();
}
