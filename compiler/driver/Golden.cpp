// See Golden.h.
#include "compiler/driver/Golden.h"

#include "compiler/import/JsonReader.h"
#include "compiler/support/Error.h"
#include "runtime/include/sinter.hpp"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <dlfcn.h>
#include <vector>

using namespace sinter;
namespace json = llvm::json;

static constexpr int32_t kPromptTokens = 8;
static constexpr size_t kSamples = 64;

/// Ids spread over the vocabulary: nothing a model was trained on, but all that
/// matters is that every device gives the same.
static std::vector<int32_t> prompt(int64_t vocabulary) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < kPromptTokens; ++i)
    ids.push_back(static_cast<int32_t>((i * 7919 + 11) % vocabulary));
  return ids;
}

static llvm::Error failed(llvm::StringRef what, const sinter_error &error) {
  return internalError("golden logits: " + what + ": " + error.message);
}

namespace {
/// A library that exists only as bytes, and a model opened with it.
struct Opened {
  void *library = nullptr;
  sinter_model *model = nullptr;
  sinter_session *session = nullptr;
  ~Opened() {
    (void)sinter_session_destroy(session);
    (void)sinter_model_close(model);
    if (library)
      dlclose(library);
  }
};
} // namespace

static llvm::Error loadLibrary(llvm::StringRef bytes, Opened &opened) {
  llvm::SmallString<128> path;
  int descriptor = -1;
  if (std::error_code problem = llvm::sys::fs::createTemporaryFile(
          "sinter-golden", "so", descriptor, path))
    return resourceError("cannot make a temporary file: " + problem.message());
  auto remove = llvm::make_scope_exit([&] { llvm::sys::fs::remove(path); });
  llvm::raw_fd_ostream file(descriptor, /*shouldClose=*/true);
  file << bytes;
  file.close();
  if (file.has_error()) {
    std::string text = file.error().message();
    file.clear_error();
    return resourceError("cannot write " + path + ": " + text);
  }
  opened.library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  return opened.library
             ? llvm::Error::success()
             : internalError(llvm::Twine("golden logits: ") + dlerror());
}

static llvm::Error open(llvm::StringRef folder, unsigned threads,
                        Opened &opened) {
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.device = SINTER_DEVICE_CPU;
  options.threads = threads;
  options.weights_mode = SINTER_WEIGHTS_MMAP;
  options.cpu_variant = kGoldenVariant.data();
  auto *module = static_cast<const sinter_cpu_module *>(
      dlsym(opened.library, "sinter_cpu_module"));
  sinter_error error = {};
  if (sinter_model_open_static(module, folder.str().c_str(), &options,
                               &opened.model, &error) != SINTER_OK)
    return failed("open", error);
  if (sinter_session_create(opened.model, nullptr, &opened.session, &error) !=
      SINTER_OK)
    return failed("session", error);
  return llvm::Error::success();
}

/// Six significant digits: far below what any two devices agree in.
static void numbers(llvm::json::OStream &out, llvm::StringRef key,
                    llvm::ArrayRef<float> values) {
  out.attributeArray(key, [&] {
    for (float value : values) {
      std::string text;
      llvm::raw_string_ostream(text) << llvm::format("%.6g", value);
      out.rawValue(text);
    }
  });
}

static double deviation(llvm::ArrayRef<float> values) {
  double sum = 0, squares = 0;
  for (float value : values)
    sum += value, squares += double(value) * value;
  double mean = sum / double(values.size());
  return std::sqrt(
      std::max(0.0, squares / double(values.size()) - mean * mean));
}

