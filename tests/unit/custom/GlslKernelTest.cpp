// GLSL kernels against the region they are for: the example is taken, every
// change of the table is refused with a message that says what and where.
#include "KernelTable.h"

#include "targets/spirv/custom/GlslKernel.h"
#include "targets/spirv/custom/Shaderc.h"
#include "targets/spirv/custom/SpirvReader.h"

#include <random>

using namespace sinter;
using namespace sinter::test;

/// Compiles for a variant that needs these features.
static llvm::Expected<CustomKernel>
compile(const KernelSource &source, std::vector<std::string> features = {},
        const KernelInterface &region = downRegion()) {
  TargetVariant variant;
  variant.name = "spirv-test";
  variant.features = std::move(features);
  return spirvtarget::compileGlsl(region, source, {&variant});
}

#define INPUT                                                                  \
  "layout(set = 0, binding = 0) readonly buffer Input { vec4 x[]; };"
#define RESIDUAL                                                               \
  "layout(set = 0, binding = 2) readonly buffer Residual { float x2[]; };"
#define RESULT                                                                 \
  "layout(set = 0, binding = 3) writeonly buffer Result { float y[]; };"

static const KernelError kErrors[] = {
    {"a syntax error", "float sum = 0.0;", "float sum = ;", 1,
     R"(^down\.comp:38: error: .*syntax error)"},
    {"an unknown name", "x2[n] + sum", "x2[n] + total", 1,
     R"(^down\.comp:\d+: error: 'total' : undeclared)"},
    {"a missing binding", RESIDUAL, "float x2[192];", 1,
     R"(^down\.comp: binding 2 \(f32 \[1\]\[192\]\) is not declared; the )"
     "region has 4 bindings"},
    {"a binding too many", RESULT,
     RESULT "\nlayout(set = 0, binding = 4) buffer More { float z[]; };", 1,
     R"(^down\.comp:\d+: set 0, binding 4 is none of the region's 4 bindings)"},
    {"another set", RESULT,
     RESULT "\nlayout(set = 2, binding = 0) buffer More { float z[]; };", 1,
     R"(^down\.comp:\d+: set 2, binding 0 is none of)"},
    {"a binding twice", RESULT,
     RESULT "\nlayout(set = 0, binding = 3) buffer More { float z[]; };", 1,
     R"(^down\.comp:\d+: binding 3 is declared twice)"},
    {"integers for floats", "vec4 x[]; };", "ivec4 z[]; };\nvec4 x[128];", 1,
     R"(^down\.comp:\d+: binding 0 .* elements of another type; use float)"},
    {"floats for packed weights", "uint scales[8];",
     "uint scales[7]; float more;", 1,
     R"(^down\.comp:\d+: binding 1 .* elements of another type; use integ)"},
    {"padding between elements", "vec4 x[]; };", "vec3 z[]; };\nvec4 x[128];",
     1, R"(^down\.comp:\d+: binding 0 .* has padding between its elements)"},
    {"blocks that do not fill the weight", "uint octets[64];",
     "uint octets[65];", 1,
     R"(^down\.comp:\d+: binding 1 .* elements of 292 bytes, which do not)"},
    {"a longer array", "float y[]; };", "float y[193]; };", 1,
     R"(^down\.comp:\d+: binding 3 .* declared with 772 bytes, it has 768)"},
    {"more than an array", "float y[]; };", "float first; float y[]; };", 1,
     R"(^down\.comp:\d+: binding 3 .* must be a buffer block of one array)"},
    {"an input that may be written", "readonly buffer Residual",
     "buffer Residual", 1,
     R"(^down\.comp:\d+: binding 2 .* only read .*: declare it readonly)"},
    {"push constants", "shared float",
     "layout(push_constant) uniform P { uint n; } p;\nshared float", 1,
     R"(^down\.comp: there are no push constants)"},
    {"another uniform", "shared float",
     "layout(set = 1, binding = 1) uniform P { uint n; } p;\nshared float", 1,
     R"(^down\.comp:\d+: the only uniform block is)"},
    {"scalars of another size", "shared float",
     "layout(set = 1, binding = 0) uniform P { uvec4 n; } p;\nshared float", 1,
     R"(^down\.comp:\d+: the only uniform block is)"},
    {"specialization constants", "const uint COLUMNS",
     "layout(constant_id = 3) const uint COLUMNS", 1,
     R"(^down\.comp: specialization constants)"},
    {"a workgroup that is too large", "local_size_x = 128",
     "local_size_x = 256", 1,
     R"(^down\.comp: the workgroup is 256 x 1 x 1, at most 128 x 128 x 64)"},
    {"too many lanes", "local_size_x = 128",
     "local_size_x = 64, local_size_y = 4", 1,
     R"(^down\.comp: the workgroup has 256 lanes, at most 128 are allowed)"},
    {"a size that is specialised", "local_size_x = 128", "local_size_x_id = 0",
     1, R"(^down\.comp: (specialization|the size of the workgroup))"},
    {"too much shared memory", "sums[16 * LANES]", "sums[16 * LANES * 64]", 1,
     R"(^down\.comp: shared variables take 32768 bytes, at most 16384)"},
    {"a capability that no device is asked for", "float sum = 0.0;",
     "float sum = float(double(x2[0]) * 0.0LF);", 3,
     R"(^down\.comp: the shader needs the SPIR-V capability Float64)"},
    {"an unknown directive", "items_per_group 1", "items_per_grp 1", 1,
     R"(^down\.comp:6: directive 'items_per_grp' is not known)"},
    {"a directive out of range", "items_per_group 1", "items_per_group 0", 1,
     R"(^down\.comp:6: items_per_group '0' is no whole number)"},
    {"a tolerance that is none", "items_per_group 1", "tolerance 2", 1,
     R"(^down\.comp:6: tolerance '2' is no number between 0 and 1)"},
};

