//===- Q4_0.cpp - The q4_0 scheme -----------------------------------------===//
//
// Blocks of 32 columns: f16 scale, 4-bit integers -8..7. Format:
// docs/formats/q4_0.md; panel layout: docs/formats/packed-weights.md.
//
//===----------------------------------------------------------------------===//

#include "compiler/quant/Half.h"
#include "compiler/quant/Scheme.h"

#include <cmath>
#include <cstring>

using namespace sinter;
using namespace sinter::quant;

#define SINTER_ISA_FILE "compiler/quant/Q4_0Panel.inc"
#include "compiler/quant/ForEachIsa.inc"

namespace {
constexpr int64_t kScaleBytes = 2 * kPanelRows;
/// A GGUF block: f16 scale, 16 bytes of nibbles.
constexpr int64_t kGgufBytes = 18;

int64_t blocksOf(int64_t columns) {
  return (columns + kBlockColumns - 1) / kBlockColumns;
}

/// The 16 bytes of one row's block, in panel order. GGUF keeps column j in the
/// low nibble of byte j and column 16 + j in the high nibble.
void repackNibbles(const uint8_t *nibbles, uint8_t *panelRow) {
  for (int octet = 0; octet < 4; ++octet) {
    const uint8_t *from = nibbles + 8 * (octet % 2);
    uint8_t *out = panelRow + 4 * kPanelRows * octet;
    for (int i = 0; i < 4; ++i)
      out[i] =
          octet < 2
              ? static_cast<uint8_t>((from[i] & 15) | (from[4 + i] & 15) << 4)
              : static_cast<uint8_t>(from[i] >> 4 | (from[4 + i] & 0xf0));
  }
}

class Q4_0Scheme final : public Scheme {
public:
  llvm::StringRef name() const override { return "q4_0"; }
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
        repackNibbles(from + 2, block + kScaleBytes + 4 * r);
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
        int64_t octet = k % kBlockColumns / 8, i = k % 8;
        uint8_t byte =
            block[kScaleBytes + octet * 4 * kPanelRows + 4 * r + i % 4];
        int u = i < 4 ? byte & 15 : byte >> 4;
        rows[r * columns + k] = halfToFloat(scale) * static_cast<float>(u - 8);
      }
  }
};
} // namespace

const Scheme &quant::q4_0Scheme() {
  static const Q4_0Scheme scheme;
  return scheme;
}
