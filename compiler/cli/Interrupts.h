// Ctrl-C while text is being made: stops the reply, not the program at once.
#pragma once

namespace sinter::cli {

/// While one exists, SIGINT and SIGTERM set a flag instead of ending the
/// process; a second signal ends it.
class InterruptScope {
public:
  InterruptScope();
  ~InterruptScope();
};

/// Whether a signal came since the scope began.
bool interrupted();
/// Forgets it: the next reply may go on.
void clearInterrupt();

} // namespace sinter::cli
