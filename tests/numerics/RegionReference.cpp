// Double-precision evaluation of regions (RegionReference.h).
#include "RegionReference.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <functional>

using namespace sinter;
using namespace sinter::test;

namespace {

class Evaluator {
public:
  Evaluator(xf::RegionOp region, llvm::ArrayRef<Datum *> arguments,
            const RunSize &size)
      : region(region), size(size) {
    for (auto [argument, datum] :
         llvm::zip(region.getBody().getArguments(), arguments)) {
      if (datum->isCache())
        caches[argument] = &datum->cache;
      else
        values[argument] = datum->matrix;
    }
  }

  std::vector<Matrix> run() {
    std::vector<Matrix> results;
    for (mlir::Operation &op : region.getBody().front())
      if (auto yield = mlir::dyn_cast<xf::YieldOp>(op))
        for (mlir::Value value : yield.getValues())
          results.push_back(values[value]);
      else
        evaluate(op);
    return results;
  }

private:
  Matrix &of(mlir::Value value) { return values[value]; }
  void evaluate(mlir::Operation &op);
  Matrix map(mlir::Operation &op, std::function<double(double, double)> f);
  Matrix norm(xf::RmsNormOp op);
  Matrix layerNorm(xf::LayerNormOp op);
  Matrix addPositions(xf::AddPositionsOp op);
  Matrix linear(xf::LinearOp op);
  Matrix quantize(xf::QuantizeOp op);
  Matrix rope(xf::RopeOp op);
  Matrix slice(xf::SliceOp op);
  Matrix selectRow(xf::SelectRowOp op);
  Matrix embedding(xf::EmbeddingOp op);
  Matrix argmax(xf::ArgmaxOp op);
  Matrix attention(xf::AttentionOp op);
  void append(xf::AppendOp op);

  xf::RegionOp region;
  const RunSize &size;
  llvm::DenseMap<mlir::Value, Matrix> values;
  llvm::DenseMap<mlir::Value, Cache *> caches;
};

double activation(xf::ActivationKind kind, double x) {
  switch (kind) {
  case xf::ActivationKind::silu:
    return x / (1 + std::exp(-x));
  case xf::ActivationKind::gelu:
    return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
  case xf::ActivationKind::gelu_tanh:
    return x / 2 *
           (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case xf::ActivationKind::relu:
    return std::max(x, 0.0);
  }
  return 0;
}

} // namespace

void Evaluator::evaluate(mlir::Operation &op) {
  Matrix result =
      llvm::TypeSwitch<mlir::Operation *, Matrix>(&op)
          .Case([&](xf::AddOp add) {
            return map(op, [](double a, double b) { return a + b; });
          })
          .Case([&](xf::MulOp mul) {
            return map(op, [](double a, double b) { return a * b; });
          })
          .Case([&](xf::ActivationOp act) {
            return map(op, [&](double a, double) {
              return activation(act.getKind(), a);
            });
          })
          .Case([&](xf::ScaleOp scale) {
            return map(op, [&](double a, double) {
              return a * scale.getFactor().convertToDouble();
            });
          })
          .Case([&](xf::SoftcapOp softcap) {
            double cap = softcap.getCap().convertToDouble();
            return map(
                op, [&](double a, double) { return cap * std::tanh(a / cap); });
          })
          .Case([&](xf::AddPositionsOp x) { return addPositions(x); })
          .Case([&](xf::RmsNormOp x) { return norm(x); })
          .Case([&](xf::LayerNormOp x) { return layerNorm(x); })
          .Case([&](xf::LinearOp x) { return linear(x); })
          .Case([&](xf::QuantizeOp x) { return quantize(x); })
          .Case([&](xf::RopeOp x) { return rope(x); })
          .Case([&](xf::SliceOp x) { return slice(x); })
          .Case([&](xf::SelectRowOp x) { return selectRow(x); })
          .Case([&](xf::EmbeddingOp x) { return embedding(x); })
          .Case([&](xf::ArgmaxOp x) { return argmax(x); })
          .Case([&](xf::AttentionOp x) { return attention(x); })
          .Case([&](xf::AppendOp x) {
            append(x);
            return Matrix();
          })
          .Default([](mlir::Operation *unknown) {
            ADD_FAILURE() << "no definition of "
                          << unknown->getName().getStringRef().str();
            return Matrix();
          });
  if (op.getNumResults())
    values[op.getResult(0)] = std::move(result);
}

Matrix Evaluator::map(mlir::Operation &op,
                      std::function<double(double, double)> f) {
  Matrix &a = of(op.getOperand(0));
  Matrix &b = of(op.getOperand(op.getNumOperands() - 1));
  Matrix result(a.rows, a.columns);
  for (size_t i = 0; i < a.values.size(); ++i)
    result.values[i] = f(a.values[i], b.values[i]);
  return result;
}

Matrix Evaluator::norm(xf::RmsNormOp op) {
  Matrix &x = of(op.getX()), &w = of(op.getWeight());
  Matrix result(x.rows, x.columns);
  int64_t width = x.columns / op.getGroups();
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t first = 0; first < x.columns; first += width) {
      double squares = 0;
      for (int64_t c = first; c < first + width; ++c)
        squares += x.at(r, c) * x.at(r, c);
      double root = std::sqrt(squares / double(width) +
                              op.getEpsilon().convertToDouble());
      for (int64_t c = first; c < first + width; ++c)
        result.at(r, c) = x.at(r, c) / root * w.at(0, c - first);
    }
  return result;
}

