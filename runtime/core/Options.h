// Options.h: size-versioned structs of sinter.h: what the caller does not know
// takes its default; what this library does not know must be zero.
#ifndef SINTER_RUNTIME_CORE_OPTIONS_H
#define SINTER_RUNTIME_CORE_OPTIONS_H

#include "runtime/core/Status.h"

#include <cstring>

namespace sinter::rt {

constexpr uint32_t kLargestStruct = 4096;

/// Copies *given (may be null: nothing) over *known, which holds the defaults.
/// name for the message.
template <typename T>
[[nodiscard]] Status readOptions(const T *given, T &known, const char *name,
                                 Fault &fault) {
  if (!given)
    return SINTER_OK;
  uint32_t size = given->struct_size;
  if (size < sizeof(uint32_t) * 2 || size > kLargestStruct)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "%s: struct_size is %u; use the _INIT macro", name, size);
  const auto *bytes = reinterpret_cast<const unsigned char *>(given);
  for (size_t i = sizeof(T); i < size; ++i)
    if (bytes[i])
      return fault.set(SINTER_UNSUPPORTED,
                       "%s: a field that this version of the runtime does not "
                       "know is set",
                       name);
  memcpy(static_cast<void *>(&known), given,
         size < sizeof(T) ? size : sizeof(T));
  known.struct_size = sizeof(T);
  return SINTER_OK;
}

/// Copies filled to *out as far as the caller knows the struct; false if
/// struct_size makes no sense.
template <typename T> bool writeResult(const T &filled, T *out) {
  uint32_t size = out->struct_size;
  if (size < sizeof(uint32_t) * 2 || size > kLargestStruct)
    return false;
  memcpy(static_cast<void *>(out), &filled,
         size < sizeof(T) ? size : sizeof(T));
  out->struct_size = size;
  return true;
}

} // namespace sinter::rt
#endif
