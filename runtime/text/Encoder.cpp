//===- Encoder.cpp - From text to ids: added tokens, template
//---------------===//
//
// The text is cut at added tokens as given; what lies between is normalized,
// cut at added tokens that are looked for after normalization, and the rest
// goes through pre-tokenizers and model. As Hugging Face `tokenizers`
// (tokenizer/added_vocabulary.rs): leftmost, then longest match.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unicode.h"

namespace sinter {
namespace text {

using namespace tokfmt;

namespace {

/// Which bytes of a text come from outside.
class InputRanges {
public:
  InputRanges(const TextRange *ranges, size_t count)
      : ranges(ranges), count(count) {}

  /// Whether one of begin..end - 1 does. Calls go forwards through the text.
  bool touch(size_t begin, size_t end) {
    while (at < count && ranges[at].end <= begin)
      ++at;
    return at < count && ranges[at].begin < end;
  }
  /// After touch(begin, end): whether all of them do.
  bool contain(size_t begin, size_t end) const {
    return at < count && ranges[at].begin <= begin && end <= ranges[at].end;
  }

private:
  const TextRange *ranges;
  size_t count, at = 0;
};

/// Alternating gaps and added tokens of a text.
class AddedSplitter {
public:
  AddedSplitter(const TokenizerTables &tables, const AddedTable &table,
                Bytes text, bool parseSpecial, InputRanges inputs,
                const Buffer<uint8_t> *verdicts = nullptr)
      : tables(tables), table(table), text(text), parseSpecial(parseSpecial),
        inputs(inputs), verdicts(verdicts) {}

  /// Of the token that next() gave.
  bool isSpecial = false;
  TextRange place = {0, 0};

  /// The next token and the text before it; false when no token is left: then
  /// the gap is the rest.
  bool next(Bytes &gap, uint32_t &id) {
    while (searched < text.size) {
      uint32_t entry = kNone;
      size_t size = table.startsWith(text.data[searched])
                        ? longestAt(searched, entry)
                        : 0;
      if (size == 0) {
        ++searched;
        continue;
      }
      size_t begin = searched, end = begin + size;
      searched = end;
      uint32_t flags = table.flags(entry);
      isSpecial = flags & kAddedSpecial;
      place = {begin, end};
      if (isSpecial && !parseSpecial)
        continue;
      if (isSpecial && inputs.touch(begin, end)) {
        // The template's own token may begin inside of one that is not.
        searched = inputs.contain(begin, end) ? end : begin + 1;
        continue;
      }
      if ((flags & kAddedSingleWord) && !standsAlone(begin, end))
        continue;
      if (isSpecial && verdicts &&
          (specials >= verdicts->size() || !(*verdicts)[specials++]))
        continue;
      if (flags & kAddedLstrip)
        begin = spaceBefore(begin);
      if (flags & kAddedRstrip)
        searched = end = spaceAfter(end);
      gap = {text.data + taken, begin - taken};
      taken = end;
      id = table.id(entry);
      return true;
    }
    gap = {text.data + taken, text.size - taken};
    taken = text.size;
    return false;
  }

private:
  size_t longestAt(size_t at, uint32_t &entry) const {
    auto textOf = [&](uint32_t i) { return tables.addedText(table, i); };
    PrefixRange<decltype(textOf)> range = {textOf, 0, table.count, 0};
    size_t best = 0;
    for (size_t i = at; i < text.size && range.advance(text.data[i]); ++i)
      if (range.exact()) {
        best = range.depth;
        entry = range.first;
      }
    return best;
  }

  /// The character that ends at `end`, which is above `taken`.
  Char charBefore(size_t end) const {
    size_t begin = end - 1;
    while (begin > 0 && end - begin < 4 && (text.data[begin] & 0xC0) == 0x80)
      --begin;
    Char c = decodeUtf8(text.data + begin, end - begin);
    return begin + c.size == end ? c
                                 : Char{kInvalidByte + text.data[end - 1], 1};
  }
  Char charAfter(size_t at) const {
    return decodeUtf8(text.data + at, text.size - at);
  }
  bool standsAlone(size_t begin, size_t end) const {
    return (begin == 0 || !isWordChar(charBefore(begin).code)) &&
           (end == text.size || !isWordChar(charAfter(end).code));
  }
  size_t spaceBefore(size_t at) const {
    while (at > taken) {
      Char c = charBefore(at);
      if (charClass(c.code) != CharClass::Space || c.size > at - taken)
        break;
      at -= c.size;
    }
    return at;
  }
  size_t spaceAfter(size_t at) const {
    while (at < text.size) {
      Char c = charAfter(at);
      if (charClass(c.code) != CharClass::Space)
        break;
      at += c.size;
    }
    return at;
  }

