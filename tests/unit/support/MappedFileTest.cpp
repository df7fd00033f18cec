//===- MappedFileTest.cpp - Mapping, giving back, noticing changes
//----------===//

#include "compiler/support/MappedFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <fstream>
#include <sys/stat.h>
#include <sys/time.h>

using namespace sinter;

namespace {

class MappedFileTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("sinter-map", folder));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string write(const std::string &name, const std::string &text) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    std::ofstream(path.c_str(), std::ios::binary) << text;
    return path.str().str();
  }

  std::string refusal(const std::string &path, int code) {
    llvm::Expected<std::unique_ptr<MappedFile>> file = MappedFile::open(path);
    if (file)
      return "opened";
    llvm::Error error = file.takeError();
    EXPECT_EQ(exitCode(error), code);
    return llvm::toString(std::move(error));
  }

  llvm::SmallString<128> folder;
};

/// Resident bytes of the mapping that holds `address`, from the kernel's list.
size_t residentBytes(const void *address) {
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool inside = false;
  while (std::getline(maps, line)) {
    unsigned long long begin = 0, end = 0, rss = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx ", &begin, &end) == 2)
      inside = reinterpret_cast<uintptr_t>(address) >= begin &&
               reinterpret_cast<uintptr_t>(address) < end;
    else if (inside && std::sscanf(line.c_str(), "Rss: %llu kB", &rss) == 1)
      return rss * 1024;
  }
  return 0;
}

} // namespace

TEST_F(MappedFileTest, ReadsWhatIsThere) {
  auto file = llvm::cantFail(MappedFile::open(write("a", "hello")));
  EXPECT_EQ(file->text(), "hello");
  EXPECT_EQ(file->size(), 5u);
  EXPECT_FALSE(static_cast<bool>(file->checkUnchanged()));
}

TEST_F(MappedFileTest, EmptyFile) {
  auto file = llvm::cantFail(MappedFile::open(write("a", "")));
  EXPECT_EQ(file->size(), 0u);
  file->release(0, 100);
  file->prefetch(0, 100);
}

TEST_F(MappedFileTest, RefusesWhatIsNoFile) {
  EXPECT_NE(refusal((folder + "/none").str(), 1).find("no such file"),
            std::string::npos);
  EXPECT_NE(refusal(folder.str().str(), 1).find("not a regular file"),
            std::string::npos);
  std::string fifo = (folder + "/fifo").str();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_NE(refusal(fifo, 1).find("not a regular file"), std::string::npos);
}

TEST_F(MappedFileTest, ReleasedPagesLeaveMemoryAndComeBack) {
  std::string text(8 << 20, 'x');
  text.back() = 'y';
  auto file = llvm::cantFail(MappedFile::open(write("a", text)));
  size_t sum = 0;
  for (size_t i = 0; i < file->size(); i += 4096)
    sum += file->bytes()[i];
  EXPECT_GE(residentBytes(file->bytes().data()), text.size() / 2);
  file->release(0, file->size());
  EXPECT_LT(residentBytes(file->bytes().data()), 1u << 20);
  EXPECT_EQ(file->text().back(), 'y');
  // Ranges beyond the end are cut, whatever they are.
  file->release(file->size() + 1, 10);
  file->release(10, UINT64_MAX);
  file->release(UINT64_MAX, UINT64_MAX);
  EXPECT_EQ(file->text().front(), 'x');
  EXPECT_EQ(sum, 'x' * (text.size() / 4096));
}

TEST_F(MappedFileTest, NoticesChanges) {
  std::string path = write("a", "hello");
  auto changed = [&] {
    auto file = llvm::cantFail(MappedFile::open(path));
    return file;
  };
  auto grown = changed();
  write("a", "hello!");
  llvm::Error error = grown->checkUnchanged();
  EXPECT_EQ(exitCode(error), 1);
  EXPECT_NE(llvm::toString(std::move(error)).find("changed"),
            std::string::npos);

  // Same size, another time.
  auto touched = changed();
  timeval times[2] = {{1000, 0}, {1000, 7}};
  ASSERT_EQ(::utimes(path.c_str(), times), 0);
  EXPECT_TRUE(llvm::errorToBool(touched->checkUnchanged()));

  // Same size and time, another file.
  auto replaced = changed();
  std::string other = write("b", "hello!");
  ASSERT_EQ(::utimes(other.c_str(), times), 0);
  ASSERT_EQ(::rename(other.c_str(), path.c_str()), 0);
  EXPECT_TRUE(llvm::errorToBool(replaced->checkUnchanged()));

  auto gone = changed();
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_TRUE(llvm::errorToBool(gone->checkUnchanged()));
}

TEST(LfsPointer, IsRecognised) {
  llvm::StringRef pointer = "version https://git-lfs.github.com/spec/v1\n"
                            "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb\n"
                            "size 4404\n";
  llvm::Error error = checkNotLfsPointer(pointer, "m/model.safetensors");
  EXPECT_EQ(exitCode(error), 1);
  std::string text = llvm::toString(std::move(error));
  EXPECT_NE(text.find("Git LFS pointer"), std::string::npos);
  EXPECT_NE(text.find("4404 bytes"), std::string::npos);
  EXPECT_FALSE(llvm::errorToBool(checkNotLfsPointer("version 2", "x")));
  std::string large = pointer.str() + std::string(2000, ' ');
  EXPECT_FALSE(llvm::errorToBool(checkNotLfsPointer(large, "x")));
}
