// A model of the reference data, built as xf and evaluated slowly.
#pragma once

#include "compiler/import/Config.h"
#include "compiler/import/DequantRows.h"
#include "compiler/models/ModelBuilder.h"
#include "compiler/reference/Evaluator.h"
#include "compiler/support/Error.h"

#include "gtest/gtest.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"

#include <cmath>
#include <memory>
#include <string>

namespace sinter::test {

/// Where row `row` of a head-by-head matrix lies in a file that stores each
/// head's rows as interleaved rotary pairs.
inline int64_t interleavedRow(int64_t row, int64_t rows, int64_t heads) {
  int64_t headRows = rows / heads, in = row % headRows, half = headRows / 2;
  return row - in + 2 * (in % half) + in / half;
}

inline int64_t columnsOf(const TensorInfo &tensor) {
  return tensor.rowElements();
}

/// The values of a weight as the model's files have them: rows of all sources,
/// one after the other, in half-split rotary order. A vector is read as a
/// column of rows of one element.
inline llvm::Expected<reference::Tensor> readWeight(const ModelSource &source,
                                                    xf::WeightOp op) {
  auto type = mlir::cast<mlir::RankedTensorType>(op.getType());
  bool vector = type.getRank() == 1;
  int64_t columns = vector ? 1 : type.getDimSize(1);
  std::vector<float> values;
  for (auto from : op.getSourcesAttr().getAsRange<xf::SourceAttr>()) {
    llvm::Expected<const TensorInfo *> info = source.require(from.getName());
    if (!info)
      return info.takeError();
    int64_t rows = (*info)->shape[0], heads = from.getUnpermuteHeads();
    uint64_t rowBytes = (*info)->bytes / uint64_t(rows);
    const uint8_t *bytes = source.bytes(**info).data();
    size_t first = values.size();
    if (from.getTransposed()) {
      std::vector<float> all(size_t(columns * columnsOf(**info)));
      for (int64_t row = 0; row < rows; ++row)
        readRowF32((*info)->dtype, bytes + uint64_t(row) * rowBytes,
                   columnsOf(**info), all.data() + row * columnsOf(**info));
      for (int64_t row = 0; row < columnsOf(**info); ++row)
        for (int64_t i = 0; i < columns; ++i)
          values.push_back(all[size_t(i * columnsOf(**info) + row)]);
      rows = 0;
    }
    llvm::ArrayRef<int64_t> pick = from.getRows();
    for (int64_t row = 0; row < rows; ++row) {
      if (!pick.empty() &&
          (row % pick[2] < pick[0] || row % pick[2] >= pick[0] + pick[1]))
        continue;
      int64_t stored = heads ? interleavedRow(row, rows, heads) : row;
      values.resize(values.size() + size_t(columns));
      readRowF32((*info)->dtype, bytes + uint64_t(stored) * rowBytes, columns,
                 values.data() + values.size() - columns);
    }
    if (from.getPlusOne())
      for (size_t i = first; i < values.size(); ++i)
        values[i] += 1.0f;
  }
  int64_t rows = int64_t(values.size()) / columns;
  return vector ? reference::Tensor(1, rows, std::move(values))
                : reference::Tensor(rows, columns, std::move(values));
}

/// An opened model and its module: func @body and func @head.
struct ModelUnderTest {
  /// Fails the test (and leaves module empty) if anything is wrong.
  explicit ModelUnderTest(const std::string &path) {
    if (llvm::Error error = build(path))
      ADD_FAILURE() << llvm::toString(std::move(error));
  }

  llvm::Error build(const std::string &path) {
    auto opened = openModel(path);
    if (!opened)
      return opened.takeError();
    source = std::move(*opened);
    auto read = readConfig(*source);
    if (!read)
      return read.takeError();
    config = *read;
    BuildOptions options;
    options.context = 64;
    options.halfPrecisionCache = false;
    auto built = buildModel(&context, *source, config, options);
    if (!built)
      return built.takeError();
    module = std::move(*built);
    return llvm::Error::success();
  }

  reference::Evaluator evaluator() {
    return reference::Evaluator(
        [this](xf::WeightOp op) { return readWeight(*source, op); });
  }

  /// Logits of every row: `body` then `head` on a chunk at a position.
  reference::Tensor logits(reference::Evaluator &evaluator,
                           const reference::Tokens &tokens, int64_t position) {
    auto function = [&](const char *name) {
      return module->lookupSymbol<mlir::func::FuncOp>(name);
    };
    auto hidden = llvm::cantFail(
        evaluator.run(function("body"), {tokens}, {position, 0}));
    auto result =
        llvm::cantFail(evaluator.run(function("head"), hidden, {position, 0}));
    return reference::tensorOf(result[0]);
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  std::unique_ptr<ModelSource> source;
  DecoderConfig config;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace sinter::test
