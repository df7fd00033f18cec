//===- Interrupt.cpp - Stopping on SIGINT and SIGTERM ---------------------===//
//
// See Interrupt.h. The handler writes a byte to a pipe (nothing else is safe
// there); a detached thread reads it.
//
//===----------------------------------------------------------------------===//

#include "compiler/support/Interrupt.h"

#include "compiler/support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>
#include <vector>

using namespace sinter;

/// How long the program may take to end by itself.
static constexpr int kPatienceMs = 1000;

static std::atomic<bool> requested{false};
static std::atomic<int> pipeEnd{-1};

namespace {
struct Removals {
  std::mutex mutex;
  std::vector<std::string> paths;
};
} // namespace

/// Never destroyed: the watching thread may outlive static destructors.
static Removals &removals() {
  static Removals *const all = new Removals;
  return *all;
}

bool sinter::interruptRequested() {
  return requested.load(std::memory_order_relaxed);
}

void sinter::requestInterrupt() {
  requested.store(true);
  int end = pipeEnd.load();
  if (end < 0)
    return;
  int saved = errno;
  char byte = 0;
  if (::write(end, &byte, 1) < 0) {
    // The pipe is full of earlier requests.
  }
  errno = saved;
}

llvm::Error sinter::checkInterrupt() {
  if (!interruptRequested())
    return llvm::Error::success();
  return llvm::make_error<InterruptedError>("interrupted");
}

static void handleSignal(int) { requestInterrupt(); }

void sinter::removeRegistered() {
  std::lock_guard<std::mutex> lock(removals().mutex);
  // What was registered last goes first: a lock outlives what it guards.
  for (const std::string &path : llvm::reverse(removals().paths))
    llvm::sys::fs::remove_directories(path, /*IgnoreErrors=*/true);
}

static void *watch(void *argument) {
  int end = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  char byte;
  while (::read(end, &byte, 1) < 0 && errno == EINTR) {
  }
  struct pollfd second = {end, POLLIN, 0};
  ::poll(&second, 1, kPatienceMs);
  removeRegistered();
  ::_exit(kExitInterrupted);
}

llvm::Error sinter::installInterruptHandlers() {
  int ends[2];
  pthread_t thread;
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return resourceError(llvm::Twine("cannot make a pipe: ") +
                         std::strerror(errno));
  ::fcntl(ends[0], F_SETFL, 0); // the reader waits
  int code = ::pthread_create(
      &thread, nullptr, watch,
      reinterpret_cast<void *>(static_cast<intptr_t>(ends[0])));
  if (code != 0)
    return resourceError(llvm::Twine("cannot start a thread: ") +
                         std::strerror(code));
  ::pthread_detach(thread);
  pipeEnd = ends[1];
  struct sigaction action = {};
  action.sa_handler = handleSignal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return llvm::Error::success();
}

RemoveOnInterrupt::RemoveOnInterrupt(llvm::StringRef path) : path(path.str()) {
  std::lock_guard<std::mutex> lock(removals().mutex);
  removals().paths.push_back(this->path);
}

RemoveOnInterrupt::~RemoveOnInterrupt() {
  std::lock_guard<std::mutex> lock(removals().mutex);
  std::vector<std::string> &paths = removals().paths;
  auto found = std::find(paths.begin(), paths.end(), path);
  if (found != paths.end())
    paths.erase(found);
}
