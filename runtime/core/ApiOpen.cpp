// ApiOpen.cpp: sinter_model_open, with the kernels of the bundle's shared
// library, or a GPU. Programs with linked-in kernels use neither.
#include "runtime/core/Api.h"
#include "runtime/device/cpu/KernelLibrary.h"
#if SINTER_HAS_VULKAN
#include "runtime/device/vulkan/VulkanDevice.h"
#endif

using namespace sinter::rt;

namespace {

BundleTarget targetOf(sinter_device_kind device) {
  return device == SINTER_DEVICE_CPU      ? BundleTarget::Cpu
         : device == SINTER_DEVICE_VULKAN ? BundleTarget::Vulkan
                                          : BundleTarget::Any;
}

Status openVulkan(Model &model, const sinter_model_options &options,
                  Fault &fault) {
#if SINTER_HAS_VULKAN
  VulkanDeviceOptions vulkan;
  vulkan.gpu = options.gpu;
  vulkan.variant = options.cpu_variant;
  vulkan.verifyWeights = options.verify_weights != 0;
  Device *device = nullptr;
  if (Status status =
          createVulkanDevice(model.bundle(), vulkan, &device, fault))
    return status;
  model.takeDevice(device);
  return SINTER_OK;
#else
  return fault.set(SINTER_UNSUPPORTED, "this runtime was built without Vulkan");
#endif
}

} // namespace

extern "C" sinter_status sinter_model_open(const char *dir,
                                           const sinter_model_options *options,
                                           sinter_model **model,
                                           sinter_error *error) {
  Fault fault(error);
  sinter_model_options known = SINTER_MODEL_OPTIONS_INIT;
  if (Status status = readModelOptions(options, dir, model, known, fault))
    return status;
  Owner<Model> made(createObject<Model>());
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a model");
  if (Status status = made->openBundle(dir, fault, targetOf(known.device)))
    return status;
  const Manifest &manifest = made->bundle().manifest;
  if (known.device == SINTER_DEVICE_AUTO)
    known.device = manifest.cpuPlan || !manifest.vulkanPlan
                       ? SINTER_DEVICE_CPU
                       : SINTER_DEVICE_VULKAN;
  if (known.device == SINTER_DEVICE_VULKAN) {
    if (Status status = openVulkan(*made, known, fault))
      return status;
    return publish(made, HandleKind::Model, model, fault);
  }
  void *library = nullptr;
  const sinter_cpu_module *module = nullptr;
  if (known.device == SINTER_DEVICE_CPU)
    if (Status status =
            openKernelLibrary(made->bundle(), &library, &module, fault))
      return status;
  if (Status status =
          made->openDevice(module, known, library, closeKernelLibrary, fault))
    return status;
  return publish(made, HandleKind::Model, model, fault);
}
