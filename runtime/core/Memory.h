// Memory.h: the runtime's three kinds of memory (small heap buffers, huge-page
// advised blocks, objects without operator new) and checked arithmetic for
// sizes that come from files.
#ifndef SINTER_RUNTIME_CORE_MEMORY_H
#define SINTER_RUNTIME_CORE_MEMORY_H

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>

namespace sinter::rt {

/// result = a + b; false on overflow.
inline bool checkedAdd(uint64_t a, uint64_t b, uint64_t &result) {
  return !__builtin_add_overflow(a, b, &result);
}
/// result = a * b; false on overflow.
inline bool checkedMul(uint64_t a, uint64_t b, uint64_t &result) {
  return !__builtin_mul_overflow(a, b, &result);
}
inline uint64_t divideUp(uint64_t a, uint64_t b) {
  return a / b + (a % b != 0);
}
inline uint64_t roundUp(uint64_t a, uint64_t b) { return divideUp(a, b) * b; }

/// Owned bytes from malloc (aligned to 16), zero-filled.
class Buffer {
public:
  Buffer() = default;
  Buffer(Buffer &&other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Buffer &operator=(Buffer &&other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() { free(data_); }

  /// False when there is not enough memory; the old content is gone either way.
  [[nodiscard]] bool allocate(size_t bytes) {
    free(data_);
    data_ = calloc(bytes ? bytes : 1, 1);
    size_ = data_ ? bytes : 0;
    return data_ != nullptr;
  }
  template <typename T> T *as() const { return static_cast<T *>(data_); }
  uint8_t *data() const { return as<uint8_t>(); }
  size_t size() const { return size_; }

private:
  void *data_ = nullptr;
  size_t size_ = 0;
};

/// count objects T, value-initialised; T must be trivially destructible.
template <typename T> class Array {
public:
  [[nodiscard]] bool allocate(size_t count) {
    uint64_t bytes = 0;
    if (!checkedMul(count, sizeof(T), bytes) || bytes > SIZE_MAX / 2 ||
        !buffer_.allocate(static_cast<size_t>(bytes)))
      return false;
    count_ = count;
    return true;
  }
  T *data() const { return buffer_.as<T>(); }
  size_t size() const { return count_; }
  T &operator[](size_t i) const { return data()[i]; }
  T *begin() const { return data(); }
  T *end() const { return data() + count_; }

private:
  static_assert(std::is_trivially_destructible<T>::value,
                "Array does not run destructors");
  Buffer buffer_;
  size_t count_ = 0;
};

/// A large block straight from the operating system, aligned to 2 MiB when it
/// is that large, advised to use huge pages. Nobody may count on what is in it:
/// in the browser that is what its last owner left.
class Block {
public:
  Block() = default;
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  ~Block();
  [[nodiscard]] bool allocate(uint64_t bytes);
  uint8_t *data() const { return data_; }
  uint64_t size() const { return size_; }

private:
  uint8_t *data_ = nullptr;
  uint64_t size_ = 0;
  void *base_ = nullptr;
  size_t mapped_ = 0;
};

/// new and delete without the C++ library; null when there is no memory.
template <typename T, typename... Args> T *createObject(Args &&...args) {
  void *place = alignof(T) > alignof(max_align_t)
                    ? aligned_alloc(alignof(T), sizeof(T))
                    : malloc(sizeof(T));
  return place ? ::new (place) T(std::forward<Args>(args)...) : nullptr;
}
template <typename T> void destroyObject(T *object) {
  if (!object)
    return;
  object->~T();
  free(object);
}

/// Owns an object of createObject.
template <typename T> class Owner {
public:
  explicit Owner(T *object = nullptr) : object_(object) {}
  Owner(const Owner &) = delete;
  Owner &operator=(const Owner &) = delete;
  ~Owner() { destroyObject(object_); }
  T *get() const { return object_; }
  T *operator->() const { return object_; }
  T &operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  T *release() { return std::exchange(object_, nullptr); }

private:
  T *object_;
};

} // namespace sinter::rt
#endif
