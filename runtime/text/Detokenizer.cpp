//===- Detokenizer.cpp - Token ids to UTF-8, a token at a time
//--------------===//
//
// A filter over the bytes of the pieces: U+2581 becomes a space, the first
// space of the text may go, and bytes leave only as whole, valid UTF-8
// sequences. What is invalid becomes U+FFFD, once per maximal subpart (Unicode
// chapter 3, D93b; as Rust's from_utf8_lossy) or once per byte (SentencePiece),
// as the file says.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unicode.h"

namespace sinter {
namespace text {

void Detokenizer::reset(bool continuation, bool skipSpecial) {
  pendingCount = 0;
  atStart = !continuation;
  skip = skipSpecial;
}

/// True if `b` can follow the pending bytes of an incomplete sequence.
bool Detokenizer::extendsPending(uint8_t b) const {
  uint8_t low = 0x80, high = 0xBF;
  if (pendingCount == 1) {
    if (pending[0] == 0xE0)
      low = 0xA0;
    else if (pending[0] == 0xED)
      high = 0x9F;
    else if (pending[0] == 0xF0)
      low = 0x90;
    else if (pending[0] == 0xF4)
      high = 0x8F;
  }
  return b >= low && b <= high;
}

void Detokenizer::replacePending(uint8_t *out, size_t &n) {
  bool perByte = tables.flags & tokfmt::kDecodeReplacePerByte;
  uint32_t count = perByte ? pendingCount : pendingCount > 0;
  for (uint32_t i = 0; i < count; ++i)
    n += encodeUtf8(0xFFFD, out + n);
  pendingCount = 0;
}

void Detokenizer::put(uint8_t b, uint8_t *out, size_t &n) {
  if (pendingCount > 0) {
    if (extendsPending(b)) {
      pending[pendingCount++] = b;
      uint32_t wanted = pending[0] < 0xE0 ? 2 : pending[0] < 0xF0 ? 3 : 4;
      if (pendingCount == wanted) {
        memcpy(out + n, pending, wanted);
        n += wanted;
        pendingCount = 0;
      }
      return;
    }
    replacePending(out, n);
  }
  if (b < 0x80)
    out[n++] = b;
  else if (b >= 0xC2 && b <= 0xF4)
    pending[pendingCount++] = b;
  else
    n += encodeUtf8(0xFFFD, out + n);
}

Status Detokenizer::push(uint32_t id, uint8_t *out, size_t capacity,
                         size_t &written) {
  written = 0;
  if (id >= tables.vocab)
    return tables.vocab ? Status::Ok : Status::BadArgument;
  if (skip && (tables.attributes[id] & tokfmt::kPieceSpecial))
    return Status::Ok;
  Bytes piece = tables.piece(id);
  if (capacity < 3 * (piece.size + 4))
    return Status::BadArgument;
  for (size_t i = 0; i < piece.size; ++i) {
    uint8_t b = piece.data[i];
    if ((tables.flags & tokfmt::kDecodeMetaspace) && b == 0xE2 &&
        piece.size - i >= 3 && piece.data[i + 1] == 0x96 &&
        piece.data[i + 2] == 0x81) {
      b = ' ';
      i += 2;
    }
    bool drop =
        atStart && b == ' ' && (tables.flags & tokfmt::kDecodeStripFirstSpace);
    atStart = false;
    if (!drop)
      put(b, out, written);
  }
  return Status::Ok;
}

Status Detokenizer::finish(uint8_t *out, size_t capacity, size_t &written) {
  written = 0;
  if (capacity < 12)
    return Status::BadArgument;
  replacePending(out, written);
  atStart = true;
  return Status::Ok;
}

} // namespace text
} // namespace sinter
