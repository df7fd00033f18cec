// Kernels written by hand: what each op of a grid's kernel does on a device.
#include "GridBatch.h"

#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest-spi.h"

#include <cmath>
#include <limits>

using namespace sinter;
using namespace sinter::test;

namespace {

class GridOpsTest : public testing::TestWithParam<std::string> {};

/// y[i] = f(x[i]) for a number per lane: the body computes %r.
std::string mapKernel(const std::string &name, const std::string &body) {
  return "kern.kernel @map_" + name +
         "(%x: memref<?xf32>, %y: memref<?xf32>) attributes {caps = #caps} {\n"
         "  kern.for_items %i {\n"
         "    %lane = kern.lane\n"
         "    %a = memref.load %x[%lane] : memref<?xf32>\n" +
         body +
         "    memref.store %r, %y[%lane] : memref<?xf32>\n"
         "  }\n  kern.return\n}\n";
}

struct MapCase {
  const char *name;
  const char *body;
  double (*meaning)(double);
  double tolerance; ///< relative, and absolute below 1
};

/// WGSL allows exp 3 + 2 |x| ulp, log and others less; SwiftShader's are
/// measured at about 1e-6.
const MapCase kMaps[] = {
    {"exp", "%r = math.exp %a : f32\n", [](double x) { return std::exp(x); },
     2e-5},
    {"tanh", "%r = math.tanh %a : f32\n", [](double x) { return std::tanh(x); },
     1e-6},
    {"erf", "%r = math.erf %a : f32\n", [](double x) { return std::erf(x); },
     1e-6},
    {"round", "%r = math.roundeven %a : f32\n",
     [](double x) { return std::nearbyint(x); }, 0},
    {"sqrt", "%b = math.absf %a : f32\n%r = math.sqrt %b : f32\n",
     [](double x) { return std::sqrt(std::fabs(x)); }, 1e-6},
    {"rsqrt",
     "%b = math.absf %a : f32\n%one = arith.constant 1.0 : f32\n"
     "%c = arith.addf %b, %one : f32\n%r = math.rsqrt %c : f32\n",
     [](double x) { return 1 / std::sqrt(std::fabs(x) + 1); }, 1e-6},
    {"fma", "%r = math.fma %a, %a, %a : f32\n",
     [](double x) { return x * x + x; }, 1e-6},
    {"infinity",
     "%inf = arith.constant 0x7F800000 : f32\n%zero = arith.constant 0.0 : "
     "f32\n"
     "%c = arith.cmpf olt, %a, %zero : f32\n"
     "%r = arith.select %c, %inf, %a : f32\n",
     [](double x) { return x < 0 ? HUGE_VAL : x; }, 0},
    {"signed",
     "%c3 = arith.constant 3 : i32\n%n = arith.fptosi %a : f32 to i32\n"
     "%m = arith.muli %n, %c3 : i32\n%s = arith.shrsi %m, %c3 : i32\n"
     "%r = arith.sitofp %s : i32 to f32\n",
     [](double x) { return std::floor(std::trunc(x) * 3 / 8); }, 0},
    {"halves",
     "%z = arith.constant 0.25 : f32\n"
     "%p = vector.from_elements %a, %z : vector<2xf32>\n"
     "%w = kern.pack_f16 %p : vector<2xf32>\n"
     "%u = kern.unpack_f16 %w : vector<2xf32>\n"
     "%r0 = vector.extract %u[0] : f32 from vector<2xf32>\n"
     "%r1 = vector.extract %u[1] : f32 from vector<2xf32>\n"
     "%r = arith.addf %r0, %r1 : f32\n",
     [](double x) { return halfToDouble(doubleToHalf(x)) + 0.25; }, 1e-3},
    {"largest",
     "%big = arith.constant -3.40282347E+38 : f32\n"
     "%r = arith.maximumf %a, %big : f32\n",
     [](double x) { return x; }, 0},
    {"nan_is_found",
     "%m = math.sqrt %a : f32\n%one = arith.constant 1.0 : f32\n"
     "%two = arith.constant 2.0 : f32\n"
     "%c = arith.cmpf uno, %m, %m : f32\n"
     "%r = arith.select %c, %two, %one : f32\n",
     [](double x) { return x < 0 ? 2.0 : 1.0; }, 0},
};

TEST_P(GridOpsTest, Maps) {
  GridBatch batch(GetParam());
  int64_t lanes = batch.caps().getGroup();
  for (const MapCase &map : kMaps) {
    batch.addKernel(mapKernel(map.name, map.body));
    auto x = std::make_shared<Memory>(lanes * 4);
    auto y = std::make_shared<Memory>(lanes * 4);
    for (int i = 0; i < lanes; ++i)
      x->as<float>()[i] = (i - int(lanes) / 2) * 0.37f + (i == 3 ? -70 : 0);
    batch.check(
        {std::string("map_") + map.name, 1, 1, {}, {x.get(), y.get()}},
        [=, &map] {
          for (int i = 0; i < lanes; ++i) {
            double wanted = map.meaning(x->as<float>()[i]),
                   got = y->as<float>()[i];
            if (std::isinf(wanted))
              EXPECT_EQ(got, wanted) << map.name << " of " << x->as<float>()[i];
            else
              EXPECT_LE(std::fabs(got - wanted),
                        map.tolerance * std::max(1.0, std::fabs(wanted)))
                  << map.name << " of " << x->as<float>()[i] << ": got " << got
                  << ", wanted " << wanted;
          }
        });
  }
  batch.run();
}

/// Loops that carry several values, a loop with an open end, blocks, items.
TEST_P(GridOpsTest, Control) {
  GridBatch batch(GetParam());
  batch.addKernel(R"(
kern.kernel @fibonacci(%y: memref<?xi32>) attributes {caps = #caps, items_per_group = 2} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %i0 = arith.constant 0 : i32
  %i1 = arith.constant 1 : i32
  kern.for_items %i {
    %lane = kern.lane
    %block = kern.block
    %mine = arith.cmpi ult, %lane, %c16 : index
    scf.if %mine {
      %f:2 = scf.for %k = %c0 to %lane step %c1 iter_args(%a = %i0, %b = %i1) -> (i32, i32) {
        %s = arith.addi %a, %b : i32
        scf.yield %b, %s : i32, i32
      }
      %at0 = arith.muli %block, %c16 : index
      %at1 = arith.addi %at0, %lane : index
      %row = kern.scalar row
      %item = arith.index_cast %i : index to i32
      %r32 = arith.index_cast %row : index to i32
      %v0 = arith.addi %f#0, %item : i32
      %v = arith.addi %v0, %r32 : i32
      %first = arith.cmpi eq, %i, %c0 : index
      scf.if %first {
        memref.store %v, %y[%at1] : memref<?xi32>
      }
    }
  }
  kern.return
}
kern.kernel @collatz(%y: memref<?xi32>) attributes {caps = #caps} {
  %i0 = arith.constant 0 : i32
  %i1 = arith.constant 1 : i32
  %i3 = arith.constant 3 : i32
  kern.for_items %i {
    %lane = kern.lane
    %l32 = arith.index_cast %lane : index to i32
    %start = arith.addi %l32, %i1 : i32
    %r:2 = scf.while (%n = %start, %steps = %i0) : (i32, i32) -> (i32, i32) {
      %more = arith.cmpi ne, %n, %i1 : i32
      scf.condition(%more) %n, %steps : i32, i32
    } do {
    ^bb0(%n: i32, %steps: i32):
      %odd0 = arith.andi %n, %i1 : i32
      %odd = arith.cmpi eq, %odd0, %i1 : i32
      %half = arith.shrui %n, %i1 : i32
      %three = arith.muli %n, %i3 : i32
      %up = arith.addi %three, %i1 : i32
      %next = arith.select %odd, %up, %half : i32
      %count = arith.addi %steps, %i1 : i32
      scf.yield %next, %count : i32, i32
    }
    memref.store %r#1, %y[%lane] : memref<?xi32>
  }
  kern.return
}
)");
  auto lanes = uint32_t(batch.caps().getGroup());
  Memory fibonacci(3 * 16 * 4), collatz(lanes * 4);
  batch.check({"fibonacci", 4, 3, {0, 0, 7}, {&fibonacci}}, [&] {
    for (int block = 0; block < 3; ++block)
      for (int i = 0, a = 0, b = 1; i < 16; ++i) {
        EXPECT_EQ(fibonacci.as<int32_t>()[block * 16 + i], a + 7);
        std::swap(a, b);
        b += a;
      }
  });
  batch.check({"collatz", 1, 1, {}, {&collatz}}, [&] {
    for (uint32_t i = 0; i < lanes; ++i) {
      int32_t steps = 0;
      for (uint32_t n = i + 1; n != 1; ++steps)
        n = n % 2 ? 3 * n + 1 : n / 2;
      EXPECT_EQ(collatz.as<int32_t>()[i], steps) << i;
    }
  });
  batch.run();
}

/// Lanes share memory and meet; aligned access to four neighbours.
TEST_P(GridOpsTest, Shared) {
  GridBatch batch(GetParam());
  if (!batch.caps().getCheapBarriers())
    GTEST_SKIP() << "lanes of " << GetParam() << " do not meet";
  batch.addKernel(R"(
kern.kernel @reverse(%w: memref<64xvector<4xf32>> {kern.readonly}, %y: memref<?xf32>) attributes {caps = #caps} {
  %shared = kern.scratch {shared} : memref<64xf32>
  %c63 = arith.constant 63 : index
  kern.for_items %i {
    %lane = kern.lane
    %v = memref.load %w[%lane] : memref<64xvector<4xf32>>
    %s = vector.reduction <add>, %v : vector<4xf32> into f32
    memref.store %s, %shared[%lane] : memref<64xf32>
    kern.barrier
    %other = arith.subi %c63, %lane : index
    %x = memref.load %shared[%other] : memref<64xf32>
    memref.store %x, %y[%lane] : memref<?xf32>
  }
  kern.return
}
)");
  Memory w(1024), y(256);
  for (int i = 0; i < 256; ++i)
    w.as<float>()[i] = float(i);
  batch.check({"reverse", 1, 1, {}, {&w, &y}}, [&] {
    for (int i = 0; i < 64; ++i)
      EXPECT_EQ(y.as<float>()[i], 16 * (63 - i) + 6);
  });
  batch.run();
}

class GridHalfOpsTest : public testing::TestWithParam<std::string> {};

/// All halves of words: integers below 1024 or'ed into the bits of 1024, which
/// a subtraction gives back; and what an f16 sum rounds to even.
TEST_P(GridHalfOpsTest, Pairs) {
  GridBatch batch(GetParam());
  batch.addKernel(R"(
kern.kernel @pairs(%a: memref<?xi32>, %y: memref<?xf32>) attributes {caps = #caps} {
  %c2 = arith.constant 2 : index
  %c1 = arith.constant 1 : index
  %power = arith.constant 0x64006400 : i32
  %lost = arith.constant dense<1024.0> : vector<2xf16>
  %large = arith.constant dense<[2048.0, 4096.0]> : vector<2xf16>
  kern.for_items %i {
    %lane = kern.lane
    %u = memref.load %a[%lane] : memref<?xi32>
    %bits = arith.ori %u, %power : i32
    %h = kern.bitcast_f16 %bits : vector<2xf16>
    %n = arith.subf %h, %lost : vector<2xf16>
    %s = arith.addf %n, %large : vector<2xf16>
    %w = arith.extf %s : vector<2xf16> to vector<2xf32>
    %low = vector.extract %w[0] : f32 from vector<2xf32>
    %high = vector.extract %w[1] : f32 from vector<2xf32>
    %at = arith.muli %lane, %c2 : index
    %next = arith.addi %at, %c1 : index
    memref.store %low, %y[%at] : memref<?xf32>
    memref.store %high, %y[%next] : memref<?xf32>
  }
  kern.return
}
)");
  Memory a(256), y(512);
  for (int i = 0; i < 128; ++i)
    a.as<uint16_t>()[i] = uint16_t(8 * i + i % 7);
  batch.check({"pairs", 1, 1, {}, {&a, &y}}, [&] {
    for (int i = 0; i < 128; ++i) {
      double sum = 8 * i + i % 7 + (i % 2 ? 4096 : 2048);
      EXPECT_EQ(y.as<float>()[i], halfToDouble(doubleToHalf(sum))) << i;
    }
  });
  batch.run();
}

/// What sums in f16 cost: rows of 2048 normal numbers, inputs and products of
/// f16 weights in f16, so many of them summed in f16 as the kernel's name says,
/// the rest in f32; relative to the largest result.
std::string halfSums(int products) {
  return llvm::formatv(R"(
kern.kernel @sums_of_{0}(%w: memref<?xf32>, %x: memref<?xf32>, %y: memref<?xf32>) attributes {{caps = #caps} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %products = arith.constant {0} : index
  %c2048 = arith.constant 2048 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %half = arith.constant 0.0 : f16
  kern.for_items %i {{
    %lane = kern.lane
    %total = scf.for %first = %c0 to %c2048 step %products iter_args(%t = %zero) -> (f32) {{
      %sum = scf.for %c = %c0 to %products step %c1 iter_args(%s = %half) -> (f16) {{
        %k = arith.addi %first, %c : index
        %row = arith.muli %k, %c64 : index
        %at = arith.addi %row, %lane : index
        %u = memref.load %w[%at] : memref<?xf32>
        %v = memref.load %x[%k] : memref<?xf32>
        %u16 = arith.truncf %u : f32 to f16
        %v16 = arith.truncf %v : f32 to f16
        %p = arith.mulf %u16, %v16 : f16
        %n = arith.addf %s, %p : f16
        scf.yield %n : f16
      }
      %wide = arith.extf %sum : f16 to f32
      %next = arith.addf %t, %wide : f32
      scf.yield %next : f32
    }
    memref.store %total, %y[%lane] : memref<?xf32>
  }
  kern.return
}
)",
                       products)
      .str();
}

TEST_P(GridHalfOpsTest, SumsOfProducts) {
  GridBatch batch(GetParam());
  constexpr int rows = 64, columns = 2048;
  Memory w(4 * rows * columns), x(4 * columns);
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (int i = 0; i < rows * columns; ++i) // as f16 weights are
    w.as<float>()[i] = float(halfToDouble(doubleToHalf(normal(random))));
  for (int i = 0; i < columns; ++i)
    x.as<float>()[i] = normal(random);
  for (int products : {4, 8, 16, 32}) {
    batch.addKernel(halfSums(products));
    auto y = std::make_shared<Memory>(4 * rows);
    std::string kernel = "sums_of_" + std::to_string(products);
    batch.check({kernel, 1, 1, {}, {&w, &x, y.get()}}, [&, y, kernel] {
      double largest = 0, worst = 0;
      for (int r = 0; r < rows; ++r) {
        double wanted = 0;
        for (int c = 0; c < columns; ++c)
          wanted +=
              double(w.as<float>()[c * rows + r]) * double(x.as<float>()[c]);
        largest = std::max(largest, std::fabs(wanted));
        worst = std::max(worst, std::fabs(wanted - y->as<float>()[r]));
      }
      EXPECT_GE(worst, 1e-5 * largest) << "is that f16?";
      EXPECT_LE(worst, 2e-3 * largest);
      std::printf("%s: %.1e of the largest\n", kernel.c_str(), worst / largest);
    });
  }
  batch.run();
}

INSTANTIATE_TEST_SUITE_P(Variants, GridHalfOpsTest,
                         testing::ValuesIn(kHalfVariants), gridTestName);

class GridDotOpsTest : public testing::TestWithParam<std::string> {};

/// All pairs of extreme and small bytes.
TEST_P(GridDotOpsTest, PackedDot) {
  GridBatch batch(GetParam());
  batch.addKernel(R"(
kern.kernel @dots(%a: memref<?xi32>, %b: memref<?xi32>, %y: memref<?xi32>) attributes {caps = #caps} {
  kern.for_items %i {
    %lane = kern.lane
    %u = memref.load %a[%lane] : memref<?xi32>
    %v = memref.load %b[%lane] : memref<?xi32>
    %r = kern.packed_dot %u, %v
    memref.store %r, %y[%lane] : memref<?xi32>
  }
  kern.return
}
)");
  const int numbers[] = {-128, -127, -1, 0, 1, 7, 100, 127};
  Memory a(256), b(256), y(256);
  for (int i = 0; i < 64; ++i)
    for (int j = 0; j < 4; ++j) {
      a.as<int8_t>()[4 * i + j] = int8_t(numbers[(i + j) % 8]);
      b.as<int8_t>()[4 * i + j] = int8_t(numbers[(i / 8 + 3 * j) % 8]);
    }
  batch.check({"dots", 1, 1, {}, {&a, &b, &y}}, [&] {
    for (int i = 0; i < 64; ++i) {
      int wanted = 0;
      for (int j = 4 * i; j < 4 * i + 4; ++j)
        wanted += a.as<int8_t>()[j] * b.as<int8_t>()[j];
      EXPECT_EQ(y.as<int32_t>()[i], wanted) << i;
    }
  });
  batch.run();
}

INSTANTIATE_TEST_SUITE_P(Variants, GridDotOpsTest,
                         testing::ValuesIn(kDotVariants), gridTestName);

class GridMatrixOpsTest : public testing::TestWithParam<std::string> {};

/// The kernel of the next test: a product of bytes that lie in rows of twelve
/// words, its sums times powers of two.
std::string blockKernel(int64_t edge, int64_t depth) {
  std::string e = std::to_string(edge), d = std::to_string(depth);
  std::string sums = "!kern.matrix<" + e + "xi32, sum>";
  std::string totals = "!kern.matrix<" + e + "xf32, sum>";
  std::string a = "!kern.matrix<" + e + "x" + d + "xi8, a>";
  std::string b = "!kern.matrix<" + d + "x" + e + "xi8, b>";
  return R"(
kern.kernel @block(%w: memref<?xi32>, %s: memref<?xf32>, %y: memref<?xf32>) attributes {caps = #caps} {
  %words = kern.scratch {shared} : memref<384xi32>
  %scales = kern.scratch {shared} : memref<32xf32>
  %shared = kern.scratch {shared} : memref<256xf32>
  kern.for_items %i {
    %none = arith.constant 0 : i32
    %three = arith.constant 3.0 : f32
    %c0 = arith.constant 0 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %c64 = arith.constant 64 : index
    %c192 = arith.constant 192 : index
    %c256 = arith.constant 256 : index
    %c384 = arith.constant 384 : index
    %lane = kern.lane
    scf.for %j = %lane to %c384 step %c64 {
      %word = memref.load %w[%j] : memref<?xi32>
      memref.store %word, %words[%j] : memref<384xi32>
    }
    scf.for %j = %lane to %c32 step %c64 {
      %scale = memref.load %s[%j] : memref<?xf32>
      memref.store %scale, %scales[%j] : memref<32xf32>
    }
    kern.barrier
    %size = kern.subgroup_size
    %subgroup = arith.divui %lane, %size : index
    %first = arith.cmpi eq, %subgroup, %c0 : index
    scf.if %first {
      %zero = kern.matrix_fill %none : )" +
         sums + "\n      %start = kern.matrix_fill %three : " + totals +
         "\n      %a = kern.matrix_load %words[%c0] rows stride 12 : "
         "memref<384xi32> -> " +
         a +
         "\n      %b = kern.matrix_load %words[%c192] columns stride 12 : "
         "memref<384xi32> -> " +
         b + "\n      %sum = kern.matrix_multiply_add %a, %b, %zero : " + a +
         ", " + b + ", " + sums +
         "\n      %left = kern.matrix_spread %scales[%c0] columns : "
         "memref<32xf32> -> " +
         totals +
         "\n      %right = kern.matrix_spread %scales[%c16] rows : "
         "memref<32xf32> -> " +
         totals +
         "\n      %end = kern.matrix_scaled_add %sum, %left, %right, %start "
         ": " +
         sums + ", " + totals +
         "\n      kern.matrix_store %end, %shared[%c0] rows stride 16 : " +
         totals + R"(, memref<256xf32>
    }
    kern.barrier
    scf.for %j = %lane to %c256 step %c64 {
      %number = memref.load %shared[%j] : memref<256xf32>
      memref.store %number, %y[%j] : memref<?xf32>
    }
  }
  kern.return
}
)";
}

/// Bytes of every size, scales that are powers of two: nothing is rounded.
TEST_P(GridMatrixOpsTest, BlockOfBytes) {
  GridBatch batch(GetParam());
  int64_t edge = batch.caps().getMatrix(),
          depth = batch.caps().getMatrixBytes();
  batch.addKernel(blockKernel(edge, depth));
  constexpr int64_t rowBytes = 48, bytesOfB = 4 * 192;
  Memory w(4 * 384), s(4 * 32), y(4 * 256);
  std::mt19937 random(5);
  std::uniform_int_distribution<int> byte(-128, 127), power(-3, 3);
  for (int i = 0; i < 4 * 384; ++i)
    w.as<int8_t>()[i] = int8_t(byte(random));
  for (int i = 0; i < 32; ++i)
    s.as<float>()[i] = std::ldexp(1.0f, power(random));
  batch.check({"block", 1, 1, {}, {&w, &s, &y}}, [&] {
    for (int64_t r = 0; r < edge; ++r)
      for (int64_t c = 0; c < edge; ++c) {
        int sum = 0;
        for (int64_t k = 0; k < depth; ++k)
          sum += w.as<int8_t>()[r * rowBytes + k] *
                 w.as<int8_t>()[bytesOfB + c * rowBytes + k];
        float scale = s.as<float>()[r] * s.as<float>()[16 + c];
        EXPECT_EQ(y.as<float>()[r * 16 + c], 3 + scale * float(sum))
            << "row " << r << ", column " << c << ", sum " << sum;
      }
  });
  batch.run();
}

INSTANTIATE_TEST_SUITE_P(ByteVariants, GridMatrixOpsTest,
                         testing::ValuesIn(kByteMatrixVariants), gridTestName);

/// A write behind a binding's data is seen.
TEST(GridBatchTest, GuardsAreWatched) {
  GridBatch batch("soft");
  batch.addKernel(R"(
kern.kernel @beyond(%y: memref<?xf32>) attributes {caps = #caps} {
  %c16 = arith.constant 16 : index
  %one = arith.constant 1.0 : f32
  kern.for_items %i {
    memref.store %one, %y[%c16] : memref<?xf32>
  }
  kern.return
}
)");
  auto y = std::make_unique<Memory>(64);
  batch.check({"beyond", 1, 1, {}, {y.get()}}, [] {});
  testing::TestPartResultArray results;
  {
    testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS,
        &results);
    batch.run();
  }
  for (int i = 0; i < results.size(); ++i)
    if (results.GetTestPartResult(i).skipped())
      GTEST_SKIP() << results.GetTestPartResult(i).message();
  ASSERT_EQ(results.size(), 1);
  EXPECT_NE(std::string(results.GetTestPartResult(0).message())
                .find("writes beyond binding 0"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Variants, GridOpsTest,
                         testing::ValuesIn(kGridVariants), gridTestName);

} // namespace
