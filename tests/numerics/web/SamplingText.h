// The regions of entry point sample, as text: what sorts the logits of a
// vocabulary in runs, and what draws from them (docs/web.md).
#pragma once

#include "dialects/xf/Xf.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <string>

namespace sinter::test {

/// Tokens said before that count.
constexpr int64_t kHistory = 96;

inline std::string sortText(int64_t vocabulary) {
  int64_t run = xf::runTokens(vocabulary);
  auto runs = int64_t(llvm::divideCeil(vocabulary, run));
  return llvm::formatv(
      "xf.region @sort(%l: tensor<1x{0}xf32>, %s: tensor<16xf32>, %h: "
      "tensor<{3}xi32>) -> (tensor<{1}x{2}xf32>, tensor<{1}x{2}xf32>, "
      "tensor<{1}x{2}xf32>) {{\n  %p, %o, %w = xf.sort_logits %l, %s, %h : "
      "(tensor<1x{0}xf32>, tensor<16xf32>, tensor<{3}xi32>) -> "
      "(tensor<{1}x{2}xf32>, tensor<{1}x{2}xf32>, tensor<{1}x{2}xf32>)\n"
      "  xf.yield %p, %o, %w : tensor<{1}x{2}xf32>, tensor<{1}x{2}xf32>, "
      "tensor<{1}x{2}xf32>\n}\n",
      vocabulary, runs, run, kHistory);
}

inline std::string sampleText(int64_t vocabulary) {
  int64_t run = xf::runTokens(vocabulary);
  auto runs = int64_t(llvm::divideCeil(vocabulary, run));
  return llvm::formatv(
      "xf.region @sample(%p: tensor<{0}x{1}xf32>, %o: tensor<{0}x{1}xf32>, %w: "
      "tensor<{0}x{1}xf32>, %s: tensor<16xf32>) -> tensor<1xi32> {{\n"
      "  %t = xf.sample %p, %o, %w, %s : (tensor<{0}x{1}xf32>, "
      "tensor<{0}x{1}xf32>, tensor<{0}x{1}xf32>, tensor<16xf32>) -> "
      "tensor<1xi32>\n  xf.yield %t : tensor<1xi32>\n}\n",
      runs, run);
}

} // namespace sinter::test
