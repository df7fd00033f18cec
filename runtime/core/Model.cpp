// Model.cpp: opening in two steps, because the kernel library is checked
// against the manifest before the device is made.
#include "runtime/core/Model.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/null/NullDevice.h"

namespace sinter::rt {

namespace {
constexpr uint64_t kMaxTokenizerBytes = 256u << 20;
} // namespace

Status textFault(text::Status status, Fault &fault) {
  switch (status) {
  case text::Status::Ok:
    return SINTER_OK;
  case text::Status::OutOfMemory:
    return fault.set(SINTER_OUT_OF_MEMORY, "no memory to tokenize");
  case text::Status::Malformed:
    return fault.set(SINTER_CORRUPT, "tokenizer.bin is malformed");
  case text::Status::NewerVersion:
    return fault.set(SINTER_VERSION_MISMATCH,
                     "tokenizer.bin is of a newer version than this runtime");
  case text::Status::BadArgument:
    break;
  }
  return fault.set(SINTER_INTERNAL, "the tokenizer refused its arguments");
}

Model::~Model() {
  if (device_)
    device_->table->destroy(device_);
  if (close_)
    close_(library_);
}

Status Model::openTokenizer(Fault &fault) {
  constexpr const char *kPath = "tokenizer.bin";
  if (!bundle_.manifest.find(kPath))
    return SINTER_OK;
  if (Status status =
          bundle_.readListed(kPath, kMaxTokenizerBytes, tokenizerBytes_, fault))
    return status;
  text::Status status =
      tokenizer_.load(tokenizerBytes_.data(), tokenizerBytes_.size());
  if (status == text::Status::Malformed)
    return fault.set(SINTER_CORRUPT, "tokenizer.bin is malformed: %s",
                     tokenizer_.why());
  return textFault(status, fault);
}

Status Model::openBundle(const char *dir, Fault &fault, BundleTarget target) {
  if (Status status = bundle_.open(dir, fault, target))
    return status;
  return openTokenizer(fault);
}

Status Model::openMemory(const MemoryFile *files, size_t count,
                         const char *planPath, Fault &fault) {
  Status status = bundle_.openMemory(files, count, planPath, fault);
  status = status ? status : openTokenizer(fault);
  bundle_.folder.close();
  return status;
}

Status Model::openDevice(const sinter_cpu_module *module,
                         const sinter_model_options &options, void *library,
                         void (*close)(void *), Fault &fault) {
  library_ = library;
  close_ = close;
  if (!module)
    return createNullDevice(bundle_.plan, &device_, fault);
  CpuDeviceOptions cpu = {options.threads, options.weights_mode,
                          options.verify_weights != 0, options.cpu_variant};
  return createCpuDevice(bundle_, *module, cpu, &device_, fault);
}

bool Model::isEos(int32_t token) const {
  if (const auto *ids = plan().eos_ids())
    for (int32_t id : *ids)
      if (id == token)
        return true;
  return false;
}

sinter_model_info Model::info() const {
  const fb::Plan &p = plan();
  const Manifest &m = bundle_.manifest;
  sinter_model_info info = SINTER_MODEL_INFO_INIT;
  info.context = p.context();
  info.chunk = p.chunk();
  info.vocab_size = p.vocab_size();
  info.hidden_size = p.hidden_size();
  info.layer_count = p.layer_count();
  info.threads = device_->threads;
  info.has_tokenizer = tokenizer() != nullptr;
  info.bos_id = p.bos_id();
  info.eos_count = p.eos_ids() ? p.eos_ids()->size() : 0;
  info.eos_ids = info.eos_count ? p.eos_ids()->data() : nullptr;
  info.name = m.name;
  info.architecture = m.architecture;
  info.quantization = m.quantization;
  info.generator = m.generator;
  info.device = device_->table->name;
  info.variant = device_->variant;
  info.variant_reason = device_->variantReason;
  info.chat_template = m.chatTemplate;
  info.parameters = m.parameters;
  info.bits_per_weight = m.bitsPerWeight;
  info.weight_bytes = p.weight_bytes();
  info.arena_bytes = p.arena_bytes();
  info.state_bytes = p.state_bytes();
  info.download_bytes = m.downloadBytes;
  info.bundle_version_major = m.versionMajor;
  info.bundle_version_minor = m.versionMinor;
  info.sampling = m.sampling;
  return info;
}

} // namespace sinter::rt
