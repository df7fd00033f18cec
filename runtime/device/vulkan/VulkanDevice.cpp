// VulkanDevice.cpp: the table of functions, and opening.
#include "runtime/device/vulkan/VulkanDevice.h"
#include "runtime/device/vulkan/VulkanSession.h"

#include <cstdio>

namespace sinter::rt {

namespace {

VulkanSession &of(DeviceSession *session) {
  return *static_cast<VulkanSession *>(session);
}

Status createSession(Device *base, bool profile, DeviceSession **session,
                     Fault &fault) {
  auto &device = *static_cast<VulkanDevice *>(base);
  Owner<VulkanSession> made(createObject<VulkanSession>(device));
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a session");
  if (Status status = made->create(profile, fault))
    return status;
  *session = made.release();
  return SINTER_OK;
}

void destroySession(DeviceSession *session) { destroyObject(&of(session)); }

void write(DeviceSession *session, const fb::Range &range, const void *data,
           size_t bytes) {
  of(session).write(range, data, bytes);
}

void read(DeviceSession *session, const fb::Range &range, uint64_t offset,
          void *data, size_t bytes) {
  of(session).read(range, offset, data, bytes);
}

const void *view(DeviceSession *session, const fb::Range &range) {
  return of(session).view(range);
}

Status run(DeviceSession *session, EntryId entry, const sinter_scalars &scalars,
           Fault &fault) {
  return of(session).run(entry, scalars, fault);
}

DispatchTime *times(DeviceSession *session, EntryId entry) {
  return of(session).times(entry);
}

void destroy(Device *device) {
  destroyObject(static_cast<VulkanDevice *>(device));
}

constexpr DeviceTable kTable = {"vulkan", createSession, destroySession,
                                write,    read,          view,
                                run,      times,         destroy};

} // namespace

Status createVulkanDevice(const Bundle &bundle,
                          const VulkanDeviceOptions &options, Device **device,
                          Fault &fault) {
  Owner<VulkanDevice> made(createObject<VulkanDevice>());
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for the device");
  if (Status status = made->context.open(options.gpu, fault))
    return status;
  made->plan = &bundle.plan;
  if (Status status =
          made->kernels.load(made->context, bundle, options.variant, fault))
    return status;
  if (Status status =
          made->weights.load(made->context, bundle, options.verifyWeights,
                             made->weightsLoaded, fault))
    return status;
  made->table = &kTable;
  made->variant = made->kernels.variant().name;
  snprintf(made->reason, sizeof(made->reason), "%s; pipelines made in %.1f ms",
           made->context.reason(), double(made->kernels.pipelineTime()) * 1e-6);
  made->variantReason = made->reason;
  made->threads = 1;
  *device = made.release();
  return SINTER_OK;
}

} // namespace sinter::rt
