// Runs xf functions and regions op by op with the plain functions of Ops.h. It
// is what numerics tests hold kernels against: slow, and meant to be right at a
// glance. It accepts any verified func.func or xf.region made of xf ops.
#pragma once

#include "compiler/reference/Tensor.h"
#include "dialects/xf/Xf.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <vector>

namespace sinter::reference {

/// The run-time numbers of an entry point, in tokens. The token count is the
/// number of rows of the arguments.
struct Scalars {
  int64_t position = 0; ///< of the chunk's first token
  int64_t row = 0;      ///< what xf.select_row selects
};

/// Evaluates functions of one module, whose caches it owns. Not thread-safe.
class Evaluator {
public:
  /// Returns the values of a weight as f32, [N, K] or [1, N]: for an integer
  /// scheme what the quantized numbers stand for. Called once per symbol; not
  /// for rotary tables, which are made here.
  using ReadWeight = std::function<llvm::Expected<Tensor>(xf::WeightOp)>;

  explicit Evaluator(ReadWeight readWeight);

  /// Evaluates a function on arguments of its types. InputError for arguments
  /// of other shapes, tokens outside the vocabulary and positions beyond a
  /// cache; UnsupportedError for an op that is not xf; whatever readWeight
  /// reports.
  llvm::Expected<std::vector<Datum>> run(mlir::FunctionOpInterface function,
                                         llvm::ArrayRef<Datum> arguments,
                                         const Scalars &scalars = {});

  /// The same for the body of an xf.fused.
  llvm::Expected<std::vector<Datum>> run(xf::FusedOp fused,
                                         llvm::ArrayRef<Datum> arguments,
                                         const Scalars &scalars = {});

  /// The values of a weight, read when first asked for.
  llvm::Expected<std::shared_ptr<const Tensor>> weight(xf::WeightOp op);

  /// The cache of a symbol, made when first asked for.
  KvCache &state(xf::StateOp op);

  /// Forgets all tokens.
  void clearStates() { states.clear(); }

private:
  using Values = llvm::DenseMap<mlir::Value, Datum>;

  llvm::Expected<std::vector<Datum>> runBlock(mlir::Block &block,
                                              llvm::ArrayRef<Datum> arguments);
  llvm::Error runOp(mlir::Operation &op, Values &values);
  llvm::Expected<Datum> compute(mlir::Operation &op, Values &values);
  llvm::Error computeSort(xf::SortLogitsOp op, Values &values);
  llvm::Expected<Datum> computeRope(xf::RopeOp op, Values &values);
  std::shared_ptr<const Tensor> table(xf::RopeAttr rope, int64_t positions);

  ReadWeight readWeight;
  Scalars scalars;
  mlir::SymbolTableCollection symbols;
  llvm::StringMap<std::shared_ptr<const Tensor>> weights;
  llvm::DenseMap<mlir::Attribute, std::shared_ptr<const Tensor>> tables;
  llvm::StringMap<std::unique_ptr<KvCache>> states;
};

/// An argument or weight for the evaluator.
Datum makeDatum(Tensor tensor);
/// The tensor of a result; the datum must hold one.
const Tensor &tensorOf(const Datum &datum);

} // namespace sinter::reference
