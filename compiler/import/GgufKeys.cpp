//===- GgufKeys.cpp - Typed access to a GGUF file's keys
//--------------------===//
//
// See GgufKeys.h.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/GgufKeys.h"
#include "compiler/import/DequantRows.h"
#include "compiler/import/gguf/TensorNames.h"
#include "llvm/ADT/STLExtras.h"

using namespace sinter;
using namespace sinter::config;

void GgufKeys::fail(llvm::Error other) {
  if (!error)
    error = std::move(other);
  else
    llvm::consumeError(std::move(other));
}

template <typename T>
T GgufKeys::settle(llvm::StringRef key, llvm::Expected<std::optional<T>> value,
                   std::optional<T> fallback) {
  if (!value)
    fail(value.takeError());
  else if (*value)
    return **value;
  else if (!fallback)
    fail(table.error(key, "is missing"));
  return fallback.value_or(T());
}

int64_t GgufKeys::integer(llvm::StringRef name,
                          std::optional<int64_t> fallback) {
  std::string key = ask(name);
  return settle(key, table.integer(key), fallback);
}

double GgufKeys::real(llvm::StringRef name, std::optional<double> fallback) {
  std::string key = ask(name);
  return settle(key, table.real(key), fallback);
}

bool GgufKeys::flag(llvm::StringRef name, std::optional<bool> fallback) {
  std::string key = ask(name);
  return settle(key, table.boolean(key), fallback);
}

llvm::StringRef GgufKeys::text(llvm::StringRef name) {
  std::string key = ask(name);
  return settle<llvm::StringRef>(key, table.string(key), llvm::StringRef());
}

std::vector<int64_t> GgufKeys::list(llvm::StringRef name) {
  std::string key = ask(name);
  const GgufValue *value = table.find(key);
  if (!value || value->type != GgufType::Array)
    return {};
  llvm::Expected<std::vector<int64_t>> entries = table.integers(key);
  if (entries)
    return std::move(*entries);
  fail(entries.takeError());
  return {};
}

int64_t GgufKeys::uniform(llvm::StringRef name,
                          std::optional<int64_t> fallback) {
  const GgufValue *value = table.find(ask(name));
  if (!value || value->type != GgufType::Array)
    return integer(name, fallback);
  std::vector<int64_t> entries = list(name);
  if (failed())
    return 0;
  if (entries.empty() || !llvm::all_equal(entries)) {
    refuse(name, "differs between layers, which is not implemented");
    return 0;
  }
  return entries.front();
}

void GgufKeys::appendId(llvm::StringRef key, std::vector<int64_t> &ids) {
  int64_t id = settle<int64_t>(key, table.integer(key), -1);
  if (id != -1 && id != UINT32_MAX && !llvm::is_contained(ids, id))
    ids.push_back(id);
}

void GgufKeys::refuseUnless(llvm::StringRef name, double neutral) {
  std::string key = ask(name);
  const GgufValue *value = table.find(key);
  if (!value)
    return;
  std::optional<double> number;
  if (value->type == GgufType::Bool)
    number = *llvm::cantFail(table.boolean(key)) ? 1.0 : 0.0;
  else if (value->type == GgufType::F32 || value->type == GgufType::F64)
    number = llvm::cantFail(table.real(key));
  else if (auto whole = table.integer(key))
    number = static_cast<double>(**whole);
  else
    llvm::consumeError(whole.takeError());
  if (number != neutral)
    refuse(name, "is set, which is not implemented for this architecture");
}

void GgufKeys::refuseUnread() {
  for (llvm::StringRef key : table.keys())
    if (key.consume_front(prefix) && !asked.contains(key))
      return refuse(key, "is not known here; it may change what the model "
                         "computes");
}

const TensorInfo *GgufKeys::tensor(llvm::StringRef name) const {
  return file.find(gguf::huggingFaceName(file.architecture(), name));
}

std::vector<double> GgufKeys::numbers(const TensorInfo &tensor, int64_t count) {
  if (tensor.dtype != DType::F32 || tensor.shape.size() != 1 ||
      tensor.shape[0] != count) {
    fail(inputError(where + ": tensor " + tensor.name + " is " +
                    tensor.describe() + ", not [" + llvm::Twine(count) +
                    "] f32"));
    return {};
  }
  std::vector<float> row(static_cast<size_t>(count));
  readRowF32(tensor.dtype, file.bytes(tensor).data(), count, row.data());
  return {row.begin(), row.end()};
}
