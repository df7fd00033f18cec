// Text of regions (RegionText.h).
#include "RegionText.h"

#include "llvm/Support/FormatVariadic.h"

using namespace sinter::test;

std::string sinter::test::rows(const std::string &tokens, int64_t columns) {
  return "tensor<" + tokens + "x" + std::to_string(columns) + "xf32>";
}

std::string sinter::test::weight(int64_t n, int64_t k,
                                 const std::string &scheme) {
  return llvm::formatv("tensor<{0}x{1}xf32, #xf.quant<{2}>>", n, k, scheme);
}

std::string sinter::test::vector(int64_t n) {
  return llvm::formatv("tensor<{0}xf32, #xf.quant<f32>>", n);
}

bool sinter::test::isInteger(const std::string &scheme) {
  return scheme == "q8_0" || scheme == "q4_0";
}

std::string Text::argument(const std::string &type) {
  std::string name = "%a" + std::to_string(count++);
  arguments += (arguments.empty() ? "" : ", ") + name + ": " + type;
  return name;
}

std::string Text::op(const std::string &op, const std::string &operands,
                     const std::string &attributes, const std::string &from,
                     const std::string &to) {
  std::string name = "%" + std::to_string(results++);
  body += "  " + name + " = xf." + op + " " + operands + " " + attributes +
          " : (" + from + ") -> " + to + "\n";
  return name;
}

std::string Text::same(const std::string &op, const std::string &operands,
                       int64_t columns) {
  std::string name = "%" + std::to_string(results++);
  body += "  " + name + " = xf." + op + " " + operands + " : " +
          rows(tokens, columns) + "\n";
  return name;
}

static std::string normAttributes(int64_t groups) {
  return "{epsilon = 1.0e-5 : f64, groups = " + std::to_string(groups) + "}";
}

std::string Text::norm(const std::string &x, int64_t columns, int64_t groups) {
  std::string gain = argument(vector(columns / groups));
  return op("rms_norm", x + ", " + gain, normAttributes(groups),
            rows(tokens, columns) + ", " + vector(columns / groups),
            rows(tokens, columns));
}

std::string Text::layerNorm(const std::string &x, int64_t columns, bool bias,
                            int64_t groups, bool ofEachGroup) {
  std::string type = vector(ofEachGroup ? columns : columns / groups);
  std::string operands = x + ", " + argument(type);
  std::string from = rows(tokens, columns) + ", " + type;
  if (bias) {
    operands += " bias " + argument(type);
    from += ", " + type;
  }
  return op("layer_norm", operands, normAttributes(groups), from,
            rows(tokens, columns));
}

std::string Text::linear(std::string x, int64_t n, int64_t k,
                         const std::string &scheme, bool bias) {
  std::string type = rows(tokens, k);
  if (isInteger(scheme) && !grid) {
    std::string int8 = "tensor<" + tokens + "x" + std::to_string(k) +
                       "xf32, #xf.quant<dyn_i8>>";
    x = op("quantize", x, "", type, int8);
    type = int8;
  }
  std::string operands = x + ", " + argument(weight(n, k, scheme));
  type += ", " + weight(n, k, scheme);
  if (bias) {
    operands += " bias " + argument(vector(n));
    type += ", " + vector(n);
  }
  return op("linear", operands, "", type, rows(tokens, n));
}

std::string Text::slice(const std::string &x, int64_t from, int64_t columns,
                        int64_t offset) {
  return op("slice", x, "{offset = " + std::to_string(offset) + "}",
            rows(tokens, from), rows(tokens, columns));
}

std::string Text::gate(const std::string &kind, const std::string &x,
                       int64_t columns) {
  std::string gate = slice(x, 2 * columns, columns, 0);
  std::string up = slice(x, 2 * columns, columns, columns);
  return same("mul", activation(kind, gate, columns) + ", " + up, columns);
}

std::string Text::embedding(int64_t n, int64_t columns,
                            const std::string &scheme) {
  std::string ids = "tensor<" + tokens + "xi32>";
  std::string operands = argument(ids);
  operands += ", " + argument(weight(n, columns, scheme));
  return op("embedding", operands, "", ids + ", " + weight(n, columns, scheme),
            rows(tokens, columns));
}

std::string Text::addPositions(const std::string &x, int64_t n, int64_t columns,
                               const std::string &scheme) {
  return op("add_positions", x + ", " + argument(weight(n, columns, scheme)),
            "", rows(tokens, columns) + ", " + weight(n, columns, scheme),
            rows(tokens, columns));
}

std::string Text::selectRow(int64_t columns) {
  std::string many = rows("?", columns), all = argument(many);
  tokens = "1";
  return op("select_row", all, "", many, rows(tokens, columns));
}

void Text::append(const std::string &k, const std::string &v,
                  const std::string &cache) {
  body += "  xf.append " + k + ", " + v + " to " + cache + " : " +
          rows(tokens, 16) + ", " + rows(tokens, 16) +
          ", !xf.kv_cache<1 x 160 x 16, f32>\n";
}

std::string Text::done(const std::vector<std::string> &values,
                       const std::vector<std::string> &types) {
  std::string names, list;
  for (size_t i = 0; i < values.size(); ++i) {
    names += (i ? ", " : "") + values[i];
    list += (i ? ", " : "") + types[i];
  }
  return "xf.region @r(" + arguments + ") -> (" + list + ") {\n" + body +
         "  xf.yield " + names + " : " + list + "\n}\n";
}