Matrix Evaluator::layerNorm(xf::LayerNormOp op) {
  Matrix &x = of(op.getX()), &w = of(op.getWeight());
  Matrix result(x.rows, x.columns);
  int64_t width = x.columns / op.getGroups();
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t first = 0; first < x.columns; first += width) {
      double mean = 0, variance = 0;
      for (int64_t c = first; c < first + width; ++c)
        mean += x.at(r, c) / double(width);
      for (int64_t c = first; c < first + width; ++c)
        variance += std::pow(x.at(r, c) - mean, 2) / double(width);
      double root = std::sqrt(variance + op.getEpsilon().convertToDouble());
      for (int64_t c = first; c < first + width; ++c) {
        int64_t at = w.columns == x.columns ? c : c - first;
        result.at(r, c) = (x.at(r, c) - mean) / root * w.at(0, at) +
                          (op.getBias() ? of(op.getBias()).at(0, at) : 0);
      }
    }
  return result;
}

Matrix Evaluator::addPositions(xf::AddPositionsOp op) {
  Matrix result = of(op.getX());
  for (int64_t r = 0; r < result.rows; ++r)
    for (int64_t c = 0; c < result.columns; ++c)
      result.at(r, c) += of(op.getTable()).at(size.position + r, c);
  return result;
}

Matrix Evaluator::linear(xf::LinearOp op) {
  Matrix &x = of(op.getX()), &w = of(op.getWeight());
  Matrix result(x.rows, w.rows);
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t n = 0; n < w.rows; ++n) {
      double sum = op.getBias() ? of(op.getBias()).at(0, n) : 0;
      for (int64_t c = 0; c < x.columns; ++c)
        sum += x.at(r, c) * w.at(n, c);
      result.at(r, n) = sum;
    }
  return result;
}

Matrix Evaluator::quantize(xf::QuantizeOp op) {
  Matrix &x = of(op.getX());
  Matrix result(x.rows, x.columns);
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t first = 0; first < x.columns; first += 32) {
      int64_t end = std::min(x.columns, first + 32);
      double largest = 0;
      for (int64_t c = first; c < end; ++c)
        largest = std::max(largest, std::fabs(x.at(r, c)));
      double scale = float(largest / 127);
      for (int64_t c = first; c < end; ++c)
        result.at(r, c) =
            scale > 0 ? std::nearbyint(x.at(r, c) / scale) * scale : 0;
    }
  return result;
}

Matrix Evaluator::rope(xf::RopeOp op) {
  Matrix result = of(op.getX());
  Matrix &x = of(op.getX()), &table = of(op.getTable());
  int64_t half = op.getRope().getDim() / 2;
  int64_t headDim = x.columns / op.getHeads();
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t first = 0; first < x.columns; first += headDim)
      for (int64_t i = 0; i < half; ++i) {
        double c = table.at(size.position + r, i);
        double s = table.at(size.position + r, half + i);
        double low = x.at(r, first + i), high = x.at(r, first + half + i);
        result.at(r, first + i) = low * c - high * s;
        result.at(r, first + half + i) = high * c + low * s;
      }
  return result;
}

