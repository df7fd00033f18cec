// Checks of a GLSL kernel against its region, on the module's declarations;
// see GlslKernel.h.
#include "targets/spirv/custom/GlslKernel.h"

#include "compiler/support/Error.h"
#include "targets/spirv/binary/Binary.h"
#include "targets/spirv/custom/Shaderc.h"
#include "targets/spirv/custom/SpirvReader.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"

using namespace llvm;
using namespace sinter;
using namespace sinter::spirvtarget;
using mlir::spirv::Capability;
using mlir::spirv::StorageClass;

/// What every Vulkan 1.2 device allows: maxComputeWorkGroupInvocations, -Size,
/// maxComputeSharedMemorySize (specification, "Required Limits").
static constexpr int64_t kMostLanes = 128;
static constexpr std::array<int64_t, 3> kMostSizes = {128, 128, 64};
static constexpr int64_t kMostShared = 16 << 10;
/// Pipelines of variants with subgroups ask for full ones, which have at most
/// this many lanes (runtime/device/vulkan).
static constexpr int64_t kFullSubgroups = 64;
/// Bytes of the scalars' range: token_count, position, row.
static constexpr int64_t kScalarBytes = 12;

namespace {

/// Device features (docs/vulkan.md) that capabilities stand for; an empty one
/// is there on every device.
struct CapabilityFeature {
  Capability capability;
  StringRef feature;
};
constexpr CapabilityFeature kFeatures[] = {
    {Capability::Shader, ""},
    {Capability::Float16, "float16"},
    {Capability::StorageBuffer16BitAccess, "storage16"},
    {Capability::GroupNonUniform, "subgroups"},
    {Capability::GroupNonUniformArithmetic, "subgroups"},
    {Capability::DotProduct, "integer_dot"},
    {Capability::DotProductInput4x8BitPacked, "integer_dot"},
};

class GlslCheck {
public:
  GlslCheck(const KernelInterface &interface, const KernelSource &source,
            const SpirvInterface &module)
      : interface(interface), source(source), module(module) {}

  Error run(ArrayRef<TargetVariant *> variants, CustomKernel &kernel);

private:
  Error features(CustomKernel &kernel);
  Error group(CustomKernel &kernel);
  Error fullSubgroups(const TargetVariant &variant, const CustomKernel &kernel);
  Error variables(CustomKernel &kernel);
  Error binding(const SpirvVariable &variable, CustomKernel &kernel);
  Error elements(const SpirvVariable &variable, const KernelBinding &binding);
  Error scalars(const SpirvVariable &variable);
  Error at(int64_t set, int64_t binding, const Twine &message) const;

  const KernelInterface &interface;
  const KernelSource &source;
  const SpirvInterface &module;
};

} // namespace

/// The line of a declaration's layout qualifier, 0 if it is made by a macro.
static int64_t lineOf(StringRef text, int64_t set, int64_t binding) {
  Regex qualifier("layout *\\(([^)]*)\\)");
  int64_t number = 0;
  for (StringRef line : split(text, '\n')) {
    ++number;
    SmallVector<StringRef> parts;
    if (!qualifier.match(line, &parts))
      continue;
    auto valueOf = [&](StringRef name, int64_t otherwise) {
      SmallVector<StringRef> found;
      int64_t value = otherwise;
      if (Regex("(^|[ ,])" + name.str() + " *= *([0-9]+)")
              .match(parts[1], &found))
        (void)found[2].getAsInteger(10, value);
      return value;
    };
    if (valueOf("binding", -1) == binding && valueOf("set", 0) == set)
      return number;
  }
  return 0;
}

Error GlslCheck::at(int64_t set, int64_t binding, const Twine &message) const {
  return errorAt(source, lineOf(source.text, set, binding), message);
}

Error GlslCheck::features(CustomKernel &kernel) {
  for (uint32_t number : module.capabilities) {
    auto capability = static_cast<Capability>(number);
    const CapabilityFeature *known =
        find_if(kFeatures, [&](const CapabilityFeature &feature) {
          return feature.capability == capability;
        });
    if (known == std::end(kFeatures)) {
      auto name = mlir::spirv::symbolizeCapability(number);
      return unsupportedError(
          source.path + ": the shader needs the SPIR-V capability " +
          (name ? mlir::spirv::stringifyCapability(*name).str()
                : std::to_string(number)) +
          ", for which no device is asked (docs/custom-kernels.md)");
    }
    if (!known->feature.empty() &&
        !is_contained(kernel.features, known->feature.str()))
      kernel.features.push_back(known->feature.str());
  }
  return Error::success();
}

