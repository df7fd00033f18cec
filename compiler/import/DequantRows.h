//===- DequantRows.h - Rows of stored weights as f32 --------------*- C++
//-*-===//
//
// Every weight of a model passes through here once, so the loops are written
// for the vectoriser. Results are exactly those of the published definitions,
// and the same on every host (no contraction into fused multiply-add).
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_DEQUANTROWS_H
#define SINTER_COMPILER_IMPORT_DEQUANTROWS_H

#include "compiler/import/DType.h"
#include <cstdint>

namespace sinter {

/// Widens one row of `elements` numbers to f32.
/// row: rowBytes(dtype, elements) bytes, no alignment needed. out: f32
/// [elements]. `elements` must be a whole number of blocks (TensorInfo
/// guarantees it for its rowElements). Integers and f64 are rounded to nearest.
void readRowF32(DType dtype, const uint8_t *row, int64_t elements, float *out);

/// IEEE binary16 to f32, exact; NaN payloads are kept.
float halfToFloat(uint16_t half);
/// bfloat16 to f32, exact.
float bfloatToFloat(uint16_t bits);
/// f32 to IEEE binary16, rounded to nearest even; overflow gives infinity, NaN
/// stays NaN (quiet).
uint16_t floatToHalf(float value);
/// f32 to bfloat16, rounded to nearest even; NaN stays NaN (quiet).
uint16_t floatToBfloat(float value);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_DEQUANTROWS_H
