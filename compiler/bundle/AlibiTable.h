//===- AlibiTable.h - What a head adds for a key's position -----*- C++ -*-===//
//
// The table that #xf.alibi describes, made at compile time so that no kernel
// knows slopes. The same on every host: powers of two by square roots only,
// rounded to bfloat16. Source: Press et al., arXiv 2108.12409, and Falcon's
// published code for rounding and scale.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/xf/Xf.h"

namespace sinter {

/// Rows (heads) [first, first + count) of the table: f32 [count][positions].
void fillAlibiTable(xf::AlibiAttr alibi, int64_t first, int64_t count,
                    int64_t positions, float *table);

} // namespace sinter
