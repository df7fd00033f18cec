//===- F32.cpp - The f32 scheme
//---------------------------------------------===//
//
// Panels of [columns][16] numbers, columns not padded. Format:
// docs/formats/packed-weights.md.
//
//===----------------------------------------------------------------------===//

#include "compiler/quant/Scheme.h"

#include <cstring>

using namespace sinter;
using namespace sinter::quant;

#define SINTER_ISA_FILE "compiler/quant/FloatPanel.inc"
#include "compiler/quant/ForEachIsa.inc"

namespace {
class F32Scheme final : public Scheme {
public:
  llvm::StringRef name() const override { return "f32"; }
  bool isInteger() const override { return false; }
  int64_t panelBytes(int64_t columns) const override { return columns * 64; }

  void packPanel(const float *rows, int64_t columns, const PackOptions &options,
                 uint8_t *panel, PackStats &stats) const override {
    static const PackFunction table[] = SINTER_ISA_TABLE(packF32);
    table[static_cast<unsigned>(options.isa)](rows, columns, options, panel,
                                              stats);
  }

  void unpackPanel(const uint8_t *panel, int64_t columns,
                   float *rows) const override {
    for (int64_t k = 0; k < columns; ++k)
      for (int64_t r = 0; r < kPanelRows; ++r) {
        std::memcpy(rows + r * columns + k, panel, 4);
        panel += 4;
      }
  }
};
} // namespace

const Scheme &quant::f32Scheme() {
  static const F32Scheme scheme;
  return scheme;
}
