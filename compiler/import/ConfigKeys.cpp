//===- ConfigKeys.cpp - Typed access to a JSON object
//-----------------------===//
//
// See ConfigKeys.h.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/ConfigKeys.h"
#include "llvm/ADT/STLExtras.h"

using namespace sinter;
using namespace sinter::config;

int64_t Keys::integer(llvm::StringRef key, std::optional<int64_t> fallback) {
  const llvm::json::Value *value = want(key, fallback.has_value());
  if (!value)
    return fallback.value_or(0);
  if (std::optional<int64_t> number = value->getAsInteger())
    return *number;
  fail(key, "is not an integer of 64 bits");
  return fallback.value_or(0);
}

double Keys::real(llvm::StringRef key, std::optional<double> fallback) {
  const llvm::json::Value *value = want(key, fallback.has_value());
  if (!value)
    return fallback.value_or(0);
  if (std::optional<double> number = value->getAsNumber())
    return *number;
  fail(key, "is not a number");
  return fallback.value_or(0);
}

bool Keys::flag(llvm::StringRef key, bool fallback) {
  const llvm::json::Value *value = get(key);
  if (!value)
    return fallback;
  if (std::optional<bool> set = value->getAsBoolean())
    return *set;
  fail(key, "is neither true nor false");
  return fallback;
}

llvm::StringRef Keys::text(llvm::StringRef key) {
  const llvm::json::Value *value = get(key);
  if (!value)
    return {};
  if (std::optional<llvm::StringRef> string = value->getAsString())
    return *string;
  fail(key, "is not a string");
  return {};
}

const llvm::json::Object *Keys::member(llvm::StringRef key) {
  const llvm::json::Value *value = get(key);
  if (!value)
    return nullptr;
  if (const llvm::json::Object *found = value->getAsObject())
    return found;
  fail(key, "is not an object");
  return nullptr;
}

void Keys::appendIds(llvm::StringRef key, std::vector<int64_t> &ids) {
  const llvm::json::Value *value = get(key);
  if (!value)
    return;
  llvm::json::Array single{*value};
  const llvm::json::Array *list = value->getAsArray();
  for (const llvm::json::Value &entry : list ? *list : single) {
    std::optional<int64_t> id = entry.getAsInteger();
    if (!id)
      return fail(key, "is neither a token id nor a list of token ids");
    if (!llvm::is_contained(ids, *id))
      ids.push_back(*id);
  }
}

llvm::StringRef Keys::spelling(llvm::ArrayRef<llvm::StringRef> keys) const {
  for (llvm::StringRef key : keys)
    if (get(key))
      return key;
  return keys.front();
}

std::vector<double> Keys::reals(llvm::StringRef key, int64_t count) {
  std::vector<double> numbers;
  const llvm::json::Value *value = want(key, false);
  const llvm::json::Array *list = value ? value->getAsArray() : nullptr;
  if (!list || list->size() != static_cast<size_t>(count)) {
    if (value)
      fail(key, "is not a list of " + llvm::Twine(count) + " numbers");
    return numbers;
  }
  for (const llvm::json::Value &entry : *list) {
    std::optional<double> number = entry.getAsNumber();
    if (!number) {
      fail(key, "is not a list of numbers");
      return numbers;
    }
    numbers.push_back(*number);
  }
  return numbers;
}
