//===- WeightPacker.h - From tensors on disk to weight shards ---*- C++ -*-===//
//
// Reads the tensors behind a plan's weights, packs them (compiler/quant) and
// writes the shards of docs/formats/bundle.md. Work is cut into runs of panels
// whose place in the weight bytes is known beforehand; threads take them in
// order, so that at most a few shards are in memory at a time, and pages of the
// model are given back as soon as they are used. The bytes do not depend on the
// number of threads.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/bundle/BundleWriter.h"
#include "compiler/import/ModelSource.h"
#include "compiler/quant/Scheme.h"
#include "compiler/support/Progress.h"
#include "dialects/plan/Plan.h"

#include <string>
#include <vector>

namespace sinter {

struct WeightPackOptions {
  unsigned threads = 0;         ///< 0: one per processor
  bool strict = false;          ///< NaN or infinite weights are an InputError
  Progress *progress = nullptr; ///< may be null
  bool hashPieces = false;      ///< fill PackReport::pieceHashes
  quant::MagnitudeWeight magnitude = quant::MagnitudeWeight::none;
};

/// What became of one weight.
struct WeightReport {
  std::string name, scheme, layout;
  uint64_t elements = 0; ///< without padding
  uint64_t bytes = 0;    ///< packed
  bool repacked = false; ///< taken over from GGUF blocks, at least in part
  bool isRopeTable = false;
  quant::PackStats stats;
};

struct PackReport {
  std::vector<WeightReport> weights; ///< in file order
  uint64_t parameters = 0;           ///< elements of all but rotary tables
  double bitsPerWeight = 0;          ///< packed bits per parameter
  quant::PackStats total;            ///< over everything quantized
  std::string pieceHashes;           ///< bytes of weights.sha256, if asked for

  /// One line per tensor with numbers that are not finite or were clipped.
  std::vector<std::string> warnings() const;
};

/// Packs all weights of `program` into weights/NNNNN.bin of `bundle`, and
/// checks at the end that no input file has changed. InputError for tensors
/// that are missing or do not fit, ResourceError for memory and disk,
/// InterruptedError after a signal.
llvm::Expected<PackReport> packWeights(plan::ProgramOp program,
                                       const ModelSource &source,
                                       BundleWriter &bundle,
                                       const WeightPackOptions &options = {});

} // namespace sinter
