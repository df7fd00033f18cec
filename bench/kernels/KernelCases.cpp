// Regions for the kernel benchmark (KernelCases.h).
#include "KernelCases.h"

using namespace sinter;
using namespace sinter::bench;

static std::string tensor(const std::string &rows, int64_t columns,
                          const std::string &scheme = "") {
  return "tensor<" + rows + "x" + std::to_string(columns) + "xf32" +
         (scheme.empty() ? "" : ", #xf.quant<" + scheme + ">") + ">";
}

std::string KernelCase::region() const {
  bool decode = tokens == 1, integer = xf::isIntegerScheme(scheme);
  std::string t = decode ? "1" : "?";
  std::string x = tensor(t, columns, integer && !decode ? "dyn_i8" : "");
  std::string w =
      tensor(std::to_string(rows), columns, xf::stringifyScheme(scheme).str());
  std::string g = "tensor<" + std::to_string(columns) + "xf32>";
  std::string y = tensor(t, rows), out = tensor(t, gate ? rows / 2 : rows);
  std::string text = "xf.region @" + label + "(%x: " + x + ", %g: " + g +
                     ", %w: " + w + ", %r: " + out + ") -> " + out + " {\n";
  std::string value = "%x", type = x;
  if (decode && norm) {
    text += "%n = xf.rms_norm %x, %g {epsilon = 1.0e-5 : f64} : (" + x + ", " +
            g + ") -> " + x + "\n";
    value = "%n";
  }
  if (decode && integer) {
    std::string q = tensor("1", columns, "dyn_i8");
    text += "%q = xf.quantize " + value + " : (" + x + ") -> " + q + "\n";
    value = "%q";
    type = q;
  }
  text += "%y = xf.linear " + value + ", %w : (" + type + ", " + w + ") -> " +
          y + "\n";
  value = "%y";
  if (gate) {
    std::string slice = " : (" + y + ") -> " + out + "\n";
    text += "%gate = xf.slice %y {offset = 0 : i64}" + slice +
            "%up = xf.slice %y {offset = " + std::to_string(rows / 2) +
            " : i64}" + slice + "%a = xf.activation silu %gate : " + out +
            "\n%h = xf.mul %a, %up : " + out + "\n";
    value = "%h";
  }
  if (residual) {
    text += "%z = xf.add %y, %r : " + out + "\n";
    value = "%z";
  }
  return text + "xf.yield " + value + " : " + out + "\n}\n";
}

std::vector<KernelCase> sinter::bench::tinyLlama(xf::Scheme scheme,
                                                 int64_t tokens) {
  std::vector<KernelCase> cases = {
      {"qkv", 2560, 2048, true, false, false, tokens, scheme},
      {"output", 2048, 2048, false, true, false, tokens, scheme},
      {"gate_up", 11264, 2048, true, false, true, tokens, scheme},
      {"down", 2048, 5632, false, true, false, tokens, scheme}};
  if (tokens == 1)
    cases.push_back({"head", 32000, 2048, true, false, false, 1, scheme});
  return cases;
}

std::string sinter::bench::readKernel(const std::string &caps,
                                      int64_t bytesPerLoad) {
  std::string vector = "vector<" + std::to_string(bytesPerLoad / 4) + "xi32>";
  std::string step = std::to_string(bytesPerLoad / 4);
  std::string text =
      "kern.kernel @read(%x: memref<?xi32>, %y: memref<?xi32>) attributes "
      "{caps = " +
      caps + R"(} { kern.for_items %i {
      %c0 = arith.constant 0 : index
      %size = arith.constant 262144 : index
      %step = arith.constant )" +
      std::to_string(4 * bytesPerLoad / 4) + R"( : index
      %from = arith.muli %i, %size : index
      %to = arith.addi %from, %size : index
      %zero = arith.constant dense<0> : )" +
      vector + R"(
      %s:4 = scf.for %k = %from to %to step %step iter_args(%a0 = %zero, %a1 = %zero, %a2 = %zero, %a3 = %zero) -> ()" +
      vector + ", " + vector + ", " + vector + ", " + vector + ") {\n";
  for (int j = 0; j < 4; ++j) {
    std::string n = std::to_string(j);
    text +=
        "%o" + n + " = arith.constant " + std::to_string(j * bytesPerLoad / 4) +
        " : index\n%k" + n + " = arith.addi %k, %o" + n + " : index\n%v" + n +
        " = vector.load %x[%k" + n + "] : memref<?xi32>, " + vector + "\n%b" +
        n + " = arith.xori %a" + n + ", %v" + n + " : " + vector + "\n";
  }
  text += "scf.yield %b0, %b1, %b2, %b3 : " + vector + ", " + vector + ", " +
          vector + ", " + vector + "\n}\n";
  text += "%p = arith.xori %s#0, %s#1 : " + vector +
          "\n%q = arith.xori %s#2, %s#3 : " + vector +
          "\n%r = arith.xori %p, %q : " + vector +
          "\nvector.store %r, %y[%c0] : memref<?xi32>, " + vector +
          "\n} kern.return }\n";
  return text;
}
