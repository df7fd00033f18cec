//===- ConfigKeys.h - Typed access to a JSON object (private) -----*- C++
//-*-===//
//
// What the readers of config.json ask: a number, a flag, a text under a key, or
// its default. Not for use outside this folder.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_CONFIGKEYS_H
#define SINTER_COMPILER_IMPORT_CONFIGKEYS_H

#include "compiler/support/Error.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <string>
#include <vector>

namespace sinter::config {

/// Typed access to one JSON object. The first error sticks and later calls
/// return their fallback. A null counts as an absent key.
class Keys {
public:
  Keys(const llvm::json::Object &object, const llvm::Twine &where)
      : object(object), where(where.str()) {}
  ~Keys() { llvm::consumeError(std::move(error)); }

  const llvm::json::Value *get(llvm::StringRef key) const {
    const llvm::json::Value *value = object.get(key);
    return value && value->kind() != llvm::json::Value::Null ? value : nullptr;
  }
  bool isNull(llvm::StringRef key) const {
    return object.get(key) && !get(key);
  }

  int64_t integer(llvm::StringRef key, std::optional<int64_t> fallback = {});
  double real(llvm::StringRef key, std::optional<double> fallback = {});
  bool flag(llvm::StringRef key, bool fallback);
  llvm::StringRef text(llvm::StringRef key);
  /// The first of several spellings that is present, else the first spelling.
  llvm::StringRef spelling(llvm::ArrayRef<llvm::StringRef> keys) const;
  /// A list of `count` numbers.
  std::vector<double> reals(llvm::StringRef key, int64_t count);
  /// An object member, or null.
  const llvm::json::Object *member(llvm::StringRef key);
  /// An integer or a list of integers, appended to `ids` without duplicates.
  void appendIds(llvm::StringRef key, std::vector<int64_t> &ids);

  void fail(llvm::StringRef key, const llvm::Twine &what) {
    if (!error)
      error = inputError(where + ": " + key + " " + what);
  }
  void refuse(llvm::StringRef key, const llvm::Twine &what) {
    if (!error)
      error = unsupportedError(where + ": " + key + " " + what);
  }
  bool failed() { return static_cast<bool>(error); }
  llvm::Error takeError() { return std::move(error); }
  const std::string &place() const { return where; }

private:
  /// The value; null (and an error, unless there is a fallback) if absent.
  const llvm::json::Value *want(llvm::StringRef key, bool hasFallback) {
    const llvm::json::Value *value = get(key);
    if (!value && !hasFallback)
      fail(key, "is missing");
    return value;
  }

  const llvm::json::Object &object;
  std::string where;
  llvm::Error error = llvm::Error::success();
};

} // namespace sinter::config

#endif // SINTER_COMPILER_IMPORT_CONFIGKEYS_H
