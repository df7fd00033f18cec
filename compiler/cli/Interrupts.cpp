// See Interrupts.h.
#include "compiler/cli/Interrupts.h"

#include <csignal>

static volatile std::sig_atomic_t flag = 0;

static void onSignal(int signal) {
  flag = 1;
  // The next one has its usual effect.
  std::signal(signal, SIG_DFL);
}

sinter::cli::InterruptScope::InterruptScope() { clearInterrupt(); }

sinter::cli::InterruptScope::~InterruptScope() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool sinter::cli::interrupted() { return flag != 0; }

void sinter::cli::clearInterrupt() {
  flag = 0;
  std::signal(SIGINT, onSignal);
  std::signal(SIGTERM, onSignal);
}
