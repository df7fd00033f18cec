//===- TokenizerFormat.h - Constants of tokenizer.bin -------------*- C++
//-*-===//
//
// The numbers of docs/formats/tokenizer.md, and nothing else: the compiler that
// writes the file and the runtime that reads it both include this header.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_TOKENIZERFORMAT_H
#define SINTER_RUNTIME_TEXT_TOKENIZERFORMAT_H

#include <stdint.h>

namespace sinter {
namespace tokfmt {

constexpr char kMagic[9] = "SINTERTK";
constexpr uint16_t kMajor = 1;
constexpr uint16_t kMinor = 0;
constexpr uint32_t kHeaderBytes = 32;
constexpr uint32_t kSectionEntryBytes = 24;
constexpr uint32_t kMaxSections = 64;
constexpr uint32_t kSectionRequired = 1;
constexpr uint32_t kMaxVocab = 1u << 22;
constexpr uint32_t kNone = 0xFFFFFFFFu;

enum Section : uint32_t {
  kConfig = 1,
  kPieceOffsets,
  kPieceBytes,
  kPieceAttributes,
  kIndex,
  kMergeStarts,
  kMerges,
  kByteIds,
  kText,
  kAddedRaw,
  kAddedNormalized,
  kProgram,
  kScores,
  kTemplate,
  kCharsmap,
  kSectionEnd
};

constexpr uint32_t kConfigBytes = 48;
constexpr uint32_t kMergeBytes = 12;
constexpr uint32_t kAddedBytes = 16;
constexpr uint32_t kStepBytes = 24;
constexpr uint32_t kMaxSteps = 16;
constexpr uint32_t kTemplateHeaderBytes = 16;

enum Model : uint32_t { kBpeBytes = 1, kBpeChars = 2, kUnigram = 3 };

enum ConfigFlag : uint32_t {
  kIgnoreMerges = 1,
  kFuseUnknown = 2,
  kByteFallback = 4,
  kDecodeMetaspace = 8,
  kDecodeStripFirstSpace = 16,
  kDecodeReplacePerByte = 32,
  kSinglePrecision = 64,
};

enum PieceAttribute : uint8_t {
  kPieceDefined = 1,
  kPieceSpecial = 2,
  kPieceByte = 4,
  kPieceAdded = 8,
};

enum AddedFlag : uint32_t {
  kAddedLstrip = 1,
  kAddedRstrip = 2,
  kAddedSingleWord = 4,
  kAddedSpecial = 8,
};

enum Operation : uint32_t {
  kNfc = 1,
  kPrepend = 2,
  kReplace = 3,
  kCollapseSpaces = 4,
  kStrip = 5,
  kApplyCharsmap = 6,
  kFirstPreTokenizer = 16,
  kSplitScanner = 16,
  kSplitText = 17,
  kByteLevel = 18,
  kDigits = 19,
  kPunctuation = 20,
  kMetaspace = 21,
  kWhitespaceSplit = 22,
  kThreeDigits = 23,
};

enum Behaviour : uint32_t {
  kIsolated = 0,
  kRemoved = 1,
  kMergedWithPrevious = 2,
  kMergedWithNext = 3,
  kContiguous = 4,
};

enum Scanner : uint32_t {
  kScannerGpt2 = 1,
  kScannerLlama3 = 2,
  kScannerQwen2 = 3,
  kScannerCl100k = 4,
  kScannerO200k = 5,
  kScannerTekken = 6,
  kScannerEnd
};

constexpr uint32_t kByteLevelPrefixSpace = 1;
constexpr uint32_t kByteLevelRegex = 2;
constexpr uint32_t kMetaspacePrependMask = 3;
constexpr uint32_t kMetaspaceFirst = 1;
constexpr uint32_t kMetaspaceAlways = 2;
constexpr uint32_t kMetaspaceSplit = 4;
constexpr uint32_t kPrependFirstOnly = 1;
constexpr uint32_t kStripLeft = 1;
constexpr uint32_t kStripRight = 2;

} // namespace tokfmt
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_TOKENIZERFORMAT_H
