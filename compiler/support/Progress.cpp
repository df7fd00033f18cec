//===- Progress.cpp - Telling the user how far a long step is
//---------------===//
//
// See Progress.h. The bar is plain ASCII without colour, so that it reads the
// same on every terminal.
//
//===------------------------------------------------------------------------===//

#include "compiler/support/Progress.h"
#include "llvm/Support/Format.h"
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace sinter;
using Clock = std::chrono::steady_clock;

static constexpr std::chrono::milliseconds kBarInterval(100);
static constexpr std::chrono::milliseconds kLineInterval(5000);
static constexpr unsigned kBarWidth = 30;

static int64_t nanoseconds(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             time.time_since_epoch())
      .count();
}

static Clock::duration intervalOf(Progress::Mode mode) {
  return mode == Progress::Mode::Bar ? kBarInterval : kLineInterval;
}

Progress::Mode Progress::modeFor(bool quiet) {
  if (quiet)
    return Mode::Quiet;
  const char *term = std::getenv("TERM");
  bool dumb = !term || std::strcmp(term, "dumb") == 0;
  return ::isatty(STDERR_FILENO) && !dumb ? Mode::Bar : Mode::Lines;
}

Progress::Progress(Mode mode, llvm::raw_ostream &os) : mode(mode), os(os) {}

Progress::~Progress() { finish(); }

void Progress::start(llvm::StringRef name, uint64_t units) {
  if (mode == Mode::Quiet)
    return;
  std::lock_guard<std::mutex> lock(drawing);
  erase();
  step = name.str();
  total = units;
  done = 0;
  begun = Clock::now();
  nextDue = nanoseconds(begun + intervalOf(mode));
}

void Progress::advance(uint64_t units) {
  if (mode == Mode::Quiet)
    return;
  done.fetch_add(units, std::memory_order_relaxed);
  Clock::time_point now = Clock::now();
  int64_t due = nextDue.load(std::memory_order_relaxed);
  if (nanoseconds(now) < due)
    return;
  // One thread wins the right to draw; the others go on with their work.
  int64_t next = nanoseconds(now + intervalOf(mode));
  if (!nextDue.compare_exchange_strong(due, next))
    return;
  std::lock_guard<std::mutex> lock(drawing);
  draw(now);
}

void Progress::finish() {
  if (mode == Mode::Quiet)
    return;
  std::lock_guard<std::mutex> lock(drawing);
  nextDue = INT64_MAX;
  erase();
}

void Progress::erase() {
  if (barShown)
    os << "\r\x1b[K";
  os.flush();
  barShown = false;
}

void Progress::draw(Clock::time_point now) {
  double seconds = std::chrono::duration<double>(now - begun).count();
  uint64_t all = total;
  double share = all ? static_cast<double>(done) / static_cast<double>(all) : 0;
  share = share > 1 ? 1 : share;
  if (mode == Mode::Lines) {
    os << step << ": ";
    if (all)
      os << llvm::format("%.0f %%, ", share * 100);
    os << llvm::format("%.0f s\n", seconds);
    os.flush();
    return;
  }
  unsigned filled = static_cast<unsigned>(share * kBarWidth);
  os << '\r' << step << " [" << std::string(filled, '=')
     << std::string(kBarWidth - filled, ' ') << "] ";
  if (all)
    os << llvm::format("%3.0f %% ", share * 100);
  os << llvm::format("%.0f s", seconds) << "\x1b[K";
  os.flush();
  barShown = true;
}
