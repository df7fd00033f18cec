//===- TokenizerWriter.cpp - A tokenizer model to the bytes of the file
//-----===//
//
// docs/formats/tokenizer.md, section by section in ascending order. What is
// written is read back with the runtime's reader, whose normalizers also give
// the texts under which normalized added tokens are looked for.
//
//===------------------------------------------------------------------------===//

#include "compiler/support/Error.h"
#include "compiler/tokenizer/TokenizerModel.h"
#include "runtime/text/Tokenizer.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cstring>
#include <map>

using namespace llvm;
using namespace sinter;
using namespace sinter::tokfmt;

namespace {

/// Grows by little-endian values.
class ByteWriter {
public:
  void u8(uint8_t value) { bytes.push_back(value); }
  void u16(uint16_t value) { number(value); }
  void u32(uint32_t value) { number(value); }
  void u64(uint64_t value) { number(value); }
  void f64(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, 8);
    u64(bits);
  }
  void raw(StringRef text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  size_t size() const { return bytes.size(); }

  TokenizerBytes bytes;

private:
  template <typename T> void number(T value) {
    uint8_t buffer[sizeof(T)];
    support::endian::write(buffer, value, endianness::little);
    bytes.insert(bytes.end(), buffer, buffer + sizeof(T));
  }
};

class Writer {
public:
  explicit Writer(const TokenizerModel &model) : model(model) {}
  Expected<TokenizerBytes> write();

private:
  void config();
  void pieces();
  void index();
  void merges();
  void byteIds();
  void added(Section section, bool normalized);
  void program();
  void scores();
  void templateIds();
  std::pair<uint32_t, uint32_t> keep(StringRef text);
  TokenizerBytes assemble();

  const TokenizerModel &model;
  std::map<uint32_t, ByteWriter> sections; // by kind: ascending
};

/// Puts `text` into the text section: its offset and size.
std::pair<uint32_t, uint32_t> Writer::keep(StringRef text) {
  ByteWriter &out = sections[kText];
  uint32_t offset = uint32_t(out.size());
  out.raw(text);
  return {offset, uint32_t(text.size())};
}

void Writer::config() {
  size_t longest = 0;
  for (const TokenPiece &piece : model.pieces)
    longest = std::max(longest, piece.bytes.size());
  ByteWriter &out = sections[kConfig];
  out.u32(model.kind);
  out.u32(uint32_t(model.pieces.size()));
  out.u32(model.flags);
  for (uint32_t id :
       {model.unknownId, model.beginId, model.endId, model.paddingId})
    out.u32(id);
  out.u32(uint32_t(longest));
  out.f64(model.unknownScore);
  out.u64(0);
}

void Writer::pieces() {
  ByteWriter &offsets = sections[kPieceOffsets];
  ByteWriter &bytes = sections[kPieceBytes];
  ByteWriter &attributes = sections[kPieceAttributes];
  for (const TokenPiece &piece : model.pieces) {
    offsets.u32(uint32_t(bytes.size()));
    bytes.raw(piece.bytes);
    attributes.u8(piece.attributes);
  }
  offsets.u32(uint32_t(bytes.size()));
}

/// Order of the bytes as unsigned numbers.
bool bytesLess(StringRef a, StringRef b) { return a.compare(b) < 0; }

void Writer::index() {
  std::vector<uint32_t> ids;
  for (uint32_t id = 0; id < model.pieces.size(); ++id)
    if (model.pieces[id].indexed)
      ids.push_back(id);
  std::sort(ids.begin(), ids.end(), [&](uint32_t a, uint32_t b) {
    return bytesLess(model.pieces[a].bytes, model.pieces[b].bytes);
  });
  for (uint32_t id : ids)
    sections[kIndex].u32(id);
}

void Writer::merges() {
  if (model.merges.empty())
    return;
  std::vector<TokenMerge> sorted = model.merges;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const TokenMerge &a, const TokenMerge &b) {
                     return std::tie(a.left, a.right) <
                            std::tie(b.left, b.right);
                   });
  ByteWriter &starts = sections[kMergeStarts];
  ByteWriter &out = sections[kMerges];
  size_t i = 0;
  uint32_t written = 0;
  for (uint32_t left = 0; left < model.pieces.size(); ++left) {
    starts.u32(written);
    for (; i < sorted.size() && sorted[i].left == left; ++i) {
      // Of merges of the same pair the last one counts, as upstream.
      if (i + 1 < sorted.size() && sorted[i + 1].left == left &&
          sorted[i + 1].right == sorted[i].right)
        continue;
      out.u32(sorted[i].right);
      out.u32(sorted[i].rank);
      out.u32(sorted[i].result);
      ++written;
    }
  }
  starts.u32(written);
}

void Writer::byteIds() {
  bool any =
      llvm::any_of(model.byteIds, [](uint32_t id) { return id != kNone; });
  if (!any && model.kind != kBpeBytes)
    return;
  for (uint32_t id : model.byteIds)
    sections[kByteIds].u32(id);
}

void Writer::added(Section section, bool normalized) {
  std::vector<const AddedToken *> tokens;
  for (const AddedToken &token : model.added)
    if (token.normalized == normalized && !token.text.empty())
      tokens.push_back(&token);
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const AddedToken *a, const AddedToken *b) {
                     return bytesLess(a->text, b->text);
                   });
  const AddedToken *last = nullptr;
  for (const AddedToken *token : tokens) {
    if (last && last->text == token->text)
      continue; // equal after normalization: the first one counts
    last = token;
    auto [offset, size] = keep(token->text);
    for (uint32_t value : {token->id, token->flags, offset, size})
      sections[section].u32(value);
  }
}

