//===- Bpe.cpp - Byte-pair encoding of one word
//-----------------------------===//
//
// The word becomes a doubly linked list of symbols; a binary heap holds the
// merges that are possible now. A popped candidate whose pair has changed since
// is dropped. O(n log n) for a word of n symbols. Lowest rank first, then
// leftmost, as Hugging Face `tokenizers` (models/bpe/word.rs) and SentencePiece
// do.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unicode.h"

namespace sinter {
namespace text {

using namespace tokfmt;

namespace {

/// The entry of the merge of `left` and `right`, or null.
const uint8_t *findMerge(const TokenizerTables &tables, uint32_t left,
                         uint32_t right) {
  if (!tables.merges)
    return nullptr;
  uint32_t low = load32(tables.mergeStarts, left);
  uint32_t high = load32(tables.mergeStarts, left + size_t(1));
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const uint8_t *entry = tables.merges + kMergeBytes * size_t(middle);
    uint32_t at = load32(entry, 0);
    if (at == right)
      return entry;
    if (at < right)
      low = middle + 1;
    else
      high = middle;
  }
  return nullptr;
}

} // namespace

/// Adds the merge of the symbols at two positions to the heap, if there is one.
Status Encoder::offer(uint32_t left, uint32_t right) {
  const uint8_t *merge = findMerge(tables, symbols[left].id, symbols[right].id);
  if (!merge)
    return Status::Ok;
  Candidate added = {load32(merge, 1), left, load32(merge, 2)};
  size_t at = heap.size();
  if (!heap.push(added))
    return Status::OutOfMemory;
  while (at > 0) {
    size_t parent = (at - 1) / 2;
    const Candidate &above = heap[parent];
    if (above.rank < added.rank ||
        (above.rank == added.rank && above.position <= added.position))
      break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = added;
  return Status::Ok;
}

Encoder::Candidate Encoder::takeBest() {
  Candidate best = heap[0];
  size_t count = heap.size() - 1;
  Candidate last = heap[count];
  (void)heap.resize(count); // shrinks: cannot fail
  size_t at = 0;
  for (size_t child = 1; child < count; child = 2 * at + 1) {
    auto before = [&](const Candidate &a, const Candidate &b) {
      return a.rank != b.rank ? a.rank < b.rank : a.position < b.position;
    };
    if (child + 1 < count && before(heap[child + 1], heap[child]))
      ++child;
    if (!before(heap[child], last))
      break;
    heap[at] = heap[child];
    at = child;
  }
  if (count > 0)
    heap[at] = last;
  return best;
}

/// One character of a word over characters: its piece, its bytes' tokens, or
/// the unknown token.
Status Encoder::addCharacter(const uint8_t *text, uint32_t size,
                             bool &unknownLast) {
  uint32_t id = tables.find(text, size);
  if (id == kNone && (tables.flags & kByteFallback)) {
    bool all = true;
    for (uint32_t i = 0; i < size; ++i)
      all &= tables.byteId(text[i]) != kNone;
    for (uint32_t i = 0; all && i < size; ++i)
      if (!symbols.push({tables.byteId(text[i]), 0, 0}))
        return Status::OutOfMemory;
    if (all) {
      unknownLast = false;
      return Status::Ok;
    }
  }
  bool unknown = id == kNone;
  if (unknown) {
    bool fused = unknownLast && (tables.flags & kFuseUnknown);
    if (tables.unknownId == kNone || fused)
      return Status::Ok;
    id = tables.unknownId;
  }
  unknownLast = unknown;
  return symbols.push({id, 0, 0}) ? Status::Ok : Status::OutOfMemory;
}

Status Encoder::addSymbols(Bytes word) {
  symbols.clear();
  bool unknownLast = false;
  for (size_t i = 0; i < word.size;) {
    if (tables.model == kBpeBytes) {
      uint32_t id = tables.byteId(word.data[i++]);
      bool unknown = id == kNone;
      bool fused = unknown && unknownLast && (tables.flags & kFuseUnknown);
      if (unknown)
        id = tables.unknownId;
      unknownLast = unknown;
      if (id != kNone && !fused && !symbols.push({id, 0, 0}))
        return Status::OutOfMemory;
      continue;
    }
    Char c = decodeUtf8(word.data + i, word.size - i);
    Status status = addCharacter(word.data + i, c.size, unknownLast);
    if (status != Status::Ok)
      return status;
    i += c.size;
  }
  return symbols.size() < kNone ? Status::Ok : Status::OutOfMemory;
}

Status Encoder::mergeSymbols() {
  heap.clear();
  uint32_t count = uint32_t(symbols.size());
  for (uint32_t i = 0; i < count; ++i) {
    symbols[i].previous = i == 0 ? kNone : i - 1;
    symbols[i].next = i + 1 == count ? kNone : i + 1;
  }
  for (uint32_t i = 0; i + 1 < count; ++i) {
    Status status = offer(i, i + 1);
    if (status != Status::Ok)
      return status;
  }
  while (heap.size() > 0) {
    Candidate best = takeBest();
    Symbol &left = symbols[best.position];
    if (left.id == kNone || left.next == kNone)
      continue; // merged into another one, or nothing follows now
    Symbol &right = symbols[left.next];
    const uint8_t *merge = findMerge(tables, left.id, right.id);
    if (!merge || load32(merge, 2) != best.result)
      continue;
    left.id = best.result;
    right.id = kNone;
    left.next = right.next;
    if (left.next != kNone)
      symbols[left.next].previous = best.position;
    Status status = Status::Ok;
    if (left.previous != kNone)
      status = offer(left.previous, best.position);
    if (status == Status::Ok && left.next != kNone)
      status = offer(best.position, left.next);
    if (status != Status::Ok)
      return status;
  }
  return Status::Ok;
}

Status Encoder::encodeBpe(Bytes word) {
  if (tables.flags & kIgnoreMerges) {
    uint32_t id = tables.find(word.data, word.size);
    if (id != kNone)
      return out.push(id) ? Status::Ok : Status::OutOfMemory;
  }
  Status status = addSymbols(word);
  if (status == Status::Ok)
    status = mergeSymbols();
  if (status != Status::Ok)
    return status;
  for (size_t i = 0; i < symbols.size(); ++i)
    if (symbols[i].id != kNone && !out.push(symbols[i].id))
      return Status::OutOfMemory;
  return Status::Ok;
}

} // namespace text
} // namespace sinter
