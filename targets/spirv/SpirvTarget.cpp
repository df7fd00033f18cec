// The Vulkan target (SpirvTarget.h): its variants, and the file of each.
#include "targets/spirv/SpirvTarget.h"

#include "compiler/support/Error.h"
#include "runtime/device/vulkan/KernelPack.h"
#include "targets/common/grid/GridPlan.h"
#include "targets/spirv/binary/Binary.h"
#include "targets/spirv/custom/GlslKernel.h"
#include "targets/spirv/raise/SpirvPasses.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace sinter;
using kern::Feature;
using mlir::spirv::ModuleOp;

namespace {

struct SpirvVariant {
  StringRef name;
  Feature features;
  bool cheapBarriers;
  std::vector<std::string> deviceFeatures; ///< names of the Vulkan device's
  StringRef when;
  int64_t matrix = 0;      ///< edge of a subgroup's matrices
  bool byName = false;     ///< made only when it is asked for
  int64_t matrixBytes = 0; ///< depth of those of bytes
};

/// Matrices of bytes, and of f16 for weights of f16; decoding multiplies bytes,
/// too, so that both quantize their inputs. By name only: nobody has measured
/// them on a GPU.
SpirvVariant ofByteMatrices(StringRef name, int64_t edge, int64_t depth,
                            std::string halfShape, std::string byteShape) {
  return {name,
          Feature::shader_f16 | Feature::subgroups | Feature::packed_dot,
          true,
          {"float16", "subgroups", "integer_dot", std::move(halfShape),
           std::move(byteShape)},
          "",
          edge,
          /*byName=*/true,
          depth};
}

/// In the order the runtime looks: a software device may have what the others
/// need, too, so that `soft` comes first.
ArrayRef<SpirvVariant> allVariants() {
  static const SpirvVariant table[] = {
      {"spirv-soft", Feature::none, false, {}, "software"},
      {"spirv-coop",
       Feature::shader_f16 | Feature::subgroups,
       true,
       {"float16", "subgroups", "matrix_16x16x16"},
       "",
       16},
      {"spirv-coop8",
       Feature::shader_f16 | Feature::subgroups,
       true,
       {"float16", "subgroups", "matrix_8x8x8"},
       "",
       8,
       /*byName=*/true},
      ofByteMatrices("spirv-coop-s8", 16, 32, "matrix_16x16x16",
                     "matrix_s8_16x16x32"),
      ofByteMatrices("spirv-coop-s8k16", 16, 16, "matrix_16x16x16",
                     "matrix_s8_16x16x16"),
      ofByteMatrices("spirv-coop8-s8", 8, 8, "matrix_8x8x8", "matrix_s8_8x8x8"),
      {"spirv-dot",
       Feature::packed_dot | Feature::subgroups,
       true,
       {"integer_dot", "subgroups"},
       "fast_integer_dot"},
      {"spirv-f16",
       Feature::shader_f16 | Feature::subgroups,
       true,
       {"float16", "subgroups"},
       ""},
      {"spirv-f32", Feature::subgroups, true, {"subgroups"}, ""},
  };
  return table;
}

/// Lanes of a workgroup: every Vulkan device takes 128, and subgroups have at
/// most 64 lanes on those that matter.
constexpr int64_t kGroup = 64;
/// Software devices run a workgroup on one thread: many small ones fill all
/// threads.
constexpr int64_t kSoftGroup = 16;
/// Values a lane may keep before a GPU runs out of registers for a second
/// workgroup.
constexpr int64_t kRegisters = 64;

class SpirvTarget : public sinter::Target {
public:
  StringRef name() const override { return "vulkan"; }
  PlanKind planKind() const override { return gridPlanKind(); }

  Expected<SmallVector<TargetVariant>>
  variants(mlir::MLIRContext *context,
           ArrayRef<std::string> requested) const override;

  void populateLegalize(mlir::OpPassManager &passes,
                        const TargetVariant &) const override {
    spirvtarget::populateLegalize(passes);
  }

  ArrayRef<StringRef> legalDialects() const override {
    static const StringRef legal[] = {"builtin", "spirv"};
    return legal;
  }

  StringRef shaderLanguage() const override { return "glsl"; }
  ArrayRef<StringRef> shaderExtensions() const override {
    static const StringRef extensions[] = {".comp", ".glsl"};
    return extensions;
  }
  Expected<CustomKernel>
  compileCustom(const KernelInterface &interface, const KernelSource &source,
                ArrayRef<TargetVariant *> variants) const override {
    return spirvtarget::compileGlsl(interface, source, variants);
  }
  std::string skeleton(const KernelInterface &interface) const override {
    return spirvtarget::glslSkeleton(interface);
  }

