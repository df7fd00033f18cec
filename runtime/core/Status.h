// Status.h: how the runtime reports failure. Every function that can fail
// returns a sinter_status and describes the failure in a Fault, which writes
// into the caller's sinter_error (or nowhere). Messages: lower-case start,
// what, where, what to do.
#ifndef SINTER_RUNTIME_CORE_STATUS_H
#define SINTER_RUNTIME_CORE_STATUS_H

#include "sinter.h"

namespace sinter::rt {

using Status = sinter_status;

/// Where the description of a failure goes.
class Fault {
public:
  /// error: the caller's, may be null; is cleared to SINTER_OK.
  explicit Fault(sinter_error *error);

  /// Records a failure and returns its code, so that `return fault.set(...)`
  /// works.
  [[nodiscard]] Status set(Status code, const char *format, ...)
      __attribute__((format(printf, 3, 4)));

  /// The same for a failed system call: adds the text of errno.
  [[nodiscard]] Status setErrno(Status code, const char *what,
                                const char *where);

private:
  sinter_error *error_;
};

} // namespace sinter::rt
#endif
