// sinter verify: rows 31 and 32 of the fault list, for the compiler's reader.
#include "Folders.h"
#include "runtime/schema/plan_generated.h"

#include "gtest/gtest.h"

#include <random>

using namespace sinter;
using namespace sinter::test;

/// plan.fb with nothing in it but the number of weight bytes.
static std::string emptyPlan(uint64_t weightBytes) {
  flatbuffers::FlatBufferBuilder builder;
  fb::PlanBuilder plan(builder);
  plan.add_weight_bytes(weightBytes);
  fb::FinishPlanBuffer(builder, plan.Finish());
  return {reinterpret_cast<const char *>(builder.GetBufferPointer()),
          builder.GetSize()};
}

static std::string writeBundle(TempFolder &folder, uint64_t weightBytes) {
  std::string out = folder.path("out");
  auto writer = BundleWriter::create(out);
  EXPECT_TRUE(static_cast<bool>(writer));
  EXPECT_FALSE(
      static_cast<bool>((*writer)->addFile("plan.fb", emptyPlan(weightBytes))));
  EXPECT_FALSE(static_cast<bool>(
      (*writer)->addFile("weights/00000.bin", std::string(4000, 'w'))));
  EXPECT_FALSE(static_cast<bool>((*writer)->finish(smallInfo())));
  return out;
}

static void overwrite(const std::string &path, llvm::StringRef bytes) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  stream << bytes;
}

TEST(VerifyBundle, AcceptsWhatWasWritten) {
  TempFolder folder;
  std::string out = writeBundle(folder, 4000);
  auto report = verifyBundle(out + "/", 2);
  ASSERT_TRUE(static_cast<bool>(report)) << llvm::toString(report.takeError());
  EXPECT_EQ(report->files, 2u);
  EXPECT_EQ(report->bytes, 4000 + emptyPlan(4000).size());
  EXPECT_TRUE(report->unlisted.empty());
  overwrite(out + "/notes.txt", "x");
  report = verifyBundle(out);
  ASSERT_TRUE(static_cast<bool>(report));
  EXPECT_EQ(report->unlisted, std::vector<std::string>{"notes.txt"});
}

TEST(VerifyBundle, EveryBitFlipIsFound) {
  TempFolder folder;
  std::string out = writeBundle(folder, 4000);
  std::mt19937 engine(3);
  for (llvm::StringRef name : {"plan.fb", "weights/00000.bin"}) {
    std::string path = out + "/" + name.str(), good = readText(path);
    for (int i = 0; i < 40; ++i) {
      std::string bad = good;
      bad[engine() % bad.size()] ^= static_cast<char>(1 << engine() % 8);
      overwrite(path, bad);
      EXPECT_FAILS(verifyBundle(out), kExitVerification, {path, "SHA-256"});
    }
    overwrite(path, good);
  }
  EXPECT_TRUE(static_cast<bool>(verifyBundle(out)));
}

TEST(VerifyBundle, MissingShortAndLongFilesAreAllNamed) {
  TempFolder folder;
  std::string out = writeBundle(folder, 4000);
  overwrite(out + "/plan.fb", "short");
  llvm::sys::fs::remove(out + "/weights/00000.bin");
  EXPECT_FAILS(verifyBundle(out), kExitVerification,
               {"plan.fb: has 5 bytes, the manifest says",
                "weights/00000.bin: missing"});
}

TEST(VerifyBundle, ManifestMustBeThere) {
  TempFolder folder;
  std::string out = writeBundle(folder, 4000);
  llvm::sys::fs::remove(out + "/manifest.json");
  EXPECT_FAILS(verifyBundle(out), kExitVerification, {"manifest.json"});
  EXPECT_FAILS(verifyBundle(folder.path("none")), kExitInput,
               {"no such folder"});
}

TEST(VerifyBundle, ShardsMustFitThePlan) {
  TempFolder folder;
  EXPECT_FAILS(verifyBundle(writeBundle(folder, 4001)), kExitVerification,
               {"4000 bytes", "4001"});
}

TEST(VerifyBundle, PlanMustBeWellFormed) {
  TempFolder folder;
  std::string out = folder.path("out");
  ASSERT_FALSE(static_cast<bool>(writeSmall(out)));
  EXPECT_FAILS(verifyBundle(out), kExitVerification, {"plan.fb"});
  auto writer = BundleWriter::create(folder.path("second"));
  ASSERT_FALSE(
      static_cast<bool>((*writer)->addFile("plan.fb", std::string(99, 'x'))));
  ASSERT_FALSE(static_cast<bool>((*writer)->finish(smallInfo())));
  EXPECT_FAILS(verifyBundle(folder.path("second")), kExitVerification,
               {"malformed"});
}
