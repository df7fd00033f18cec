// The CPU target's own promises: the ABI, scratch and once, scalars, exact dot
// products for extreme inputs, f16 conversion, math without libm,
// self-contained and reproducible output.
#include "KernelTest.h"

#include <cmath>
#include <random>

using namespace sinter;
using namespace sinter::test;

namespace {

/// "#kern.caps<...>" of a variant.
std::string capsText(const std::string &variant) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << cpu::capsOf(&context(), *cpu::findVariant(variant));
  return text;
}

class CpuTargetTest : public testing::TestWithParam<std::string> {
protected:
  /// Compiles kernel @k with the given arguments and body.
  void compile(const std::string &arguments, const std::string &body) {
    std::string text = "kern.kernel @k(" + arguments +
                       ") attributes {caps = " + capsText(GetParam()) + "} {" +
                       body + "kern.return }";
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
    ASSERT_TRUE(module);
    auto loaded = cpu::LoadedKernels::create(*module, GetParam());
    if (!loaded)
      FAIL() << llvm::toString(loaded.takeError());
    kernels = std::move(*loaded);
  }

  void run(std::vector<void *> bindings, int64_t begin, int64_t end,
           int64_t first = 1, sinter_scalars scalars = {1, 0, 0}) {
    Memory scratch(kernels->scratchBytes("k"));
    runWith(bindings, scratch, begin, end, first, scalars);
  }
  void runWith(std::vector<void *> bindings, Memory &scratch, int64_t begin,
               int64_t end, int64_t first, sinter_scalars scalars) {
    kernels->find("k")(bindings.data(), &scalars, scratch.data(), begin, end,
                       first);
    EXPECT_TRUE(scratch.intact());
  }

  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<cpu::LoadedKernels> kernels;
};

TEST_P(CpuTargetTest, ItemsScalarsScratchAndOnce) {
  compile("%x: memref<?xf32>, %y: memref<?xf32>", R"(
    %pad = kern.scratch : memref<3xi8>
    %s = kern.scratch : memref<1xf32>
    %zero = arith.constant 0 : index
    kern.once {
      %p = kern.scalar position
      %row = kern.scalar row
      %t = kern.scalar token_count
      %a = arith.muli %p, %row : index
      %b = arith.addi %a, %t : index
      %i = arith.index_cast %b : index to i32
      %f = arith.sitofp %i : i32 to f32
      memref.store %f, %s[%zero] : memref<1xf32>
    }
    kern.for_items %i {
      %v = memref.load %x[%i] : memref<?xf32>
      kern.prefetch %x[%i] : memref<?xf32>
      %f = memref.load %s[%zero] : memref<1xf32>
      %r = arith.addf %v, %f : f32
      memref.store %r, %y[%i] : memref<?xf32>
    })");
  ASSERT_TRUE(kernels);
  EXPECT_EQ(kernels->scratchBytes("k"), 128);
  Memory x(8 * 4), y(8 * 4), scratch(128);
  for (int i = 0; i < 8; ++i)
    x.as<float>()[i] = i;
  runWith({x.data(), y.data()}, scratch, 2, 5, 1, {7, 20, 3});
  runWith({x.data(), y.data()}, scratch, 5, 6, 0, {7, 999, 3});
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(y.as<float>()[i], i >= 2 && i < 6 ? i + 67 : 0);
}

/// dot4 over all extremes; `flags` say what lhs may be.
void checkDot4(const std::vector<int8_t> &lhs, const std::vector<int8_t> &rhs,
               const int32_t *result, int32_t lanes, bool isUnsigned) {
  for (int32_t i = 0; i < lanes; ++i) {
    int32_t expected = 1000 + i;
    for (int j = 0; j < 4; ++j)
      expected += (isUnsigned ? int32_t(uint8_t(lhs[4 * i + j]))
                              : int32_t(lhs[4 * i + j])) *
                  rhs[4 * i + j];
    EXPECT_EQ(result[i], expected) << "lane " << i;
  }
}

