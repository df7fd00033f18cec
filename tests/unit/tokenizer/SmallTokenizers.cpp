//===- SmallTokenizers.cpp - Tokenizers made up for tests
//-------------------===//
//
// See SmallTokenizers.h.
//
//===------------------------------------------------------------------------===//

#include "SmallTokenizers.h"
#include "runtime/text/Unicode.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace sinter;

std::string sinter::jsonString(const std::string &text) {
  return llvm::formatv("{0}", llvm::json::Value(text)).str();
}

static std::string orNull(const std::string &text) {
  return text.empty() ? "null" : text;
}

std::string SmallTokenizer::json() const {
  return "{\"version\":\"1.0\",\"added_tokens\":" + added +
         ",\"normalizer\":" + orNull(normalizer) +
         ",\"pre_tokenizer\":" + orNull(preTokenizer) +
         ",\"post_processor\":" + orNull(postProcessor) +
         ",\"decoder\":" + orNull(decoder) + ",\"model\":" + model + "}";
}

using Merges = std::vector<std::pair<std::string, std::string>>;

static std::string bpeModel(const std::vector<std::string> &vocab,
                            const Merges &merges, const std::string &more) {
  std::string text = "{\"type\":\"BPE\"" + more + ",\"vocab\":{";
  for (size_t i = 0; i < vocab.size(); ++i)
    text += (i ? "," : "") + jsonString(vocab[i]) + ":" + std::to_string(i);
  text += "},\"merges\":[";
  for (size_t i = 0; i < merges.size(); ++i)
    text += (i ? "," : "") + ("[" + jsonString(merges[i].first)) + "," +
            jsonString(merges[i].second) + "]";
  return text + "]}";
}

SmallTokenizer sinter::byteLevelTokenizer(const Merges &merges,
                                          const std::string &pattern) {
  std::vector<std::string> vocab;
  for (unsigned b = 0; b < 256; ++b) {
    uint8_t bytes[4];
    uint32_t n = text::encodeUtf8(text::byteToPrintable(uint8_t(b)), bytes);
    vocab.emplace_back(bytes, bytes + n);
  }
  for (const auto &[left, right] : merges)
    vocab.push_back(left + right);
  SmallTokenizer result;
  result.model = bpeModel(vocab, merges, "");
  std::string regex = pattern.empty() ? "true" : "false";
  std::string level = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
                      "\"use_regex\":" +
                      regex + "}";
  result.preTokenizer = level;
  if (!pattern.empty())
    result.preTokenizer =
        "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
        "\"pattern\":{\"Regex\":" +
        jsonString(pattern) + "},\"behavior\":\"Isolated\",\"invert\":false}," +
        level + "]}";
  result.decoder = "{\"type\":\"ByteLevel\"}";
  return result;
}

SmallTokenizer
sinter::characterTokenizer(const std::vector<std::string> &pieces,
                           const Merges &merges, bool bytes) {
  std::vector<std::string> vocab = {"<unk>", "<s>", "</s>"};
  for (unsigned b = 0; bytes && b < 256; ++b)
    vocab.push_back(llvm::formatv("<0x{0:X-2}>", b).str());
  vocab.insert(vocab.end(), pieces.begin(), pieces.end());
  SmallTokenizer result;
  result.model =
      bpeModel(vocab, merges,
               std::string(",\"unk_token\":\"<unk>\",\"fuse_unk\":true,"
                           "\"byte_fallback\":") +
                   (bytes ? "true" : "false"));
  result.normalizer =
      "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\","
      "\"prepend\":\"\u2581\"},{\"type\":\"Replace\",\"pattern\":{\"String\":"
      "\" \"},\"content\":\"\u2581\"}]}";
  result.decoder =
      "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
      "\"pattern\":{\"String\":\"\u2581\"},\"content\":\" \"},{\"type\":"
      "\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":"
      "\" \",\"start\":1,\"stop\":0}]}";
  result.added = "[{\"id\":0,\"content\":\"<unk>\",\"special\":true},"
                 "{\"id\":1,\"content\":\"<s>\",\"special\":true},"
                 "{\"id\":2,\"content\":\"</s>\",\"special\":true}]";
  result.postProcessor =
      "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{"
      "\"id\":\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\","
      "\"type_id\":0}}],\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":"
      "[1],\"tokens\":[\"<s>\"]}}}";
  return result;
}

SmallTokenizer sinter::unigramTokenizer(
    const std::vector<std::pair<std::string, double>> &pieces) {
  SmallTokenizer result;
  result.model = "{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0]";
  for (const auto &[text, score] : pieces)
    result.model += ",[" + jsonString(text) + "," + std::to_string(score) + "]";
  result.model += "]}";
  result.preTokenizer = "{\"type\":\"Metaspace\",\"replacement\":\"\u2581\","
                        "\"prepend_scheme\":\"always\",\"split\":true}";
  result.decoder = result.preTokenizer;
  return result;
}