Matrix Evaluator::slice(xf::SliceOp op) {
  Matrix &x = of(op.getX());
  Matrix result(x.rows,
                mlir::cast<mlir::RankedTensorType>(op.getResult().getType())
                    .getDimSize(1));
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t c = 0; c < result.columns; ++c)
      result.at(r, c) = x.at(r, c + op.getOffset());
  return result;
}

Matrix Evaluator::selectRow(xf::SelectRowOp op) {
  Matrix &x = of(op.getX());
  Matrix result(1, x.columns);
  for (int64_t c = 0; c < x.columns; ++c)
    result.at(0, c) = x.at(size.row, c);
  return result;
}

Matrix Evaluator::embedding(xf::EmbeddingOp op) {
  Matrix &ids = of(op.getTokens()), &table = of(op.getTable());
  Matrix result(ids.rows, table.columns);
  for (int64_t r = 0; r < ids.rows; ++r)
    for (int64_t c = 0; c < table.columns; ++c)
      result.at(r, c) = table.at(int64_t(ids.at(r, 0)), c);
  return result;
}

Matrix Evaluator::argmax(xf::ArgmaxOp op) {
  Matrix &x = of(op.getLogits());
  Matrix result(x.rows, 1);
  for (int64_t r = 0; r < x.rows; ++r) {
    int64_t best = -1;
    for (int64_t c = 0; c < x.columns; ++c)
      if (!std::isnan(x.at(r, c)) && (best < 0 || x.at(r, c) > x.at(r, best)))
        best = c;
    result.at(r, 0) = double(std::max<int64_t>(best, 0));
  }
  return result;
}

void Evaluator::append(xf::AppendOp op) {
  Matrix &k = of(op.getK()), &v = of(op.getV());
  Cache &cache = *caches[op.getCache()];
  bool half = cache.type.getElementType().isF16();
  auto stored = [&](double x) {
    return half ? halfToDouble(doubleToHalf(x)) : x;
  };
  int64_t headDim = cache.type.getHeadDim();
  for (int64_t t = 0; t < k.rows; ++t)
    for (int64_t c = 0; c < k.columns; ++c) {
      size_t at = cache.index(c / headDim, size.position + t, c % headDim);
      cache.keys[at] = stored(k.at(t, c));
      cache.values[at] = stored(v.at(t, c));
    }
}

Matrix Evaluator::attention(xf::AttentionOp op) {
  Matrix &q = of(op.getQ());
  const Cache &cache = *caches[op.getCache()];
  Matrix result(q.rows, q.columns);
  int64_t headDim = cache.type.getHeadDim();
  int64_t group = op.getHeads() / cache.type.getKvHeads();
  double cap = op.getSoftcap().convertToDouble();
  for (int64_t t = 0; t < q.rows; ++t)
    for (int64_t h = 0; h < op.getHeads(); ++h) {
      int64_t last = size.position + t;
      int64_t first =
          op.getWindow() ? std::max<int64_t>(0, last - op.getWindow() + 1) : 0;
      std::vector<double> scores;
      double largest = -HUGE_VAL, sum = 0;
      for (int64_t j = first; j <= last; ++j) {
        double dot = 0;
        for (int64_t d = 0; d < headDim; ++d)
          dot += q.at(t, h * headDim + d) *
                 cache.keys[cache.index(h / group, j, d)];
        double score = dot * op.getScale().convertToDouble();
        if (op.getBias())
          score += of(op.getBias()).at(h, j);
        if (cap > 0)
          score = cap * std::tanh(score / cap);
        scores.push_back(score);
        largest = std::max(largest, scores.back());
      }
      for (double &score : scores)
        sum += score = std::exp(score - largest);
      for (int64_t j = first; j <= last; ++j)
        for (int64_t d = 0; d < headDim; ++d)
          result.at(t, h * headDim + d) +=
              scores[size_t(j - first)] / sum *
              cache.values[cache.index(h / group, j, d)];
    }
  return result;
}

std::vector<Matrix> sinter::test::evaluateRegion(xf::RegionOp region,
                                                 std::vector<Datum *> arguments,
                                                 const RunSize &size) {
  return Evaluator(region, arguments, size).run();
}
