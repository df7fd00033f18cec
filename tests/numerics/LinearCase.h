// A linear kernel's test case: its region as text, random packed weights after
// docs/formats/packed-weights.md, and a plain double-precision evaluation.
#pragma once

#include "KernelTest.h"

#include <optional>
#include <random>

namespace sinter::test {

/// What to compute. tokens == 0: the region has one token.
struct LinearCase {
  xf::Scheme scheme = xf::Scheme::f32;
  int64_t rows = 16, columns = 32; ///< N, K
  int64_t tokens = 0;
  bool norm = false, bias = false, residual = false, selectRow = false;
  std::optional<xf::ActivationKind> gate;

  bool decode() const { return tokens == 0; }
  bool integer() const { return xf::isIntegerScheme(scheme); }
  int64_t tokenCount() const { return decode() ? 1 : tokens; }
  int64_t outputs() const { return gate ? rows / 2 : rows; }
  /// xf.region @<name>.
  std::string region(const std::string &name) const;
  std::string describe() const;
};

/// Bindings of a case in the order of its region's arguments, expected results
/// and how far a result may be off.
class LinearData {
public:
  LinearData(const LinearCase &test, unsigned seed);

  std::vector<void *> bindings();
  /// The same as memory, for runs elsewhere.
  std::vector<Memory> &parts() { return memory; }
  sinter_scalars scalars() const;
  /// Compares the result; also that nothing beyond it was written.
  void check();

private:
  void makeWeights();
  void makeInput();
  void quantizeInput();
  void evaluate();
  double product(int64_t token, int64_t row, double &magnitude) const;
  void pack(int64_t row, int64_t column, double scale, int number);
  void packScale(int64_t row, int64_t block, uint16_t half);
  void packFloat(int64_t row, int64_t column, float value);

  const LinearCase test;
  std::mt19937 random;
  int64_t selectedRow = 0;
  std::vector<double> weights; ///< [N][K]
  std::vector<double> inputs;  ///< [T][K], as the product sees them
  std::vector<double> expected, tolerance;
  double largestInputScale = 0;
  std::vector<Memory> memory; ///< in the order of arguments, result last
  Memory *input = nullptr, *normWeight = nullptr, *packed = nullptr,
         *bias = nullptr, *residual = nullptr, *result = nullptr;
};

/// f16 to double, all finite values.
double halfValue(uint16_t half);

} // namespace sinter::test