TEST_P(CpuTargetTest, Dot4IsExact) {
  struct Case {
    const char *flags;
    bool isUnsigned;
    std::vector<int> lhs, rhs;
  };
  std::vector<int> any = {-128, -127, -1, 0, 1, 77, 127};
  const Case cases[] = {
      {"", false, any, any},
      {"{lhs_unsigned}", true, any, any},
      {"{lhs_small}", true, {0, 1, 7, 15}, any},
      {"{lhs_unsigned, lhs_small}", true, {0, 15}, any},
      {"{rhs_symmetric}", false, any, {-127, -1, 0, 3, 127}},
      {"{lhs_unsigned, rhs_symmetric}", true, any, {-127, -1, 0, 3, 127}},
  };
  std::mt19937 random(1);
  for (int lanes : {2, 4, 8, 16, 32})
    for (const Case &test : cases) {
      std::string n = std::to_string(lanes), n4 = std::to_string(4 * lanes);
      compile("%l: memref<?xi8>, %r: memref<?xi8>, %o: memref<?xi32>",
              "%z = arith.constant 0 : index kern.for_items %i {"
              "%a = vector.load %o[%z] : memref<?xi32>, vector<" +
                  n +
                  "xi32>"
                  "%x = vector.load %l[%z] : memref<?xi8>, vector<" +
                  n4 +
                  "xi8>"
                  "%y = vector.load %r[%z] : memref<?xi8>, vector<" +
                  n4 +
                  "xi8>"
                  "%d = kern.dot4 %a, %x, %y " +
                  test.flags + ": vector<" + n + "xi32>, vector<" + n4 +
                  "xi8>"
                  "vector.store %d, %o[%z] : memref<?xi32>, vector<" +
                  n + "xi32>}");
      ASSERT_TRUE(kernels);
      for (int trial = 0; trial < 4; ++trial) {
        std::vector<int8_t> lhs(4 * lanes), rhs(4 * lanes);
        for (int i = 0; i < 4 * lanes; ++i) {
          lhs[i] =
              trial ? test.lhs[random() % test.lhs.size()] : test.lhs.back();
          rhs[i] = trial > 1 ? test.rhs[random() % test.rhs.size()]
                             : test.rhs.front();
        }
        Memory l(lhs.size()), r(rhs.size()), o(lanes * 4);
        std::memcpy(l.data(), lhs.data(), lhs.size());
        std::memcpy(r.data(), rhs.data(), rhs.size());
        for (int i = 0; i < lanes; ++i)
          o.as<int32_t>()[i] = 1000 + i;
        run({l.data(), r.data(), o.data()}, 0, 1);
        checkDot4(lhs, rhs, o.as<int32_t>(), lanes, test.isUnsigned);
      }
    }
}

TEST_P(CpuTargetTest, ChainsOfSmallDotProductsAreExact) {
  int lanes = cpu::findVariant(GetParam())->simdBits / 32;
  std::string n = std::to_string(lanes), n4 = std::to_string(4 * lanes);
  std::string body =
      "%z = arith.constant 0 : index kern.for_items %i {"
      "%x = vector.load %l[%z] : memref<?xi8>, vector<" +
      n4 + "xi8> %y = vector.load %r[%z] : memref<?xi8>, vector<" + n4 +
      "xi8> %d0 = vector.load %o[%z] : memref<?xi32>, "
      "vector<" +
      n + "xi32>";
  constexpr int kLength = 19;
  for (int i = 0; i < kLength; ++i)
    body += "%d" + std::to_string(i + 1) + " = kern.dot4 %d" +
            std::to_string(i) + ", %x, %y {lhs_small} : vector<" + n +
            "xi32>, vector<" + n4 + "xi8>";
  body += "vector.store %d" + std::to_string(kLength) +
          ", %o[%z] : memref<?xi32>, vector<" + n + "xi32>}";
  compile("%l: memref<?xi8>, %r: memref<?xi8>, %o: memref<?xi32>", body);
  ASSERT_TRUE(kernels);
  for (int8_t right : {-128, 127}) {
    Memory l(4 * lanes), r(4 * lanes), o(4 * lanes);
    std::memset(l.data(), 15, 4 * lanes);
    std::memset(r.data(), right, 4 * lanes);
    run({l.data(), r.data(), o.data()}, 0, 1);
    for (int i = 0; i < lanes; ++i)
      EXPECT_EQ(o.as<int32_t>()[i], kLength * 4 * 15 * right);
  }
}

TEST_P(CpuTargetTest, EveryF16IsWidenedExactlyAndComesBack) {
  compile("%h: memref<?xf16>, %f: memref<?xf32>, %b: memref<?xf16>", R"(
    %c8 = arith.constant 8 : index
    kern.for_items %i {
      %at = arith.muli %i, %c8 : index
      %x = vector.load %h[%at] : memref<?xf16>, vector<8xf16>
      %y = arith.extf %x : vector<8xf16> to vector<8xf32>
      vector.store %y, %f[%at] : memref<?xf32>, vector<8xf32>
      %w = vector.load %f[%at] : memref<?xf32>, vector<8xf32>
      %z = arith.truncf %w : vector<8xf32> to vector<8xf16>
      vector.store %z, %b[%at] : memref<?xf16>, vector<8xf16>
    })");
  ASSERT_TRUE(kernels);
  Memory h(65536 * 2), f(65536 * 4), b(65536 * 2);
  for (int i = 0; i < 65536; ++i)
    h.as<uint16_t>()[i] = i;
  run({h.data(), f.data(), b.data()}, 0, 65536 / 8);
  for (int i = 0; i < 65536; ++i) {
    int exponent = (i >> 10) & 31, mantissa = i & 1023;
    double magnitude = exponent == 0
                           ? std::ldexp(mantissa, -24)
                           : std::ldexp(1024 + mantissa, exponent - 25);
    float got = f.as<float>()[i];
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(got), mantissa != 0);
      EXPECT_EQ(std::isinf(got), mantissa == 0);
    } else {
      EXPECT_EQ(got, i & 0x8000 ? -magnitude : magnitude) << i;
    }
    if (exponent != 31 || mantissa == 0) {
      EXPECT_EQ(b.as<uint16_t>()[i], i);
    }
  }
}

