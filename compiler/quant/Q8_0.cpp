//===- Q8_0.cpp - The q8_0 scheme -----------------------------------------===//
//
// Blocks of 32 columns: f16 scale, int8. Format: docs/formats/q8_0.md; panel
// layout: docs/formats/packed-weights.md.
//
//===----------------------------------------------------------------------===//

#include "compiler/quant/Half.h"
#include "compiler/quant/Scheme.h"

#include <cmath>
#include <cstring>

using namespace sinter;
using namespace sinter::quant;

#define SINTER_ISA_FILE "compiler/quant/Q8_0Panel.inc"
#include "compiler/quant/ForEachIsa.inc"

namespace {
constexpr int64_t kScaleBytes = 2 * kPanelRows;
/// A GGUF block: f16 scale, 32 int8.
constexpr int64_t kGgufBytes = 34;

int64_t blocksOf(int64_t columns) {
  return (columns + kBlockColumns - 1) / kBlockColumns;
}

class Q8_0Scheme final : public Scheme {
public:
  llvm::StringRef name() const override { return "q8_0"; }
  bool isInteger() const override { return true; }
  int64_t panelBytes(int64_t columns) const override {
    return blocksOf(columns) * baseline::kBlockBytes;
  }
  int64_t blockRowBytes(int64_t columns) const override {
    return blocksOf(columns) * kGgufBytes;
  }

  void packPanel(const float *rows, int64_t columns, const PackOptions &options,
                 uint8_t *panel, PackStats &stats) const override {
    static const PackFunction table[] = SINTER_ISA_TABLE(packPanel);
    table[static_cast<unsigned>(options.isa)](rows, columns, options, panel,
                                              stats);
  }

  void repackPanel(const uint8_t *const *rows, int64_t columns, uint8_t *panel,
                   PackStats &stats) const override {
    for (int64_t b = 0; b < blocksOf(columns); ++b) {
      uint8_t *block = panel + b * baseline::kBlockBytes;
      for (int64_t r = 0; r < kPanelRows; ++r) {
        if (!rows[r])
          continue;
        const uint8_t *from = rows[r] + b * kGgufBytes;
        uint16_t scale;
        std::memcpy(&scale, from, 2);
        if (!std::isfinite(halfToFloat(scale)))
          stats.nonFinite += kBlockColumns;
        std::memcpy(block + 2 * r, from, 2);
        for (int64_t group = 0; group < 8; ++group)
          std::memcpy(block + kScaleBytes + group * 4 * kPanelRows + 4 * r,
                      from + 2 + 4 * group, 4);
      }
    }
  }

  void unpackPanel(const uint8_t *panel, int64_t columns,
                   float *rows) const override {
    for (int64_t r = 0; r < kPanelRows; ++r)
      for (int64_t k = 0; k < columns; ++k) {
        const uint8_t *block =
            panel + k / kBlockColumns * baseline::kBlockBytes;
        uint16_t scale;
        std::memcpy(&scale, block + 2 * r, 2);
        int64_t group = k % kBlockColumns / 4;
        int8_t q = static_cast<int8_t>(
            block[kScaleBytes + group * 4 * kPanelRows + 4 * r + k % 4]);
        rows[r * columns + k] = halfToFloat(scale) * static_cast<float>(q);
      }
  }
};
} // namespace

const Scheme &quant::q8_0Scheme() {
  static const Q8_0Scheme scheme;
  return scheme;
}
