//===- JsonReader.h - Strict JSON, pulled token by token ----------*- C++
//-*-===//
//
// JSON files of a model are hostile input. This reader takes RFC 8259 and
// nothing beyond it, and in addition refuses duplicate keys, nesting deeper
// than a limit, text that is not UTF-8 and lone surrogates. It uses memory for
// the current string only; parseJson builds a tree for small files
// (config.json).
//
// The first error sticks: every later call returns false and takeError() gives
// it, with the path and the byte offset in the file.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_JSONREADER_H
#define SINTER_COMPILER_IMPORT_JSONREADER_H

#include "compiler/support/Error.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <string>

namespace sinter {

/// Pull reader over a text that outlives it.
class JsonReader {
public:
  enum class Kind { Object, Array, String, Number, True, False, Null, Invalid };

  /// `path` and `base` (offset of the text in the file) are for messages.
  JsonReader(llvm::StringRef text, llvm::StringRef path, uint64_t base = 0,
             unsigned maxDepth = 64);

  /// The kind of the value that comes next.
  Kind peek();

  /// Each of these consumes what it names, or fails.
  bool beginObject();
  /// The next key of the object, or false at its end (which is consumed) and on
  /// error; tell the two apart with failed().
  bool nextKey(std::string &key);
  bool beginArray();
  /// True if an element follows; false at the array's end and on error.
  bool nextElement();
  bool readString(std::string &value);
  /// A non-negative integer without fraction or exponent, at most 2^64 - 1.
  bool readUnsigned(uint64_t &value);
  /// The number's text, checked against the grammar.
  bool readNumber(llvm::StringRef &text);
  bool readLiteral(Kind kind);
  /// Consumes a value of any kind; its objects' keys are not checked for
  /// duplicates.
  bool skipValue();
  /// Nothing but white space may follow.
  bool atEnd();

  /// Byte offset in the file of what comes next.
  uint64_t offset() const { return base + position; }
  bool failed() const { return !message.empty(); }
  /// Records an error at `offset` (in the file); returns false.
  bool fail(uint64_t offset, const llvm::Twine &what);
  bool fail(const llvm::Twine &what) { return fail(offset(), what); }
  /// The recorded error as InputError, or success.
  llvm::Error takeError();

private:
  void skipSpace();
  bool expect(char c, const char *what);
  bool enter();
  bool readEscape(std::string &value);
  bool readHex4(unsigned &value);

  llvm::StringRef text;
  std::string path;
  uint64_t base;
  unsigned maxDepth;
  size_t position = 0;
  unsigned depth = 0;
  /// True right after '{' or '[': the next member needs no comma.
  bool first = false;
  std::string message;
};

/// The tree of a whole text; duplicate keys are refused at every level.
/// Integers that fit become int64 (or uint64), other numbers double.
llvm::Expected<llvm::json::Value>
parseJson(llvm::StringRef text, llvm::StringRef path, unsigned maxDepth = 64);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_JSONREADER_H
