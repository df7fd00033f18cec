//===- Normalizer.cpp - The normalizers of a tokenizer's program
//------------===//
//
// Each normalizer reads one buffer and writes the other; with none, the segment
// is used where it lies. NFC: Unicode 14.0 chapter 3.11 (canonical
// ordering, composition). Charsmap: SentencePiece's precompiled_charsmap, a
// darts-clone double array over UTF-8 whose values are offsets of replacement
// texts.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unicode.h"

namespace sinter {
namespace text {

using namespace tokfmt;

namespace {

bool isSpace(uint32_t code) { return charClass(code) == CharClass::Space; }

/// `in` without white space at the ends that `sides` names.
Bytes stripped(Bytes in, uint32_t sides) {
  while ((sides & kStripLeft) && in.size > 0) {
    Char c = decodeUtf8(in.data, in.size);
    if (!isSpace(c.code))
      break;
    in.data += c.size;
    in.size -= c.size;
  }
  while ((sides & kStripRight) && in.size > 0) {
    size_t start = in.size - 1;
    while (start > 0 && in.size - start < 4 && (in.data[start] & 0xC0) == 0x80)
      --start;
    Char c = decodeUtf8(in.data + start, in.size - start);
    if (c.size != in.size - start || !isSpace(c.code))
      break;
    in.size = start;
  }
  return in;
}

bool replaceAll(Bytes in, Bytes what, Bytes with, Buffer<uint8_t> &result) {
  for (size_t i = 0; i < in.size;) {
    bool match = in.size - i >= what.size &&
                 memcmp(in.data + i, what.data, what.size) == 0;
    if (match ? !result.append(with.data, with.size) : !result.push(in.data[i]))
      return false;
    i += match ? what.size : 1;
  }
  return true;
}

bool collapseSpaces(Bytes in, Bytes with, Buffer<uint8_t> &result) {
  for (size_t i = 0; i < in.size;) {
    size_t end = i;
    while (end < in.size && in.data[end] == ' ')
      ++end;
    bool run = end - i >= 2;
    if (run ? !result.append(with.data, with.size) : !result.push(in.data[i]))
      return false;
    i = run ? end : i + 1;
  }
  return true;
}

/// Appends the full canonical decomposition of `code`, each character with its
/// combining class in the top byte. Decompositions nest a few levels deep.
bool appendDecomposed(uint32_t code, Buffer<uint32_t> &codes) {
  uint32_t rest[8];
  uint32_t count = 0;
  rest[count++] = code;
  while (count > 0) {
    uint32_t next = rest[--count], first, second;
    if (count + 2 <= 8 && decompose(next, first, second)) {
      if (second)
        rest[count++] = second;
      rest[count++] = first;
      continue;
    }
    if (!codes.push(next | uint32_t(combiningClass(next)) << 24))
      return false;
  }
  return true;
}

/// Composes in place (3.11, D117); returns the new length. Entries hold their
/// combining class in the top byte.
size_t composeAll(uint32_t *codes, size_t count) {
  const size_t none = SIZE_MAX;
  size_t kept = 0, starter = none;
  uint32_t lastClass = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t code = codes[i] & 0xFFFFFF, ccc = codes[i] >> 24;
    if (starter != none) {
      bool adjacent = kept == starter + 1;
      bool blocked = !adjacent && (lastClass == 0 || lastClass >= ccc);
      uint32_t whole = blocked ? 0 : compose(codes[starter] & 0xFFFFFF, code);
      if (whole) {
        codes[starter] = whole;
        continue;
      }
    }
    if (ccc == 0)
      starter = kept;
    lastClass = ccc;
    codes[kept++] = codes[i];
  }
  return kept;
}

} // namespace

/// Canonical ordering of a run of marks: stable by class, in linear time.
void Encoder::sortMarks(uint32_t *run, size_t count) {
  if (count <= 16) {
    for (size_t i = 1; i < count; ++i) {
      uint32_t value = run[i];
      size_t at = i;
      for (; at > 0 && run[at - 1] >> 24 > value >> 24; --at)
        run[at] = run[at - 1];
      run[at] = value;
    }
    return;
  }
  size_t starts[257] = {};
  for (size_t i = 0; i < count; ++i)
    ++starts[(run[i] >> 24) + 1];
  for (size_t i = 1; i <= 256; ++i)
    starts[i] += starts[i - 1];
  for (size_t i = 0; i < count; ++i)
    marks[starts[run[i] >> 24]++] = run[i];
  memcpy(run, marks.data(), count * sizeof(uint32_t));
}

Status Encoder::applyNfc(Bytes in, Buffer<uint8_t> &result) {
  // Everything below U+0300 stays as it is; its first bytes are below 0xCC.
  size_t plain = 0;
  while (plain < in.size && in.data[plain] < 0xCC)
    ++plain;
  if (plain == in.size)
    return result.append(in.data, in.size) ? Status::Ok : Status::OutOfMemory;

  codes.clear();
  for (size_t i = 0; i < in.size;) {
    Char c = decodeUtf8(in.data + i, in.size - i);
    if (!appendDecomposed(c.code, codes))
      return Status::OutOfMemory;
    i += c.size;
  }
  if (!marks.resize(codes.size()))
    return Status::OutOfMemory;
  for (size_t i = 0; i < codes.size(); ++i) {
    size_t begin = i;
    while (i < codes.size() && codes[i] >> 24)
      ++i;
    sortMarks(codes.data() + begin, i - begin);
  }
  size_t count = composeAll(codes.data(), codes.size());
  for (size_t i = 0; i < count; ++i) {
    uint8_t bytes[4];
    uint32_t n = encodeUtf8(codes[i] & 0xFFFFFF, bytes);
    if (!result.append(bytes, n))
      return Status::OutOfMemory;
  }
  return Status::Ok;
}

namespace {

/// Longest key of the trie that `in` begins with: its length, 0 if none;
/// `value` is the offset of the replacement. Units: darts-clone's bit layout.
size_t longestKey(Bytes trie, Bytes in, uint32_t &value) {
  size_t units = trie.size / 4, length = 0;
  uint32_t unit = load32(trie.data, 0);
  size_t node = (unit >> 10) << ((unit & (1u << 9)) >> 6);
  for (size_t i = 0; i < in.size && in.data[i] != 0; ++i) {
    node ^= in.data[i];
    if (node >= units)
      break;
    unit = load32(trie.data, node);
    if ((unit & (1u << 31 | 0xFF)) != in.data[i])
      break;
    node ^= (unit >> 10) << ((unit & (1u << 9)) >> 6);
    if (!(unit >> 8 & 1))
      continue;
    if (node >= units)
      break;
    value = load32(trie.data, node) & 0x7FFFFFFF;
    length = i + 1;
  }
  return length;
}

} // namespace

Status Encoder::applyCharsmap(Bytes in, Buffer<uint8_t> &result) const {
  for (size_t i = 0; i < in.size;) {
    uint32_t value = 0;
    Bytes rest = {in.data + i, in.size - i};
    size_t length = longestKey(tables.charsmapTrie, rest, value);
    bool good;
    if (length > 0 && value < tables.charsmapText.size) {
      const uint8_t *text = tables.charsmapText.data + value;
      good = result.append(text, strlen(reinterpret_cast<const char *>(text)));
    } else {
      length = decodeUtf8(rest.data, rest.size).size;
      good = result.append(rest.data, length);
    }
    if (!good)
      return Status::OutOfMemory;
    i += length;
  }
  return Status::Ok;
}

Status Encoder::normalizeOnly(Bytes given, bool first, Bytes &result) {
  result = given;
  return tables.vocab ? normalize(result, first) : Status::BadArgument;
}

Status Encoder::normalize(Bytes &segment, bool first) {
  unsigned target = 0;
  for (uint32_t i = 0; i < tables.normalizerCount; ++i) {
    const Step &step = tables.steps[i];
    if (step.operation == kStrip) {
      segment = stripped(segment, step.argument);
      continue;
    }
    // Never the buffer that the segment lies in now.
    Buffer<uint8_t> &result = normalized[target];
    result.clear();
    bool good = true;
    switch (step.operation) {
    case kPrepend:
      if (segment.size == 0 || (step.argument == kPrependFirstOnly && !first))
        continue;
      good = result.append(step.text.data, step.text.size) &&
             result.append(segment.data, segment.size);
      break;
    case kReplace:
      good = replaceAll(segment, step.text, step.text2, result);
      break;
    case kCollapseSpaces:
      good = collapseSpaces(segment, step.text2, result);
      break;
    case kApplyCharsmap:
      good = applyCharsmap(segment, result) == Status::Ok;
      break;
    default:
      good = applyNfc(segment, result) == Status::Ok;
    }
    if (!good)
      return Status::OutOfMemory;
    segment = {result.data(), result.size()};
    target ^= 1;
  }
  return Status::Ok;
}

} // namespace text
} // namespace sinter
