//===- Config.h - Hyper-parameters of a decoder, one form for all --*- C++
//-*-===//
//
// Hugging Face config.json exists in two key schemes (transformers 4 and 5),
// GGUF has a third; absent keys have defaults that differ by architecture. All
// of this ends here: a DecoderConfig says what the model computes. Every number
// has been checked against a range, so that products of two of them fit 64
// bits.
//
// What is honoured and what is refused: docs/formats/inputs.md.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_CONFIG_H
#define SINTER_COMPILER_IMPORT_CONFIG_H

#include "compiler/import/ModelSource.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace sinter {

enum class Activation { Silu, Gelu, GeluTanh };

enum class RopeScaling { None, Linear, Llama3, Yarn, Factors, LongRope };

/// How a fused projection of q, k and v has its rows: no fusion; all q, all k,
/// all v; q, k, v of one head after another; the query heads, k and v of one
/// key-value head after another.
enum class QkvLayout { Split, Stacked, PerHead, Grouped };

/// The rotary embedding. Fields that the scaling kind does not use keep their
/// defaults.
struct RopeConfig {
  double theta = 10000.0;
  /// Rotated dimensions of each head; even.
  int64_t dim = 0;
  RopeScaling scaling = RopeScaling::None;
  /// Linear, Llama3, Yarn.
  double factor = 1.0;
  /// Llama3.
  double lowFreqFactor = 1.0;
  double highFreqFactor = 4.0;
  /// Context the model was trained with before it was stretched: Llama3, Yarn,
  /// LongRope.
  int64_t originalContext = 0;
  /// Yarn.
  double betaFast = 32.0;
  double betaSlow = 1.0;
  bool truncate = true;
  /// Yarn, Factors, LongRope: cosines and sines are multiplied by it.
  double attentionFactor = 1.0;
  /// Factors: dim / 2 divisors of the frequencies. LongRope: those for contexts
  /// up to originalContext; longFactors for longer ones.
  std::vector<double> factors;
  std::vector<double> longFactors;
};

/// See the file comment.
struct DecoderConfig {
  /// Canonical model type (architectures/): llama, gemma2, phi, ...
  std::string architecture;
  /// Family of architectures/Families.def, which one file builds: Gemma, ...
  std::string family;
  int64_t hiddenSize = 0;
  int64_t intermediateSize = 0;
  int64_t layers = 0;
  int64_t heads = 0;
  /// Divides heads.
  int64_t kvHeads = 0;
  /// Even; heads * headDim need not be hiddenSize.
  int64_t headDim = 0;
  int64_t vocabSize = 0;
  double normEpsilon = 1e-6;
  RopeConfig rope;
  /// Of layers with a sliding window: as `rope` but in Gemma 3.
  RopeConfig localRope;
  /// Longest sequence the model was made for, in tokens.
  int64_t maxPositions = 0;
  /// Position q sees keys k with q - k < slidingWindow, on the layers where
  /// layerSlides is set; 0 if no layer has a window.
  int64_t slidingWindow = 0;
  /// One entry per layer.
  std::vector<bool> layerSlides;
  /// The output projection is the embedding.
  bool tiedEmbeddings = false;
  /// Biases on q, k, v; on the attention's output; on gate, up and down.
  bool qkvBias = false;
  bool attentionOutputBias = false;
  bool mlpBias = false;
  /// Norm of each head's q and k before the rotation.
  bool qkNorm = false;
  Activation activation = Activation::Silu;
  /// Attention and MLP read the same hidden state, and both are added to it.
  bool parallelResidual = false;
  /// In a parallel block: the MLP has a norm of its own.
  bool separateMlpNorm = false;
  QkvLayout qkvLayout = QkvLayout::Split;
  /// Linear biases instead of a rotation.
  bool alibi = false;
  /// Embeddings are multiplied by it.
  double embeddingScale = 1.0;
  /// Of the scores; 0 stands for headDim^-0.5.
  double attentionScale = 0.0;
  /// Scores of layer i are divided by i + 1 (a switch of GPT-2).
  bool scaleByLayer = false;
  /// cap * tanh(x / cap) of attention scores and of logits; 0: none.
  double attentionSoftcap = 0.0;
  double logitSoftcap = 0.0;
  /// Ids that begin a sequence and that end a reply, without duplicates, those
  /// of generation_config.json first. May be empty.
  std::vector<int64_t> bosIds;
  std::vector<int64_t> eosIds;
  /// What the file says its weights are ("bfloat16"); empty if it does not.
  std::string storedType;

  /// The window of a layer, 0 for full attention.
  int64_t windowOf(int64_t layer) const {
    return layerSlides[static_cast<size_t>(layer)] ? slidingWindow : 0;
  }
  /// The rotary embedding of a layer.
  const RopeConfig &ropeOf(int64_t layer) const {
    return layerSlides[static_cast<size_t>(layer)] ? localRope : rope;
  }
};

/// Reads the hyper-parameters of an opened model. InputError for missing keys,
/// wrong types and numbers out of range; UnsupportedError for an architecture
/// or a feature that is not implemented. Allocates nothing that depends on a
/// number before that number has been checked.
llvm::Expected<DecoderConfig> readConfig(const ModelSource &source);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_CONFIG_H
