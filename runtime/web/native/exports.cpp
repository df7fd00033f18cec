// exports.cpp: the functions of exports.h but for the plan's table
// (PlanTable.cpp).
#include "runtime/web/native/exports.h"
#include "runtime/core/Api.h"
#include "runtime/core/Sha256.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/cpu/WorkerPool.h"

#include <cstddef>
#include <cstring>

using namespace sinter::rt;

// What exports.h tells JavaScript about structs.
#define SIZE(T, BYTES) static_assert(sizeof(T) == (BYTES), "see exports.h")
#define AT(T, FIELD, BYTES)                                                    \
  static_assert(offsetof(T, FIELD) == (BYTES), "see exports.h")
SIZE(sinter_error, 504);
SIZE(sinter_memory_file, 12);
SIZE(sinter_session_options, 8);
AT(sinter_session_options, profile, 4);
SIZE(sinter_sampler_params, 48);
AT(sinter_sampler_params, temperature, 4);
AT(sinter_sampler_params, top_k, 8);
AT(sinter_sampler_params, top_p, 12);
AT(sinter_sampler_params, min_p, 16);
AT(sinter_sampler_params, repeat_penalty, 20);
AT(sinter_sampler_params, presence_penalty, 24);
AT(sinter_sampler_params, frequency_penalty, 28);
AT(sinter_sampler_params, penalty_window, 32);
AT(sinter_sampler_params, seed, 40);
SIZE(sinter_logit_bias, 8);
SIZE(sinter_chat_params, 40);
AT(sinter_chat_params, add_generation_prompt, 4);
AT(sinter_chat_params, messages, 8);
AT(sinter_chat_params, message_count, 12);
AT(sinter_chat_params, messages_json, 16);
AT(sinter_chat_params, tools_json, 20);
AT(sinter_chat_params, variables_json, 24);
AT(sinter_chat_params, now, 32);
SIZE(sinter_chat_message, 12);
AT(sinter_chat_message, content, 4);
AT(sinter_chat_message, content_bytes, 8);
// One list of files serves both.
SIZE(MemoryFile, 12);
AT(MemoryFile, data, offsetof(sinter_memory_file, data));
AT(MemoryFile, bytes, offsetof(sinter_memory_file, bytes));
#undef SIZE
#undef AT

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kStackBytes = 128u << 10;
/// The beginning of sinter_cpu_module, as kernel modules carry it.
constexpr size_t kStampBytes = offsetof(sinter_cpu_module, variants);
static_assert(kStampBytes == 48, "see exports.h");

sinter_error lastError;

/// A kernel module's registry, in one block of memory.
struct WebModule {
  sinter_cpu_module module;
  sinter_cpu_variant variant;
  char name[32];
};

} // namespace

extern "C" void *sinter_web_alloc(size_t bytes) {
  if (bytes > SIZE_MAX - kAlignment)
    return nullptr;
  auto total = static_cast<size_t>(roundUp(bytes ? bytes : 1, kAlignment));
  void *memory = aligned_alloc(kAlignment, total);
  return memory ? memset(memory, 0, total) : nullptr;
}

extern "C" void sinter_web_free(void *memory) { free(memory); }

extern "C" sinter_error *sinter_web_error(void) { return &lastError; }

extern "C" const sinter_cpu_module *sinter_web_kernels(const void *stamp,
                                                       size_t stamp_bytes,
                                                       const char *name,
                                                       uint32_t first) {
  WebModule head = {};
  if (!stamp || !name || stamp_bytes != kStampBytes)
    return nullptr;
  memcpy(static_cast<void *>(&head.module), stamp, kStampBytes);
  constexpr uint32_t kMostKernels = 1u << 20;
  uint32_t count = head.module.kernel_count;
  if (head.module.magic != SINTER_MODULE_MAGIC ||
      head.module.variant_count != 1 || count > kMostKernels)
    return nullptr;
  auto *made = static_cast<WebModule *>(
      sinter_web_alloc(sizeof(WebModule) + count * sizeof(sinter_cpu_kernel)));
  if (!made)
    return nullptr;
  // A function pointer is an index in the table.
  auto *kernels = reinterpret_cast<uintptr_t *>(made + 1);
  for (uint32_t i = 0; i < count; ++i)
    kernels[i] = first + i;
  *made = head;
  strncpy(made->name, name, sizeof(made->name) - 1);
  made->variant = {made->name, 0,
                   reinterpret_cast<const sinter_cpu_kernel *>(kernels)};
  made->module.variants = &made->variant;
  return &made->module;
}

extern "C" sinter_status
sinter_model_open_memory(const sinter_memory_file *files, size_t file_count,
                         const char *plan_path, const sinter_cpu_module *module,
                         uint32_t threads, sinter_model **model,
                         sinter_error *error) {
  Fault fault(error);
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.device = module ? SINTER_DEVICE_CPU : SINTER_DEVICE_NULL;
  options.threads = threads;
  if (Status status =
          readModelOptions(&options, plan_path, model, options, fault))
    return status;
#if !defined(__wasm_atomics__)
  if (threads > 1)
    return fault.set(SINTER_UNSUPPORTED,
                     "sinter.wasm has one thread; use sinter-threads.wasm");
#endif
  Owner<Model> made(createObject<Model>());
  if (!made)
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory for a model");
  const auto *list = reinterpret_cast<const MemoryFile *>(files);
  if (Status status =
          made->openMemory(list, files ? file_count : 0, plan_path, fault))
    return status;
  if (Status status =
          made->openDevice(module, options, nullptr, nullptr, fault))
    return status;
  return publish(made, HandleKind::Model, model, fault);
}

extern "C" void *sinter_web_weights(const sinter_model *model) {
  ModelUse use(model);
  return use.status ? nullptr : cpuDeviceWeights(use->device());
}

extern "C" int sinter_web_worker(uint32_t index) {
  return WorkerPool::serve(index) ? 1 : 0;
}

extern "C" size_t sinter_web_stack_bytes(void) { return kStackBytes; }

extern "C" void *sinter_web_sha256_begin(void) {
  return createObject<Sha256>();
}

extern "C" void sinter_web_sha256_update(void *hash, const void *data,
                                         size_t bytes) {
  static_cast<Sha256 *>(hash)->update(data, bytes);
}

extern "C" void sinter_web_sha256_finish(void *hash, uint8_t *digest) {
  auto *running = static_cast<Sha256 *>(hash);
  if (running && digest)
    running->finish(digest);
  destroyObject(running);
}
