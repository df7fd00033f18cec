// Forms of kernels by target (KernelForms.h).
#include "KernelForms.h"

#include "targets/spirv/SpirvTarget.h"
#include "targets/wgsl/WgslTarget.h"

#include "mlir/IR/Verifier.h"

using namespace sinter;
using namespace sinter::test;

std::optional<size_t>
sinter::test::kernelForm(const kernels::KernelFamily &family,
                         xf::RegionOp region, kern::CapsAttr caps) {
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(region.getLoc());
  mlir::OpBuilder builder(region.getContext());
  builder.setInsertionPointToEnd(module->getBody());
  auto kernel = family.build(builder, region, caps);
  if (failed(kernel) || failed(mlir::verify(*kernel)))
    return std::nullopt;
  // The same caps for all.
  kernel->setCapsAttr(kern::CapsAttr::get(region.getContext(), 32, 1,
                                          kern::Feature::none, true, 1));
  std::string text;
  llvm::raw_string_ostream out(text);
  // Generic: other caps may not allow the ops of the body.
  (*kernel)->print(out, mlir::OpPrintingFlags().printGenericOpForm());
  return size_t(llvm::hash_value(out.str()));
}

void KernelForms::add(const kernels::KernelFamily &family,
                      xf::RegionOp region) {
  Family &entry = families[family.name().str()];
  if (!entry.kernels.insert(family.id(region)).second)
    return;
  for (const Target *target : {&wgslTarget(), &spirvTarget()})
    for (const TargetVariant &variant :
         llvm::cantFail(target->variants(region.getContext(), {}))) {
      std::string name = target->name().str();
      if (auto form = kernelForm(family, region, variant.caps))
        entry.forms[name].insert(*form);
      else
        failures += "cannot build " + family.id(region) + " for " + name + " " +
                    variant.name + "\n";
    }
}

size_t KernelForms::Family::privateTo(const std::string &target) const {
  size_t count = 0;
  for (size_t form : forms.at(target))
    count += llvm::none_of(forms, [&](const auto &other) {
      return other.first != target && other.second.count(form);
    });
  return count;
}

size_t KernelForms::Family::formCount() const {
  std::set<size_t> all;
  for (const auto &[target, some] : forms)
    all.insert(some.begin(), some.end());
  return all.size();
}

std::string KernelForms::table() const {
  std::string text;
  for (const auto &[name, family] : families) {
    text += name + ": " + std::to_string(family.kernels.size()) + " kernels, " +
            std::to_string(family.formCount()) + " forms";
    for (const auto &[target, forms] : family.forms)
      text += ", " + std::to_string(family.privateTo(target)) + " of " +
              target + " only";
    text += "\n";
  }
  return text;
}

static bool hasReason(llvm::ArrayRef<PrivateForm> reasons,
                      llvm::StringRef family, llvm::StringRef target) {
  return llvm::any_of(reasons, [&](const PrivateForm &row) {
    return row.family == family && row.target == target && !row.reason.empty();
  });
}

std::string KernelForms::problems(llvm::ArrayRef<PrivateForm> reasons) const {
  std::string text = failures;
  for (const kernels::KernelFamily *family : kernels::allFamilies(true))
    if (!families.count(family->name().str()))
      text += family->name().str() + " has no kernel in the table\n";
  for (const auto &[name, family] : families)
    for (const auto &[target, forms] : family.forms) {
      bool explained = hasReason(reasons, name, target);
      if (size_t count = family.privateTo(target); bool(count) != explained)
        text += count ? name + " builds " + std::to_string(count) +
                            " forms for " + target +
                            " only, and nothing says why\n"
                      : name + " builds nothing for " + target +
                            " only, but there is a reason for it\n";
    }
  return text;
}
