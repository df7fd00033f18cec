// The life of a bundle folder: rows 22, 24 and 26 of the fault list.
#include "Folders.h"

#include "gtest/gtest.h"

#include <csignal>
#include <random>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sinter;
using namespace sinter::test;

using Names = std::vector<std::string>;

TEST(BundleWriter, WritesFilesAndManifest) {
  TempFolder folder;
  std::string out = folder.path("out");
  EXPECT_EQ(messageOf(writeSmall(out)), "");
  EXPECT_EQ(namesIn(folder.path()), Names{"out"});
  EXPECT_EQ(namesIn(out), (Names{"a.txt", "deep", "empty", "manifest.json"}));
  EXPECT_EQ(readText(out + "/a.txt"), "a");
  EXPECT_EQ(readText(out + "/deep/er/b.bin").size(), 3000u);
  EXPECT_TRUE(isSound(out));
}

TEST(BundleWriter, WithoutFinishNothingIsLeft) {
  TempFolder folder;
  {
    auto writer = BundleWriter::create(folder.path("out"));
    ASSERT_TRUE(static_cast<bool>(writer));
    ASSERT_FALSE(static_cast<bool>((*writer)->addFile("a", "1")));
    EXPECT_EQ(namesIn(folder.path()).size(), 2u); // folder and lock
  }
  EXPECT_EQ(namesIn(folder.path()), Names{});
}

TEST(BundleWriter, TakesAnEmptyFolderAndATrailingSlash) {
  TempFolder folder;
  ::mkdir(folder.path("out").c_str(), 0777);
  EXPECT_EQ(messageOf(writeSmall(folder.path("out") + "/")), "");
  EXPECT_TRUE(isSound(folder.path("out")));
}

TEST(BundleWriter, FollowsALinkToTheOutput) {
  TempFolder folder;
  ::mkdir(folder.path("real").c_str(), 0777);
  ASSERT_EQ(::symlink("real", folder.path("link").c_str()), 0);
  EXPECT_EQ(messageOf(writeSmall(folder.path("link"))), "");
  EXPECT_TRUE(isSound(folder.path("real")));
  EXPECT_EQ(namesIn(folder.path()), (Names{"link", "real"}));
}

TEST(BundleWriter, RefusesWhatIsThere) {
  TempFolder folder;
  std::string out = folder.path("out");
  ASSERT_EQ(messageOf(writeSmall(out)), "");
  EXPECT_EQ(checkError(writeSmall(out, false, "new"), kExitInput,
                       {out, "exists", "--overwrite"}),
            "");
  EXPECT_EQ(readText(out + "/a.txt"), "a");
  EXPECT_EQ(messageOf(writeSmall(out, true, "new")), "");
  EXPECT_EQ(readText(out + "/a.txt"), "new");
  EXPECT_TRUE(isSound(out));
  EXPECT_EQ(namesIn(folder.path()), Names{"out"});
}

TEST(BundleWriter, OverwriteReplacesBundlesOnly) {
  TempFolder folder;
  folder.write("file", "x");
  EXPECT_EQ(checkError(writeSmall(folder.path("file"), true), kExitInput,
                       {"not a folder"}),
            "");
  ::mkdir(folder.path("home").c_str(), 0777);
  folder.write("home/diary.txt", "x");
  EXPECT_EQ(checkError(writeSmall(folder.path("home"), true), kExitInput,
                       {"not a bundle"}),
            "");
  EXPECT_EQ(readText(folder.path("home/diary.txt")), "x");
  EXPECT_EQ(checkError(writeSmall(folder.path("no/where")), kExitInput,
                       {"does not exist"}),
            "");
  EXPECT_EQ(checkError(writeSmall(""), kExitInput, {"no name"}), "");
}

TEST(BundleWriter, UnsafeAndDoublePathsAreRefused) {
  TempFolder folder;
  auto writer = BundleWriter::create(folder.path("out"));
  ASSERT_TRUE(static_cast<bool>(writer));
  for (llvm::StringRef path :
       {"", "/a", "../a", "a/../b", "a//b", "a\\b", "c:d", "./a", "a\n", "a/"})
    EXPECT_EQ(checkError((*writer)->addFile(path, "x"), kExitInternal, {}), "")
        << path.str();
  EXPECT_EQ(messageOf((*writer)->addFile("a", "x")), "");
  EXPECT_EQ(checkError((*writer)->addFile("a", "x"), kExitResource, {"a"}), "");
}

