// CpuDevice.h: runs a plan with machine-code kernels on a pool of threads.
#ifndef SINTER_RUNTIME_DEVICE_CPU_CPUDEVICE_H
#define SINTER_RUNTIME_DEVICE_CPU_CPUDEVICE_H

#include "runtime/core/Bundle.h"
#include "runtime/device/Device.h"

namespace sinter::rt {

struct CpuDeviceOptions {
  uint32_t threads; // 0: usableProcessors()
  sinter_weights_mode weightsMode;
  bool verifyWeights;
  const char *variant; // null: the best
};

/// Checks that module belongs to the bundle's plan, chooses its variant, starts
/// the threads and loads the weights. bundle and module must outlive the
/// device.
[[nodiscard]] Status createCpuDevice(const Bundle &bundle,
                                     const sinter_cpu_module &module,
                                     const CpuDeviceOptions &options,
                                     Device **device, Fault &fault);

/// Where the weights of a CPU device belong that was made for a bundle in
/// memory; null for others. To be filled before the first run.
uint8_t *cpuDeviceWeights(Device &device);

} // namespace sinter::rt
#endif
