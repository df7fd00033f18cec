//===- Tokenizer.h - Text to token ids and back -------------------*- C++
//-*-===//
//
// Tokenizer: a verified view of a tokenizer.bin (docs/formats/tokenizer.md).
// Encoder: text -> ids; keeps its working memory between calls and allocates
// only when a text is longer than any before. Detokenizer: ids -> UTF-8, a
// token at a time, without ever cutting a character; it never allocates.
//
// A Tokenizer is immutable after load and may be shared between threads; an
// Encoder or Detokenizer belongs to one thread. Nothing here throws or aborts;
// time is O(n log n) in the length of the input.
//
//===------------------------------------------------------------------------===//

#ifndef SINTER_RUNTIME_TEXT_TOKENIZER_H
#define SINTER_RUNTIME_TEXT_TOKENIZER_H

#include "runtime/text/Buffer.h"
#include "runtime/text/TokenizerTables.h"

namespace sinter {
namespace text {

enum class Status : int {
  Ok = 0,
  Malformed,    ///< the file contradicts docs/formats/tokenizer.md
  NewerVersion, ///< the file's major version, or a required section, is unknown
  OutOfMemory,  ///< the system gave no memory; the object stays usable
  BadArgument,  ///< null data, not loaded, or an output buffer too small
};

constexpr uint32_t kNoToken = tokfmt::kNone;

class Tokenizer {
public:
  /// Verifies `size` bytes at `data` and keeps pointers into them: they must
  /// stay unchanged and outlive this object. Any address is fine. After a
  /// failure the object is as if never loaded, and why() names what was wrong.
  [[nodiscard]] Status load(const void *data, size_t size);

  /// What the last failed load objected to; a constant string.
  const char *why() const { return reason; }

  bool loaded() const { return tables.vocab != 0; }
  /// Ids are below this; a model may have more rows.
  uint32_t vocabSize() const { return tables.vocab; }
  uint32_t beginId() const { return tables.beginId; }
  uint32_t endId() const { return tables.endId; }
  uint32_t unknownId() const { return tables.unknownId; }
  uint32_t paddingId() const { return tables.paddingId; }

  /// The stored bytes of a piece (docs: Pieces); empty for an unknown id.
  Bytes piece(uint32_t id) const;
  /// Control tokens, which decoding leaves out on request.
  bool isSpecial(uint32_t id) const;
  /// True when generation ends with this token.
  bool isEndOfText(uint32_t id) const;
  /// The added token or piece with exactly this text, or kNoToken.
  uint32_t find(const char *text, size_t size) const;
  /// A capacity that every Detokenizer::push and finish fits in, in bytes.
  size_t maxStepBytes() const { return 3 * (size_t(tables.maxPiece) + 4); }

  const TokenizerTables &view() const { return tables; }

private:
  TokenizerTables tables;
  const char *reason = "";
};

enum EncodeFlags : unsigned {
  kEncodePlain = 0,
  /// Put the ids of the template (begin of text, ...) around the text.
  kAddSpecial = 1,
  /// Special tokens written in the text become their ids. Leave it out for text
  /// that a user typed.
  kParseSpecial = 2,
};

/// Bytes begin..end - 1 of a text.
struct TextRange {
  size_t begin, end;
};

class Encoder {
public:
  /// `tokenizer` must outlive the encoder.
  explicit Encoder(const Tokenizer &tokenizer) : tables(tokenizer.view()) {}

  /// Encodes `size` bytes, which may be anything (docs: Defined results). The
  /// ids stay valid until the next call.
  [[nodiscard]] Status encode(const char *text, size_t size, unsigned flags);

  /// The same for a text of which the parts `inputs` (ascending, apart) come
  /// from outside, as a rendered chat template tells: kParseSpecial finds a
  /// special token only where none of its bytes is in them. Everything else is
  /// as if the text were in one piece.
  [[nodiscard]] Status encode(const char *text, size_t size, unsigned flags,
                              const TextRange *inputs, size_t inputCount);
  const uint32_t *ids() const { return out.data(); }
  size_t count() const { return out.size(); }

