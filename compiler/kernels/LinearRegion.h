// A fused region around one product with a weight matrix: what comes before
// it, what after. Read by the GEMV and GEMM families.
#pragma once

#include "compiler/kernels/KernelFamily.h"
#include "compiler/kernels/Layout.h"
#include "compiler/kernels/RegionMatch.h"
#include "compiler/kernels/VectorBuilder.h"

#include <optional>

namespace sinter::kernels {

/// [select_row] [norm] [quantize] linear [add | activation | activation(gate) *
/// up | softcap]. Absent parts are null.
struct LinearRegion : NormPart {
  mlir::BlockArgument input; ///< T x K f32, or dyn_i8
  bool selectsRow = false;
  bool quantizes = false;
  mlir::BlockArgument weight; ///< N x K
  mlir::BlockArgument bias;   ///< N f32
  mlir::BlockArgument residual;
  std::optional<xf::ActivationKind> activation;
  bool gated = false; ///< activation(gate) * up; else activation of everything
  int64_t gateRow = 0, upRow = 0; ///< first rows of gate and up in the weight
  double softcap = 0;             ///< 0: none

  xf::Scheme scheme = xf::Scheme::f32;
  int64_t tokens = 0;  ///< T of the product, kDynamic in prefill
  int64_t columns = 0; ///< K
  int64_t rows = 0;    ///< N
  int64_t outputs = 0; ///< columns of the result: N, or N / 2 with a gate

  /// Whether integer weights meet a float input, as in plans for grids.
  bool mixed() const {
    return isInteger() && !quantizes &&
           xf::getScheme(input.getType()) == xf::Scheme::f32;
  }
  int64_t firstRow = 0; ///< of a part of the matrix (RegionRows)
  int64_t partRows = 0; ///< 0: all

  bool isInteger() const { return xf::isIntegerScheme(scheme); }
  bool hasGate() const { return gated; }
  /// Panels of 16 result columns.
  int64_t panels() const;
  int64_t panelBytes() const { return layout::panelBytes(scheme, columns); }
  int64_t blocks() const;
  /// Bytes of a quantized input row.
  int64_t quantizedRowBytes() const;
};

/// Reads a region; if it is something else, `reason` says what is in the way.
std::optional<LinearRegion> matchLinear(xf::RegionOp region,
                                        std::string &reason);

/// `linear_<weight>_<act>_<variant>[__<prologue>][__<epilogue>]_<N>x<K>`, made
/// unique.
std::string linearId(const LinearRegion &linear, llvm::StringRef variant,
                     xf::RegionOp region);

/// The same for all variants: the weight once, activations per token.
Cost linearCost(const LinearRegion &linear);

} // namespace sinter::kernels
