//===- Scheme.cpp - The table of schemes, and what they share -------------===//
//
// See Scheme.h. Schemes.def is the one list.
//
//===----------------------------------------------------------------------===//

#include "compiler/quant/Scheme.h"

#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <cmath>

using namespace sinter;
using namespace sinter::quant;

void PackStats::merge(const PackStats &other) {
  squaredError += other.squaredError;
  squaredSum += other.squaredSum;
  maxError = std::max(maxError, other.maxError);
  nonFinite += other.nonFinite;
  clipped += other.clipped;
}

double PackStats::relativeError() const {
  return squaredSum > 0 ? std::sqrt(squaredError / squaredSum) : 0;
}

Scheme::~Scheme() = default;

void Scheme::repackPanel(const uint8_t *const *, int64_t, uint8_t *,
                         PackStats &) const {
  llvm_unreachable("scheme without a block form asked to repack blocks");
}

llvm::ArrayRef<const Scheme *> quant::allSchemes() {
  static const Scheme *const table[] = {
#define SINTER_WEIGHT_SCHEME(name) &name##Scheme(),
#include "compiler/quant/Schemes.def"
  };
  return table;
}

const Scheme *quant::findScheme(llvm::StringRef name) {
  for (const Scheme *scheme : allSchemes())
    if (scheme->name() == name)
      return scheme;
  return nullptr;
}

static Isa detectIsa() {
#if defined(__x86_64__) && defined(__clang__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4"))
    return Isa::v4;
  if (__builtin_cpu_supports("x86-64-v3"))
    return Isa::v3;
#endif
  return Isa::baseline;
}

Isa quant::hostIsa() {
  static const Isa isa = detectIsa();
  return isa;
}