  const TokenizerTables &tables;
  const AddedTable &table;
  Bytes text;
  bool parseSpecial;
  InputRanges inputs;
  const Buffer<uint8_t> *verdicts;
  size_t specials = 0; // seen so far, where there are verdicts
  size_t searched = 0; // everything before has been looked at
  size_t taken = 0;    // everything before has been given out
};

} // namespace

/// Normalization loses what came from where. Special tokens are their own
/// normal form, so that the k-th in the text as written is the k-th in the
/// normalized one; if they are not equally many, none is taken for one.
Status Encoder::judgeSpecial(Bytes written, Bytes normalized, size_t offset) {
  verdicts.clear();
  InputRanges none(nullptr, 0), ranges(inputs, inputCount);
  AddedSplitter before(tables, tables.normalized, written, true, none);
  AddedSplitter after(tables, tables.normalized, normalized, true, none);
  Bytes gap;
  uint32_t id;
  size_t count = 0;
  while (after.next(gap, id))
    count += after.isSpecial;
  while (before.next(gap, id)) {
    TextRange at = before.place;
    if (before.isSpecial &&
        !verdicts.push(!ranges.touch(offset + at.begin, offset + at.end)))
      return Status::OutOfMemory;
  }
  if (verdicts.size() != count)
    verdicts.clear();
  return Status::Ok;
}

Status Encoder::encodeSegment(const uint8_t *text, size_t size, bool first,
                              size_t offset) {
  Bytes segment = {text, size};
  Status status = normalize(segment, first);
  if (status != Status::Ok)
    return status;
  InputRanges none(nullptr, 0);
  bool judged = parseSpecial && tables.normalized.count &&
                InputRanges(inputs, inputCount).touch(offset, offset + size);
  if (judged)
    status = judgeSpecial({text, size}, segment, offset);
  if (status != Status::Ok)
    return status;
  AddedSplitter splitter(tables, tables.normalized, segment, parseSpecial, none,
                         judged ? &verdicts : nullptr);
  for (bool more = true; more;) {
    Bytes gap;
    uint32_t id;
    more = splitter.next(gap, id);
    status = split(tables.normalizerCount, gap,
                   first && gap.data == segment.data, false);
    if (status != Status::Ok)
      return status;
    if (more && !out.push(id))
      return Status::OutOfMemory;
  }
  return Status::Ok;
}

Status Encoder::encode(const char *text, size_t size, unsigned flags) {
  return encode(text, size, flags, nullptr, 0);
}

Status Encoder::encode(const char *text, size_t size, unsigned flags,
                       const TextRange *inputRanges, size_t inputRangeCount) {
  inputs = inputRanges;
  inputCount = inputRangeCount;
  out.clear();
  if (tables.vocab == 0 || (!text && size > 0))
    return Status::BadArgument;
  parseSpecial = flags & kParseSpecial;
  bool around = flags & kAddSpecial;
  for (uint32_t i = 0; around && i < tables.prefixCount; ++i)
    if (!out.push(load32(tables.templateIds, i)))
      return Status::OutOfMemory;

  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(text);
  AddedSplitter splitter(tables, tables.raw, {bytes, size}, parseSpecial,
                         {inputs, inputCount});
  for (bool more = size > 0; more;) {
    Bytes gap;
    uint32_t id;
    more = splitter.next(gap, id);
    if (gap.size > 0) {
      Status status = encodeSegment(gap.data, gap.size, gap.data == bytes,
                                    size_t(gap.data - bytes));
      if (status != Status::Ok)
        return status;
    }
    if (more && !out.push(id))
      return Status::OutOfMemory;
  }
  for (uint32_t i = 0; around && i < tables.suffixCount; ++i)
    if (!out.push(load32(tables.templateIds, size_t(tables.prefixCount) + i)))
      return Status::OutOfMemory;
  return Status::Ok;
}

} // namespace text
} // namespace sinter