TEST(BundleWriter, SecondWriterIsToldWhoIsWriting) {
  TempFolder folder;
  std::string out = folder.path("out");
  auto writer = BundleWriter::create(out);
  ASSERT_TRUE(static_cast<bool>(writer));
  EXPECT_EQ(checkError(writeSmall(out), kExitResource,
                       {out, "is being written by process",
                        std::to_string(::getpid()), "since"}),
            "");
  EXPECT_EQ(messageOf(writeSmall(folder.path("other"))), "");
  writer->reset();
  EXPECT_EQ(messageOf(writeSmall(out)), "");
}

/// Runs `body` in a child that ends with its result.
template <typename Body> static pid_t inChild(Body body) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(body());
  return child;
}

static int exitOf(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(BundleWriter, ManyWritersOneWins) {
  TempFolder folder;
  std::string out = folder.path("out");
  std::vector<pid_t> children;
  for (int i = 0; i < 50; ++i)
    children.push_back(inChild([&] {
      llvm::Error error = writeSmall(out);
      int code = exitCode(error);
      llvm::consumeError(std::move(error));
      return code;
    }));
  int wins = 0;
  for (pid_t child : children) {
    int code = exitOf(child);
    // 4: locked out; 1: another one was done already.
    EXPECT_TRUE(code == 0 || code == kExitResource || code == kExitInput);
    wins += code == 0;
  }
  EXPECT_EQ(wins, 1);
  EXPECT_TRUE(isSound(out));
  EXPECT_EQ(namesIn(folder.path()), Names{"out"});
}

TEST(BundleWriter, KilledAtAnyMomentLeavesNoHalfBundle) {
  TempFolder folder;
  std::string out = folder.path("out");
  ASSERT_EQ(messageOf(writeSmall(out, false, "0")), "");
  std::mt19937 engine(7);
  int killed = 0;
  for (int round = 1; round <= 50; ++round) {
    // Kill before the n-th operation on the file system; beyond the last one
    // the write succeeds.
    int left = static_cast<int>(engine() % 30);
    pid_t child = inChild([&] {
      BundleOptions options;
      options.overwrite = true;
      options.fault = [&](llvm::StringRef) {
        if (left-- == 0)
          ::kill(::getpid(), SIGKILL);
        return 0;
      };
      llvm::Error error = writeSmall(out, options, std::to_string(round));
      return exitCode(error);
    });
    killed += exitOf(child) == -1;
    ASSERT_TRUE(isSound(out)) << "round " << round;
  }
  EXPECT_GT(killed, 20);
  EXPECT_EQ(messageOf(writeSmall(out, true, "end")), "");
  EXPECT_EQ(readText(out + "/a.txt"), "end");
  EXPECT_EQ(namesIn(folder.path()), Names{"out"});
}

TEST(BundleWriter, KilledAtRandomTimesLeavesNoHalfBundle) {
  TempFolder folder;
  std::string out = folder.path("out");
  std::mt19937 engine(8);
  for (int round = 0; round < 50; ++round) {
    pid_t child = inChild([&] {
      for (;;) {
        llvm::Error error = writeSmall(out, true, std::to_string(round));
        if (error)
          return exitCode(error);
      }
    });
    ::usleep(engine() % 4000);
    ::kill(child, SIGKILL);
    EXPECT_EQ(exitOf(child), -1);
    // Either no output at all, or a complete one.
    if (llvm::sys::fs::exists(out))
      ASSERT_TRUE(isSound(out)) << "round " << round;
  }
  EXPECT_EQ(messageOf(writeSmall(out, true, "end")), "");
  EXPECT_EQ(namesIn(folder.path()), Names{"out"});
}

TEST(BundleWriter, CutShortReplacementIsUndone) {
  // The state between the two renames on a file system without exchange.
  TempFolder folder;
  std::string out = folder.path("out");
  ASSERT_EQ(messageOf(writeSmall(out, false, "old")), "");
  ASSERT_FALSE(llvm::sys::fs::rename(out, folder.path(".out.sinter-old")));
  ::mkdir(folder.path(".out.sinter-1").c_str(), 0777);
  EXPECT_EQ(checkError(writeSmall(out), kExitInput, {"exists"}), "");
  EXPECT_EQ(readText(out + "/a.txt"), "old");
  EXPECT_EQ(namesIn(folder.path()), Names{"out"});
}
