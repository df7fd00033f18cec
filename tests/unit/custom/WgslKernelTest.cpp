// WGSL kernels against the region they are for: the example is taken, every
// change of the table is refused with a message that says what and where.
#include "KernelTable.h"

#include "targets/wgsl/custom/WgslKernel.h"
#include "targets/wgsl/custom/WgslScanner.h"

#include <random>

using namespace sinter;
using namespace sinter::test;

static const KernelError kErrors[] = {
    {"a missing binding", "@group(0) @binding(2) var<storage, read_write> x2",
     "var<private> x2", 1,
     R"(^down\.wgsl: binding 2 \(f32 \[1\]\[192\]\) is not declared)"},
    {"a binding too many", "var<workgroup>",
     "@group(0) @binding(4) var<storage, read_write> z: array<f32>;\n"
     "var<workgroup>",
     1, R"(^down\.wgsl:\d+: 'z' \(group 0, binding 4\) is none of the reg)"},
    {"a binding twice", "var<workgroup>",
     "@group(0) @binding(3) var<storage, read_write> z: array<f32>;\n"
     "var<workgroup>",
     1, R"(^down\.wgsl:\d+: binding 3 is declared twice)"},
    {"no binding", "@binding(3) ", "", 1,
     R"(^down\.wgsl:\d+: 'y' \(group 0, binding -1\) is none of)"},
    {"integers for floats", "array<vec4f>", "array<vec4<i32>>", 1,
     R"(^down\.wgsl:\d+: binding 0 .* elements of another type; use f32)"},
    {"a struct for floats", "array<vec4f>", "array<Block>", 1,
     R"(^down\.wgsl:\d+: binding 0 .* must have elements of f32)"},
    {"floats for packed weights", "array<Block>", "array<f32>", 1,
     R"(^down\.wgsl:\d+: binding 1 .* elements of another type; use u32)"},
    {"padding between elements", "array<vec4f>", "array<vec3<f32>>", 1,
     R"(^down\.wgsl:\d+: binding 0 .* do not fill its 2048 bytes evenly)"},
    {"a longer array", "array<f32>;    // [192]", "array<f32, 193>;", 1,
     R"(^down\.wgsl:\d+: binding 2 .* declared with 772 bytes, it has 768)"},
    {"no array", "array<vec4f>", "vec4f", 1,
     R"(^down\.wgsl:\d+: binding 0 .* must be an array)"},
    {"a weight that may be written", "var<storage, read> w",
     "var<storage, read_write> w", 1,
     R"(^down\.wgsl:\d+: binding 1 .* must be var<storage, read>)"},
    {"an activation that is only read",
     "var<storage, read_write> x:", "var<storage> x:", 1,
     R"(^down\.wgsl:\d+: binding 0 .* declared read, it must be var<stora)"},
    {"another uniform", "var<workgroup>",
     "@group(1) @binding(1) var<uniform> u: vec4u;\nvar<workgroup>", 1,
     R"(^down\.wgsl:\d+: the only uniform is the scalars)"},
    {"a texture", "var<workgroup>",
     "@group(0) @binding(4) var t: texture_2d<f32>;\nvar<workgroup>", 1,
     R"(^down\.wgsl:\d+: 't' is no storage buffer)"},
    {"an override", "const lanes", "override lanes", 1,
     R"(^down\.wgsl:9: overrides are not set by the runtime)"},
    {"a workgroup that is too large", "@workgroup_size(128)",
     "@workgroup_size(512)", 1,
     R"(^down\.wgsl:\d+: the workgroup is 512 x 1 x 1, at most 256 x 256)"},
    {"too many lanes", "@workgroup_size(128)", "@workgroup_size(64, lanes)", 1,
     R"(^down\.wgsl:\d+: the workgroup has 512 lanes, at most 256)"},
    {"a size that is no number", "@workgroup_size(128)",
     "@workgroup_size(64 * 2)", 1,
     R"(^down\.wgsl:\d+: the size of the workgroup is no whole number)"},
    {"no size", "@workgroup_size(128)", "", 1,
     R"(^down\.wgsl:\d+: the compute function 'down' has no @workgroup)"},
    {"no compute function", "@compute", "", 1,
     R"(^down\.wgsl: the file has 0 compute functions, it must have one)"},
    {"an extension that no device is asked for", "const columns",
     "enable dual_source_blending;\nconst columns", 3,
     R"(^down\.wgsl: 'enable dual_source_blending' is no feature)"},
    {"a comment that does not end", "const columns", "/* /* */ const columns",
     1, R"(^down\.wgsl:7: this comment does not end)"},
    {"a brace that is not closed", "return;\n  }", "return;\n", 1,
     R"(^down\.wgsl:\d+: this brace is not closed)"},
    {"no declaration", "const columns", "let columns", 1,
     R"(^down\.wgsl:7: 'let' begins no declaration)"},
    {"an unknown directive", "items_per_group 1", "group 1", 1,
     R"(^down\.wgsl:5: directive 'group' is not known)"},
};

TEST(WgslKernelTest, TakesTheExample) {
  KernelSource source = exampleShader("down.wgsl");
  auto kernel = wgsl::readWgsl(downRegion(), source);
  ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->entry, "down");
  EXPECT_EQ(kernel->code, source.text);
  EXPECT_EQ(kernel->group[0], 128);
  EXPECT_EQ(kernel->writtenMask, 13u);
  source.text = "enable f16, subgroups;\n" + source.text;
  kernel = wgsl::readWgsl(downRegion(), source);
  ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->features,
            (std::vector<std::string>{"shader-f16", "subgroups"}));
}

TEST(WgslKernelTest, RefusesWhatDoesNotFit) {
  for (const KernelError &error : kErrors)
    expectError(error, exampleShader("down.wgsl"),
                [](const KernelSource &source) {
                  return wgsl::readWgsl(downRegion(), source);
                });
}

TEST(WgslKernelTest, TakesTheSkeleton) {
  KernelSource source{"skeleton.wgsl", wgsl::wgslSkeleton(downRegion())};
  auto kernel = wgsl::readWgsl(downRegion(), source);
  ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->entry, "main");
}

/// Whatever the text is, scanning ends with a result or an error.
TEST(WgslScannerTest, SurvivesDamage) {
  KernelSource source = exampleShader("down.wgsl");
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    KernelSource damaged = source;
    if (round % 3 == 0)
      damaged.text.resize(random() % damaged.text.size());
    for (int change = 0; change < 4 && !damaged.text.empty(); ++change)
      damaged.text[random() % damaged.text.size()] =
          "<>(){}@;,:/*=\n\xff 0z"[random() % 18];
    auto read = wgsl::readWgsl(downRegion(), damaged);
    if (!read)
      EXPECT_FALSE(llvm::toString(read.takeError()).empty());
  }
}