static std::string textOf(llvm::ArrayRef<int32_t> tokens,
                          llvm::ArrayRef<float> logits) {
  std::vector<int32_t> ids;
  std::vector<float> samples;
  size_t step = std::max<size_t>(1, logits.size() / kSamples);
  for (size_t id = 0; id < logits.size() && ids.size() < kSamples; id += step) {
    ids.push_back(static_cast<int32_t>(id));
    samples.push_back(logits[id]);
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream out(stream);
  out.object([&] {
    out.attributeArray("tokens", [&] {
      for (int32_t token : tokens)
        out.value(token);
    });
    out.attributeArray("ids", [&] {
      for (int32_t id : ids)
        out.value(id);
    });
    numbers(out, "logits", samples);
    out.attribute("likeliest", static_cast<int64_t>(llvm::max_element(logits) -
                                                    logits.begin()));
    out.attributeBegin("deviation");
    stream << llvm::format("%.6g", deviation(logits));
    out.attributeEnd();
  });
  return text + "\n";
}

llvm::Expected<std::string> sinter::goldenLogits(llvm::StringRef folder,
                                                 llvm::StringRef library,
                                                 unsigned threads) {
  Opened opened;
  if (llvm::Error error = loadLibrary(library, opened))
    return std::move(error);
  if (llvm::Error error = open(folder, threads, opened))
    return std::move(error);
  sinter_model_info info = SINTER_MODEL_INFO_INIT;
  if (sinter_model_get_info(opened.model, &info) != SINTER_OK)
    return internalError("golden logits: the model's figures are not known");
  sinter_error error = {};
  std::vector<int32_t> tokens = prompt(info.vocab_size);
  std::vector<float> logits(info.vocab_size);
  if (sinter_session_prefill(opened.session, tokens.data(), tokens.size(),
                             &error) != SINTER_OK ||
      sinter_session_logits(opened.session, logits.data(), logits.size(),
                            &error) != SINTER_OK)
    return failed("prompt", error);
  if (!llvm::all_of(logits, [](float x) { return std::isfinite(x); }))
    return inputError("the model gives logits that are not finite; are its "
                      "weights damaged?");
  return textOf(tokens, logits);
}

//===-- Reading -----------------------------------------------------------===//

static bool readIds(const json::Array *list, std::vector<int32_t> &ids) {
  if (!list || list->empty())
    return false;
  for (const json::Value &value : *list) {
    std::optional<int64_t> id = value.getAsInteger();
    if (!id || *id < 0 || *id > INT32_MAX)
      return false;
    ids.push_back(static_cast<int32_t>(*id));
  }
  return true;
}

static bool readNumbers(const json::Array *list, std::vector<double> &numbers) {
  for (const json::Value &value : list ? *list : json::Array()) {
    std::optional<double> number = value.getAsNumber();
    if (!number || !std::isfinite(*number))
      return false;
    numbers.push_back(*number);
  }
  return list != nullptr;
}

llvm::Expected<std::optional<GoldenLogits>>
sinter::readGolden(const std::string &bundle) {
  std::string path = bundle + "/" + kGoldenPath.str();
  if (!llvm::sys::fs::exists(path))
    return std::optional<GoldenLogits>();
  auto text = llvm::MemoryBuffer::getFile(path);
  if (!text)
    return inputError("cannot read " + path + ": " + text.getError().message());
  auto value = parseJson((*text)->getBuffer(), path, /*maxDepth=*/4);
  if (!value)
    return verificationError(llvm::toString(value.takeError()));
  GoldenLogits golden;
  const json::Object *root = value->getAsObject();
  std::optional<double> deviation =
      root ? root->getNumber("deviation") : std::nullopt;
  if (!root || !readIds(root->getArray("tokens"), golden.tokens) ||
      !readIds(root->getArray("ids"), golden.ids) ||
      !readNumbers(root->getArray("logits"), golden.logits) ||
      golden.logits.size() != golden.ids.size() || !deviation ||
      !(*deviation >= 0))
    return verificationError(path + ": it is not as the compiler writes it; "
                                    "compile the model again");
  golden.deviation = *deviation;
  return std::optional<GoldenLogits>(std::move(golden));
}
