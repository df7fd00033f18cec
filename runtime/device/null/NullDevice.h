// NullDevice.h: a device that computes nothing. Buffers keep what is written,
// kernels are counted but not run, so that all logits are zero. For tests of
// the executor, and the skeleton to copy for a new device.
#ifndef SINTER_RUNTIME_DEVICE_NULL_NULLDEVICE_H
#define SINTER_RUNTIME_DEVICE_NULL_NULLDEVICE_H

#include "runtime/device/Device.h"

namespace sinter::rt {

/// plan must outlive the device.
[[nodiscard]] Status createNullDevice(const Plan &plan, Device **device,
                                      Fault &fault);

} // namespace sinter::rt
#endif
