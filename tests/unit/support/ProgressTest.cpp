//===- ProgressTest.cpp - Bars, lines, silence
//------------------------------===//

#include "compiler/support/Progress.h"
#include "gtest/gtest.h"
#include <thread>

using namespace sinter;

TEST(Progress, QuietPrintsNothing) {
  std::string text;
  llvm::raw_string_ostream os(text);
  {
    Progress progress(Progress::Mode::Quiet, os);
    progress.start("pack", 10);
    progress.advance(10);
    progress.finish();
  }
  EXPECT_EQ(text, "");
}

TEST(Progress, ShortStepsPrintNoLines) {
  std::string text;
  llvm::raw_string_ostream os(text);
  {
    Progress progress(Progress::Mode::Lines, os);
    progress.start("pack", 10);
    progress.advance(10);
  }
  EXPECT_EQ(text, "");
}

TEST(Progress, BarShowsItsShareAndGoesAway) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Progress progress(Progress::Mode::Bar, os);
  progress.start("pack", 4);
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  progress.advance(1);
  EXPECT_NE(text.find("pack [======="), std::string::npos);
  EXPECT_NE(text.find(" 25 %"), std::string::npos);
  progress.finish();
  llvm::StringRef erase = "\r\x1b[K";
  EXPECT_TRUE(llvm::StringRef(text).ends_with(erase));
}

TEST(Progress, AdvancesFromManyThreads) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Progress progress(Progress::Mode::Bar, os);
  progress.start("pack", 4000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j)
        progress.advance(1);
    });
  for (std::thread &thread : threads)
    thread.join();
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
  progress.advance(0);
  EXPECT_NE(text.find("100 %"), std::string::npos);
}
