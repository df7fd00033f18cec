// Counts the kernels of the numerics table, and the forms that the families
// build them in. A form is a kernel's IR without its caps, so that two variants
// share it where the family does the same for both. One builder serves WGSL and
// SPIR-V; a form that the variants of only one of them get is a private one,
// and somebody has to say why it is there.
#pragma once

#include "compiler/kernels/KernelFamily.h"

#include "llvm/ADT/ArrayRef.h"

#include <map>
#include <optional>
#include <set>

namespace sinter::test {

/// Builds a region's kernel; a hash of its form, or nothing where that fails.
std::optional<size_t> kernelForm(const kernels::KernelFamily &family,
                                 xf::RegionOp region, kern::CapsAttr caps);

/// Why a family has forms for one target only.
struct PrivateForm {
  llvm::StringRef family; ///< "grid_argmax"
  llvm::StringRef target; ///< "webgpu" or "vulkan", which alone has them
  llvm::StringRef reason; ///< for whoever reads the table
};

class KernelForms {
public:
  /// Builds the region's kernel for all variants of both targets.
  void add(const kernels::KernelFamily &family, xf::RegionOp region);

  /// What is wrong, a line each, after all kernels were added: families without
  /// a kernel, private forms without a reason, reasons without such a form.
  std::string problems(llvm::ArrayRef<PrivateForm> reasons) const;

  /// "grid_decode: 33 kernels, 99 forms, 0 of webgpu only, 0 of vulkan only".
  std::string table() const;

private:
  struct Family {
    std::set<std::string> kernels;
    std::map<std::string, std::set<size_t>> forms; ///< by target, hashes
    /// Forms that no other target has.
    size_t privateTo(const std::string &target) const;
    size_t formCount() const;
  };
  std::map<std::string, Family> families;
  std::string failures;
};

} // namespace sinter::test
