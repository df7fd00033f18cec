// Frequencies of every scaling kind against numbers computed apart, in Python,
// from the formulas of transformers' modeling_rope_utils; and the rotation.
#include "compiler/reference/Ops.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace sinter;
using namespace sinter::reference;

namespace {

class Rope : public ::testing::Test {
protected:
  Rope() { context.loadDialect<xf::XfDialect>(); }

  xf::RopeAttr make(double theta, int64_t dim, xf::RopeScaling scaling,
                    std::vector<double> values = {}) {
    mlir::Builder builder(&context);
    return xf::RopeAttr::get(&context, builder.getF64FloatAttr(theta), dim,
                             scaling, builder.getDenseF64ArrayAttr(values));
  }

  void expectFrequencies(xf::RopeAttr rope, std::vector<double> wanted) {
    std::vector<double> got = ropeFrequencies(rope);
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_NEAR(got[i], wanted[i], 1e-14 * wanted[i]) << "dimension " << i;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
};

TEST_F(Rope, Plain) {
  expectFrequencies(make(10000, 8, xf::RopeScaling::none),
                    {1, 0.1, 0.01, 1e-3});
}

TEST_F(Rope, Linear) {
  expectFrequencies(make(10000, 8, xf::RopeScaling::linear, {4}),
                    {0.25, 0.025, 0.0025, 0.00025});
}

TEST_F(Rope, Llama3) {
  expectFrequencies(make(10000, 16, xf::RopeScaling::llama3, {8, 1, 4, 1024}),
                    {1.0, 3.1622776601683794e-01, 1.0000000000000001e-01,
                     3.1622776601683791e-02, 3.0867609670112740e-03,
                     3.9528470752104748e-04, 1.2500000000000000e-04,
                     3.9528470752104742e-05});
}

TEST_F(Rope, YarnTruncated) {
  xf::RopeAttr rope =
      make(10000, 16, xf::RopeScaling::yarn, {4, 32, 1, 2048, 1.25, 1});
  expectFrequencies(rope, {1.0, 3.1622776601683794e-01, 1.0000000000000001e-01,
                           2.5693505988868080e-02, 6.2500000000000003e-03,
                           1.3834964763236662e-03, 2.5000000000000001e-04,
                           7.9056941504209485e-05});
  EXPECT_EQ(ropeAttentionFactor(rope), 1.25);
}

TEST_F(Rope, YarnNotTruncated) {
  expectFrequencies(
      make(10000, 16, xf::RopeScaling::yarn, {4, 32, 1, 2048, 1, 0}),
      {1.0, 3.1622776601683794e-01, 1.0000000000000001e-01,
       2.3870192321736323e-02, 5.0569715211294351e-03, 8.1129038170143109e-04,
       2.5000000000000001e-04, 7.9056941504209485e-05});
}

TEST_F(Rope, YarnWithAnEmptyRange) {
  expectFrequencies(make(10000, 8, xf::RopeScaling::yarn, {2, 32, 1, 4, 1, 1}),
                    {1, 0.05, 0.005, 0.0005});
}

TEST_F(Rope, Factors) {
  xf::RopeAttr rope =
      make(10000, 8, xf::RopeScaling::factors, {1, 2, 4, 8, 1.5});
  expectFrequencies(rope, {1, 0.05, 0.0025, 0.000125});
  EXPECT_EQ(ropeAttentionFactor(rope), 1.5);
}

TEST_F(Rope, TableHoldsCosinesThenSines) {
  Tensor table =
      ropeTable(make(100, 4, xf::RopeScaling::factors, {1, 1, 3}), 2);
  std::vector<double> wanted = {3,
                                3,
                                0,
                                0,
                                3 * std::cos(1),
                                3 * std::cos(0.1),
                                3 * std::sin(1),
                                3 * std::sin(0.1)};
  ASSERT_EQ(table.values.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i)
    EXPECT_EQ(table.values[i], static_cast<float>(wanted[i]));
}

TEST_F(Rope, RotatesHalvesOfTheLeadingDimensions) {
  // Two heads of five elements, of which four turn: 0 with 2, 1 with 3. At
  // position 1 the angles are a quarter and an eighth of a turn.
  Tensor table(2, 4, {1, 1, 0, 0, 0, float(M_SQRT1_2), 1, float(M_SQRT1_2)});
  Tensor x(1, 10, {1, 2, 3, 4, 5, 0, 0, 1, 2, 9});
  Tensor out = llvm::cantFail(reference::rope(x, 2, table, 1));
  std::vector<double> wanted = {-3, -2 * M_SQRT1_2, 1, 6 * M_SQRT1_2, 5,
                                -1, -2 * M_SQRT1_2, 0, 2 * M_SQRT1_2, 9};
  for (size_t i = 0; i < wanted.size(); ++i)
    EXPECT_NEAR(out.values[i], wanted[i], 1e-6) << "element " << i;
}

TEST_F(Rope, TableTooShort) {
  Tensor table(2, 2), x(2, 2);
  llvm::Expected<Tensor> out = reference::rope(x, 1, table, 1);
  ASSERT_FALSE(bool(out));
  EXPECT_EQ(llvm::toString(out.takeError()),
            "positions 1 to 2 lie outside a rotary table of 2");
}

} // namespace
