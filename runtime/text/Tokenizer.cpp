//===- Tokenizer.cpp - Reading and verifying tokenizer.bin
//------------------===//
//
// One pass over the file: header, section table, then each section against the
// rules of docs/formats/tokenizer.md. After load nothing needs a bound check
// again: all ids are below V, all texts inside their section, all orders hold.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"

namespace sinter {
namespace text {

using namespace tokfmt;

namespace {

bool littleEndian() {
  uint32_t one = 1;
  uint8_t first;
  memcpy(&first, &one, 1);
  return first == 1;
}

/// Reads the file into tables; `reason` says what is wrong.
class Loader {
public:
  Loader(Bytes file, TokenizerTables &tables) : file(file), tables(tables) {}

  Status run();
  const char *reason = "";

private:
  bool fail(const char *text) {
    reason = text;
    return false;
  }
  bool header();
  bool sectionTable();
  bool config();
  bool pieces();
  bool index();
  bool merges();
  bool ids();
  bool added(Section kind, AddedTable &table);
  bool program();
  bool step(const uint8_t *entry, Step &step);
  bool scores();
  bool templateIds();
  bool charsmap();

  bool has(Section kind) const { return sections[kind].data != nullptr; }
  bool validId(uint32_t id) const { return id < tables.vocab; }
  bool optionalId(uint32_t id) const { return id == kNone || validId(id); }
  bool textAt(uint32_t offset, uint32_t size, Bytes &out) const {
    if (offset > tables.text.size || size > tables.text.size - offset)
      return false;
    out = {tables.text.data + offset, size};
    return true;
  }

