// Common ground of the numerics tests: a context with all dialects, and 64-byte
// aligned memory for bindings.
#pragma once

#include "dialects/kern/Kern.h"
#include "dialects/xf/Xf.h"
#include "targets/cpu/CpuVariants.h"
#include "targets/cpu/LoadedKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

#include <cstring>
#include <string>
#include <vector>

namespace sinter::test {

/// A context that knows every dialect kernels are made of.
inline mlir::MLIRContext &context() {
  static mlir::MLIRContext *instance = [] {
    auto *made = new mlir::MLIRContext(mlir::MLIRContext::Threading::DISABLED);
    made->loadDialect<xf::XfDialect, kern::KernDialect,
                      mlir::arith::ArithDialect, mlir::func::FuncDialect,
                      mlir::math::MathDialect, mlir::memref::MemRefDialect,
                      mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
    return made;
  }();
  return *instance;
}

/// Zeroed memory at a multiple of 64, with a guard that notices writes beyond
/// the end.
class Memory {
public:
  explicit Memory(size_t bytes) : bytes(bytes), storage(bytes + 128, 0) {
    uintptr_t address = reinterpret_cast<uintptr_t>(storage.data());
    start = storage.data() + (64 - address % 64) % 64;
    std::memset(start + bytes, kGuard,
                storage.data() + storage.size() - start - bytes);
  }
  template <typename T> T *as() { return reinterpret_cast<T *>(start); }
  void *data() { return start; }
  size_t size() const { return bytes; }
  bool intact() const {
    for (uint8_t *at = start + bytes; at != storage.data() + storage.size();
         ++at)
      if (*at != kGuard)
        return false;
    return true;
  }

private:
  static constexpr uint8_t kGuard = 0xa5;
  size_t bytes;
  std::vector<uint8_t> storage;
  uint8_t *start;
};

/// The variants this machine can run.
inline std::vector<std::string> runnableVariants() {
  std::vector<std::string> names;
  for (const cpu::CpuVariant &variant : cpu::allVariants())
    if (cpu::runsHere(variant.name))
      names.push_back(variant.name.str());
  return names;
}

} // namespace sinter::test
