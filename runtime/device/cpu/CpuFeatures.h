// CpuFeatures.h: which of the SINTER_CPU_* features (sinter_abi.h) this machine
// has, and which variant of a kernel module to use.
#ifndef SINTER_RUNTIME_DEVICE_CPU_CPUFEATURES_H
#define SINTER_RUNTIME_DEVICE_CPU_CPUFEATURES_H

#include "runtime/core/Status.h"

namespace sinter::rt {

/// "x86_64", "aarch64": the stem of the kernel library's name.
const char *cpuArchitecture();

/// Bits of SINTER_CPU_* that processor and operating system support. AMX has to
/// be asked for from the system, which this does.
uint64_t detectCpuFeatures();

/// Chooses a variant of module: the one named wanted, or (null) the first whose
/// features are all in features. Writes the reason to reason. UNSUPPORTED if
/// there is none.
[[nodiscard]] Status chooseVariant(const sinter_cpu_module &module,
                                   uint64_t features, const char *wanted,
                                   const sinter_cpu_variant **variant,
                                   char *reason, size_t reasonBytes,
                                   Fault &fault);

} // namespace sinter::rt
#endif
