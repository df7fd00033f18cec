// Status.cpp: names of status codes, and failure messages.
#include "runtime/core/Status.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace sinter::rt {

Fault::Fault(sinter_error *error) : error_(error) {
  if (error_) {
    error_->code = SINTER_OK;
    error_->message[0] = 0;
  }
}

Status Fault::set(Status code, const char *format, ...) {
  if (!error_)
    return code;
  error_->code = code;
  va_list arguments;
  va_start(arguments, format);
  int length =
      vsnprintf(error_->message, sizeof(error_->message), format, arguments);
  va_end(arguments);
  if (length < 0)
    error_->message[0] = 0;
  return code;
}

#if !defined(__wasm__) // where nothing fails with an errno
Status Fault::setErrno(Status code, const char *what, const char *where) {
  int number = errno;
  return set(code, "%s '%s': %s", what, where, strerror(number));
}
#endif

} // namespace sinter::rt

extern "C" const char *sinter_status_name(int status) {
  switch (status) {
#define NAME(X)                                                                \
  case X:                                                                      \
    return #X
    NAME(SINTER_OK);
    NAME(SINTER_INVALID_ARGUMENT);
    NAME(SINTER_INVALID_HANDLE);
    NAME(SINTER_INVALID_STATE);
    NAME(SINTER_BUSY);
    NAME(SINTER_BUFFER_TOO_SMALL);
    NAME(SINTER_NOT_FOUND);
    NAME(SINTER_IO_ERROR);
    NAME(SINTER_CORRUPT);
    NAME(SINTER_VERSION_MISMATCH);
    NAME(SINTER_UNSUPPORTED);
    NAME(SINTER_OUT_OF_MEMORY);
    NAME(SINTER_CONTEXT_FULL);
    NAME(SINTER_BAD_LOGITS);
    NAME(SINTER_CANCELLED);
    NAME(SINTER_INTERNAL);
    NAME(SINTER_DEVICE_LOST);
#undef NAME
  }
  return "unknown status";
}

extern "C" const char *sinter_version(void) {
#define TEXT2(X) #X
#define TEXT(X) TEXT2(X)
  return TEXT(SINTER_VERSION_MAJOR) "." TEXT(SINTER_VERSION_MINOR) "." TEXT(
      SINTER_VERSION_PATCH);
#undef TEXT
#undef TEXT2
}
