// Model.h: what sinter_model stands for: an opened bundle on a device, with its
// tokenizer.
#ifndef SINTER_RUNTIME_CORE_MODEL_H
#define SINTER_RUNTIME_CORE_MODEL_H

#include "runtime/core/Bundle.h"
#include "runtime/device/Device.h"
#include "runtime/text/Tokenizer.h"

namespace sinter::rt {

class Model {
public:
  Model() = default;
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;
  ~Model();

  /// First step: reads manifest, plan and tokenizer.
  [[nodiscard]] Status openBundle(const char *dir, Fault &fault,
                                  BundleTarget target = BundleTarget::Any);
  /// The same from files in memory (Bundle::openMemory), which may go after it.
  [[nodiscard]] Status openMemory(const MemoryFile *files, size_t count,
                                  const char *planPath, Fault &fault);

  /// Second step: the device. module: null for the null device. library is
  /// unloaded with close when the model ends, also after a failure here.
  [[nodiscard]] Status openDevice(const sinter_cpu_module *module,
                                  const sinter_model_options &options,
                                  void *library, void (*close)(void *),
                                  Fault &fault);

  /// The same with a device that was made for bundle().
  void takeDevice(Device *device) { device_ = device; }

  const Bundle &bundle() const { return bundle_; }
  const fb::Plan &plan() const { return bundle_.plan.root(); }
  Device &device() const { return *device_; }
  /// Maybe not loaded.
  const text::Tokenizer &anyTokenizer() const { return tokenizer_; }
  /// Null when the bundle has none.
  const text::Tokenizer *tokenizer() const {
    return tokenizer_.loaded() ? &tokenizer_ : nullptr;
  }
  bool isEos(int32_t token) const;
  sinter_model_info info() const;

private:
  Status openTokenizer(Fault &fault);

  Bundle bundle_;
  Device *device_ = nullptr;
  Buffer tokenizerBytes_;
  text::Tokenizer tokenizer_;
  void *library_ = nullptr;
  void (*close_)(void *) = nullptr;
};

/// The error of the tokenizer library as one of ours.
[[nodiscard]] Status textFault(text::Status status, Fault &fault);

} // namespace sinter::rt
#endif
