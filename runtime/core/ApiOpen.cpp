// ApiOpen.cpp: sinter_model_open, with the kernels of the bundle's shared
// library.
#include "runtime/core/Api.h"
#include "runtime/device/cpu/KernelLibrary.h"

using namespace sinter::rt;

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
  if (Status status = made->openBundle(dir, fault))
    return status;
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
