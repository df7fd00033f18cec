// Checks of a WGSL kernel against its region; see WgslKernel.h.
#include "targets/wgsl/custom/WgslKernel.h"

#include "compiler/support/Error.h"
#include "targets/wgsl/custom/WgslScanner.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace sinter;
using namespace sinter::wgsl;

/// WebGPU's default limits ("Limits" of the specification), which the runtime
/// does not ask to raise for custom kernels.
static constexpr int64_t kMostLanes = 256;
static constexpr std::array<int64_t, 3> kMostSizes = {256, 256, 64};

namespace {

/// Device features that `enable` lines stand for.
constexpr std::pair<StringRef, StringRef> kFeatures[] = {
    {"f16", "shader-f16"}, {"subgroups", "subgroups"}};

class WgslCheck {
public:
  WgslCheck(const KernelInterface &interface, const KernelSource &source,
            const WgslModule &module)
      : interface(interface), source(source), module(module) {}
  Error run(CustomKernel &kernel);

private:
  Error features(CustomKernel &kernel);
  Error variables();
  Error binding(const WgslVariable &variable);
  Error elements(const WgslVariable &variable, const KernelBinding &wanted);

  const KernelInterface &interface;
  const KernelSource &source;
  const WgslModule &module;
};

} // namespace

Error WgslCheck::features(CustomKernel &kernel) {
  for (const std::string &enabled : module.enables) {
    auto known = find_if(kFeatures, [&](const auto &feature) {
      return feature.first == enabled;
    });
    if (known == std::end(kFeatures))
      return unsupportedError(source.path + ": 'enable " + enabled +
                              "' is no feature that a device is asked for "
                              "(docs/custom-kernels.md)");
    kernel.features.push_back(known->second.str());
  }
  return Error::success();
}

/// The scalars that a binding's bytes may be read as.
static ArrayRef<StringRef> scalarsFor(BindingElement element) {
  static const StringRef floats[] = {"f32"}, words[] = {"i32", "u32"},
                         packed[] = {"u32", "i32", "f16"};
  switch (element) {
  case BindingElement::f32:
    return floats;
  case BindingElement::i32:
    return words;
  case BindingElement::packed:
    return packed;
  }
  llvm_unreachable("all elements are listed");
}

Error WgslCheck::elements(const WgslVariable &variable,
                          const KernelBinding &wanted) {
  auto wrong = [&](const Twine &what) {
    return errorAt(source, variable.line,
                   "binding " + Twine(variable.binding) + " (" +
                       wanted.meaning + ") " + what);
  };
  std::optional<WgslArray> array = arrayOf(variable.type);
  if (!array)
    return wrong("must be an array");
  ArrayRef<StringRef> allowed = scalarsFor(wanted.element);
  // Structs and aliases are compared with the bytes by the compiler's rules.
  if (array->scalar.empty())
    return wanted.element == BindingElement::packed
               ? Error::success()
               : wrong("must have elements of " + join(allowed, " or ") +
                       " or vectors of them");
  if (!is_contained(allowed, array->scalar))
    return wrong("has elements of another type; use " + join(allowed, " or ") +
                 " or vectors of them");
  if (array->isVector3 || wanted.bytes % array->bytes)
    return wrong("has elements that do not fill its " + Twine(wanted.bytes) +
                 " bytes evenly");
  if (array->count > wanted.bytes / array->bytes)
    return wrong("is declared with " + Twine(array->count * array->bytes) +
                 " bytes, it has " + Twine(wanted.bytes));
  return Error::success();
}

