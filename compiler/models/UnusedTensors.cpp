// See UnusedTensors.h.
#include "compiler/models/UnusedTensors.h"

#include "compiler/support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace sinter;

/// Masks and tables that old checkpoints carry, and heads that a tied model
/// does not read; the rotary factors of GGUF are in the configuration.
static bool mayBeLeftOver(StringRef name) {
  static constexpr StringLiteral kBuffers[] = {
      "rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias",
      ".attention.bias", ".attention.masked_bias"};
  static constexpr StringLiteral kWhole[] = {
      "lm_head.weight", "embed_out.weight", "rope_freqs.weight",
      "rope_factors_long.weight", "rope_factors_short.weight"};
  return is_contained(kWhole, name) ||
         any_of(kBuffers, [&](StringRef end) { return name.ends_with(end); });
}

/// "model.layers." of "model.layers.3.mlp.up_proj.weight"; empty outside of
/// layers.
static StringRef layersOf(StringRef name) {
  size_t dot = 0;
  while ((dot = name.find('.', dot)) != StringRef::npos) {
    StringRef number = name.substr(++dot).split('.').first;
    if (!number.empty() && all_of(number, isDigit))
      return name.take_front(dot);
  }
  return {};
}

Error sinter::checkTensorsUsed(const ModelSource &source,
                               const StringSet<> &used) {
  StringSet<> known; // prefixes of layers, modules
  for (const StringMapEntry<std::nullopt_t> &entry : used) {
    known.insert(layersOf(entry.getKey()));
    known.insert(entry.getKey().rsplit('.').first);
  }
  known.erase("");
  // The head of a tied model is not used; a bias of it would be.
  known.insert("lm_head");
  known.insert("embed_out");
  bool isGguf = source.format() == ModelSource::Format::Gguf;
  for (const TensorInfo &tensor : source.tensors()) {
    StringRef name = tensor.name;
    if (used.contains(name) || mayBeLeftOver(name))
      continue;
    if (isGguf || known.contains(layersOf(name)) ||
        known.contains(name.rsplit('.').first))
      return unsupportedError(
          source.path() + ": tensor " + name + " " + tensor.describe() +
          " is not used by this architecture as the configuration describes "
          "it; the model would not be computed as its authors mean");
  }
  return Error::success();
}
