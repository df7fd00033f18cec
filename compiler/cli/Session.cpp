// See Session.h.
#include "compiler/cli/Session.h"

#include "compiler/support/Error.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"

using namespace sinter;
using namespace sinter::cli;

void cli::addOpenFlags(CLI::App &app, OpenFlags &flags) {
  app.add_option("BUNDLE", flags.bundle, "Folder of the bundle")->required();
  app.add_option("--device", flags.device, "auto, cpu, vulkan or null")
      ->check(CLI::IsMember({"auto", "cpu", "vulkan", "null"}));
  app.add_option("--gpu", flags.gpu,
                 "With Vulkan: the index of the GPU, or part of its name");
  app.add_option("--variant", flags.variant,
                 "Kernels of this instruction set instead of the best");
  app.add_flag("--verify", flags.verify,
               "Check the weights' SHA-256 before use");
  app.add_option("--weights", flags.weights,
                 "mmap: map the files; huge: read them into 2 MiB pages")
      ->check(CLI::IsMember({"auto", "mmap", "huge"}));
}

int cli::reportStatus(const sinter_error &error) {
  llvm::WithColor::error(llvm::errs(), "sinter") << error.message << "\n";
  switch (error.code) {
  case SINTER_UNSUPPORTED:
  case SINTER_VERSION_MISMATCH:
    return kExitUnsupported;
  case SINTER_OUT_OF_MEMORY:
  case SINTER_DEVICE_LOST:
  case SINTER_CONTEXT_FULL:
    return kExitResource;
  case SINTER_CORRUPT:
    return kExitVerification;
  case SINTER_CANCELLED:
    return kExitInterrupted;
  case SINTER_INTERNAL:
    return kExitInternal;
  default:
    return kExitInput;
  }
}

OpenModel::~OpenModel() {
  sinter_session_destroy(session);
  sinter_model_close(model);
}

int OpenModel::startSession(bool profile) {
  sinter_session_destroy(session);
  session = nullptr;
  sinter_session_options options = SINTER_SESSION_OPTIONS_INIT;
  options.profile = profile;
  sinter_error error = {};
  return sinter_session_create(model, &options, &session, &error)
             ? reportStatus(error)
             : kExitOk;
}

sinter_status OpenModel::tryOpen(const OpenFlags &flags, const Globals &globals,
                                 sinter_error &error) {
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.device = flags.device == "cpu"      ? SINTER_DEVICE_CPU
                   : flags.device == "null"   ? SINTER_DEVICE_NULL
                   : flags.device == "vulkan" ? SINTER_DEVICE_VULKAN
                                              : SINTER_DEVICE_AUTO;
  options.gpu = flags.gpu.empty() ? nullptr : flags.gpu.c_str();
  options.threads = globals.threads;
  options.verify_weights = flags.verify;
  options.weights_mode = flags.weights == "mmap"   ? SINTER_WEIGHTS_MMAP
                         : flags.weights == "huge" ? SINTER_WEIGHTS_HUGE_PAGES
                                                   : SINTER_WEIGHTS_AUTO;
  options.cpu_variant = flags.variant.empty() ? nullptr : flags.variant.c_str();
  if (sinter_status status =
          sinter_model_open(flags.bundle.c_str(), &options, &model, &error))
    return status;
  if (sinter_status status =
          sinter_session_create(model, nullptr, &session, &error))
    return status;
  return sinter_model_get_info(model, &info);
}

int OpenModel::open(const OpenFlags &flags, const Globals &globals) {
  sinter_error error = {};
  if (tryOpen(flags, globals, error))
    return reportStatus(error);
  if (globals.verbose)
    llvm::errs() << "device " << info.device << ", kernels " << info.variant
                 << " (" << info.variant_reason << "), " << info.threads
                 << " threads\n";
  return kExitOk;
}

llvm::Expected<std::vector<int32_t>> cli::parseTokens(llvm::StringRef list) {
  std::vector<int32_t> tokens;
  llvm::SmallVector<llvm::StringRef> parts;
  list.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    int32_t id = 0;
    if (part.trim().getAsInteger(10, id))
      return inputError("--tokens takes ids with commas between them, '" +
                        part + "' is no number");
    tokens.push_back(id);
  }
  return tokens;
}

llvm::Expected<std::string> cli::readText(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return inputError("cannot read " + llvm::Twine(path) + ": " +
                      buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

void cli::addTextFlags(CLI::App &app, TextFlags &flags) {
  flags.textOption = app.add_option("-p,--prompt", flags.text, "Text");
  app.add_option("-f,--file", flags.file, "File with the text; - is stdin")
      ->excludes(flags.textOption);
}

llvm::Expected<std::optional<std::string>>
cli::promptText(const TextFlags &flags) {
  if (!flags.file.empty()) {
    auto text = readText(flags.file);
    if (!text)
      return text.takeError();
    return std::optional<std::string>(std::move(*text));
  }
  if (flags.textOption->count())
    return std::optional<std::string>(flags.text);
  return std::optional<std::string>();
}

llvm::Expected<std::vector<int32_t>>
cli::tokenizeText(const sinter_model *model, llvm::StringRef text,
                  uint32_t flags) {
  sinter_error error = {};
  size_t count = 0;
  std::vector<int32_t> tokens(text.size() + 16);
  while (true) {
    sinter_status status =
        sinter_tokenize(model, text.data(), text.size(), flags, tokens.data(),
                        tokens.size(), &count, &error);
    if (status == SINTER_OK)
      break;
    if (status != SINTER_BUFFER_TOO_SMALL || count <= tokens.size())
      return inputError(error.message);
    tokens.resize(count);
  }
  tokens.resize(count);
  return tokens;
}
