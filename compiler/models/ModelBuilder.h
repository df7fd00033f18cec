// What architecture files share: they describe a model layer by layer, in the
// words of its paper, and this class turns that into xf ops, weights with their
// sources, and caches.
#pragma once

#include "compiler/import/Config.h"
#include "compiler/import/ModelSource.h"
#include "dialects/xf/Xf.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"

namespace sinter {

struct BuildOptions {
  int64_t context = 2048;         ///< KV capacity in tokens, a multiple of 16
  bool halfPrecisionCache = true; ///< f16 keys and values; f32 otherwise
};

/// Builds the module of a model: xf.weight and xf.state symbols, func @body
/// (tokens -> hidden), func @head (hidden -> logits). Errors: InputError for a
/// missing tensor or one of the wrong shape, UnsupportedError for an unknown
/// architecture and for tensors that it does not use (UnusedTensors.h).
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
buildModel(mlir::MLIRContext *context, const ModelSource &source,
           const DecoderConfig &config, const BuildOptions &options);

/// How a weight is made of its tensor; see #xf.source.
struct TensorForm {
  int64_t unpermuteHeads = 0;
  /// [first, count, stride] of the tensor's rows; empty: all of them.
  llvm::SmallVector<int64_t, 3> rows = {};
  bool transposed = false;
  bool plusOne = false;
  /// A vector that is stored as a matrix of so many rows; 0: as a vector.
  int64_t vectorRows = 0;
  /// Told apart by it when one tensor gives several weights ("q").
  llvm::StringRef part = {};
};

/// The tools an architecture's builder works with. Errors are collected: the
/// first missing or misshapen tensor is kept, and building goes on with the
/// expected shape.
class ModelBuilder {
public:
  ModelBuilder(mlir::MLIRContext *context, const ModelSource &source,
               const DecoderConfig &config, const BuildOptions &options);

  /// Whether the model has a tensor of that name.
  bool has(const llvm::Twine &name) const {
    return source.find(name.str()) != nullptr;
  }

  /// The value of a weight of the given shape, from the tensor of that name.
  mlir::Value weight(const llvm::Twine &name, llvm::ArrayRef<int64_t> shape,
                     const TensorForm &form = {});
  /// A vector of rows * tensors elements, the tensors one after another.
  mlir::Value concatenated(const llvm::Twine &name,
                           llvm::ArrayRef<std::string> tensors, int64_t rows);

  mlir::Value embedding(mlir::Value tokens, mlir::Value table);
  /// x + table of learned positions.
  mlir::Value addPositions(mlir::Value x, mlir::Value table);
  mlir::Value rmsNorm(mlir::Value x, mlir::Value weight, int64_t groups = 1);
  /// Layer norm with `prefix`.weight and `prefix`.bias.
  mlir::Value layerNorm(mlir::Value x, const llvm::Twine &prefix,
                        int64_t groups = 1);
  mlir::Value layerNorm(mlir::Value x, mlir::Value weight, mlir::Value bias,
                        int64_t groups);
  /// x * transpose(W) + b: `prefix`.weight [rows, columns of x] and, if
  /// hasBias, `prefix`.bias, both of the given form.
  mlir::Value linear(mlir::Value x, const llvm::Twine &prefix, int64_t rows,
                     bool hasBias, const TensorForm &form = {});
  /// x * transpose(matrix).
  mlir::Value matmul(mlir::Value x, mlir::Value matrix);
  /// q, k and v as a fused projection `prefix` of that layout has them.
  struct Projections {
    mlir::Value q, k, v;
  };
  Projections fusedProjections(mlir::Value x, const llvm::Twine &prefix,
                               QkvLayout layout, bool hasBias,
                               bool transposed = false);
  mlir::Value slice(mlir::Value x, int64_t offset, int64_t size);
  mlir::Value rope(mlir::Value x, int64_t heads, int64_t layer);
  mlir::Value attention(mlir::Value q, mlir::Value k, mlir::Value v,
                        int64_t layer);
  mlir::Value activation(mlir::Value x);
  /// factor * x, or x where the factor is one; cap * tanh(x / cap), or x where
  /// there is no cap (0).
  mlir::Value scale(mlir::Value x, double factor);
  mlir::Value softcap(mlir::Value x, double cap);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);

  /// Ops built from here on carry this layer path as location ("layers.3.mlp").
  void setPath(const llvm::Twine &path);

  /// Starts func @name with one argument, returns the argument; endFunction
  /// returns a value from it.
  mlir::Value beginFunction(llvm::StringRef name, mlir::Type argument,
                            mlir::Type result);
  void endFunction(mlir::Value result);
  mlir::RankedTensorType activationType(int64_t columns);
  mlir::RankedTensorType tokensType();

  /// The finished module, or the first error.
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> finish();

  /// Whether the rows of q and k are in GGUF's interleaved rotary order.
  bool ropeRowsInterleaved() const { return source.ropeRowsInterleaved(); }
  /// Whether the tensors come from a GGUF file, whose converter changes some.
  bool isGguf() const { return source.format() == ModelSource::Format::Gguf; }

  const DecoderConfig &config;

private:
  mlir::RankedTensorType declareWeight(llvm::StringRef symbol,
                                       llvm::StringRef name,
                                       llvm::ArrayRef<int64_t> shape,
                                       const TensorForm &form);
  /// The type a tensor is stored in ("bf16"); an error is kept if there is none
  /// or it has not the shape.
  std::string storedType(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  mlir::Value positionBiases(double scale);
  void fail(llvm::Error error);

  const ModelSource &source;
  BuildOptions options;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::OpBuilder builder;
  mlir::OpBuilder symbols; ///< where weights and states are declared
  mlir::Location loc;
  llvm::StringMap<mlir::RankedTensorType> declared;
  llvm::StringSet<> used; ///< names of the tensors that weights are made of
  llvm::Error firstError = llvm::Error::success();
};

} // namespace sinter