Error GlslCheck::group(CustomKernel &kernel) {
  kernel.group = module.group;
  if (module.group[0] == 0)
    return errorAt(source, 0,
                   "the size of the workgroup is no constant; write "
                   "layout(local_size_x = 64) in;");
  return checkGroup(source, 0, module.group, kMostLanes, kMostSizes);
}

Error GlslCheck::fullSubgroups(const TargetVariant &variant,
                               const CustomKernel &kernel) {
  bool full = is_contained(kernel.features, "subgroups") ||
              is_contained(variant.features, "subgroups");
  if (full && module.group[0] % kFullSubgroups)
    return errorAt(source, 0,
                   "local_size_x is " + Twine(module.group[0]) +
                       ", in variant " + variant.name +
                       " it must be a multiple of " + Twine(kFullSubgroups) +
                       " (full subgroups)");
  return Error::success();
}

/// Whether a shader may read the binding's bytes as these scalars.
static bool fits(BindingElement element, const SpirvVariable &variable) {
  auto all = [&](auto test) { return all_of(variable.scalars, test); };
  using Scalar = SpirvVariable::Scalar;
  switch (element) {
  case BindingElement::f32:
    return !variable.hasStructElements &&
           all([](Scalar s) { return s.kind == 'f' && s.bits == 32; });
  case BindingElement::i32:
    return !variable.hasStructElements &&
           all([](Scalar s) { return s.kind == 'i' && s.bits == 32; });
  case BindingElement::packed:
    return all([](Scalar s) { return s.kind == 'i' || s.bits == 16; });
  }
  llvm_unreachable("all elements are listed");
}

static StringRef allowed(BindingElement element) {
  switch (element) {
  case BindingElement::f32:
    return "float, vec2 or vec4";
  case BindingElement::i32:
    return "int or uint";
  case BindingElement::packed:
    return "integers, f16 numbers, vectors or structs of these";
  }
  llvm_unreachable("all elements are listed");
}

Error GlslCheck::elements(const SpirvVariable &variable,
                          const KernelBinding &binding) {
  auto wrong = [&](const Twine &what) {
    return at(0, variable.binding,
              "binding " + Twine(variable.binding) + " (" + binding.meaning +
                  ") " + what);
  };
  if (!variable.isArrayBlock || variable.scalars.empty())
    return wrong("must be a buffer block of one array");
  if (!fits(binding.element, variable))
    return wrong("has elements of another type; use " +
                 allowed(binding.element));
  // Padding between elements (vec3) would not be the region's layout.
  int64_t stride = variable.stride;
  if (stride <= 0 ||
      (!variable.hasStructElements && stride != variable.elementBytes))
    return wrong("has padding between its elements; use " +
                 allowed(binding.element));
  if (binding.bytes % stride)
    return wrong("has elements of " + Twine(stride) +
                 " bytes, which do not fill its " + Twine(binding.bytes) +
                 " bytes evenly");
  if (variable.count && variable.count > binding.bytes / stride)
    return wrong("is declared with " + Twine(variable.count * stride) +
                 " bytes, it has " + Twine(binding.bytes));
  return Error::success();
}

Error GlslCheck::binding(const SpirvVariable &variable, CustomKernel &kernel) {
  if (variable.set != 0 || variable.binding < 0 ||
      variable.binding >= static_cast<int64_t>(interface.bindings.size()))
    return at(variable.set, variable.binding,
              "set " + Twine(variable.set) + ", binding " +
                  Twine(variable.binding) + " is none of the region's " +
                  Twine(interface.bindings.size()) +
                  " bindings, which are set 0, bindings 0 to " +
                  Twine(interface.bindings.size() - 1));
  auto index = static_cast<size_t>(variable.binding);
  const KernelBinding &wanted = interface.bindings[index];
  if (!variable.nonWritable && !wanted.written)
    return at(0, variable.binding,
              "binding " + Twine(variable.binding) + " (" + wanted.meaning +
                  ") is only read by the region: declare it readonly");
  if (!variable.nonWritable)
    kernel.writtenMask |= uint32_t(1) << index;
  return elements(variable, wanted);
}

Error GlslCheck::scalars(const SpirvVariable &variable) {
  bool words = all_of(variable.scalars, [](SpirvVariable::Scalar scalar) {
    return scalar.kind == 'i' && scalar.bits == 32;
  });
  if (variable.set == 1 && variable.binding == 0 && words &&
      variable.bytes > 0 && variable.bytes <= kScalarBytes)
    return Error::success();
  return at(variable.set, variable.binding,
            "the only uniform block is layout(set = 1, binding = 0) uniform "
            "Scalars { uint token_count, position, row; }");
}

