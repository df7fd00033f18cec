// The module around the kernels' statements (ModulePrinter.h).
#include "targets/wgsl/printer/ModulePrinter.h"

#include "targets/wgsl/printer/Literals.h"
#include "targets/wgsl/printer/Statements.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::wgsl;

namespace {

/// Writes one kernel. What it declares outside of its function starts with
/// `prefix`.
class KernelPrinter {
public:
  KernelPrinter(llvm::raw_ostream &out, kern::KernelOp kernel,
                std::string prefix)
      : out(out), kernel(kernel), prefix(std::move(prefix)) {}

  LogicalResult print();

private:
  void comment();
  LogicalResult bindings();
  LogicalResult shared();
  void head();
  LogicalResult body();

  llvm::raw_ostream &out;
  kern::KernelOp kernel;
  std::string prefix;
  Names names;
  Expressions values;
};

} // namespace

/// The layers a kernel computes for, from its location.
void KernelPrinter::comment() {
  llvm::SetVector<StringRef> layers;
  kernel.getLoc()->walk([&](Location part) {
    if (auto name = dyn_cast<NameLoc>(part))
      layers.insert(name.getName().getValue());
    return WalkResult::advance();
  });
  constexpr size_t most = 4;
  for (StringRef layer : layers.getArrayRef().take_front(most))
    out << "// " << layer << "\n";
  if (layers.size() > most)
    out << "// and " << layers.size() - most << " more\n";
}

LogicalResult KernelPrinter::bindings() {
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    unsigned index = argument.getArgNumber();
    std::string type = arrayName(cast<MemRefType>(argument.getType()));
    if (type.empty())
      return kernel.emitOpError("argument ")
             << index << " has no WGSL spelling";
    auto given =
        kernel.getArgAttrOfType<StringAttr>(index, kern::KernelOp::kNameAttr);
    std::string name =
        names.fresh(prefix + (given ? given.getValue().str()
                                    : (kernel.isReadonly(index) ? "w" : "x") +
                                          std::to_string(index)));
    out << "@group(0) @binding(" << index << ") var<storage, "
        << (kernel.isReadonly(index) ? "read" : "read_write") << "> " << name
        << ": " << type << ";\n";
    values.name(argument, name);
  }
  return success();
}

LogicalResult KernelPrinter::shared() {
  for (auto scratch : kernel.getOps<kern::ScratchOp>()) {
    std::string type = arrayName(cast<MemRefType>(scratch.getType()));
    if (type.empty())
      return scratch.emitOpError("has no WGSL spelling");
    if (!scratch.getShared())
      continue;
    std::string name = names.fresh(prefix + "shared");
    out << "var<workgroup> " << name << ": " << type << ";\n";
    values.name(scratch, name);
  }
  return success();
}

void KernelPrinter::head() {
  bool lane = false, subgroupLane = false, subgroupSize = false;
  kernel.walk([&](Operation *op) {
    lane |= isa<kern::LaneOp>(op);
    subgroupLane |= isa<kern::SubgroupLaneOp>(op);
    subgroupSize |= isa<kern::SubgroupSizeOp>(op);
  });
  out << "@compute @workgroup_size(" << kernel.getCaps().getGroup() << ")\n"
      << "fn " << kernel.getSymName()
      << "(@builtin(workgroup_id) workgroup: vec3<u32>";
  if (lane)
    out << ", @builtin(local_invocation_index) lane: u32";
  if (subgroupLane)
    out << ", @builtin(subgroup_invocation_id) subgroup_lane: u32";
  if (subgroupSize)
    out << ", @builtin(subgroup_size) subgroup_size: u32";
  out << ") {\n";
}

LogicalResult KernelPrinter::body() {
  for (auto scratch : kernel.getOps<kern::ScratchOp>())
    if (!scratch.getShared()) {
      std::string name = names.fresh("scratch");
      out << "  var " << name << ": "
          << arrayName(cast<MemRefType>(scratch.getType())) << ";\n";
      values.name(scratch, name);
    }
  Statements statements(out, names, values, /*indent=*/2);
  for (Operation &op : kernel.getBody().front()) {
    if (auto once = dyn_cast<kern::OnceOp>(op)) {
      if (failed(statements.block(once.getBody().front())))
        return failure();
    } else if (auto items = dyn_cast<kern::ForItemsOp>(op)) {
      int64_t each = kernel.getItemsPerGroup();
      if (!items.getItem().use_empty()) {
        out << "  let item = workgroup.x";
        if (each != 1)
          out << " * " << each << "u";
        out << ";\n";
        values.name(items.getItem(), "item");
      }
      if (failed(statements.block(items.getBody().front())))
        return failure();
    } else if (!isa<kern::ReturnOp>(op) && failed(statements.statement(op))) {
      return failure();
    }
  }
  return success();
}

LogicalResult KernelPrinter::print() {
  comment();
  if (failed(bindings()) || failed(shared()))
    return failure();
  head();
  if (failed(body()))
    return failure();
  out << "}\n";
  return success();
}

LogicalResult wgsl::printModule(llvm::raw_ostream &out,
                                ArrayRef<kern::KernelOp> kernels) {
  auto uses = [&](kern::Feature feature) {
    return llvm::any_of(kernels, [&](kern::KernelOp kernel) {
      return kernel.getCaps().has(feature);
    });
  };
  if (uses(kern::Feature::shader_f16))
    out << "enable f16;\n";
  if (uses(kern::Feature::subgroups))
    out << "enable subgroups;\n"
        << "diagnostic(off, subgroup_uniformity);\n";
  if (uses(kern::Feature::packed_dot))
    out << "requires packed_4x8_integer_dot_product;\n";
  out << "struct Scalars { token_count: u32, position: u32, row: u32, padding: "
         "u32 }\n"
      << "@group(1) @binding(0) var<uniform> scalars: Scalars;\n";
  for (auto [index, each] : llvm::enumerate(kernels)) {
    kern::KernelOp kernel = each;
    if (!kernel.isGrid())
      return kernel.emitOpError("is for CPU workers, not for a grid");
    out << "\n";
    if (failed(KernelPrinter(out, kernel, "k" + std::to_string(index) + "_")
                   .print()))
      return failure();
  }
  return success();
}