TEST(GlslKernelTest, TakesTheExample) {
  auto kernel = compile(exampleShader("down.comp"), {"subgroups"});
  ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->entry, "linear_test");
  EXPECT_EQ(kernel->itemsPerGroup, 1);
  EXPECT_EQ(kernel->group[0], 128);
  EXPECT_EQ(kernel->sharedBytes, 512);
  EXPECT_EQ(kernel->writtenMask, 8u);
  EXPECT_TRUE(kernel->features.empty());
}

TEST(GlslKernelTest, RefusesWhatDoesNotFit) {
  for (const KernelError &error : kErrors)
    expectError(error, exampleShader("down.comp"),
                [](const KernelSource &source) { return compile(source); });
}

TEST(GlslKernelTest, SubgroupsAreAFeatureAndMustBeFull) {
  KernelSource source = exampleShader("down.comp");
  auto replace = [&](llvm::StringRef old, llvm::StringRef text) {
    source.text.replace(source.text.find(old.str()), old.size(), text.str());
  };
  replace("#version 450\n",
          "#version 450\n#extension GL_KHR_shader_subgroup_arithmetic : "
          "enable\n");
  replace("y[n] = x2[n] + sum;", "y[n] = x2[n] + subgroupAdd(sum);");
  auto kernel = compile(source);
  ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->features, std::vector<std::string>{"subgroups"});
  replace("local_size_x = 128", "local_size_x = 80");
  auto refused = compile(source);
  ASSERT_FALSE(bool(refused));
  EXPECT_EQ(llvm::toString(refused.takeError()),
            "down.comp: local_size_x is 80, in variant spirv-test it must be a "
            "multiple of 64 (full subgroups)");
}

TEST(GlslKernelTest, TheSkeletonCompiles) {
  KernelInterface region = downRegion();
  region.perTokens = 8;
  KernelSource source{"skeleton.comp", spirvtarget::glslSkeleton(region)};
  auto kernel = compile(source, {}, region);
  ASSERT_TRUE(bool(kernel)) << llvm::toString(kernel.takeError());
}

/// Whatever the words are, reading ends with a result or an error.
TEST(SpirvReaderTest, SurvivesDamage) {
  auto words = spirvtarget::runShaderc(exampleShader("down.comp"), false);
  ASSERT_TRUE(bool(words));
  std::mt19937 random(7);
  size_t failures = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<uint32_t> damaged = *words;
    if (round % 3 == 0)
      damaged.resize(random() % damaged.size());
    for (int change = 0; change < 3 && !damaged.empty(); ++change)
      damaged[random() % damaged.size()] =
          round % 2 ? random() : random() % 512;
    auto read = spirvtarget::readSpirv(damaged);
    failures += !read;
    if (read)
      (void)spirvtarget::withEntryName(damaged, "other");
    else
      EXPECT_FALSE(llvm::toString(read.takeError()).empty());
  }
  EXPECT_GT(failures, 100u);
}

/// Structs of two structs, thirty times over, and one of itself: found by
/// fuzzing.
TEST(SpirvReaderTest, StopsInNestedStructs) {
  auto words = spirvtarget::runShaderc(exampleShader("down.comp"), false);
  ASSERT_TRUE(bool(words));
  constexpr uint32_t kStruct = 30, kPointer = 32, kVariable = 59;
  constexpr uint32_t kFirst = 1 << 20, kWorkgroup = 4;
  auto add = [&](uint32_t opcode, std::vector<uint32_t> operands) {
    words->push_back(uint32_t(operands.size() + 1) << 16 | opcode);
    words->insert(words->end(), operands.begin(), operands.end());
  };
  add(kStruct, {kFirst, kFirst, kFirst});
  for (uint32_t i = 1; i < 30; ++i)
    add(kStruct, {kFirst + i, kFirst + i - 1, kFirst + i - 1});
  add(kPointer, {kFirst + 30, kWorkgroup, kFirst + 29});
  add(kVariable, {kFirst + 30, kFirst + 31, kWorkgroup});
  auto read = spirvtarget::readSpirv(*words);
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_LT(read->variables.back().scalars.size(), size_t(1) << 16);
}