Error GlslCheck::variables(CustomKernel &kernel) {
  std::vector<bool> seen(interface.bindings.size());
  for (const SpirvVariable &variable : module.variables) {
    switch (static_cast<StorageClass>(variable.storageClass)) {
    case StorageClass::Input:
    case StorageClass::Private:
      continue;
    case StorageClass::Workgroup:
      kernel.sharedBytes += variable.bytes;
      continue;
    case StorageClass::Uniform:
      if (Error error = scalars(variable))
        return error;
      continue;
    case StorageClass::StorageBuffer:
      if (Error error = binding(variable, kernel))
        return error;
      if (seen[static_cast<size_t>(variable.binding)])
        return at(0, variable.binding,
                  "binding " + Twine(variable.binding) + " is declared twice");
      seen[static_cast<size_t>(variable.binding)] = true;
      continue;
    case StorageClass::PushConstant:
      return errorAt(source, 0,
                     "there are no push constants; scalars are the uniform "
                     "block of set 1, binding 0");
    default:
      return at(variable.set, variable.binding,
                "'" + variable.name +
                    "' is no storage buffer; a kernel has nothing else");
    }
  }
  if (Error error = checkAllDeclared(source, interface, seen))
    return error;
  if (kernel.sharedBytes > kMostShared)
    return errorAt(source, 0,
                   "shared variables take " + Twine(kernel.sharedBytes) +
                       " bytes, at most " + Twine(kMostShared) +
                       " are allowed");
  return Error::success();
}

Error GlslCheck::run(ArrayRef<TargetVariant *> variants, CustomKernel &kernel) {
  if (Error error = features(kernel))
    return error;
  if (module.hasSpecConstants)
    return errorAt(source, 0,
                   "specialization constants (constant_id) are not set by the "
                   "runtime; use const");
  if (Error error = group(kernel))
    return error;
  for (const TargetVariant *variant : variants)
    if (Error error = fullSubgroups(*variant, kernel))
      return error;
  return variables(kernel);
}

Expected<CustomKernel>
sinter::spirvtarget::compileGlsl(const KernelInterface &interface,
                                 const KernelSource &source,
                                 ArrayRef<TargetVariant *> variants) {
  auto directives = readDirectives(source);
  if (!directives)
    return directives.takeError();
  // Optimised modules have lost what is declared and not used.
  auto plain = runShaderc(source, /*optimise=*/false);
  if (!plain)
    return plain.takeError();
  auto module = readSpirv(*plain);
  if (!module)
    return errorAt(source, 0, toString(module.takeError()));
  CustomKernel kernel;
  kernel.id = interface.id;
  kernel.entry = interface.id;
  kernel.itemsPerGroup = directives->itemsPerGroup;
  if (Error error = GlslCheck(interface, source, *module).run(variants, kernel))
    return std::move(error);
  auto words = runShaderc(source, /*optimise=*/true);
  if (!words)
    return words.takeError();
  kernel.code = bytesOf(withEntryName(*words, interface.id));
  if (Error error = validateSpirv(source, *words))
    return std::move(error);
  return kernel;
}

std::string
sinter::spirvtarget::glslSkeleton(const KernelInterface &interface) {
  std::string text;
  raw_string_ostream out(text);
  out << "#version 450\n" << skeletonHead(interface, "Vulkan") << "\n";
  out << "layout(local_size_x = 64) in;\n\n"
      << "layout(set = 1, binding = 0) uniform Scalars { uint token_count, "
         "position, row; };\n";
  for (auto [index, binding] : enumerate(interface.bindings)) {
    StringRef type = binding.element == BindingElement::f32   ? "float"
                     : binding.element == BindingElement::i32 ? "int"
                                                              : "uint";
    out << "\n// " << binding.meaning << ", " << binding.bytes << " bytes"
        << (binding.written ? ", written" : "") << "\n"
        << "layout(set = 0, binding = " << index << ") "
        << (binding.written ? "" : "readonly ") << "buffer Binding" << index
        << " { " << type << " " << binding.name << "[]; };\n";
  }
  out << "\nvoid main() {\n"
      << "  uint item = gl_WorkGroupID.x; // times items_per_group\n";
  if (interface.perTokens)
    out << "  uint firstToken = gl_WorkGroupID.y * " << interface.perTokens
        << "u;\n";
  out << "  uint lane = gl_LocalInvocationIndex;\n"
      << "}\n";
  return text;
}
