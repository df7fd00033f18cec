// What the kernel benchmark measures: the linear regions of a decoder layer at
// the shapes of TinyLlama-1.1B, and a kernel that only reads.
#pragma once

#include "dialects/xf/Xf.h"

#include <string>
#include <vector>

namespace sinter::bench {

struct KernelCase {
  std::string label; ///< "qkv", "down", ...
  int64_t rows = 0, columns = 0;
  bool norm = false, residual = false, gate = false;
  int64_t tokens = 1; ///< 1: decode; more: a prefill chunk of that many
  xf::Scheme scheme = xf::Scheme::q4_0;

  /// xf.region @<label>.
  std::string region() const;
  double weights() const { return double(rows) * double(columns); }
};

/// The four linears of a layer and, for one token, the output head.
std::vector<KernelCase> tinyLlama(xf::Scheme scheme, int64_t tokens);

/// kern.kernel @read: each item reads 1 MiB of a memref<?xi8> in the same way
/// as a kernel would, and keeps nothing.
std::string readKernel(const std::string &caps, int64_t bytesPerLoad);

} // namespace sinter::bench