  /// Only the normalizers, as for a text that stands at the very start if
  /// `first`. The result stays valid until the next call.
  [[nodiscard]] Status normalizeOnly(Bytes text, bool first, Bytes &result);

private:
  struct Symbol {
    uint32_t id;
    uint32_t previous, next; // positions, or kNone
  };
  struct Candidate {
    uint32_t rank, position, result;
  };
  struct Arrival {
    double score;
    uint32_t begin, id; // of the best last piece; begin is kNone if unreached
  };

  Status encodeSegment(const uint8_t *text, size_t size, bool first,
                       size_t offset);
  Status mapInputs(Bytes segment, bool first, size_t offset, size_t &total);
  Status addNormalizedSize(Bytes part, bool first, size_t &total);
  // Normalizer.cpp
  Status normalize(Bytes &segment, bool first);
  Status applyNfc(Bytes in, Buffer<uint8_t> &result);
  void sortMarks(uint32_t *marks, size_t count);
  Status applyCharsmap(Bytes in, Buffer<uint8_t> &result) const;
  // PreTokenizer.cpp
  Status split(uint32_t step, Bytes piece, bool first, bool bytes);
  Status splitScanner(uint32_t step, Bytes piece, uint32_t scanner, bool first,
                      bool bytes);
  Status splitMatches(uint32_t step, Bytes piece, bool first, bool bytes);
  Status splitMetaspace(uint32_t step, Bytes piece, bool first, bool bytes);
  Status splitByteLevel(uint32_t step, Bytes piece, bool first, bool bytes);
  // Bpe.cpp
  Status encodeBpe(Bytes word);
  Status addSymbols(Bytes word);
  Status addCharacter(const uint8_t *text, uint32_t size, bool &unknownLast);
  Status mergeSymbols();
  Status offer(uint32_t left, uint32_t right);
  Candidate takeBest();
  // Unigram.cpp
  Status encodeUnigram(Bytes word);
  Status emitBestPath(Bytes word);

  const TokenizerTables &tables;
  bool parseSpecial = false;
  const TextRange *inputs = nullptr;
  size_t inputCount = 0;
  Buffer<TextRange> mapped; // inputs of a segment, after normalization
  Buffer<uint32_t> out;
  Buffer<uint8_t> normalized[2];
  Buffer<uint8_t> stepText[tokfmt::kMaxSteps];
  Buffer<uint32_t> codes, marks;
  Buffer<Symbol> symbols;
  Buffer<Candidate> heap;
  Buffer<Arrival> arrivals;
};

class Detokenizer {
public:
  explicit Detokenizer(const Tokenizer &tokenizer) : tables(tokenizer.view()) {}

  /// Starts anew. `continuation`: the text goes on from earlier text, so that a
  /// SentencePiece leading space is kept. `skipSpecial`: leave out control
  /// tokens.
  void reset(bool continuation = false, bool skipSpecial = true);

  /// Appends one token; writes the bytes that are complete now to `out` and
  /// their number to `written`. BadArgument (and no change) when capacity is
  /// below what this token may need; Tokenizer::maxStepBytes() always does.
  [[nodiscard]] Status push(uint32_t id, uint8_t *out, size_t capacity,
                            size_t &written);

  /// Ends the text: an incomplete character becomes U+FFFD. Needs 12 bytes.
  [[nodiscard]] Status finish(uint8_t *out, size_t capacity, size_t &written);

private:
  void put(uint8_t b, uint8_t *out, size_t &n);
  void replacePending(uint8_t *out, size_t &n);
  bool extendsPending(uint8_t b) const;

  const TokenizerTables &tables;
  uint8_t pending[4] = {};
  uint32_t pendingCount = 0;
  bool atStart = true;
  bool skip = true;
};

} // namespace text
} // namespace sinter

#endif // SINTER_RUNTIME_TEXT_TOKENIZER_H