void Writer::program() {
  ByteWriter &out = sections[kProgram];
  for (const ProgramStep &step : model.program) {
    auto [offset, size] = keep(step.text);
    auto [offset2, size2] = keep(step.text2);
    for (uint32_t value :
         {step.operation, step.argument, offset, size, offset2, size2})
      out.u32(value);
  }
}

void Writer::scores() {
  if (model.kind != kUnigram)
    return;
  for (const TokenPiece &piece : model.pieces)
    sections[kScores].f64(piece.score);
}

void Writer::templateIds() {
  ByteWriter &out = sections[kTemplate];
  out.u32(uint32_t(model.prefix.size()));
  out.u32(uint32_t(model.suffix.size()));
  out.u32(uint32_t(model.endIds.size()));
  out.u32(0);
  for (const auto *ids : {&model.prefix, &model.suffix, &model.endIds})
    for (uint32_t id : *ids)
      out.u32(id);
}

TokenizerBytes Writer::assemble() {
  ByteWriter file;
  file.raw(StringRef(kMagic, 8));
  file.u16(kMajor);
  file.u16(kMinor);
  file.u32(uint32_t(sections.size()));
  uint64_t offset = kHeaderBytes + sections.size() * kSectionEntryBytes;
  uint64_t total = alignTo(offset, 8);
  for (const auto &[kind, section] : sections)
    total = alignTo(total + section.size(), 8);
  file.u64(total);
  file.u64(0);
  offset = alignTo(offset, 8);
  for (const auto &[kind, section] : sections) {
    file.u32(kind);
    file.u32(kSectionRequired);
    file.u64(offset);
    file.u64(section.size());
    offset = alignTo(offset + section.size(), 8);
  }
  file.bytes.reserve(total);
  for (const auto &[kind, section] : sections) {
    file.bytes.resize(alignTo(file.size(), 8));
    file.bytes.insert(file.bytes.end(), section.bytes.begin(),
                      section.bytes.end());
  }
  file.bytes.resize(total);
  return std::move(file.bytes);
}

Expected<TokenizerBytes> Writer::write() {
  uint64_t textBytes = 0;
  for (const TokenPiece &piece : model.pieces)
    textBytes += piece.bytes.size();
  if (textBytes > UINT32_MAX || model.merges.size() > 0xFFFFFFF0u)
    return resourceError(
        "the vocabulary is larger than tokenizer.bin can hold");
  sections[kText];
  sections[kProgram];
  config();
  pieces();
  index();
  merges();
  byteIds();
  added(kAddedRaw, false);
  added(kAddedNormalized, true);
  program();
  scores();
  templateIds();
  if (!model.charsmap.empty())
    sections[kCharsmap].raw(model.charsmap);
  return assemble();
}

/// Writes, and lets the runtime's reader judge the result.
Expected<TokenizerBytes> writeChecked(const TokenizerModel &model,
                                      text::Tokenizer &tokenizer) {
  Expected<TokenizerBytes> bytes = Writer(model).write();
  if (bytes && tokenizer.load(bytes->data(), bytes->size()) != text::Status::Ok)
    return inputError(Twine("the tokenizer cannot be used: ") +
                      tokenizer.why());
  return bytes;
}

Error checkIds(const TokenizerModel &model, uint32_t modelVocabSize) {
  if (model.pieces.empty())
    return inputError("the tokenizer's vocabulary is empty");
  if (model.program.size() > kMaxSteps)
    return unsupportedError("the tokenizer has " + Twine(model.program.size()) +
                            " normalizers and pre-tokenizers; at most " +
                            Twine(kMaxSteps) + " are supported");
  if (modelVocabSize != 0 && model.pieces.size() > modelVocabSize)
    return inputError("the tokenizer has the token id " +
                      Twine(model.pieces.size() - 1) +
                      ", but the model's vocabulary has " +
                      Twine(modelVocabSize) + " entries");
  auto bad = [&](uint32_t id) { return id >= model.pieces.size(); };
  for (const auto *ids : {&model.prefix, &model.suffix, &model.endIds})
    for (uint32_t id : *ids)
      if (bad(id))
        return inputError("special token id " + Twine(id) +
                          " is not in the vocabulary of " +
                          Twine(model.pieces.size()));
  for (uint32_t id :
       {model.unknownId, model.beginId, model.endId, model.paddingId})
    if (id != kNone && bad(id))
      return inputError("special token id " + Twine(id) +
                        " is not in the vocabulary of " +
                        Twine(model.pieces.size()));
  return Error::success();
}

} // namespace

Expected<TokenizerBytes> sinter::writeTokenizer(TokenizerModel &model,
                                                uint32_t modelVocabSize,
                                                std::string *remark) {
  std::string dropped = dropAddedBeyond(model, modelVocabSize);
  if (remark)
    *remark = std::move(dropped);
  if (Error error = checkIds(model, modelVocabSize))
    return std::move(error);
  text::Tokenizer tokenizer;
  Expected<TokenizerBytes> bytes = writeChecked(model, tokenizer);
  if (!bytes)
    return bytes;
  // Added tokens that are looked for in normalized text are normalized as well.
  bool changed = false;
  text::Encoder encoder(tokenizer);
  for (AddedToken &token : model.added) {
    if (!token.normalized)
      continue;
    text::Bytes result;
    text::Bytes given = {reinterpret_cast<const uint8_t *>(token.text.data()),
                         token.text.size()};
    if (encoder.normalizeOnly(given, true, result) != text::Status::Ok)
      return resourceError("out of memory while normalizing added tokens");
    std::string text(reinterpret_cast<const char *>(result.data), result.size);
    changed |= text != token.text;
    token.text = std::move(text);
  }
  return changed ? writeChecked(model, tokenizer) : std::move(bytes);
}
