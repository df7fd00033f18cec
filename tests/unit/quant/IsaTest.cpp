// The same bytes and figures, whatever the instructions.
#include "Panels.h"

#include "gtest/gtest.h"

using namespace sinter::quant;

static std::vector<Isa> usable() {
  std::vector<Isa> levels;
  for (unsigned i = 0; i <= static_cast<unsigned>(hostIsa()); ++i)
    levels.push_back(static_cast<Isa>(i));
  return levels;
}

TEST(Isa, SameBytes) {
  if (usable().size() < 2)
    GTEST_SKIP() << "this machine has the baseline only";
  std::vector<float> importance(1000);
  for (size_t i = 0; i < importance.size(); ++i)
    importance[i] = 0.01f + float(i % 17);
  for (const Scheme *scheme : allSchemes())
    for (int64_t columns : {1, 31, 32, 33, 100, 1000})
      for (float deviation : {1e-9f, 1e-6f, 0.05f, 1e5f})
        for (bool weighted : {false, true}) {
          std::vector<float> rows = test::randomPanel(
              columns, static_cast<unsigned>(columns), deviation);
          if (columns == 1000)
            rows[17] = NAN, rows[18] = INFINITY, rows[19] = 1e-40f;
          PackOptions options;
          options.columnImportance = weighted ? importance.data() : nullptr;
          options.isa = Isa::baseline;
          PackStats wantStats;
          auto want = test::pack(*scheme, rows, &wantStats, options);
          for (Isa isa : usable()) {
            options.isa = isa;
            PackStats stats;
            auto got = test::pack(*scheme, rows, &stats, options);
            EXPECT_EQ(got, want) << scheme->name().str() << columns;
            EXPECT_EQ(stats.squaredError, wantStats.squaredError);
            EXPECT_EQ(stats.squaredSum, wantStats.squaredSum);
            EXPECT_EQ(stats.maxError, wantStats.maxError);
            EXPECT_EQ(stats.nonFinite, wantStats.nonFinite);
            EXPECT_EQ(stats.clipped, wantStats.clipped);
          }
        }
}
