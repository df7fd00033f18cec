// Regions of a bundle as text from anywhere: what the compiler writes is taken,
// every change of the table is refused with the place.
#include "compiler/driver/RegionsFile.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/lowering/XfToPlan.h"
#include "compiler/support/Error.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>
#include <random>
#include <regex>

using namespace mlir;
using namespace sinter;

static constexpr llvm::StringLiteral kPlan = R"(// sinter-regions 1
module attributes {sinter.chunk = 128 : i64, sinter.context = 512 : i64} {
  xf.region @NAME(%arg0: tensor<?x192xf32>, %arg1: tensor<512x192xf32, #xf.quant<q4_0>>) -> tensor<?x512xf32> attributes {sinter.first_row = 0 : i64, sinter.grid, sinter.max_tokens = 128 : i64, sinter.row_count = 256 : i64} {
    %0 = xf.linear %arg0, %arg1 : (tensor<?x192xf32>, tensor<512x192xf32, #xf.quant<q4_0>>) -> tensor<?x512xf32>
    xf.yield %0 : tensor<?x512xf32>
  }
}
)";

/// kPlan with the name that the compiler gives to its region.
static std::string planText() {
  DialectRegistry registry;
  registry.insert<xf::XfDialect>();
  MLIRContext context(registry);
  auto module = parseSourceString<ModuleOp>(kPlan, ParserConfig(&context));
  EXPECT_TRUE(bool(module));
  xf::RegionOp region = kernelRegions(*module).front();
  std::string name = kernels::selectFamily(region).family->id(region);
  return std::regex_replace(kPlan.str(), std::regex("NAME"), name);
}

TEST(RegionsFileTest, TakesWhatAPlanHas) {
  auto regions = readRegions(planText(), "file");
  ASSERT_TRUE(bool(regions)) << llvm::toString(regions.takeError());
  EXPECT_EQ(regions->context, 512);
  EXPECT_EQ(regions->chunk, 128);
  EXPECT_EQ(kernelRegions(*regions->module).size(), 1u);
  EXPECT_EQ(regionsPath("plan.grid.fb"), "plan.grid.regions.mlir");
}

namespace {
struct Change {
  const char *name, *old, *replacement;
  int code;
  const char *pattern;
};
} // namespace

static const Change kChanges[] = {
    {"no header", "// sinter", "# sinter", 1, "^file: it does not begin with"},
    {"no version", "regions 1", "regions x", 1, "^file: it does not begin"},
    {"a newer version", "regions 1", "regions 2", 3,
     "^file: version 2, this program reads 1"},
    {"a byte that is no text", "%0 = xf", "\x01 = xf", 1,
     R"(^file: byte \d+ is no ASCII text)"},
    {"no module", "module", "nodule", 1, "^file: line 2, column "},
    {"no chunk", "sinter.chunk = 128", "sinter.junk = 128", 1,
     "^file: sinter.chunk is missing or out of range"},
    {"no context", "context = 512 : i64", "context = 0 : i64", 1,
     "^file: sinter.context is missing or out of range"},
    {"a chunk above the context", "context = 512", "context = 64", 1,
     "^file: sinter.chunk is more than sinter.context"},
    {"another dialect's type", "tensor<?x512xf32> attributes",
     "!llvm.ptr attributes", 1, "^file: line 3, column "},
    {"an op that does not verify", "tensor<512x192xf32, #xf.quant<q4_0>>) ->",
     "tensor<256x192xf32, #xf.quant<q4_0>>) ->", 1, "^file: line "},
    {"another attribute", "sinter.grid,", "sinter.schedule = {}, sinter.grid,",
     1, "^file: region .* has an attribute 'sinter.schedule'"},
    {"calls of other lengths", "max_tokens = 128", "max_tokens = 64", 1,
     "^file: region .* is for other calls"},
    {"a mark for grids without tokens", "sinter.max_tokens = 128 : i64, ", "",
     1, "^file: region .* has one of sinter.grid and sinter.max_tokens"},
    {"a part beyond its matrix", "row_count = 256", "row_count = 528", 1,
     "^file: region .* is a part that is not in its matrix"},
    {"a part without rows", "row_count = 256", "row_count = 0", 1,
     "^file: region .* is a part without rows"},
    {"another kernel", "row_count = 256", "row_count = 128", 1,
     "^file: region .* is called linear.* by this version; compile the model"},
};

TEST(RegionsFileTest, RefusesWhatNoPlanHas) {
  for (const Change &change : kChanges) {
    SCOPED_TRACE(change.name);
    std::string text = planText();
    size_t at = text.find(change.old);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, std::strlen(change.old), change.replacement);
    auto regions = readRegions(text, "file");
    ASSERT_FALSE(bool(regions)) << "is accepted";
    llvm::Error error = regions.takeError();
    EXPECT_EQ(exitCode(error), change.code);
    std::string message = llvm::toString(std::move(error));
    EXPECT_TRUE(std::regex_search(message, std::regex(change.pattern)))
        << message;
  }
}

TEST(RegionsFileTest, RefusesWhatIsLargeOrDeep) {
  auto messageOf = [](const std::string &text) {
    auto regions = readRegions(text, "file");
    return regions ? std::string() : llvm::toString(regions.takeError());
  };
  std::string header = "// sinter-regions 1\n";
  EXPECT_NE(messageOf(header + std::string(5u << 20, ' ')).find("at most"),
            std::string::npos);
  EXPECT_NE(messageOf(header + std::string(1000, '{')).find("too deep"),
            std::string::npos);
  EXPECT_EQ(messageOf(header + "module {}\n"),
            "file: sinter.context is missing or out of range");
  std::string huge =
      std::regex_replace(planText(), std::regex("512x192"), "4294967296x192");
  EXPECT_FALSE(messageOf(huge).empty());
}

/// Whatever the text is, reading ends with regions or an error.
TEST(RegionsFileTest, SurvivesDamage) {
  const std::string good = planText();
  std::mt19937 random(7);
  size_t failures = 0;
  for (int round = 0; round < 60; ++round) {
    std::string text = good;
    for (int change = 0; change < 3; ++change)
      text[20 + random() % (text.size() - 20)] =
          "<>(){}@;,:/*=\n0x9%#!"[random() % 20];
    auto regions = readRegions(text, "file");
    failures += !regions;
    if (!regions)
      EXPECT_FALSE(llvm::toString(regions.takeError()).empty());
  }
  EXPECT_GT(failures, 20u);
}
