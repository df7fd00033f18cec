// One run of a region on random inputs: the bytes its bindings hold before, and
// what the reference evaluator expects in them afterwards.
#pragma once

#include "compiler/driver/custom/KernelInterfaces.h"
#include "compiler/reference/Evaluator.h"

#include <memory>

namespace sinter {

/// The run-time numbers of a case.
struct CaseSize {
  int64_t tokens = 1, position = 0, row = 0;
  uint32_t draw = 0; ///< of the random numbers
};

/// Several sizes that the region has to be right for: one token, an odd number,
/// the most; the first, some and the last position.
std::vector<CaseSize> caseSizes(xf::RegionOp region);

/// Largest difference from the reference, as part of a row's largest number,
/// unless the file says another.
double defaultTolerance(xf::RegionOp region);

class RegionCase {
public:
  /// Random numbers for all arguments, the same for equal regions and sizes,
  /// and what the region makes of them. Whatever does not exist (rows of
  /// padding, cache positions to come, results) holds NaN.
  static llvm::Expected<RegionCase> make(xf::RegionOp region,
                                         const KernelInterface &interface,
                                         const CaseSize &size);

  /// One entry per binding; a device replaces them by what it left there.
  std::vector<std::vector<uint8_t>> bindings;

  /// Compares what the device left; the text says where it differs, and is
  /// empty where it does not.
  std::string compare(double tolerance) const;

  const CaseSize &size() const { return runSize; }

private:
  void addArgument(unsigned index, uint32_t seed);
  std::string compareBinding(unsigned index, double tolerance) const;
  std::string compareResult(unsigned index, const reference::Datum &expected,
                            double tolerance) const;
  std::string compareCache(unsigned index, double tolerance) const;

  xf::RegionOp region;
  const KernelInterface *interface = nullptr;
  CaseSize runSize;
  std::vector<reference::Datum> arguments, results;
  std::vector<std::unique_ptr<reference::KvCache>> caches;
  std::vector<std::vector<uint8_t>> before;
};

} // namespace sinter
