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

static std::string vectorOf(int64_t columns) {
  return llvm::formatv("tensor<{0}xf32, #xf.quant<f32>>", columns);
}

/// Rotations or position biases: rows one after another.
static std::string tableOf(int64_t tableRows, int64_t columns) {
  return llvm::formatv("tensor<{0}x{1}xf32, #xf.quant<f32>>", tableRows,
                       columns);
}

static int64_t ropeDimOf(const AttentionCase &shape) {
  return shape.ropeDim ? shape.ropeDim : shape.headDim;
}

static std::string biasesOf(const AttentionCase &shape) {
  return tableOf(shape.kvHeads * shape.group, shape.capacity);
}

static std::string attentionOp(const AttentionCase &shape, const char *tokens,
                               const char *q) {
  std::string type = rows(tokens, shape.queryColumns());
  double scale =
      shape.scale ? shape.scale : 1 / std::sqrt(double(shape.headDim));
  std::string softcap =
      shape.softcap
          ? llvm::formatv(", softcap = {0:e} : f64", shape.softcap).str()
          : "";
  return llvm::formatv(
      "  %a = xf.attention {0}, %c{7} {{heads = {1}, scale = {2:e} : f64, "
      "window = {3}{6}} : ({4}, !xf.kv_cache{5}{8}) -> {4}\n",
      q, shape.kvHeads * shape.group, scale, shape.window, type, cacheOf(shape),
      softcap, shape.biases ? " bias %b" : "",
      shape.biases ? ", " + biasesOf(shape) : "");
}

/// %<name>m: the norm of each head of %<name>s.
static std::string headNormOp(const AttentionCase &shape, const char *name,
                              int64_t heads, const std::string &type) {
  if (!shape.layerNorm)
    return llvm::formatv(
        "  %{0}m = xf.rms_norm %{0}s, %{0}n {{epsilon = 1.0e-6 : f64, groups = "
        "{1}} : ({2}, {3}) -> {2}\n",
        name, heads, type, vectorOf(shape.headDim));
  return llvm::formatv(
      "  %{0}m = xf.layer_norm %{0}s, %{0}n bias %{0}b {{epsilon = 1.0e-6 : "
      "f64, groups = {1}} : ({2}, {3}, {3}) -> {2}\n",
      name, heads, type, vectorOf(heads * shape.headDim));
}

/// %<name>r, or %<name>m or %<name>s where there is no rotation or norm: the
/// slice at `offset` of %x, normed and rotated. Returns its name.
static std::string headOps(const AttentionCase &shape, const char *tokens,
                           const char *name, int64_t heads, int64_t offset,
                           std::string &text) {
  std::string whole =
      rows(tokens, shape.queryColumns() + 2 * shape.kvColumns());
  std::string part = rows(tokens, heads * shape.headDim);
  text +=
      llvm::formatv("  %{0}s = xf.slice %x {{offset = {1}} : ({2}) -> {3}\n",
                    name, offset, whole, part);
  std::string last = std::string("%") + name + "s";
  if (shape.headNorm) {
    text += headNormOp(shape, name, heads, part);
    last.back() = 'm';
  }
  if (shape.biases)
    return last;
  text += llvm::formatv(
      "  %{0}r = xf.rope {1} table %t {{heads = {2}, rope = #xf.rope<theta "
      "= 10000.0 : f64, dim = {3}, none>} : ({4}, {5}) -> {4}\n",
      name, last, heads, ropeDimOf(shape), part,
      tableOf(shape.capacity, ropeDimOf(shape)));
  last.back() = 'r';
  return last;
}

/// The weights of the heads' norms, as further arguments.
static std::string normArguments(const AttentionCase &shape) {
  std::string text;
  if (!shape.headNorm)
    return text;
  int64_t q = shape.queryColumns(), k = shape.kvColumns();
  if (!shape.layerNorm)
    q = k = shape.headDim;
  text += ", %qn: " + vectorOf(q) + ", %kn: " + vectorOf(k);
  if (shape.layerNorm)
    text += ", %qb: " + vectorOf(q) + ", %kb: " + vectorOf(k);
  return text;
}

/// Arguments, and everything up to the append; `query` becomes the name of q,
/// or stays empty where the region gives none.
static std::string upToAppend(const AttentionCase &shape, const char *tokens,
                              const std::string &result, bool hasQuery,
                              std::string &query) {
  int64_t q = shape.queryColumns(), kv = shape.kvColumns();
  std::string whole = rows(tokens, q + 2 * kv), part = rows(tokens, kv);
  std::string table =
      shape.biases ? std::string()
                   : ", %t: " + tableOf(shape.capacity, ropeDimOf(shape));
  std::string biases =
      shape.biases && hasQuery ? ", %b: " + biasesOf(shape) : std::string();
  std::string text = llvm::formatv(
      "xf.region @r(%x: {0}{1}, %c: !xf.kv_cache{2}{3}{4}){5} {{\n", whole,
      table, cacheOf(shape), normArguments(shape), biases, result);
  if (hasQuery)
    query = headOps(shape, tokens, "q", shape.kvHeads * shape.group, 0, text);
  std::string key = headOps(shape, tokens, "k", shape.kvHeads, q, text);
  text += llvm::formatv("  %v = xf.slice %x {{offset = {0}} : ({1}) -> {2}\n"
                        "  xf.append {4}, %v to %c : {2}, {2}, {3}\n",
                        q + kv, whole, part, cacheOf(shape), key);
  return text;
}

std::string sinter::test::decodeText(const AttentionCase &shape) {
  std::string type = rows("1", shape.queryColumns()), query;
  std::string text = upToAppend(shape, "1", " -> " + type, true, query);
  return text + attentionOp(shape, "1", query.c_str()) +
         "  xf.yield %a : " + type + "\n}\n";
}

std::string sinter::test::ropeAppendText(const AttentionCase &shape) {
  std::string type = rows("?", shape.queryColumns()), query;
  if (shape.biases) // q is read where attention is computed
    return upToAppend(shape, "?", "", false, query) + "  xf.yield\n}\n";
  std::string text = upToAppend(shape, "?", " -> " + type, true, query);
  return text + "  xf.yield " + query + " : " + type + "\n}\n";
}

std::string sinter::test::prefillText(const AttentionCase &shape) {
  std::string q = rows("?", shape.queryColumns());
  std::string biases = shape.biases ? ", %b: " + biasesOf(shape) : "";
  return "xf.region @r(%q: " + q + ", %c: !xf.kv_cache" + cacheOf(shape) +
         biases + ") -> " + q + " {\n" + attentionOp(shape, "?", "%q") +
         "  xf.yield %a : " + q + "\n}\n";
}
