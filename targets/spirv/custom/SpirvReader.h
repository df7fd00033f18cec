// The declarations of a SPIR-V module that somebody else's compiler wrote:
// entry point, workgroup, capabilities, resource variables and the layout of
// what they point at. Instruction bodies are skipped.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sinter::spirvtarget {

/// A variable outside of functions.
struct SpirvVariable {
  uint32_t storageClass = 0; ///< a number of spirv::StorageClass
  int64_t set = -1, binding = -1;
  std::string name; ///< of the variable or its block; may be empty
  bool nonWritable = false;
  /// Of a block with one member, an array at offset 0: bytes from element to
  /// element, and how many there are (0: as many as are bound).
  bool isArrayBlock = false;
  int64_t stride = 0, count = 0, elementBytes = 0;
  /// Scalars that the elements are made of: 'f' or 'i', and their bits.
  struct Scalar {
    char kind;
    uint32_t bits;
  };
  std::vector<Scalar> scalars;
  bool hasStructElements = false;
  /// Of a block without a runtime array, or of memory of the workgroup.
  int64_t bytes = 0;
};

struct SpirvInterface {
  std::vector<uint32_t> capabilities;    ///< numbers of spirv::Capability
  std::string entry;                     ///< of the only compute entry point
  std::array<int64_t, 3> group{0, 0, 0}; ///< zeros: not a constant
  std::vector<SpirvVariable> variables;
  bool hasSpecConstants = false; ///< constants with a SpecId
};

/// Reads a module; an input error where it is not one (SPIR-V specification,
/// 2.3) or has not exactly one entry point, a compute shader.
llvm::Expected<SpirvInterface> readSpirv(llvm::ArrayRef<uint32_t> words);

/// The module with its entry point's name replaced.
std::vector<uint32_t> withEntryName(llvm::ArrayRef<uint32_t> words,
                                    llvm::StringRef name);

} // namespace sinter::spirvtarget
