// What a target needs to take a user's shader for a region
// (docs/custom-kernels.md): what the region binds, the file, and the result.
#pragma once

#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sinter {

/// What the bytes of a binding are, which decides how a shader may declare its
/// elements.
enum class BindingElement {
  f32,
  i32,
  packed ///< integers below 32 bits and f16: any view of the bytes
};

struct KernelBinding {
  std::string name; ///< for declarations: x0, w1, cache2, y3
  BindingElement element = BindingElement::f32;
  int64_t bytes = 0; ///< of what is bound
  bool weight = false;
  bool written = false; ///< a result, or a cache that is appended to
  std::string meaning;  ///< "f32 [token_count][192]"
};

/// A region as a shader sees it.
struct KernelInterface {
  std::string id;
  std::vector<KernelBinding> bindings; ///< arguments, then results
  int64_t items = 1;                   ///< work items; see perTokens
  int64_t perTokens = 0; ///< tokens of a block; 0: the grid has no blocks
  std::string family;    ///< that generates its kernel
  std::vector<std::string> ops; ///< the region's ops as text, a line each
};

/// What the user gave.
struct KernelSource {
  std::string path; ///< as given, for messages
  std::string text;
};

/// A user's shader, compiled and checked against its region.
struct CustomKernel {
  std::string id, variant;
  std::string code;  ///< SPIR-V words as bytes, or WGSL text
  std::string entry; ///< name of the entry point in `code`
  int64_t itemsPerGroup = 1;
  std::array<int64_t, 3> group{1, 1, 1}; ///< lanes of a workgroup
  int64_t sharedBytes = 0;               ///< memory of the workgroup
  uint32_t writtenMask = 0;              ///< bit i: binding i is written
  std::vector<std::string> features;     ///< device features it needs
};

/// What `// sinter: WORD VALUE` lines of a shader say.
struct KernelDirectives {
  int64_t itemsPerGroup = 1;
  double tolerance = 0; ///< 0: the default
};

/// InputError with file and line for an unknown word or a value out of range.
llvm::Expected<KernelDirectives> readDirectives(const KernelSource &source);

/// An input error about a line of the source (from 1; 0: none).
llvm::Error errorAt(const KernelSource &source, int64_t line,
                    const llvm::Twine &message);

/// `seen`: whether each binding of the region is declared; all must be.
llvm::Error checkAllDeclared(const KernelSource &source,
                             const KernelInterface &interface,
                             const std::vector<bool> &seen);

/// The workgroup's size against what every device of an API allows.
/// `most`: lanes in all; `sizes`: per dimension.
llvm::Error checkGroup(const KernelSource &source, int64_t line,
                       const std::array<int64_t, 3> &group, int64_t most,
                       const std::array<int64_t, 3> &sizes);

/// Comment lines of a skeleton: the region's ops, grid and directives.
std::string skeletonHead(const KernelInterface &interface, llvm::StringRef api);

} // namespace sinter
