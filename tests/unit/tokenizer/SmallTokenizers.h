//===- SmallTokenizers.h - Tokenizers made up for tests -----------*- C++
//-*-===//
//
// tokenizer.json texts small enough to read, to change and to damage, so that
// the tests need no third-party file.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_TESTS_UNIT_TOKENIZER_SMALLTOKENIZERS_H
#define SINTER_TESTS_UNIT_TOKENIZER_SMALLTOKENIZERS_H

#include <string>
#include <utility>
#include <vector>

namespace sinter {

/// JSON texts of the parts of a tokenizer.json; empty: null.
struct SmallTokenizer {
  std::string model;
  std::string normalizer, preTokenizer, postProcessor, decoder;
  std::string added = "[]";

  std::string json() const;
};

/// JSON string literal of `text`, which is UTF-8.
std::string jsonString(const std::string &text);

/// Byte-level BPE: the 256 bytes (id = byte), then for each pair of texts in
/// GPT-2's printable alphabet a merge. GPT-2 splitting unless `pattern` is
/// given.
SmallTokenizer byteLevelTokenizer(
    const std::vector<std::pair<std::string, std::string>> &merges = {},
    const std::string &pattern = "");

/// BPE over characters with the given pieces (ids in order), byte fallback
/// (<0x00> = id 3 ...) if `bytes`, "<unk>" "<s>" "</s>" as 0 to 2, and merges.
SmallTokenizer characterTokenizer(
    const std::vector<std::string> &pieces,
    const std::vector<std::pair<std::string, std::string>> &merges, bool bytes);

/// Unigram with pieces and scores after "<unk>" (id 0).
SmallTokenizer
unigramTokenizer(const std::vector<std::pair<std::string, double>> &pieces);

} // namespace sinter

#endif // SINTER_TESTS_UNIT_TOKENIZER_SMALLTOKENIZERS_H
