//===- OutputLock.cpp - One writer per output -----------------------------===//
//
// See OutputLock.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/OutputLock.h"

#include "compiler/support/Error.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace sinter;

std::string sinter::temporaryPrefix(llvm::StringRef output) {
  llvm::SmallString<256> path(llvm::sys::path::parent_path(output));
  llvm::sys::path::append(path,
                          "." + llvm::sys::path::filename(output) + ".sinter-");
  return std::string(path);
}

static std::string describeOwner() {
  char host[256] = "";
  ::gethostname(host, sizeof(host) - 1);
  char time[64] = "";
  std::time_t now = std::time(nullptr);
  struct tm parts;
  if (::gmtime_r(&now, &parts))
    std::strftime(time, sizeof(time), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return "process " + std::to_string(::getpid()) + " on " + host +
         ", running since " + time;
}

static std::string readOwner(int descriptor) {
  char text[512];
  ssize_t got = ::pread(descriptor, text, sizeof(text), 0);
  return got > 0 ? std::string(text, static_cast<size_t>(got))
                 : std::string("another process");
}

/// Whether the descriptor is still the file of that name: an owner removes it
/// when done, and whoever opened it before holds a lock that means nothing.
static bool isCurrent(int descriptor, const std::string &path) {
  struct stat held, named;
  return ::fstat(descriptor, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

llvm::Expected<OutputLock> OutputLock::acquire(llvm::StringRef output) {
  std::string path = temporaryPrefix(output) + "lock";
  for (;;) {
    int descriptor =
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0)
      return resourceError("cannot write beside " + output + ": " +
                           std::strerror(errno) + " (" + path + ")");
    OutputLock lock(path, descriptor);
    int result;
    do {
      result = ::flock(descriptor, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
      int code = errno;
      std::string owner = readOwner(descriptor);
      lock.path.clear(); // not ours to remove
      if (code == EWOULDBLOCK)
        return resourceError(output + " is being written by " + owner +
                             "; wait for it or stop it");
      return resourceError("cannot lock " + path + ": " + std::strerror(code));
    }
    if (!isCurrent(descriptor, path)) {
      lock.path.clear();
      continue;
    }
    std::string owner = describeOwner();
    if (::ftruncate(descriptor, 0) != 0 ||
        ::pwrite(descriptor, owner.data(), owner.size(), 0) < 0) {
      // A full disk: the lock holds all the same, only its text is missing.
    }
    lock.removal = std::make_unique<RemoveOnInterrupt>(path);
    return std::move(lock);
  }
}

OutputLock::OutputLock(OutputLock &&other)
    : path(std::move(other.path)), descriptor(other.descriptor),
      removal(std::move(other.removal)) {
  other.descriptor = -1;
}

OutputLock::~OutputLock() {
  if (descriptor < 0)
    return;
  if (!path.empty())
    ::unlink(path.c_str());
  ::close(descriptor);
}
