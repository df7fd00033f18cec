// A plan as tables for people and JSON for programs: what went where, and
// what it costs.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <string>

namespace sinter::fb {
struct Plan;
}

namespace sinter::cli {

class PlanReport {
public:
  /// Takes a plan's bytes over; an input error if they are none.
  static llvm::Expected<PlanReport> create(std::string bytes);

  void printModel(llvm::raw_ostream &out) const;
  /// Which kernel computes what and why; bytes and FLOPs of one decode step,
  /// and its share of the token.
  void printKernels(llvm::raw_ostream &out) const;
  /// Arenas, caches and buffers, with a picture of the buffers' lives.
  void printMemory(llvm::raw_ostream &out) const;
  /// Entry points and their dispatches.
  void printProgram(llvm::raw_ostream &out) const;
  llvm::json::Object json() const;
  /// Bytes one decode step reads and writes at a position: weights (of the
  /// embedding one row), cache, activations.
  double bytesPerToken(double position) const;
  /// Bytes one run of a kernel moves for `tokens` tokens at a position; 0 for
  /// an unknown id.
  double bytesOfRun(llvm::StringRef kernel, double tokens,
                    double position) const;

private:
  explicit PlanReport(std::string bytes) : bytes(std::move(bytes)) {}
  const fb::Plan &plan() const;

  std::string bytes;
};

} // namespace sinter::cli
