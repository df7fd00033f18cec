// ApiModel.cpp: the part of sinter.h about models, but for sinter_model_open,
// which needs the dynamic loader and has a file of its own.
#include "runtime/core/Api.h"

using namespace sinter::rt;

namespace sinter::rt {

namespace {
/// An enumerator as the caller wrote it, which may be none of ours.
template <typename T> uint32_t plainValue(const T &field) {
  static_assert(sizeof(T) == sizeof(uint32_t), "C enums are ints here");
  uint32_t value;
  memcpy(&value, &field, sizeof(value));
  return value;
}
} // namespace

Status readModelOptions(const sinter_model_options *given, const char *dir,
                        sinter_model **model, sinter_model_options &options,
                        Fault &fault) {
  if (!model)
    return fault.set(SINTER_INVALID_ARGUMENT, "model is null");
  *model = nullptr;
  if (!dir || !*dir)
    return fault.set(SINTER_INVALID_ARGUMENT, "no bundle folder was given");
  if (Status status =
          readOptions(given, options, "sinter_model_options", fault))
    return status;
  if (options.threads > 256)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "threads is %u, allowed is 0 to "
                     "256",
                     options.threads);
  if (plainValue(options.weights_mode) > SINTER_WEIGHTS_HUGE_PAGES)
    return fault.set(SINTER_INVALID_ARGUMENT, "weights_mode is unknown");
  switch (plainValue(options.device)) {
  case SINTER_DEVICE_AUTO:
  case SINTER_DEVICE_CPU:
  case SINTER_DEVICE_NULL:
  case SINTER_DEVICE_VULKAN:
    return SINTER_OK;
  default:
    return fault.set(SINTER_INVALID_ARGUMENT, "device is unknown");
  }
}

} // namespace sinter::rt

extern "C" sinter_status
sinter_model_open_static(const sinter_cpu_module *module, const char *dir,
                         const sinter_model_options *options,
                         sinter_model **model, sinter_error *error) {
  Fault fault(error);
  sinter_model_options known = SINTER_MODEL_OPTIONS_INIT;
  if (Status status = readModelOptions(options, dir, model, known, fault))
    return status;
  if (known.device == SINTER_DEVICE_VULKAN)
    return fault.set(SINTER_INVALID_ARGUMENT,
                     "linked kernels are for the CPU: open the bundle with "
                     "sinter_model_open for Vulkan");
  bool cpu = known.device != SINTER_DEVICE_NULL;
  if (cpu && !module)
    return fault.set(SINTER_INVALID_ARGUMENT, "module is null");
  Owner<Model> made(createObject<Model>());
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a model");
  if (Status status = made->openBundle(
          dir, fault, cpu ? BundleTarget::Cpu : BundleTarget::Any))
    return status;
  if (Status status = made->openDevice(cpu ? module : nullptr, known, nullptr,
                                       nullptr, fault))
    return status;
  return publish(made, HandleKind::Model, model, fault);
}

extern "C" sinter_status sinter_model_close(sinter_model *model) {
  if (!model)
    return SINTER_OK;
  void *object = nullptr;
  if (Status status = handleClose(reinterpret_cast<uintptr_t>(model),
                                  HandleKind::Model, &object))
    return status;
  destroyObject(static_cast<Model *>(object));
  return SINTER_OK;
}

extern "C" sinter_status sinter_model_get_info(const sinter_model *model,
                                               sinter_model_info *info) {
  ModelUse use(model);
  if (use.status)
    return use.status;
  if (!info || !writeResult(use->info(), info))
    return SINTER_INVALID_ARGUMENT;
  return SINTER_OK;
}