TEST_P(CpuTargetTest, NarrowingToF16RoundsToNearestEven) {
  compile("%f: memref<?xf32>, %h: memref<?xf16>", R"(
    kern.for_items %i {
      %x = memref.load %f[%i] : memref<?xf32>
      %y = arith.truncf %x : f32 to f16
      memref.store %y, %h[%i] : memref<?xf16>
    })");
  ASSERT_TRUE(kernels);
  const std::pair<float, uint16_t> cases[] = {
      {1.0f + 1 / 2048.0f, 0x3c00},  // half an ulp, to even: down
      {1.0f + 3 / 2048.0f, 0x3c02},  // half an ulp, to even: up
      {1.0f + 1.01f / 2048, 0x3c01}, // a little more than half
      {65519.0f, 0x7bff},
      {65520.0f, 0x7c00},
      {-1e30f, 0xfc00},
      {5.9604645e-8f, 0x0001},
      {2.9802322e-8f, 0x0000}, // half of the smallest, to even
      {3.1e-8f, 0x0001},
      {-6.1e-5f, 0x83ff},
      {0.0f, 0x0000},
      {-0.0f, 0x8000},
  };
  for (auto [value, expected] : cases) {
    Memory f(4), h(2);
    *f.as<float>() = value;
    run({f.data(), h.data()}, 0, 1);
    EXPECT_EQ(*h.as<uint16_t>(), expected) << value;
  }
}

/// exp and tanh as polynomials: within 4 ulp-ish of libm (1e-6 relative).
TEST_P(CpuTargetTest, MathNeedsNoLibrary) {
  compile("%x: memref<?xf32>, %y: memref<?xf32>", R"(
    %c8 = arith.constant 8 : index
    kern.for_items %i {
      %at = arith.muli %i, %c8 : index
      %v = vector.load %x[%at] : memref<?xf32>, vector<8xf32>
      %e = math.exp %v : vector<8xf32>
      vector.store %e, %y[%at] : memref<?xf32>, vector<8xf32>
      %s = memref.load %x[%at] : memref<?xf32>
      %t = math.tanh %s : f32
      %q = math.roundeven %t : f32
      %r = math.rsqrt %e : vector<8xf32>
      %m = arith.maximumf %r, %e : vector<8xf32>
      vector.store %e, %y[%at] : memref<?xf32>, vector<8xf32>
    })");
  ASSERT_TRUE(kernels);
  constexpr int kCount = 4096;
  Memory x(kCount * 4), y(kCount * 4);
  for (int i = 0; i < kCount; ++i)
    x.as<float>()[i] = -87.0f + 174.0f * i / kCount;
  run({x.data(), y.data()}, 0, kCount / 8);
  for (int i = 0; i < kCount; ++i) {
    double expected = std::exp(double(x.as<float>()[i]));
    EXPECT_NEAR(y.as<float>()[i] / expected, 1.0, 1e-6) << x.as<float>()[i];
  }
}

TEST_P(CpuTargetTest, SameInputSameBytes) {
  compile("%x: memref<?xf32>", R"(
    %c = arith.constant 2.0 : f32
    kern.for_items %i { memref.store %c, %x[%i] : memref<?xf32> })");
  EmitOptions options;
  options.prefix = "model";
  auto one = cpu::compileKernelModule(*module, GetParam(), options);
  options.threads = 2;
  auto two = cpu::compileKernelModule(*module, GetParam(), options);
  ASSERT_TRUE(bool(one) && bool(two));
  ASSERT_EQ(one->size(), 2u);
  EXPECT_EQ((*one)[0].path, "kernels/cpu/x86_64.so");
  EXPECT_EQ((*one)[1].path, "lib/libsinter_model-x86_64.a");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ((*one)[i].bytes, (*two)[i].bytes);
  EXPECT_NE((*one)[1].bytes.find("model_cpu_module"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Variants, CpuTargetTest,
                         testing::ValuesIn(runnableVariants()),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
