// Json.h: a bounded reader of JSON (RFC 8259) for manifests. A text is checked
// once, as a whole; values are then views into it, found by walking. Nothing is
// allocated.
#ifndef SINTER_RUNTIME_CORE_JSON_H
#define SINTER_RUNTIME_CORE_JSON_H

#include <cstddef>
#include <cstdint>

namespace sinter::rt {

/// A value of a checked text. Cheap to copy; valid as long as the text.
class JsonValue {
public:
  enum class Kind : uint8_t {
    Missing, ///< member() found nothing
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
    Duplicate ///< member() found the name twice
  };

  JsonValue() = default;
  Kind kind() const { return kind_; }
  bool isMissing() const { return kind_ == Kind::Missing; }

  /// The member of an object by its name (written without escapes); Missing
  /// also when this is no object.
  JsonValue member(const char *name) const;

  /// An array's elements: for (v = first(); !v.isMissing(); v = v.next()).
  JsonValue first() const;
  JsonValue next() const;

  /// A number without fraction that fits.
  bool asUnsigned(uint64_t &value) const;
  bool asNumber(double &value) const;

  /// Writes the decoded text and a zero byte to out, which needs rawBytes()
  /// bytes. False if this is no string, or if it contains a zero character.
  bool asString(char *out, size_t &length) const;
  /// Bytes of the value in the text; more than its decoded string.
  size_t rawBytes() const { return static_cast<size_t>(end_ - begin_); }

private:
  friend bool jsonCheck(const char *, size_t, JsonValue &, size_t &,
                        const char *&);
  static JsonValue at(const char *begin, const char *limit);

  const char *begin_ = nullptr, *end_ = nullptr, *limit_ = nullptr;
  Kind kind_ = Kind::Missing;
};

/// Checks text: one value, UTF-8, at most 32 levels deep. On failure offset is
/// the byte and what the reason.
bool jsonCheck(const char *text, size_t bytes, JsonValue &root, size_t &offset,
               const char *&what);

} // namespace sinter::rt
#endif
