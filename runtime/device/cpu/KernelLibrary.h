// KernelLibrary.h: a bundle's kernels/cpu/<arch>.so, checked and loaded.
#ifndef SINTER_RUNTIME_DEVICE_CPU_KERNELLIBRARY_H
#define SINTER_RUNTIME_DEVICE_CPU_KERNELLIBRARY_H

#include "runtime/core/Bundle.h"

namespace sinter::rt {

/// Checks size and SHA-256 of the kernels for this architecture, then loads
/// them. close(library) unloads; module is valid until then.
[[nodiscard]] Status openKernelLibrary(const Bundle &bundle, void **library,
                                       const sinter_cpu_module **module,
                                       Fault &fault);
void closeKernelLibrary(void *library);

} // namespace sinter::rt
#endif