  Bytes file;
  TokenizerTables &tables;
  Bytes sections[kSectionEnd];
  bool newer = false;
};

bool Loader::header() {
  if (!littleEndian())
    return fail("big-endian machines are not supported");
  if (!file.data || file.size < kHeaderBytes)
    return fail("shorter than its header");
  if (memcmp(file.data, kMagic, 8) != 0)
    return fail("not a tokenizer.bin");
  uint16_t major;
  memcpy(&major, file.data + 8, 2);
  newer = major > kMajor;
  if (major != kMajor)
    return fail("written for another major version");
  if (load64(file.data + 16) != file.size)
    return fail("size differs from the header's");
  return true;
}

bool Loader::sectionTable() {
  uint32_t count = load32(file.data, 3);
  if (count == 0 || count > kMaxSections ||
      kHeaderBytes + uint64_t(count) * kSectionEntryBytes > file.size)
    return fail("bad number of sections");
  uint64_t end = kHeaderBytes + uint64_t(count) * kSectionEntryBytes;
  uint32_t lastKind = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t *entry =
        file.data + kHeaderBytes + size_t(i) * kSectionEntryBytes;
    uint32_t kind = load32(entry, 0), flags = load32(entry, 1);
    uint64_t offset = load64(entry + 8), size = load64(entry + 16);
    if (kind <= lastKind || offset % 8 != 0 || offset < end ||
        offset > file.size || size > file.size - offset)
      return fail("bad section table");
    lastKind = kind;
    end = offset + size;
    if (kind < kSectionEnd) {
      sections[kind] = {file.data + offset, size_t(size)};
    } else if (flags & kSectionRequired) {
      newer = true;
      return fail("needs a section this reader does not know");
    }
  }
  const Section always[] = {kConfig,          kPieceOffsets, kPieceBytes,
                            kPieceAttributes, kText,         kProgram,
                            kTemplate};
  for (Section kind : always)
    if (!has(kind))
      return fail("a section is missing");
  return true;
}

bool Loader::config() {
  Bytes at = sections[kConfig];
  if (at.size != kConfigBytes)
    return fail("bad config size");
  tables.model = load32(at.data, 0);
  uint32_t vocab = load32(at.data, 1);
  tables.flags = load32(at.data, 2);
  tables.unknownId = load32(at.data, 3);
  tables.beginId = load32(at.data, 4);
  tables.endId = load32(at.data, 5);
  tables.paddingId = load32(at.data, 6);
  tables.maxPiece = load32(at.data, 7);
  memcpy(&tables.unknownScore, at.data + 32, 8);
  if (tables.model < kBpeBytes || tables.model > kUnigram)
    return fail("unknown model kind");
  if (vocab == 0 || vocab > kMaxVocab)
    return fail("bad vocabulary size");
  tables.vocab = vocab;
  if (!optionalId(tables.unknownId) || !optionalId(tables.beginId) ||
      !optionalId(tables.endId) || !optionalId(tables.paddingId))
    return fail("a special id is not below the vocabulary size");
  return true;
}

bool Loader::pieces() {
  Bytes offsets = sections[kPieceOffsets], bytes = sections[kPieceBytes];
  Bytes attributes = sections[kPieceAttributes];
  if (offsets.size != 4 * (size_t(tables.vocab) + 1) ||
      attributes.size != tables.vocab)
    return fail("bad size of the piece sections");
  uint32_t last = load32(offsets.data, 0), longest = 0;
  if (last != 0)
    return fail("bad piece offsets");
  for (uint32_t i = 1; i <= tables.vocab; ++i) {
    uint32_t offset = load32(offsets.data, i);
    if (offset < last || offset > bytes.size)
      return fail("bad piece offsets");
    longest = offset - last > longest ? offset - last : longest;
    last = offset;
  }
  if (last != bytes.size || longest != tables.maxPiece)
    return fail("bad piece offsets");
  tables.pieceOffsets = offsets.data;
  tables.pieceBytes = bytes.data;
  tables.attributes = attributes.data;
  return true;
}

bool Loader::index() {
  Bytes at = sections[kIndex];
  if (at.size % 4 != 0 || at.size / 4 > tables.vocab)
    return fail("bad index size");
  uint32_t count = uint32_t(at.size / 4);
  Bytes last;
  uint32_t byte = 0;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t id = load32(at.data, i);
    if (!validId(id))
      return fail("an id of the index is not below the vocabulary size");
    Bytes piece = tables.piece(id);
    if (piece.size == 0 || (i > 0 && compareBytes(last, piece) >= 0))
      return fail("the index is not in order");
    last = piece;
    for (; byte <= piece.data[0]; ++byte)
      tables.firstOf[byte] = i;
    if (piece.size == 1 && piece.data[0] < 128)
      tables.asciiIds[piece.data[0]] = id;
  }
  for (; byte <= 256; ++byte)
    tables.firstOf[byte] = count;
  tables.index = at.data;
  tables.indexCount = count;
  return true;
}

bool Loader::merges() {
  if (has(kMerges) != has(kMergeStarts))
    return fail("merges without their starts, or the other way round");
  if (!has(kMerges))
    return true;
  Bytes starts = sections[kMergeStarts], at = sections[kMerges];
  if (starts.size != 4 * (size_t(tables.vocab) + 1) ||
      at.size % kMergeBytes != 0 || at.size / kMergeBytes > 0xFFFFFFF0u)
    return fail("bad size of the merge sections");
  uint32_t count = uint32_t(at.size / kMergeBytes);
  if (load32(starts.data, 0) != 0 || load32(starts.data, tables.vocab) != count)
    return fail("bad merge starts");
  for (uint32_t left = 0; left < tables.vocab; ++left) {
    uint32_t begin = load32(starts.data, left);
    uint32_t end = load32(starts.data, left + size_t(1));
    if (begin > end || end > count)
      return fail("bad merge starts");
    for (uint32_t i = begin; i < end; ++i) {
      uint32_t right = load32(at.data, 3 * size_t(i));
      uint32_t result = load32(at.data, 3 * size_t(i) + 2);
      if (!validId(right) || !validId(result))
        return fail("an id of a merge is not below the vocabulary size");
      if (i > begin && load32(at.data, 3 * size_t(i - 1)) >= right)
        return fail("merges are not in order");
    }
  }
  tables.mergeStarts = starts.data;
  tables.merges = at.data;
  return true;
}

bool Loader::ids() {
  if (!has(kByteIds))
    return tables.model != kBpeBytes || fail("a section is missing");
  Bytes at = sections[kByteIds];
  if (at.size != 4 * 256)
    return fail("bad size of the byte ids");
  for (uint32_t i = 0; i < 256; ++i)
    if (!optionalId(load32(at.data, i)))
      return fail("a byte's id is not below the vocabulary size");
  tables.byteIds = at.data;
  return true;
}

bool Loader::added(Section kind, AddedTable &table) {
  Bytes at = sections[kind];
  if (at.size % kAddedBytes != 0 || at.size / kAddedBytes > kMaxVocab)
    return fail("bad size of the added tokens");
  table.entries = at.data;
  table.count = uint32_t(at.size / kAddedBytes);
  Bytes last;
  for (uint32_t i = 0; i < table.count; ++i) {
    Bytes text;
    if (!validId(table.id(i)) ||
        !textAt(load32(at.data, 4 * size_t(i) + 2),
                load32(at.data, 4 * size_t(i) + 3), text) ||
        text.size == 0)
      return fail("bad added token");
    if (i > 0 && compareBytes(last, text) >= 0)
      return fail("added tokens are not in order");
    last = text;
    table.firstBytes[text.data[0] / 32] |= 1u << text.data[0] % 32;
  }
  return true;
}

bool Loader::step(const uint8_t *entry, Step &step) {
  step.operation = load32(entry, 0);
  step.argument = load32(entry, 1);
  if (!textAt(load32(entry, 2), load32(entry, 3), step.text) ||
      !textAt(load32(entry, 4), load32(entry, 5), step.text2))
    return fail("a step's text lies outside the text section");
  switch (step.operation) {
  case kNfc:
  case kPrepend:
  case kCollapseSpaces:
  case kStrip:
  case kByteLevel:
  case kDigits:
  case kWhitespaceSplit:
    return true;
  case kApplyCharsmap:
    return has(kCharsmap) || fail("a section is missing");
  case kReplace:
  case kMetaspace:
    return step.text.size > 0 || fail("a step without its text");
  case kSplitText:
    if (step.text.size == 0)
      return fail("a step without its text");
    return step.argument <= kContiguous || fail("unknown behaviour");
  case kPunctuation:
  case kThreeDigits:
    return step.argument <= kContiguous || fail("unknown behaviour");
  case kSplitScanner:
    return (step.argument >= kScannerGpt2 && step.argument < kScannerEnd) ||
           fail("unknown scanner");
  default:
    return fail("unknown operation");
  }
}

bool Loader::program() {
  Bytes at = sections[kProgram];
  if (at.size % kStepBytes != 0 || at.size / kStepBytes > kMaxSteps)
    return fail("bad size of the program");
  tables.stepCount = uint32_t(at.size / kStepBytes);
  for (uint32_t i = 0; i < tables.stepCount; ++i) {
    if (!step(at.data + size_t(i) * kStepBytes, tables.steps[i]))
      return false;
    if (tables.steps[i].operation < kFirstPreTokenizer) {
      if (tables.normalizerCount != i)
        return fail("a normalizer after a pre-tokenizer");
      tables.normalizerCount = i + 1;
    }
  }
  return true;
}

bool Loader::scores() {
  if (!has(kScores))
    return tables.model != kUnigram || fail("a section is missing");
  Bytes at = sections[kScores];
  if (at.size != 8 * size_t(tables.vocab))
    return fail("bad size of the scores");
  for (uint32_t i = 0; i <= tables.vocab; ++i) {
    double score = tables.unknownScore;
    if (i < tables.vocab)
      memcpy(&score, at.data + 8 * size_t(i), 8);
    if (!(score >= -1e30 && score <= 1e30))
      return fail("a score is not finite");
  }
  tables.scores = at.data;
  return true;
}

bool Loader::templateIds() {
  Bytes at = sections[kTemplate];
  if (at.size < kTemplateHeaderBytes || at.size % 4 != 0)
    return fail("bad size of the template");
  tables.prefixCount = load32(at.data, 0);
  tables.suffixCount = load32(at.data, 1);
  tables.endCount = load32(at.data, 2);
  uint64_t count =
      uint64_t(tables.prefixCount) + tables.suffixCount + tables.endCount;
  if (count != (at.size - kTemplateHeaderBytes) / 4)
    return fail("bad size of the template");
  tables.templateIds = at.data + kTemplateHeaderBytes;
  for (size_t i = 0; i < count; ++i)
    if (!validId(load32(tables.templateIds, i)))
      return fail("an id of the template is not below the vocabulary size");
  return true;
}

bool Loader::charsmap() {
  if (!has(kCharsmap))
    return true;
  Bytes at = sections[kCharsmap];
  if (at.size < 4)
    return fail("bad size of the charsmap");
  uint32_t trie = load32(at.data, 0);
  if (trie > at.size - 4 || trie % 4 != 0 || trie == 0)
    return fail("bad size of the charsmap");
  tables.charsmapTrie = {at.data + 4, trie};
  tables.charsmapText = {at.data + 4 + trie, at.size - 4 - trie};
  if (tables.charsmapText.size == 0 ||
      tables.charsmapText.data[tables.charsmapText.size - 1] != 0)
    return fail("the charsmap does not end with a NUL");
  return true;
}

Status Loader::run() {
  memset(tables.asciiIds, 0xFF, sizeof(tables.asciiIds));
  if (!header() || !sectionTable())
    return newer ? Status::NewerVersion : Status::Malformed;
  tables.text = sections[kText];
  bool good = config() && pieces() && index() && merges() && ids() &&
              added(kAddedRaw, tables.raw) &&
              added(kAddedNormalized, tables.normalized) && program() &&
              scores() && templateIds() && charsmap();
  return good ? Status::Ok : Status::Malformed;
}

} // namespace

