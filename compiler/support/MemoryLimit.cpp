//===- MemoryLimit.cpp - Running out of memory in good order --------------===//
//
// See MemoryLimit.h. The last words need memory themselves: the soft limit goes
// back to the hard one before they are spoken.
//
//===----------------------------------------------------------------------===//

#include "compiler/support/MemoryLimit.h"

#include "compiler/support/Error.h"
#include "compiler/support/Interrupt.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ErrorHandling.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <sys/resource.h>
#include <unistd.h>

using namespace sinter;

static uint64_t limit = 0;

std::optional<uint64_t> sinter::parseBytes(llvm::StringRef text) {
  unsigned shift = 0;
  if (!text.empty())
    shift = llvm::StringSwitch<unsigned>(text.take_back(1).upper())
                .Case("K", 10)
                .Case("M", 20)
                .Case("G", 30)
                .Default(0);
  uint64_t number = 0;
  if (text.drop_back(shift ? 1 : 0).getAsInteger(10, number) ||
      number > (UINT64_MAX >> shift) || number == 0)
    return std::nullopt;
  return number << shift;
}

[[noreturn]] static void outOfMemory() {
  rlimit current;
  if (::getrlimit(RLIMIT_DATA, &current) == 0) {
    current.rlim_cur = current.rlim_max;
    ::setrlimit(RLIMIT_DATA, &current);
  }
  char text[200];
  if (limit)
    std::snprintf(text, sizeof(text),
                  "sinter: error: out of memory: %llu MiB (--mem-limit) are "
                  "not enough; allow more, or use fewer --threads\n",
                  static_cast<unsigned long long>(limit >> 20));
  else
    std::snprintf(text, sizeof(text),
                  "sinter: error: out of memory; free some, or use fewer "
                  "--threads\n");
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) {
    // Nobody listens; the exit code says it.
  }
  removeRegistered();
  ::_exit(kExitResource);
}

llvm::Error sinter::limitMemory(uint64_t bytes) {
  std::set_new_handler(outOfMemory);
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { outOfMemory(); });
  if (!bytes)
    return llvm::Error::success();
  rlimit allowed;
  if (::getrlimit(RLIMIT_DATA, &allowed) != 0)
    return resourceError(llvm::Twine("cannot read the memory limit: ") +
                         std::strerror(errno));
  limit = bytes;
  allowed.rlim_cur = std::min<rlim_t>(bytes, allowed.rlim_max);
  if (::setrlimit(RLIMIT_DATA, &allowed) != 0)
    return resourceError(llvm::Twine("cannot set the memory limit: ") +
                         std::strerror(errno));
  return llvm::Error::success();
}