Error WgslCheck::binding(const WgslVariable &variable) {
  if (variable.group != 0 || variable.binding < 0 ||
      variable.binding >= static_cast<int64_t>(interface.bindings.size()))
    return errorAt(source, variable.line,
                   "'" + variable.name + "' (group " + Twine(variable.group) +
                       ", binding " + Twine(variable.binding) +
                       ") is none of the region's " +
                       Twine(interface.bindings.size()) +
                       " bindings, which are group 0, bindings 0 to " +
                       Twine(interface.bindings.size() - 1));
  const KernelBinding &wanted =
      interface.bindings[static_cast<size_t>(variable.binding)];
  StringRef access =
      variable.access.empty() ? StringRef("read") : StringRef(variable.access);
  StringRef needed = wanted.weight ? "read" : "read_write";
  if (access != needed)
    return errorAt(source, variable.line,
                   "binding " + Twine(variable.binding) + " (" +
                       wanted.meaning + ") is declared " + access +
                       ", it must be var<storage, " + needed + ">");
  return elements(variable, wanted);
}

Error WgslCheck::variables() {
  std::vector<bool> seen(interface.bindings.size());
  for (const WgslVariable &variable : module.variables) {
    if (variable.space == "workgroup" || variable.space == "private")
      continue;
    if (variable.space == "uniform") {
      if (variable.group != 1 || variable.binding != 0)
        return errorAt(source, variable.line,
                       "the only uniform is the scalars: @group(1) "
                       "@binding(0)");
      continue;
    }
    if (variable.space != "storage")
      return errorAt(source, variable.line,
                     "'" + variable.name +
                         "' is no storage buffer; a kernel has nothing else");
    if (Error error = binding(variable))
      return error;
    auto index = static_cast<size_t>(variable.binding);
    if (seen[index])
      return errorAt(source, variable.line,
                     "binding " + Twine(index) + " is declared twice");
    seen[index] = true;
  }
  return checkAllDeclared(source, interface, seen);
}

Error WgslCheck::run(CustomKernel &kernel) {
  if (Error error = features(kernel))
    return error;
  if (is_contained(module.group, 0))
    return errorAt(source, module.entryLine,
                   "the size of the workgroup is no whole number or constant "
                   "of the file");
  if (Error error = checkGroup(source, module.entryLine, module.group,
                               kMostLanes, kMostSizes))
    return error;
  kernel.group = module.group;
  kernel.entry = module.entry;
  return variables();
}

Expected<CustomKernel> sinter::wgsl::readWgsl(const KernelInterface &interface,
                                              const KernelSource &source) {
  auto directives = readDirectives(source);
  if (!directives)
    return directives.takeError();
  auto module = scanWgsl(source);
  if (!module)
    return module.takeError();
  CustomKernel kernel;
  kernel.id = interface.id;
  kernel.code = source.text;
  kernel.itemsPerGroup = directives->itemsPerGroup;
  if (Error error = WgslCheck(interface, source, *module).run(kernel))
    return std::move(error);
  for (auto [index, binding] : enumerate(interface.bindings))
    kernel.writtenMask |= uint32_t(!binding.weight) << index;
  return kernel;
}

std::string sinter::wgsl::wgslSkeleton(const KernelInterface &interface) {
  std::string text;
  raw_string_ostream out(text);
  out << skeletonHead(interface, "WebGPU") << "\n"
      << "struct Scalars { token_count: u32, position: u32, row: u32, padding: "
         "u32 }\n"
      << "@group(1) @binding(0) var<uniform> scalars: Scalars;\n";
  for (auto [index, binding] : enumerate(interface.bindings)) {
    StringRef type = binding.element == BindingElement::f32   ? "f32"
                     : binding.element == BindingElement::i32 ? "i32"
                                                              : "u32";
    out << "\n// " << binding.meaning << ", " << binding.bytes << " bytes"
        << (binding.written ? ", written"
                            : (binding.weight ? "" : ", not to be written"))
        << "\n@group(0) @binding(" << index << ") var<storage, "
        << (binding.weight ? "read" : "read_write") << "> " << binding.name
        << ": array<" << type << ">;\n";
  }
  out << "\n@compute @workgroup_size(64)\n"
      << "fn main(@builtin(workgroup_id) workgroup: vec3<u32>, "
         "@builtin(local_invocation_index) lane: u32) {\n"
      << "  let item = workgroup.x; // times items_per_group\n";
  if (interface.perTokens)
    out << "  let first_token = workgroup.y * " << interface.perTokens
        << "u;\n";
  out << "}\n";
  return text;
}
