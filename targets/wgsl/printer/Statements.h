// Blocks of a kernel as WGSL statements.
#pragma once

#include "targets/wgsl/printer/Expressions.h"
#include "targets/wgsl/printer/Names.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Block.h"
#include "mlir/Support/LogicalResult.h"
#include "llvm/Support/raw_ostream.h"

namespace sinter::wgsl {

/// Writes statements with the names it gives out. Expressions used once stand
/// where they are used; others, loads and results of control flow get a `let`
/// or, where a loop or a branch sets them, a `var`.
class Statements {
public:
  Statements(llvm::raw_ostream &out, Names &names, Expressions &values,
             unsigned indent)
      : out(out), names(names), values(values), indent(indent) {}

  /// All ops of a block but its terminator. Failure after a diagnostic on the
  /// op that has no spelling.
  mlir::LogicalResult block(mlir::Block &block);
  mlir::LogicalResult statement(mlir::Operation &op);

private:
  mlir::LogicalResult define(mlir::Operation &op);
  mlir::LogicalResult store(mlir::Operation &op);
  mlir::LogicalResult branch(mlir::scf::IfOp op);
  mlir::LogicalResult countedLoop(mlir::scf::ForOp op);
  mlir::LogicalResult openLoop(mlir::scf::WhileOp op);
  mlir::LogicalResult nested(mlir::Block &block, mlir::ValueRange targets);

  void declare(mlir::Value variable, mlir::Value initial, llvm::StringRef name);
  void assign(mlir::ValueRange variables, mlir::ValueRange next);
  void let(mlir::Value value, const std::string &text);
  std::string bound(mlir::Value value, llvm::StringRef name);
  bool writtenAtUse(mlir::Operation &op);
  unsigned weight(mlir::Value value);
  llvm::raw_ostream &line() { return out.indent(indent); }

  llvm::raw_ostream &out;
  Names &names;
  Expressions &values;
  unsigned indent;
};

} // namespace sinter::wgsl
