// ToyModel.h: writes bundles of a tiny model whose results are known in closed
// form (ToyKernels.c), valid or with one thing wrong, for the tests of the
// runtime.
#ifndef SINTER_TESTS_UNIT_RUNTIME_TOYMODEL_H
#define SINTER_TESTS_UNIT_RUNTIME_TOYMODEL_H

#include "ToyKernels.h"
#include "runtime/schema/plan_generated.h"
#include "sinter.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sinter::toy {

/// What differs from the plain toy model.
struct ToyOptions {
  uint64_t weightOffset = 0; ///< of the bias vector; weight_bytes end after it
  std::vector<float> bias = std::vector<float>(TOY_VOCAB, 0.0f);
  bool greedy = true; ///< the plan has an entry for it
  std::vector<int32_t> eosIds = {};
  std::vector<uint8_t> tokenizer = {}; ///< tokenizer.bin; empty: none
  std::string sampling = R"({"temperature": 0.7, "top_k": 40, "top_p": 0.9})";
  /// Changes the plan's tables before they are packed.
  std::function<void(fb::PlanT &)> editPlan = {};
  /// Changes the manifest's text at the end.
  std::function<void(std::string &)> editManifest = {};
};

/// plan.fb of the toy model.
std::vector<uint8_t> toyPlan(const ToyOptions &options = {});

/// A bundle in a folder of its own, removed at the end.
class ToyBundle {
public:
  explicit ToyBundle(ToyOptions options = {});
  ToyBundle(const ToyBundle &) = delete;
  ToyBundle &operator=(const ToyBundle &) = delete;
  ~ToyBundle();

  const std::string &dir() const { return dir_; }
  /// The linked-in kernels, tied to this bundle's plan.
  const sinter_cpu_module &module() const { return module_; }
  sinter_cpu_module &module() { return module_; }
  std::string read(const std::string &path) const;
  void write(const std::string &path, const std::string &bytes) const;
  void remove(const std::string &path) const;

private:
  void addFile(const std::string &path, const std::string &bytes);

  std::string dir_;
  std::string files_; // of the manifest
  sinter_cpu_module module_{};
};

/// The token that the toy model finds likeliest after a history.
int32_t toyNext(const std::vector<int32_t> &history);

/// logits[v] after a history, with zero bias.
float toyLogit(const std::vector<int32_t> &history, int32_t v);

} // namespace sinter::toy
#endif
