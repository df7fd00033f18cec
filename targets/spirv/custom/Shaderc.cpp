// GLSL to SPIR-V in process; see Shaderc.h.
#include "targets/spirv/custom/Shaderc.h"

#include "compiler/support/Error.h"

#include "llvm/ADT/StringExtras.h"

#if SINTER_HAS_SHADERC
#include <shaderc/shaderc.h>
#include <spirv-tools/libspirv.h>

#include <memory>
#endif

using namespace llvm;
using namespace sinter;

#if SINTER_HAS_SHADERC

namespace {
template <auto Release> struct Releaser {
  template <typename T> void operator()(T *object) const { Release(object); }
};
using Compiler =
    std::unique_ptr<shaderc_compiler, Releaser<&shaderc_compiler_release>>;
using Options = std::unique_ptr<shaderc_compile_options,
                                Releaser<&shaderc_compile_options_release>>;
using Result = std::unique_ptr<shaderc_compilation_result,
                               Releaser<&shaderc_result_release>>;
} // namespace

/// The lines that say what is wrong, without the closing count of errors.
static std::string messagesOf(StringRef text) {
  SmallVector<StringRef> lines;
  for (StringRef line : split(text.trim(), '\n'))
    if (!line.ends_with("error generated.") &&
        !line.ends_with("errors generated."))
      lines.push_back(line.trim());
  return join(lines, "; ");
}

Expected<std::vector<uint32_t>>
sinter::spirvtarget::runShaderc(const KernelSource &source, bool optimise) {
  Compiler compiler(shaderc_compiler_initialize());
  Options options(shaderc_compile_options_initialize());
  if (!compiler || !options)
    return resourceError("libshaderc does not start: no memory");
  shaderc_compile_options_set_target_env(
      options.get(), shaderc_target_env_vulkan, shaderc_env_version_vulkan_1_2);
  shaderc_compile_options_set_target_spirv(options.get(),
                                           shaderc_spirv_version_1_5);
  shaderc_compile_options_set_optimization_level(
      options.get(), optimise ? shaderc_optimization_level_performance
                              : shaderc_optimization_level_zero);
  Result result(shaderc_compile_into_spv(
      compiler.get(), source.text.data(), source.text.size(),
      shaderc_compute_shader, source.path.c_str(), "main", options.get()));
  if (!result)
    return resourceError(source.path + ": libshaderc has no memory");
  if (shaderc_result_get_compilation_status(result.get()) !=
      shaderc_compilation_status_success)
    return inputError(
        messagesOf(shaderc_result_get_error_message(result.get())));
  const char *bytes = shaderc_result_get_bytes(result.get());
  std::vector<uint32_t> words(shaderc_result_get_length(result.get()) /
                              sizeof(uint32_t));
  memcpy(words.data(), bytes, words.size() * sizeof(uint32_t));
  return words;
}

Error sinter::spirvtarget::validateSpirv(const KernelSource &source,
                                         ArrayRef<uint32_t> words) {
  using Context = std::unique_ptr<spv_context_t, Releaser<&spvContextDestroy>>;
  Context context(spvContextCreate(SPV_ENV_VULKAN_1_2));
  spv_const_binary_t module = {words.data(), words.size()};
  spv_diagnostic diagnostic = nullptr;
  spv_result_t result = spvValidate(context.get(), &module, &diagnostic);
  std::string said = diagnostic ? diagnostic->error : "no reason given";
  spvDiagnosticDestroy(diagnostic);
  return result == SPV_SUCCESS
             ? Error::success()
             : errorAt(source, 0, "the SPIR-V is not valid: " + said);
}

#else

Error sinter::spirvtarget::validateSpirv(const KernelSource &,
                                         ArrayRef<uint32_t>) {
  return Error::success();
}

Expected<std::vector<uint32_t>>
sinter::spirvtarget::runShaderc(const KernelSource &source, bool optimise) {
  return unsupportedError(source.path + ": this sinter was built without "
                                        "libshaderc; GLSL kernels need it");
}

#endif
