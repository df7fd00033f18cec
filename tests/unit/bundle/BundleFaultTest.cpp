// Refusals of the file system at every operation: row 23 of the fault list.
#include "Folders.h"

#include "gtest/gtest.h"

#include <atomic>
#include <cerrno>
#include <map>

using namespace sinter;
using namespace sinter::test;

using Names = std::vector<std::string>;

/// Operations that a write of the small bundle makes.
static int countOperations() {
  TempFolder folder;
  int count = 0;
  BundleOptions options;
  options.fault = [&](llvm::StringRef) { return ++count, 0; };
  EXPECT_EQ(messageOf(writeSmall(folder.path("out"), options, "a")), "");
  return count;
}

static void failEveryOperation(int code, llvm::StringRef words) {
  int count = countOperations();
  ASSERT_GT(count, 20);
  for (int at = 0; at < count; ++at) {
    TempFolder folder;
    std::string out = folder.path("out");
    int left = at;
    std::string operation;
    BundleOptions options;
    options.fault = [&](llvm::StringRef name) {
      if (left-- != 0)
        return 0;
      operation = name.str();
      return code;
    };
    llvm::Error error = writeSmall(out, options, "a");
    // The last one syncs the folder above, when the bundle is in its place.
    if (at == count - 1) {
      EXPECT_EQ(messageOf(std::move(error)), "");
      EXPECT_TRUE(isSound(out));
      continue;
    }
    llvm::StringRef expected = operation == "reserve" ? "free" : words;
    EXPECT_EQ(checkError(std::move(error), kExitResource, {expected}), "")
        << operation << " " << at;
    EXPECT_EQ(namesIn(folder.path()), Names{}) << operation << " " << at;
  }
}

TEST(BundleFault, FullDisk) { failEveryOperation(ENOSPC, "the bundle needs"); }
TEST(BundleFault, Quota) { failEveryOperation(EDQUOT, "are free"); }
TEST(BundleFault, Broken) { failEveryOperation(EIO, "Input/output error"); }
TEST(BundleFault, ReadOnly) { failEveryOperation(EROFS, "Read-only"); }

TEST(BundleFault, OldBundleSurvives) {
  int count = countOperations();
  for (int at = 0; at < count - 1; ++at) {
    TempFolder folder;
    std::string out = folder.path("out");
    ASSERT_EQ(messageOf(writeSmall(out, false, "old")), "");
    int left = at;
    BundleOptions options;
    options.overwrite = true;
    options.fault = [&](llvm::StringRef) { return left-- == 0 ? EIO : 0; };
    EXPECT_EQ(checkError(writeSmall(out, options, "new"), kExitResource, {}),
              "");
    EXPECT_EQ(readText(out + "/a.txt"), "old");
    EXPECT_TRUE(isSound(out));
    EXPECT_EQ(namesIn(folder.path()), Names{"out"});
  }
}

TEST(BundleFault, MessageTellsNeededAndFree) {
  TempFolder folder;
  BundleOptions options;
  options.fault = [](llvm::StringRef name) {
    return name == "write" ? ENOSPC : 0;
  };
  EXPECT_EQ(checkError(writeSmall(folder.path("out"), options, "a"),
                       kExitResource,
                       {"cannot write", "a.txt", "No space left",
                        "the bundle needs 1000 bytes", "are free"}),
            "");
}

TEST(BundleFault, MoreThanTheDiskIsRefusedBeforeWriting) {
  TempFolder folder;
  auto writer = BundleWriter::create(folder.path("out"));
  ASSERT_TRUE(static_cast<bool>(writer));
  EXPECT_EQ(checkError((*writer)->reserve(uint64_t(1) << 60), kExitResource,
                       {"not enough space", "are needed", "are free"}),
            "");
}

TEST(BundleFault, InterruptedCallsAreRepeated) {
  TempFolder folder;
  std::string out = folder.path("out");
  int calls = 0;
  BundleOptions options;
  options.fault = [&](llvm::StringRef name) {
    return name == "write" && ++calls % 2 ? EINTR : 0;
  };
  EXPECT_EQ(messageOf(writeSmall(out, options, "a")), "");
  EXPECT_TRUE(isSound(out));
  EXPECT_GT(calls, 4);
}

TEST(BundleFault, UnwritablePlace) {
  // /proc takes no new files, whoever asks.
  EXPECT_EQ(checkError(writeSmall("/proc/out"), kExitResource,
                       {"cannot write beside"}),
            "");
}

TEST(BundleFault, MissingResourceIsOurFault) {
  TempFolder folder;
  auto writer = BundleWriter::create(folder.path("out"));
  ASSERT_TRUE(static_cast<bool>(writer));
  EXPECT_EQ(checkError((*writer)->addCopy("a", folder.path("none")),
                       kExitInternal, {"none"}),
            "");
}
