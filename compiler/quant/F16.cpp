//===- F16.cpp - The f16 scheme
//---------------------------------------------===//
//
// Panels of [columns][16] numbers, columns not padded. Format:
// docs/formats/packed-weights.md.
//
//===----------------------------------------------------------------------===//

#include "compiler/quant/Half.h"
#include "compiler/quant/Scheme.h"

#include <cstring>

using namespace sinter;
using namespace sinter::quant;

#define SINTER_ISA_FILE "compiler/quant/FloatPanel.inc"
#include "compiler/quant/ForEachIsa.inc"

namespace {
class F16Scheme final : public Scheme {
public:
  llvm::StringRef name() const override { return "f16"; }
  bool isInteger() const override { return false; }
  int64_t panelBytes(int64_t columns) const override { return columns * 32; }

  void packPanel(const float *rows, int64_t columns, const PackOptions &options,
                 uint8_t *panel, PackStats &stats) const override {
    static const PackFunction table[] = SINTER_ISA_TABLE(packF16);
    table[static_cast<unsigned>(options.isa)](rows, columns, options, panel,
                                              stats);
  }

  void unpackPanel(const uint8_t *panel, int64_t columns,
                   float *rows) const override {
    for (int64_t k = 0; k < columns; ++k)
      for (int64_t r = 0; r < kPanelRows; ++r) {
        uint16_t half;
        std::memcpy(&half, panel, 2);
        rows[r * columns + k] = halfToFloat(half);
        panel += 2;
      }
  }
};
} // namespace

const Scheme &quant::f16Scheme() {
  static const F16Scheme scheme;
  return scheme;
}
