// What regions mean to kernels that quantize the inputs of their linears
// (variants with packed_dot), and inputs of which quantization loses nothing.
#pragma once

#include "../RegionData.h"

namespace sinter::test {

/// The region with xf.quantize before each linear of integer weights; beside it
/// in its module.
xf::RegionOp quantizedTwin(xf::RegionOp region);

/// Replaces activations by integers up to 127 times a power of two for each
/// block of 32 columns, and vectors (weights of norms) by signed powers of two,
/// one for each block: their products are quantized exactly, so that kernels
/// may not differ by more than their sums. Not for regions with a layer norm.
void makeExact(std::vector<Datum> &arguments, std::mt19937 &random);

} // namespace sinter::test
