//===- ScannerTest.cpp - Word splitters against hand-worked examples
//--------===//
//
// Each expected list is what the regular expression of the scanner gives,
// worked out by hand (and agrees with Oniguruma's reading of it).
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Scanner.h"
#include "runtime/text/TokenizerFormat.h"
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

using namespace sinter;
using namespace sinter::tokfmt;

namespace {

using Words = std::vector<std::string>;

Words wordsOf(uint32_t scanner, const std::string &text, bool bytes = false) {
  Words words;
  for (size_t at = 0; at < text.size();) {
    size_t size = text::scanWord(
        scanner, reinterpret_cast<const uint8_t *>(text.data()) + at,
        text.size() - at, bytes);
    if (size == 0 || size > text.size() - at) {
      ADD_FAILURE() << "no word at byte " << at;
      break;
    }
    words.push_back(text.substr(at, size));
    at += size;
  }
  return words;
}

TEST(Scanner, Gpt2) {
  EXPECT_EQ(wordsOf(kScannerGpt2, "I'll  say 123abc!? 'S\n\n x "),
            (Words{"I", "'ll", " ", " say", " 123", "abc", "!?", " '", "S",
                   "\n\n", " x", " "}));
  EXPECT_EQ(wordsOf(kScannerGpt2, "   "), (Words{"   "}));
  EXPECT_EQ(wordsOf(kScannerGpt2, "\t\ta"), (Words{"\t", "\t", "a"}));
}

TEST(Scanner, Llama3) {
  EXPECT_EQ(wordsOf(kScannerLlama3, "I'LL say 12345 \r\n\n  x.\n(y)"),
            (Words{"I", "'LL", " say", " ", "123", "45", " \r\n\n", " ", " x",
                   ".\n", "(y", ")"}));
  EXPECT_EQ(wordsOf(kScannerLlama3, "'\u017Ft"), (Words{"'\u017F", "t"}));
}

TEST(Scanner, Qwen2TakesSingleDigits) {
  EXPECT_EQ(wordsOf(kScannerQwen2, " 12"), (Words{" ", "1", "2"}));
  EXPECT_EQ(wordsOf(kScannerQwen2, "_a\n\nb"), (Words{"_a", "\n\n", "b"}));
}

TEST(Scanner, O200kSplitsByCase) {
  EXPECT_EQ(wordsOf(kScannerO200k, "camelCaseABC Abc's don'T x/\n//"),
            (Words{"camel", "Case", "ABC", " Abc's", " don'T", " x", "/\n//"}));
  // Letters without case belong to both sets; the longest way back counts.
  EXPECT_EQ(wordsOf(kScannerO200k, "日本A"), (Words{"日本", "A"}));
  EXPECT_EQ(wordsOf(kScannerTekken, "It's 12"),
            (Words{"It", "'s", " ", "1", "2"}));
}

TEST(Scanner, MarksAreNotLetters) {
  // U+0301 after a letter: "[^\r\n\p{L}\p{N}]?\p{L}+" leaves it out ...
  EXPECT_EQ(wordsOf(kScannerLlama3, "e\u0301a"), (Words{"e", "\u0301a"}));
  // ... and o200k counts it as a letter.
  EXPECT_EQ(wordsOf(kScannerO200k, "e\u0301a"), (Words{"e\u0301a"}));
}

TEST(Scanner, InvalidBytesAreOther) {
  EXPECT_EQ(wordsOf(kScannerGpt2, "a\xFF\x80z"), (Words{"a", "\xFF\x80", "z"}));
}

RC_GTEST_PROP(Scanner, CoversAnyText, (const std::string &text)) {
  for (uint32_t scanner = kScannerGpt2; scanner < kScannerEnd; ++scanner)
    for (bool bytes : {false, true}) {
      std::string together;
      for (const std::string &word : wordsOf(scanner, text, bytes))
        together += word;
      RC_ASSERT(together == text);
    }
}

} // namespace
