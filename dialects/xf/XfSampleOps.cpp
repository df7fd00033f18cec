// Verifiers of sort_logits and sample.
#include "dialects/xf/XfVerify.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter::xf;

static bool isVector(Value value, int64_t size) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() == 1 && !type.getEncoding() &&
         type.getDimSize(0) == size;
}

/// What sort_logits makes and sample takes.
template <typename OpT> static LogicalResult verifyRuns(OpT op, StringRef id) {
  Value runs = op.getPenalised();
  if (failed(verifyActivation(op, runs, "penalised", id)))
    return failure();
  if (op.getSorted().getType() != runs.getType() ||
      op.getSums().getType() != runs.getType())
    return op.emitOpError() << "penalised, sorted and sums must have the same "
                               "type ("
                            << id << ")";
  int64_t count = rowsOf(runs), tokens = columnsOf(runs);
  if (ShapedType::isDynamic(count) || count > kMostRuns ||
      tokens < kLeastRunTokens || tokens > kMostRunTokens ||
      !llvm::isPowerOf2_64(uint64_t(tokens)))
    return op.emitOpError() << "needs at most " << kMostRuns
                            << " runs of a power of two of tokens from "
                            << kLeastRunTokens << " to " << kMostRunTokens
                            << ", got " << runs.getType() << " (" << id << ")";
  return success();
}

LogicalResult SortLogitsOp::verify() {
  if (failed(verifyShape(*this, getLogits(), 1, columnsOf(getLogits()),
                         "logits", "sort_logits_c1")))
    return failure();
  auto history = cast<RankedTensorType>(getHistory().getType());
  if (!isVector(getSampling(), kSamplingSize) || history.getRank() != 1 ||
      history.getEncoding() || history.getDimSize(0) <= 0)
    return emitOpError("takes sampling tensor<16xf32> and history tensor<Hxi32>"
                       " (sort_logits_c2)");
  if (failed(verifyRuns(*this, "sort_logits_c3")))
    return failure();
  if (int64_t(llvm::divideCeil(columnsOf(getLogits()),
                               columnsOf(getPenalised()))) !=
      rowsOf(getPenalised()))
    return emitOpError("the runs must hold the logits and no more "
                       "(sort_logits_c3)");
  return success();
}

LogicalResult SampleOp::verify() {
  if (failed(verifyRuns(*this, "sample_c1")))
    return failure();
  if (!isVector(getSampling(), kSamplingSize) || !isVector(getResult(), 1))
    return emitOpError("takes sampling tensor<16xf32> and gives tensor<1xi32> "
                       "(sample_c2)");
  return success();
}

int64_t sinter::xf::runTokens(int64_t vocabulary) {
  if (vocabulary > kMostRuns * kMostRunTokens)
    return 0;
  auto tokens =
      llvm::PowerOf2Ceil(uint64_t(llvm::divideCeil(vocabulary, kMostRuns)));
  return std::max(kLeastRunTokens, int64_t(tokens));
}
