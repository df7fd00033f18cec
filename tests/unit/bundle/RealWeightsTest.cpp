// Errors of quantization on weights that were trained, not drawn.
#include "Modules.h"
#include "compiler/import/DequantRows.h"
#include "tests/unit/quant/Panels.h"

#include <cstdio>

using namespace sinter;
using namespace sinter::test;

namespace {
struct Errors {
  double ours = 0, gguf = 0, sum = 0;
};
} // namespace

/// Adds the errors of a matrix's whole panels.
static void addMatrix(const ModelSource &source, const TensorInfo &tensor,
                      Errors &errors) {
  int64_t columns = tensor.rowElements();
  uint64_t stride = *rowBytes(tensor.dtype, static_cast<uint64_t>(columns));
  std::vector<float> rows(quant::kPanelRows * columns);
  for (int64_t p = 0; p < tensor.shape[0] / quant::kPanelRows; ++p) {
    for (int64_t r = 0; r < quant::kPanelRows; ++r)
      readRowF32(tensor.dtype,
                 source.bytes(tensor).data() +
                     static_cast<uint64_t>(p * quant::kPanelRows + r) * stride,
                 columns, rows.data() + r * columns);
    quant::PackStats stats;
    quant::test::pack(quant::q4_0Scheme(), rows, &stats);
    errors.ours += stats.squaredError;
    errors.sum += stats.squaredSum;
    for (size_t at = 0; at < rows.size(); at += 32)
      errors.gguf += quant::test::ggufQ4Error(&rows[at]);
  }
}

TEST(RealWeights, Q4BeatsTheReferenceQuantizer) {
  std::string model = sharedData("models/tinystories-656k");
  if (model.empty())
    GTEST_SKIP() << "no shared data on this machine";
  auto source = openModel(model);
  ASSERT_TRUE(static_cast<bool>(source)) << llvm::toString(source.takeError());
  Errors errors;
  for (const TensorInfo &tensor : (*source)->tensors())
    if (tensor.shape.size() == 2 && tensor.rowElements() % 32 == 0)
      addMatrix(**source, tensor, errors);
  ASSERT_GT(errors.sum, 0);
  std::printf("q4_0 squared error / GGUF reference: %.4f, relative error "
              "%.4f instead of %.4f\n",
              errors.ours / errors.gguf, std::sqrt(errors.ours / errors.sum),
              std::sqrt(errors.gguf / errors.sum));
  EXPECT_LT(errors.ours, 0.95 * errors.gguf);
}
