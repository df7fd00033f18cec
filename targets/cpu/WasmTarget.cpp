// The wasm target (WasmTarget.h): the CPU target's passes and code generation,
// linked to modules by lld.
#include "targets/cpu/WasmTarget.h"

#include "runtime/include/sinter_abi.h"
#include "targets/cpu/Compilation.h"
#include "targets/cpu/Linking.h"
#include "targets/cpu/raise/CpuPasses.h"

#include "llvm/Support/EndianStream.h"
#include "llvm/Support/LEB128.h"

using namespace llvm;
using namespace sinter;
using namespace sinter::cpu;

namespace {

class WasmTarget : public sinter::Target {
public:
  StringRef name() const override { return "wasm"; }
  bool runsInBrowser() const override { return true; }

  Expected<SmallVector<TargetVariant>>
  variants(mlir::MLIRContext *context,
           ArrayRef<std::string> requested) const override {
    auto result = targetVariants(context, requested, "wasm", {Arch::wasm32},
                                 "wasm variant", "wasm");
    if (result)
      for (TargetVariant &variant : *result)
        if (variant.name == "relaxed")
          variant.features = {"relaxed_simd"};
    return result;
  }

  void populateLegalize(mlir::OpPassManager &passes,
                        const TargetVariant &variant) const override {
    const CpuVariant *found = findVariant(variant.name);
    assert(found && "a variant that variants() did not give");
    cpu::populateLegalize(passes, *found);
  }

  Expected<std::vector<TargetFile>>
  emit(ArrayRef<TargetVariant> variants, ArrayRef<mlir::ModuleOp> modules,
       const EmitOptions &options) const override;
};

/// A custom section "sinter".
std::string stampSection(const EmitOptions &options) {
  std::string payload;
  raw_string_ostream stream(payload);
  constexpr StringLiteral kName("sinter");
  encodeULEB128(kName.size(), stream);
  stream << kName;
  support::endian::Writer writer(stream, endianness::little);
  writer.write<uint32_t>(SINTER_MODULE_MAGIC);
  writer.write<uint32_t>(SINTER_ABI_VERSION);
  writer.write<uint32_t>(1);
  writer.write<uint32_t>(uint32_t(options.kernelIds.size()));
  stream.write(reinterpret_cast<const char *>(options.planSha256.data()),
               options.planSha256.size());
  std::string section(1, 0); // the id of custom sections
  raw_string_ostream whole(section);
  encodeULEB128(payload.size(), whole);
  whole << payload;
  return section;
}

Expected<std::vector<TargetFile>>
WasmTarget::emit(ArrayRef<TargetVariant> variants,
                 ArrayRef<mlir::ModuleOp> modules,
                 const EmitOptions &options) const {
  auto work = compileVariants(variants, modules, options);
  if (!work)
    return work.takeError();
  std::string stamp = stampSection(options);
  std::vector<TargetFile> files;
  for (const CompiledVariant &item : *work) {
    std::string stem = item.variant->name.str();
    auto linked = linkWasmModule({stem + ".o", item.object});
    if (!linked)
      return linked.takeError();
    auto threaded = withSharedMemory(*linked);
    if (!threaded)
      return threaded.takeError();
    files.push_back({"kernels/wasm/" + stem + ".wasm", *linked + stamp});
    files.push_back(
        {"kernels/wasm/" + stem + "-threads.wasm", *threaded + stamp});
  }
  return files;
}

} // namespace

const sinter::Target &sinter::wasmTarget() {
  static const WasmTarget target;
  return target;
}
