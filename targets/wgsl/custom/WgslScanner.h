// The declarations of a WGSL module: enough to compare its bindings with a
// region's. Bodies of functions are skipped; whether they are right only a WGSL
// compiler can say.
#pragma once

#include "targets/common/custom/CustomKernel.h"

#include "llvm/ADT/StringRef.h"

namespace sinter::wgsl {

/// A `var` outside of functions.
struct WgslVariable {
  int64_t line = 0;
  int64_t group = -1, binding = -1; ///< -1: not given
  std::string space, access;        ///< "storage", "read_write"
  std::string name;
  std::vector<std::string> type; ///< its tokens
};

struct WgslModule {
  std::vector<std::string> enables; ///< of `enable` lines
  std::vector<WgslVariable> variables;
  std::string entry; ///< the only compute function
  int64_t entryLine = 0;
  std::array<int64_t, 3> group{1, 1, 1}; ///< zeros: not literal
};

/// Reads a module (WGSL, "Syntax"). InputError with file and line for what is
/// no module, and for other than one compute function.
llvm::Expected<WgslModule> scanWgsl(const KernelSource &source);

/// Of a type `array<T>` or `array<T, N>` with T a scalar or vector: the
/// scalar's name, bytes of T, and N (0: runtime-sized).
struct WgslArray {
  std::string scalar; ///< f32, f16, i32, u32; empty: a name that is not known
  int64_t bytes = 0, count = 0;
  bool isVector3 = false; ///< padded to 16 bytes
};
std::optional<WgslArray> arrayOf(llvm::ArrayRef<std::string> type);

} // namespace sinter::wgsl
