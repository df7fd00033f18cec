// SIGINT and SIGTERM: row 27 of the fault list. Each case runs in a child,
// since handlers and the request stay.
#include "Folders.h"

#include "gtest/gtest.h"

#include <chrono>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace sinter;
using namespace sinter::test;
using Clock = std::chrono::steady_clock;

/// Forks a child that runs `body` with handlers installed, signals it when it
/// has written to the pipe, and returns exit code and seconds.
template <typename Body>
static std::pair<int, double> interrupted(int signal, Body body) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  pid_t child = ::fork();
  if (child == 0) {
    llvm::consumeError(installInterruptHandlers());
    ::_exit(body([&] { (void)!::write(ends[1], "x", 1); }));
  }
  char byte;
  EXPECT_EQ(::read(ends[0], &byte, 1), 1);
  auto begin = Clock::now();
  ::kill(child, signal);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          std::chrono::duration<double>(Clock::now() - begin).count()};
}

TEST(Interrupt, WorkThatPollsEndsByItself) {
  for (int signal : {SIGINT, SIGTERM}) {
    TempFolder folder;
    std::string out = folder.path("out");
    auto [code, seconds] = interrupted(signal, [&](auto ready) {
      auto writer = BundleWriter::create(out);
      if (!writer)
        return 99;
      ready();
      for (int i = 0;; ++i)
        if (llvm::Error error =
                (*writer)->addFile(std::to_string(i), "content")) {
          writer->reset();
          return exitCode(error);
        }
    });
    EXPECT_EQ(code, kExitInterrupted);
    EXPECT_LT(seconds, 1);
    EXPECT_TRUE(namesIn(folder.path()).empty());
  }
}

TEST(Interrupt, WorkThatDoesNotPollIsEnded) {
  TempFolder folder;
  std::string out = folder.path("out");
  auto [code, seconds] = interrupted(SIGTERM, [&](auto ready) {
    auto writer = BundleWriter::create(out);
    if (!writer || (*writer)->addFile("a", "b"))
      return 99;
    ready();
    for (;;)
      ::pause();
  });
  EXPECT_EQ(code, kExitInterrupted);
  EXPECT_LT(seconds, 2);
  // The lock file has no owner any more; the next writer removes it.
  EXPECT_EQ(messageOf(writeSmall(out)), "");
  EXPECT_EQ(namesIn(folder.path()), std::vector<std::string>{"out"});
}

TEST(Interrupt, SecondSignalEndsAtOnce) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pid_t child = ::fork();
  if (child == 0) {
    llvm::consumeError(installInterruptHandlers());
    (void)!::write(ends[1], "x", 1);
    for (;;)
      ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  auto begin = Clock::now();
  ::kill(child, SIGINT);
  ::usleep(100000);
  ::kill(child, SIGINT);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), kExitInterrupted);
  EXPECT_LT(std::chrono::duration<double>(Clock::now() - begin).count(), 0.8);
}
