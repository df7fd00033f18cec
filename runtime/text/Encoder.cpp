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
                Bytes text, bool parseSpecial, InputRanges inputs)
      : tables(tables), table(table), text(text), parseSpecial(parseSpecial),
        inputs(inputs) {}

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
      if ((flags & kAddedSpecial) && !parseSpecial)
        continue;
      if (flags & kAddedSpecial) {
        // A space that normalization puts before the name is not part of it.
        Bytes piece = tables.piece(table.id(entry));
        bool isEnd =
            piece.size && piece.size < size &&
            !memcmp(text.data + end - piece.size, piece.data, piece.size);
        size_t name = isEnd ? end - piece.size : begin;
        if (inputs.touch(name, end)) {
          // The template's own token may begin inside of one that is not.
          searched = inputs.contain(begin, end) ? end : begin + 1;
          continue;
        }
      }
      if ((flags & kAddedSingleWord) && !standsAlone(begin, end))
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
  size_t searched = 0; // everything before has been looked at
  size_t taken = 0;    // everything before has been given out
};

} // namespace

/// How long a part of a segment becomes by itself, less what is put before
/// every text.
Status Encoder::addNormalizedSize(Bytes part, bool first, size_t &total) {
  if (part.size == 0)
    return Status::Ok;
  Status status = normalize(part, first && total == 0);
  size_t before = 0;
  for (uint32_t i = 0; total > 0 && i < tables.normalizerCount; ++i) {
    const Step &step = tables.steps[i];
    if (step.operation == kPrepend && !(step.argument & kPrependFirstOnly))
      before += step.text.size;
  }
  total += part.size < before ? 0 : part.size - before;
  return status;
}

/// Where the input lies in a segment after normalization: the parts are
/// normalized one by one. If that does not give the whole's length, because
/// something depends on both sides of an edge, all of it counts as input.
Status Encoder::mapInputs(Bytes segment, bool first, size_t offset,
                          size_t &total) {
  mapped.clear();
  total = 0;
  size_t done = 0;
  // Segments come in order: what lies before this one is done with.
  for (; inputCount && inputs->end <= offset; --inputCount)
    ++inputs;
  for (size_t i = 0; i < inputCount && inputs[i].begin < offset + segment.size;
       ++i) {
    size_t begin = inputs[i].begin > offset ? inputs[i].begin - offset : 0;
    size_t end = inputs[i].end - offset;
    end = end < segment.size ? end : segment.size;
    TextRange range;
    Status status =
        addNormalizedSize({segment.data + done, begin - done}, first, total);
    range.begin = total;
    if (status == Status::Ok)
      status =
          addNormalizedSize({segment.data + begin, end - begin}, first, total);
    range.end = total;
    if (status != Status::Ok)
      return status;
    if (!mapped.push(range))
      return Status::OutOfMemory;
    done = end;
  }
  return addNormalizedSize({segment.data + done, segment.size - done}, first,
                           total);
}

Status Encoder::encodeSegment(const uint8_t *text, size_t size, bool first,
                              size_t offset) {
  Bytes segment = {text, size};
  Status status = Status::Ok;
  size_t expected = 0;
  mapped.clear();
  bool special = parseSpecial && tables.normalized.count && inputCount;
  if (special)
    status = mapInputs(segment, first, offset, expected);
  if (status == Status::Ok)
    status = normalize(segment, first);
  if (status != Status::Ok)
    return status;
  if (mapped.size() && expected != segment.size) {
    mapped.clear();
    if (!mapped.push({0, segment.size}))
      return Status::OutOfMemory;
  }
  AddedSplitter splitter(tables, tables.normalized, segment, parseSpecial,
                         {mapped.data(), mapped.size()});
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
