// Text of regions, op after op, for tests of kernel families:
//
//   Text text("?");                       // as many tokens as come
//   std::string n = text.norm(text.x(64), 64);
//   batch.add(text.done(text.linear(n, 48, 64, "q4_0"), 48), "fallback");
#pragma once

#include <string>
#include <vector>

namespace sinter::test {

std::string rows(const std::string &tokens, int64_t columns);
std::string weight(int64_t n, int64_t k, const std::string &scheme);
std::string vector(int64_t n);
bool isInteger(const std::string &scheme);

/// Ops of a region, written one after another; every op names its result. On a
/// grid integer linears take f32 inputs.
class Text {
public:
  explicit Text(std::string tokens, bool grid = false)
      : tokens(std::move(tokens)), grid(grid) {}

  std::string argument(const std::string &type);
  std::string x(int64_t columns) { return argument(rows(tokens, columns)); }

  std::string op(const std::string &op, const std::string &operands,
                 const std::string &attributes, const std::string &from,
                 const std::string &to);
  /// An op whose result has the type of its rows.
  std::string same(const std::string &op, const std::string &operands,
                   int64_t columns);

  std::string norm(const std::string &x, int64_t columns, int64_t groups = 1);
  /// Each group has weights of its own, where `ofEachGroup`.
  std::string layerNorm(const std::string &x, int64_t columns, bool bias,
                        int64_t groups = 1, bool ofEachGroup = false);
  std::string linear(std::string x, int64_t n, int64_t k,
                     const std::string &scheme, bool bias = false);
  std::string activation(const std::string &kind, const std::string &x,
                         int64_t columns) {
    return same("activation " + kind, x, columns);
  }
  std::string scale(const std::string &x, int64_t columns,
                    const std::string &factor) {
    return same("scale", x + " {factor = " + factor + " : f64}", columns);
  }
  std::string softcap(const std::string &x, int64_t columns,
                      const std::string &cap) {
    return same("softcap", x + " {cap = " + cap + " : f64}", columns);
  }
  std::string add(const std::string &x, const std::string &y, int64_t columns) {
    return same("add", x + ", " + y, columns);
  }
  std::string slice(const std::string &x, int64_t from, int64_t columns,
                    int64_t offset);
  /// activation(first half of x) * its second half, of `columns` each.
  std::string gate(const std::string &kind, const std::string &x,
                   int64_t columns);
  /// Rows of a table of `n`, by tokens that are an argument.
  std::string embedding(int64_t n, int64_t columns, const std::string &scheme);
  std::string addPositions(const std::string &x, int64_t n, int64_t columns,
                           const std::string &scheme);
  /// The run-time row of x, which may have many; one token from here on.
  std::string selectRow(int64_t columns);
  void append(const std::string &k, const std::string &v,
              const std::string &cache);

  /// The whole region, with these results.
  std::string done(const std::vector<std::string> &values,
                   const std::vector<std::string> &types);
  std::string done(const std::string &value, int64_t columns) {
    return done({value}, {rows(tokens, columns)});
  }

  std::string tokens;

private:
  bool grid;
  int64_t count = 0, results = 0;
  std::string arguments, body;
};

} // namespace sinter::test
