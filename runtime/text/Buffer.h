//===- Buffer.h - Growable array of plain values ------------------*- C++
//-*-===//
//
// The one container of the tokenizer: malloc'd, grows by doubling, never
// throws, is reused between calls. Only for trivially copyable types. A failed
// growth leaves the buffer as it was and returns false.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_BUFFER_H
#define SINTER_RUNTIME_TEXT_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

namespace sinter {
namespace text {

template <typename T> class Buffer {
public:
  Buffer() = default;
  ~Buffer() { free(items); }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;

  T *data() { return items; }
  const T *data() const { return items; }
  size_t size() const { return count; }
  T &operator[](size_t i) { return items[i]; }
  const T &operator[](size_t i) const { return items[i]; }
  void clear() { count = 0; }

  /// Makes room for `wanted` items; does not change size().
  [[nodiscard]] bool reserve(size_t wanted) {
    if (wanted <= capacity)
      return true;
    if (wanted > SIZE_MAX / 2 / sizeof(T))
      return false;
    size_t grown = capacity < 32 ? 64 : capacity * 2;
    if (grown < wanted)
      grown = wanted;
    T *moved = static_cast<T *>(realloc(items, grown * sizeof(T)));
    if (!moved)
      return false;
    items = moved;
    capacity = grown;
    return true;
  }

  /// Sets the size; new items are not initialised.
  [[nodiscard]] bool resize(size_t wanted) {
    if (!reserve(wanted))
      return false;
    count = wanted;
    return true;
  }

  [[nodiscard]] bool push(T value) {
    if (count == capacity && !reserve(count + 1))
      return false;
    items[count++] = value;
    return true;
  }

  [[nodiscard]] bool append(const T *values, size_t n) {
    if (n == 0)
      return true;
    if (n > SIZE_MAX - count || !reserve(count + n))
      return false;
    memcpy(items + count, values, n * sizeof(T));
    count += n;
    return true;
  }

private:
  T *items = nullptr;
  size_t count = 0;
  size_t capacity = 0;
};

} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_BUFFER_H
