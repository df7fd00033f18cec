//===- GgufKeys.h - Typed access to a GGUF file's keys (private) --*- C++
//-*-===//
//
// What the readers of GGUF metadata ask: "ARCHITECTURE.name", typed, or its
// default. Every key that was asked for is remembered: what is left over might
// change what the model computes, and is refused. Not for use outside this
// folder.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_GGUFKEYS_H
#define SINTER_COMPILER_IMPORT_GGUFKEYS_H

#include "compiler/import/gguf/GgufFile.h"
#include "compiler/support/Error.h"
#include "llvm/ADT/StringSet.h"
#include <optional>
#include <string>
#include <vector>

namespace sinter::config {

/// The first error sticks and later calls return their fallback.
class GgufKeys {
public:
  explicit GgufKeys(const GgufFile &file)
      : file(file), table(file.metadata()),
        prefix((file.architecture() + ".").str()), where(file.path().str()) {}
  ~GgufKeys() { llvm::consumeError(std::move(error)); }

  bool has(llvm::StringRef name) const {
    return table.find(prefix + name.str());
  }
  int64_t integer(llvm::StringRef name, std::optional<int64_t> fallback = {});
  /// An integer, or an array of integers that are all equal.
  int64_t uniform(llvm::StringRef name, std::optional<int64_t> fallback = {});
  /// An array of integers or bools; empty if the key is absent or a scalar.
  std::vector<int64_t> list(llvm::StringRef name);
  double real(llvm::StringRef name, std::optional<double> fallback = {});
  bool flag(llvm::StringRef name, std::optional<bool> fallback = {});
  llvm::StringRef text(llvm::StringRef name);
  /// A token id under its full key; absent and 0xffffffff give nothing.
  void appendId(llvm::StringRef key, std::vector<int64_t> &ids);

  /// Refuses the key unless it is absent or the number (or bool) at which it
  /// changes nothing.
  void refuseUnless(llvm::StringRef name, double neutral);
  /// Refuses whatever key of the architecture nobody has asked for.
  void refuseUnread();

  /// The tensor that GGUF calls `name`, or null.
  const TensorInfo *tensor(llvm::StringRef name) const;
  /// The numbers of a vector of `count` f32; an error if it is anything else.
  std::vector<double> numbers(const TensorInfo &tensor, int64_t count);

  /// An UnsupportedError about a key.
  void refuse(llvm::StringRef name, const llvm::Twine &what) {
    fail(unsupportedError(where + ": metadata " + prefix + name + " " + what));
  }
  void fail(llvm::Error other);
  bool failed() { return static_cast<bool>(error); }
  llvm::Error takeError() { return std::move(error); }
  const std::string &place() const { return where; }

private:
  /// The full key, remembered as asked for.
  std::string ask(llvm::StringRef name) {
    asked.insert(name);
    return prefix + name.str();
  }
  template <typename T>
  T settle(llvm::StringRef key, llvm::Expected<std::optional<T>> value,
           std::optional<T> fallback);

  const GgufFile &file;
  const GgufMetadata &table;
  std::string prefix;
  std::string where;
  llvm::StringSet<> asked;
  llvm::Error error = llvm::Error::success();
};

} // namespace sinter::config

#endif // SINTER_COMPILER_IMPORT_GGUFKEYS_H