Status Tokenizer::load(const void *data, size_t size) {
  tables = TokenizerTables();
  Loader loader({static_cast<const uint8_t *>(data), size}, tables);
  Status status = loader.run();
  reason = loader.reason;
  if (status != Status::Ok)
    tables = TokenizerTables();
  return status;
}

Bytes Tokenizer::piece(uint32_t id) const {
  return id < tables.vocab ? tables.piece(id) : Bytes();
}

bool Tokenizer::isSpecial(uint32_t id) const {
  return id < tables.vocab && (tables.attributes[id] & kPieceSpecial);
}

bool Tokenizer::isEndOfText(uint32_t id) const {
  size_t before = size_t(tables.prefixCount) + tables.suffixCount;
  for (size_t i = 0; i < tables.endCount; ++i)
    if (load32(tables.templateIds, before + i) == id)
      return true;
  return false;
}

uint32_t TokenizerTables::find(const uint8_t *bytes, size_t size) const {
  if (size == 0 || size > maxPiece)
    return kNone;
  if (size == 1 && bytes[0] < 128)
    return asciiIds[bytes[0]];
  uint32_t low = firstOf[bytes[0]], high = firstOf[bytes[0] + 1];
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = compareBytes(indexPiece(middle), {bytes, size});
    if (order == 0)
      return indexId(middle);
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return kNone;
}

uint32_t Tokenizer::find(const char *text, size_t size) const {
  Bytes wanted = {reinterpret_cast<const uint8_t *>(text), size};
  const AddedTable *const both[] = {&tables.raw, &tables.normalized};
  for (const AddedTable *table : both)
    for (uint32_t i = 0; i < table->count; ++i)
      if (compareBytes(tables.addedText(*table, i), wanted) == 0)
        return table->id(i);
  return tables.find(wanted.data, size);
}

} // namespace text
} // namespace sinter
