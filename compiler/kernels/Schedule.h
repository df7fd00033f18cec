// What a kernel family may choose without changing results beyond rounding, as
// data: parameters with a default and the values they may have
// (docs/tuning.md). A choice reaches the family as an attribute of its region.
#pragma once

#include "dialects/kern/Kern.h"
#include "dialects/xf/Xf.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/SmallVector.h"

#include <map>
#include <string>

namespace sinter::kernels {

class KernelFamily;

/// On an xf.region: a dictionary of parameters (i64) that are not to have their
/// defaults.
constexpr llvm::StringLiteral kScheduleAttr = "sinter.schedule";

/// One number of a schedule.
struct ScheduleParameter {
  llvm::StringRef name;
  int64_t value;                     ///< the default
  llvm::SmallVector<int64_t> values; ///< what it may be, ascending
};

/// Parameters that differ from their defaults, by name; and those of many
/// kernels, by id.
using Schedule = std::map<std::string, int64_t>;
using ScheduleTable = std::map<std::string, Schedule>;

/// The parameters of `family` for a region; where caps are those of a grid also
/// `group`, the lanes of a workgroup, unless the family has its own.
llvm::SmallVector<ScheduleParameter> parametersOf(const KernelFamily &family,
                                                  xf::RegionOp region,
                                                  kern::CapsAttr caps);

/// What a parameter is for a region: its attribute's value, or the default. For
/// families.
int64_t chosen(xf::RegionOp region, const ScheduleParameter &parameter);

/// Why a schedule does not fit a region, or "".
std::string problemOf(const Schedule &schedule, const KernelFamily &family,
                      xf::RegionOp region, kern::CapsAttr caps);

/// Builds a region's kernel with `schedule`, or with the region's own attribute
/// where it is empty. Diagnoses a schedule that does not fit.
mlir::FailureOr<kern::KernelOp> buildKernel(mlir::OpBuilder &builder,
                                            const KernelFamily &family,
                                            xf::RegionOp region,
                                            kern::CapsAttr caps,
                                            const Schedule &schedule = {});

} // namespace sinter::kernels
