// Values as WGSL expressions. A value is a constant, has a name, or is written
// where it is used.
#pragma once

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

#include <string>

namespace sinter::wgsl {

/// How tightly an expression binds. What is looser than shifts and comparisons
/// want goes into parentheses; WGSL does not order bit operations at all.
enum class Level { primary, unary, product, sum, loose };

struct Expression {
  std::string text;
  Level level = Level::primary;
};

/// Which of the two integer types an operand is needed in.
enum class Sign { either, u32, i32 };

class Expressions {
public:
  /// Refers to a value by a name from now on.
  void name(mlir::Value value, std::string text) {
    names[value] = std::move(text);
  }
  bool isNamed(mlir::Value value) const { return names.count(value); }

  /// The expression of an op's result, whether or not it has a name. Empty text
  /// for an op that has no spelling.
  Expression spell(mlir::Operation *op);

  /// A value where it is used.
  Expression use(mlir::Value value, Sign sign = Sign::either);
  /// Its text, in parentheses if it binds less tightly than `level`.
  std::string operand(mlir::Value value, Level level, Sign sign = Sign::either);
  /// Its text where a comma or a bracket ends it.
  std::string argument(mlir::Value value, Sign sign = Sign::either) {
    return use(value, sign).text;
  }

  /// Whether the text of a value mentions one of these variables. Several
  /// values may be spelled by one variable, at different times.
  bool mentions(mlir::Value value, const llvm::StringSet<> &variables) const;

private:
  Expression compare(mlir::Operation *op);
  Expression convert(mlir::Operation *op);
  Expression element(mlir::Operation *op);
  Expression special(mlir::Operation *op);
  std::string call(llvm::StringRef function, mlir::ValueRange operands,
                   Sign sign = Sign::either);

  llvm::DenseMap<mlir::Value, std::string> names;
};

/// Whether an integer value is spelled i32.
bool isSigned(mlir::Value value);

} // namespace sinter::wgsl