  Expected<std::vector<TargetFile>>
  emit(ArrayRef<TargetVariant> variants, ArrayRef<mlir::ModuleOp> modules,
       const EmitOptions &options) const override;
};

Expected<SmallVector<TargetVariant>>
SpirvTarget::variants(mlir::MLIRContext *context,
                      ArrayRef<std::string> requested) const {
  for (const std::string &name : requested)
    if (none_of(allVariants(),
                [&](const SpirvVariant &known) { return known.name == name; }))
      return unsupportedError(
          "unknown Vulkan variant '" + name + "', expected " +
          join(map_range(allVariants(),
                         [](const SpirvVariant &known) { return known.name; }),
               ", "));
  SmallVector<TargetVariant> result;
  for (const SpirvVariant &known : allVariants()) {
    if (requested.empty() ? known.byName : !is_contained(requested, known.name))
      continue;
    TargetVariant variant;
    variant.name = known.name.str();
    variant.caps = kern::CapsAttr::get(
        context, /*simd_bits=*/32, kRegisters, known.features,
        known.cheapBarriers, known.cheapBarriers ? kGroup : kSoftGroup,
        known.matrix, known.matrixBytes);
    variant.features = known.deviceFeatures;
    variant.when = known.when.str();
    result.push_back(std::move(variant));
  }
  return result;
}

/// A kernel's binary, or what the serializer had to say.
Expected<std::vector<uint32_t>> wordsOf(ModuleOp module) {
  std::string problem;
  mlir::ScopedDiagnosticHandler handler(module.getContext(),
                                        [&](mlir::Diagnostic &diagnostic) {
                                          problem = diagnostic.str();
                                          return mlir::success();
                                        });
  mlir::FailureOr<std::vector<uint32_t>> words = spirvtarget::serialize(module);
  if (failed(words))
    return internalError("cannot write SPIR-V of " + *module.getSymName() +
                         ": " + problem);
  return std::move(*words);
}

uint32_t numberOf(ModuleOp module, StringRef attribute) {
  return static_cast<uint32_t>(
      module->getAttrOfType<mlir::IntegerAttr>(attribute).getInt());
}

Error dump(StringRef folder, StringRef name, StringRef bytes) {
  SmallString<256> path(folder);
  sys::path::append(path, name);
  std::error_code problem;
  raw_fd_ostream file(path, problem);
  if (!problem)
    file << bytes, file.close(), problem = file.error();
  if (problem)
    return resourceError("cannot write " + path + ": " + problem.message());
  return Error::success();
}

/// What the pack holds of a kernel, but for where its words lie.
struct Packable {
  std::vector<uint32_t> words;
  rt::PackedKernel entry;
};

Expected<Packable> generated(ModuleOp kernel) {
  auto words = wordsOf(kernel);
  if (!words)
    return words.takeError();
  return Packable{std::move(*words),
                  {0, 0, numberOf(kernel, spirvtarget::kItemsPerGroupAttr),
                   numberOf(kernel, spirvtarget::kSharedBytesAttr),
                   numberOf(kernel, spirvtarget::kBindingsAttr),
                   numberOf(kernel, spirvtarget::kWrittenAttr)}};
}

/// A user's kernel in the place of a generated one.
Packable given(const CustomKernel &custom, ModuleOp kernel) {
  std::vector<uint32_t> words(custom.code.size() / sizeof(uint32_t));
  memcpy(words.data(), custom.code.data(), words.size() * sizeof(uint32_t));
  return {std::move(words),
          {0, 0, static_cast<uint32_t>(custom.itemsPerGroup),
           static_cast<uint32_t>(custom.sharedBytes),
           numberOf(kernel, spirvtarget::kBindingsAttr), custom.writtenMask}};
}

/// All kernels of a variant as one file (runtime/device/vulkan/KernelPack.h).
Expected<std::string> pack(const TargetVariant &variant, mlir::ModuleOp module,
                           const EmitOptions &options) {
  mlir::SymbolTable symbols(module);
  size_t kernels = options.kernelIds.size();
  rt::KernelPackHeader header = {rt::kKernelPackMagic,
                                 rt::kKernelPackVersion,
                                 static_cast<uint32_t>(kernels),
                                 static_cast<uint32_t>(variant.caps.getGroup()),
                                 {}};
  memcpy(header.planSha256, options.planSha256.data(),
         sizeof(header.planSha256));
  std::vector<rt::PackedKernel> table;
  std::vector<uint32_t> words;
  size_t first =
      (sizeof(header) + kernels * sizeof(rt::PackedKernel)) / sizeof(uint32_t);
  for (const std::string &id : options.kernelIds) {
    auto kernel = symbols.lookup<ModuleOp>(id);
    if (!kernel)
      return internalError("variant " + variant.name + " lacks kernel " + id);
    const CustomKernel *custom = options.findCustom(id, variant.name);
    Expected<Packable> made =
        custom ? Expected<Packable>(given(*custom, kernel)) : generated(kernel);
    if (!made)
      return made.takeError();
    made->entry.firstWord = static_cast<uint32_t>(first + words.size());
    made->entry.words = static_cast<uint32_t>(made->words.size());
    table.push_back(made->entry);
    words.insert(words.end(), made->words.begin(), made->words.end());
    if (!options.dumpDir.empty())
      if (Error error = dump(options.dumpDir, id + "." + variant.name + ".spv",
                             spirvtarget::bytesOf(made->words)))
        return error;
  }
  // Structs of words: the compiler runs on little-endian machines only.
  std::string bytes(reinterpret_cast<const char *>(&header), sizeof(header));
  bytes.append(reinterpret_cast<const char *>(table.data()),
               table.size() * sizeof(rt::PackedKernel));
  return bytes + spirvtarget::bytesOf(words);
}

Expected<std::vector<TargetFile>>
SpirvTarget::emit(ArrayRef<TargetVariant> variants,
                  ArrayRef<mlir::ModuleOp> modules,
                  const EmitOptions &options) const {
  std::vector<TargetFile> files;
  for (auto [variant, module] : zip_equal(variants, modules)) {
    auto bytes = pack(variant, module, options);
    if (!bytes)
      return bytes.takeError();
    files.push_back(
        {"kernels/vulkan/" + variant.name + ".spvpack", std::move(*bytes)});
  }
  return files;
}

} // namespace

const sinter::Target &sinter::spirvTarget() {
  static const SpirvTarget target;
  return target;
}
