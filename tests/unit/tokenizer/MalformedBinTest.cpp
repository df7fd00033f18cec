//===- MalformedBinTest.cpp - A damaged tokenizer.bin
//-----------------------===//
//
// Every byte flipped, every length: load refuses, or what it accepts can be
// used without reading outside the file (run with the asan preset).
//
//===------------------------------------------------------------------------===//

#include "SmallTokenizers.h"
#include "TokenizerTesting.h"
#include "llvm/Support/Base64.h"
#include <rapidcheck/gtest.h>

using namespace sinter;

namespace {

/// Uses a loaded tokenizer in every way there is.
void exercise(const text::Tokenizer &tokenizer) {
  text::Encoder encoder(tokenizer);
  const std::string texts[] = {"", "ab ab <s> x",
                               " <l> \xFF\xF0\x9F 12 a\u0301",
                               std::string("\0\u2581ab ab", 9)};
  std::vector<uint8_t> out(tokenizer.maxStepBytes());
  for (const std::string &text : texts)
    for (unsigned flags = 0; flags < 4; ++flags) {
      ASSERT_EQ(encoder.encode(text.data(), text.size(), flags),
                text::Status::Ok);
      text::Detokenizer stream(tokenizer);
      stream.reset(flags & 1, flags & 2);
      size_t written;
      for (size_t i = 0; i < encoder.count(); ++i) {
        ASSERT_EQ(
            stream.push(encoder.ids()[i], out.data(), out.size(), written),
            text::Status::Ok);
        ASSERT_LE(written, out.size());
      }
      ASSERT_EQ(stream.finish(out.data(), out.size(), written),
                text::Status::Ok);
    }
  (void)tokenizer.find("ab", 2);
}

/// Loads a copy of exactly this size, so that asan sees any step outside.
text::Status use(const std::vector<uint8_t> &bytes) {
  std::unique_ptr<uint8_t[]> copy(new uint8_t[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), copy.get());
  text::Tokenizer tokenizer;
  text::Status status = tokenizer.load(copy.get(), bytes.size());
  if (status == text::Status::Ok)
    exercise(tokenizer);
  else
    EXPECT_STRNE(tokenizer.why(), "");
  return status;
}

/// One tokenizer of each model, with all sections between them.
std::vector<TokenizerBytes> samples() {
  SmallTokenizer bytes = byteLevelTokenizer({{"a", "b"}, {"\u0120", "ab"}});
  bytes.normalizer = "{\"type\":\"NFC\"}";
  bytes.added = "[{\"id\":300,\"content\":\"<l>\",\"lstrip\":true,"
                "\"normalized\":true},{\"id\":301,\"content\":\"<s>\","
                "\"special\":true,\"rstrip\":true,\"single_word\":true}]";
  SmallTokenizer characters =
      characterTokenizer({"\u2581", "a", "b", "ab"}, {{"a", "b"}}, true);
  SmallTokenizer unigram =
      unigramTokenizer({{"\u2581", -1}, {"a", -2}, {"ab", -3.5}});
  // A charsmap that is a trie of one unit, and one text.
  std::vector<char> map = {4, 0, 0, 0, 0, 4, 0, 0, 'x', 0};
  unigram.normalizer =
      "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Precompiled\","
      "\"precompiled_charsmap\":\"" +
      llvm::encodeBase64(map) +
      "\"},{\"type\":\"Strip\"},{\"type\":\"Replace\",\"pattern\":{\"Regex\":"
      "\" {2,}\"},\"content\":\" \"}]}";
  std::vector<TokenizerBytes> result;
  for (const SmallTokenizer &small : {bytes, characters, unigram}) {
    auto compiled = compileTokenizerJson(small.json(), {});
    if (compiled)
      result.push_back(std::move(*compiled));
    else
      ADD_FAILURE() << llvm::toString(compiled.takeError());
  }
  return result;
}

TEST(MalformedBin, EveryLength) {
  for (const TokenizerBytes &good : samples()) {
    EXPECT_EQ(use(good), text::Status::Ok);
    for (size_t size = 0; size < good.size(); ++size)
      EXPECT_EQ(
          use(TokenizerBytes(good.begin(), good.begin() + ptrdiff_t(size))),
          text::Status::Malformed);
    TokenizerBytes longer = good;
    longer.push_back(0);
    EXPECT_EQ(use(longer), text::Status::Malformed);
  }
}

TEST(MalformedBin, EveryByte) {
  size_t accepted = 0, refused = 0;
  for (const TokenizerBytes &good : samples())
    for (size_t at = 0; at < good.size(); ++at)
      for (uint8_t mask : {0x01, 0x80, 0xFF}) {
        TokenizerBytes bad = good;
        bad[at] ^= mask;
        use(bad) == text::Status::Ok ? ++accepted : ++refused;
      }
  std::printf("flipped bytes: %zu accepted and used, %zu refused\n", accepted,
              refused);
  EXPECT_GT(refused, 1000u);
}

TEST(MalformedBin, Versions) {
  TokenizerBytes good = samples()[0];
  TokenizerBytes newer = good;
  newer[8] = 2;
  EXPECT_EQ(use(newer), text::Status::NewerVersion);
  TokenizerBytes minor = good;
  minor[10] = 9;
  EXPECT_EQ(use(minor), text::Status::Ok);
  text::Tokenizer tokenizer;
  EXPECT_EQ(tokenizer.load(nullptr, 0), text::Status::Malformed);
  EXPECT_FALSE(tokenizer.loaded());
  text::Encoder encoder(tokenizer);
  EXPECT_EQ(encoder.encode("a", 1, 0), text::Status::BadArgument);
}

TEST(MalformedBin, AnyAddressWillDo) {
  TokenizerBytes good = samples()[1];
  good.insert(good.begin(), 0);
  text::Tokenizer tokenizer;
  ASSERT_EQ(tokenizer.load(good.data() + 1, good.size() - 1), text::Status::Ok);
  exercise(tokenizer);
}

RC_GTEST_PROP(MalformedBin, RandomDamage, ()) {
  static const std::vector<TokenizerBytes> all = samples();
  TokenizerBytes bytes = *rc::gen::elementOf(all);
  for (int i = *rc::gen::inRange(1, 9); i > 0; --i)
    bytes[*rc::gen::inRange<size_t>(0, bytes.size())] =
        *rc::gen::arbitrary<uint8_t>();
  use(bytes);
}

} // namespace
