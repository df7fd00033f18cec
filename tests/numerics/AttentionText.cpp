// Text of attention regions (AttentionText.h).
#include "AttentionText.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace sinter::test;

static std::string rows(const char *tokens, int64_t columns) {
  return llvm::formatv("tensor<{0}x{1}xf32>", tokens, columns);
}

static std::string cacheOf(const AttentionCase &shape) {
  return llvm::formatv("<{0} x {1} x {2}, {3}>", shape.kvHeads, shape.capacity,
                       shape.headDim, shape.element);
}

static std::string attentionOp(const AttentionCase &shape, const char *tokens,
                               const char *q) {
  std::string type = rows(tokens, shape.queryColumns());
  double scale =
      shape.scale ? shape.scale : 1 / std::sqrt(double(shape.headDim));
  return llvm::formatv("  %a = xf.attention {0}, %c {{heads = {1}, scale = "
                       "{2:e} : f64, window = {3}} : ({4}, !xf.kv_cache{5}) -> "
                       "{4}\n",
                       q, shape.kvHeads * shape.group, scale, shape.window,
                       type, cacheOf(shape));
}

/// %<name>r: the slice at `offset` of %x, normed and rotated.
static std::string headOps(const AttentionCase &shape, const char *tokens,
                           const char *name, int64_t heads, int64_t offset) {
  std::string whole =
      rows(tokens, shape.queryColumns() + 2 * shape.kvColumns());
  std::string part = rows(tokens, heads * shape.headDim);
  int64_t dim = shape.ropeDim ? shape.ropeDim : shape.headDim;
  std::string text =
      llvm::formatv("  %{0}s = xf.slice %x {{offset = {1}} : ({2}) -> {3}\n",
                    name, offset, whole, part);
  if (shape.headNorm)
    text += llvm::formatv("  %{0}m = xf.rms_norm %{0}s, %{0}n {{epsilon = "
                          "1.0e-6 : f64, groups = {1}} : ({2}, tensor<{3}xf32, "
                          "#xf.quant<f32>>) -> {2}\n",
                          name, heads, part, shape.headDim);
  text += llvm::formatv(
      "  %{0}r = xf.rope %{0}{1} table %t {{heads = {2}, rope = #xf.rope<theta "
      "= 10000.0 : f64, dim = {3}, none>} : ({4}, tensor<{5}x{3}xf32, "
      "#xf.quant<f32>>) -> {4}\n",
      name, shape.headNorm ? "m" : "s", heads, dim, part, shape.capacity);
  return text;
}

/// Arguments, and everything up to the append.
static std::string upToAppend(const AttentionCase &shape, const char *tokens) {
  int64_t q = shape.queryColumns(), kv = shape.kvColumns();
  std::string whole = rows(tokens, q + 2 * kv), part = rows(tokens, kv);
  int64_t dim = shape.ropeDim ? shape.ropeDim : shape.headDim;
  std::string norms;
  if (shape.headNorm)
    for (const char *name : {"%qn", "%kn"})
      norms += llvm::formatv(", {0}: tensor<{1}xf32, #xf.quant<f32>>", name,
                             shape.headDim);
  std::string text = llvm::formatv(
      "xf.region @r(%x: {0}, %t: tensor<{1}x{2}xf32, #xf.quant<f32>>, %c: "
      "!xf.kv_cache{3}{4}) -> {5} {{\n",
      whole, shape.capacity, dim, cacheOf(shape), norms, rows(tokens, q));
  text += headOps(shape, tokens, "q", shape.kvHeads * shape.group, 0);
  text += headOps(shape, tokens, "k", shape.kvHeads, q);
  text += llvm::formatv("  %v = xf.slice %x {{offset = {0}} : ({1}) -> {2}\n"
                        "  xf.append %kr, %v to %c : {2}, {2}, {3}\n",
                        q + kv, whole, part, cacheOf(shape));
  return text;
}

std::string sinter::test::decodeText(const AttentionCase &shape) {
  return upToAppend(shape, "1") + attentionOp(shape, "1", "%qr") +
         "  xf.yield %a : " + rows("1", shape.queryColumns()) + "\n}\n";
}

std::string sinter::test::ropeAppendText(const AttentionCase &shape) {
  return upToAppend(shape, "?") +
         "  xf.yield %qr : " + rows("?", shape.queryColumns()) + "\n}\n";
}

std::string sinter::test::prefillText(const AttentionCase &shape) {
  std::string q = rows("?", shape.queryColumns());
  return "xf.region @r(%q: " + q + ", %c: !xf.kv_cache" + cacheOf(shape) +
         ") -> " + q + " {\n" + attentionOp(shape, "?", "%q") +
         "  xf.yield %a : " + q + "\n}\n";
}
