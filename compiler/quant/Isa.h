//===- Isa.h - Instruction sets the packing code is compiled for -*- C++
//-*-===//
//
// The hot loops are compiled once per level (ForEachIsa.inc) and chosen at run
// time, so that one compiler binary runs on any x86-64 and uses what is there.
// All levels give the same bytes.
//
//===----------------------------------------------------------------------===//
#pragma once

namespace sinter::quant {

/// x86-64 levels of the psABI; other architectures have the baseline only.
enum class Isa { baseline, v3, v4 };
constexpr unsigned kIsaCount = 3;

/// The best level this machine has.
Isa hostIsa();

} // namespace sinter::quant
