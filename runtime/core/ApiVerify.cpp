// ApiVerify.cpp: sinter_bundle_verify: every file of a bundle against its
// manifest.
#include "runtime/core/Bundle.h"

using namespace sinter::rt;

extern "C" sinter_status sinter_bundle_verify(const char *dir,
                                              sinter_verify_callback progress,
                                              void *user, sinter_error *error) {
  Fault fault(error);
  if (!dir || !*dir)
    return fault.set(SINTER_INVALID_ARGUMENT, "no bundle folder was given");
  Owner<Bundle> bundle(createObject<Bundle>());
  if (!bundle)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a bundle");
  if (Status status = bundle->open(dir, fault))
    return status;
  for (const ManifestFile &listed : bundle->manifest.files) {
    File file;
    if (Status status = bundle->openListed(listed.path, file, fault))
      return status;
    if (Status status = bundle->checkHash(listed.path, file, fault))
      return status;
    if (progress && progress(user, listed.path, listed.size))
      return fault.set(SINTER_CANCELLED, "the check was stopped");
  }
  // Opened was the CPU's plan where there are two.
  const Manifest &manifest = bundle->manifest;
  if (!manifest.cpuPlan || !manifest.vulkanPlan)
    return SINTER_OK;
  Owner<Bundle> other(createObject<Bundle>());
  if (!other)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a bundle");
  return other->open(dir, fault, BundleTarget::Vulkan);
}
