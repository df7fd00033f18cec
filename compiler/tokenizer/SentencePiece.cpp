//===- SentencePiece.cpp - tokenizer.model -> tokenizer.bin
//-----------------===//
//
// A bounded reader of the protobuf wire format for the few fields of
// sentencepiece_model.proto that matter: pieces, trainer_spec,
// normalizer_spec. Unknown fields are skipped, groups are refused. BPE scores
// become merge ranks; unigram scores stay.
//
//===------------------------------------------------------------------------===//

#include "compiler/import/JsonReader.h"
#include "compiler/support/Error.h"
#include "compiler/tokenizer/JsonFields.h"
#include "llvm/Support/Endian.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace llvm;
using namespace sinter;
using namespace sinter::tokfmt;

namespace {

/// One field of a message.
struct Field {
  uint32_t number = 0;
  uint32_t wire = 0;
  uint64_t value = 0; // wire types 0, 1, 5
  StringRef bytes;    // wire type 2
  float asFloat() const {
    uint32_t bits = uint32_t(value);
    float result;
    std::memcpy(&result, &bits, 4);
    return result;
  }
};

/// Walks the fields of one message. `base`: offset of the message in the file.
class WireReader {
public:
  WireReader(StringRef message, uint64_t base) : rest(message), base(base) {
    size = message.size();
  }

  uint64_t offset() const { return base + size - rest.size(); }

  /// The next field; false at the end. Check error() after the loop.
  bool next(Field &field) {
    if (rest.empty() || bad)
      return false;
    start = offset();
    uint64_t key;
    bad = !varint(key) || key >> 32 || key >> 3 == 0;
    if (bad)
      return false;
    field.number = uint32_t(key >> 3);
    field.wire = uint32_t(key & 7);
    bad = !payload(field);
    return !bad;
  }
  Error error() const {
    if (!bad)
      return Error::success();
    return inputError("tokenizer.model: damaged at byte " + Twine(start) +
                      ": not a protobuf field");
  }

private:
  bool varint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
      uint8_t byte = uint8_t(rest.front());
      rest = rest.drop_front();
      value |= uint64_t(byte & 0x7F) << shift;
      if (byte < 0x80)
        return shift < 63 || byte <= 1;
    }
    return false;
  }
  bool fixed(unsigned bytes, uint64_t &value) {
    if (rest.size() < bytes)
      return false;
    value = bytes == 4 ? support::endian::read32le(rest.data())
                       : support::endian::read64le(rest.data());
    rest = rest.drop_front(bytes);
    return true;
  }
  bool payload(Field &field) {
    field.bytes = StringRef();
    switch (field.wire) {
    case 0:
      return varint(field.value);
    case 1:
      return fixed(8, field.value);
    case 5:
      return fixed(4, field.value);
    case 2: {
      if (!varint(field.value) || field.value > rest.size())
        return false;
      field.bytes = rest.take_front(field.value);
      rest = rest.drop_front(field.value);
      return true;
    }
    default:
      return false;
    }
  }

  StringRef rest;
  uint64_t base;
  size_t size;
  uint64_t start = 0;
  bool bad = false;
};

enum PieceType {
  kNormal = 1,
  kUnknown,
  kControl,
  kUserDefined,
  kUnused,
  kByte
};

/// What the file says, beside the pieces.
struct Settings {
  uint64_t modelType = 1; // unigram
  int32_t unknown = 0, begin = 1, end = 2, padding = -1;
  bool byteFallback = false, spaceAsSuffix = false;
  bool dummyPrefix = true, removeSpaces = true, escapeSpaces = true;
  std::string charsmap;
};

class Reader {
public:
  Reader(StringRef file, TokenizerModel &model) : file(file), model(model) {}
  Error read();
  Error finish(const TokenizerSideFiles &side);

private:
  Error piece(StringRef message, uint64_t base);
  Error trainer(StringRef message, uint64_t base);
  Error normalizer(StringRef message, uint64_t base);
  Error program(bool everySegment);

  StringRef file;
  TokenizerModel &model;
  Settings settings;
  uint32_t count = 0;
  double lowest = 0;
};

Error Reader::piece(StringRef message, uint64_t base) {
  WireReader reader(message, base);
  Field field;
  StringRef text;
  float score = 0;
  uint64_t type = kNormal;
  while (reader.next(field)) {
    if (field.number == 1 && field.wire == 2)
      text = field.bytes;
    else if (field.number == 2 && field.wire == 5)
      score = field.asFloat();
    else if (field.number == 3 && field.wire == 0)
      type = field.value;
  }
  if (Error error = reader.error())
    return error;
  if (text.empty() || !std::isfinite(score) || type < kNormal || type > kByte)
    return inputError("tokenizer.model: piece " + Twine(count) + " at byte " +
                      Twine(base) +
                      " has no text, a score that is not finite, "
                      "or an unknown type");
  uint32_t id = count++;
  if (Error error = model.define(text, id))
    return error;
  TokenPiece &piece = model.pieces[id];
  piece.score = score;
  piece.indexed = type == kNormal || type == kUserDefined || type == kUnused;
  if (type == kNormal)
    lowest = std::min(lowest, double(score));
  if (type == kByte && byteTokenValue(text) < 0)
    return inputError("tokenizer.model: piece " + Twine(id) +
                      " is a byte token, but is not written <0x00> to <0xFF>");
  if (type == kControl || type == kUnknown)
    return model.add({text.str(), id, kAddedSpecial, false});
  return type == kUserDefined ? model.add({text.str(), id, 0, false})
                              : Error::success();
}

Error Reader::trainer(StringRef message, uint64_t base) {
  WireReader reader(message, base);
  Field field;
  while (reader.next(field)) {
    if (field.wire != 0)
      continue;
    switch (field.number) {
    case 3:
      settings.modelType = field.value;
      break;
    case 24:
      settings.spaceAsSuffix = field.value;
      break;
    case 35:
      settings.byteFallback = field.value;
      break;
    case 40:
      settings.unknown = int32_t(field.value);
      break;
    case 41:
      settings.begin = int32_t(field.value);
      break;
    case 42:
      settings.end = int32_t(field.value);
      break;
    case 43:
      settings.padding = int32_t(field.value);
      break;
    default:
      break;
    }
  }
  return reader.error();
}

Error Reader::normalizer(StringRef message, uint64_t base) {
  WireReader reader(message, base);
  Field field;
  while (reader.next(field)) {
    if (field.number == 2 && field.wire == 2)
      settings.charsmap = field.bytes.str();
    else if (field.number == 3 && field.wire == 0)
      settings.dummyPrefix = field.value;
    else if (field.number == 4 && field.wire == 0)
      settings.removeSpaces = field.value;
    else if (field.number == 5 && field.wire == 0)
      settings.escapeSpaces = field.value;
  }
  return reader.error();
}

Error Reader::read() {
  WireReader reader(file, 0);
  Field field;
  while (reader.next(field)) {
    if (field.wire != 2 || field.number > 3)
      continue;
    uint64_t base = reader.offset() - field.bytes.size();
    Error error = field.number == 1   ? piece(field.bytes, base)
                  : field.number == 2 ? trainer(field.bytes, base)
                                      : normalizer(field.bytes, base);
    if (error)
      return error;
  }
  if (Error error = reader.error())
    return error;
  return count ? Error::success()
               : inputError("tokenizer.model: no pieces; this is not a "
                            "SentencePiece model");
}

/// The normalizers that SentencePiece applies, in its order.
Error Reader::program(bool everySegment) {
  if (settings.spaceAsSuffix || !settings.escapeSpaces)
    return unsupportedError("tokenizer.model: treat_whitespace_as_suffix and "
                            "unescaped white space are not supported");
  if (!settings.charsmap.empty()) {
    model.charsmap = settings.charsmap;
    model.program.push_back({kApplyCharsmap, 0, "", ""});
  }
  if (settings.removeSpaces) {
    model.program.push_back({kStrip, kStripLeft | kStripRight, "", ""});
    model.program.push_back({kCollapseSpaces, 0, "", " "});
  }
  if (settings.dummyPrefix) {
    uint32_t first = everySegment ? 0 : kPrependFirstOnly;
    model.program.push_back({kPrepend, first, kMetaspaceMark, ""});
    model.flags |= kDecodeStripFirstSpace;
  }
  model.program.push_back({kReplace, 0, " ", kMetaspaceMark});
  return Error::success();
}

Error Reader::finish(const TokenizerSideFiles &side) {
  if (settings.modelType != 1 && settings.modelType != 2)
    return unsupportedError("tokenizer.model: model type " +
                            Twine(settings.modelType) +
                            " (word or character) is not supported");
  model.kind = settings.modelType == 1 ? kUnigram : kBpeChars;
  model.flags |= kFuseUnknown | kDecodeMetaspace | kDecodeReplacePerByte |
                 kSinglePrecision;
  if (settings.byteFallback)
    model.flags |= kByteFallback;
  model.unknownScore = lowest - 10.0;
  std::pair<int32_t, uint32_t &> ids[] = {{settings.unknown, model.unknownId},
                                          {settings.begin, model.beginId},
                                          {settings.end, model.endId},
                                          {settings.padding, model.paddingId}};
  for (auto &[id, target] : ids)
    if (id >= 0 && uint32_t(id) < count)
      target = uint32_t(id);
  if (model.beginId != kNone)
    model.prefix.push_back(model.beginId);
  if (model.endId != kNone)
    model.addEndId(model.endId);

  bool everySegment = false;
  if (!side.tokenizerConfig.empty()) {
    Expected<json::Object> config =
        readJsonObject(side.tokenizerConfig, "tokenizer_config.json");
    if (!config)
      return config.takeError();
    everySegment = config->getBoolean("legacy").value_or(false);
  }
  if (Error error = program(everySegment))
    return error;
  if (Error error = applySideFiles(model, side))
    return error;
  if (Error error = finishPieces(model))
    return error;
  if (model.kind == kBpeChars)
    addMergesFromScores(model);
  return Error::success();
}

} // namespace

Expected<TokenizerBytes>
sinter::compileSentencePiece(StringRef file, const TokenizerSideFiles &side) {
  TokenizerModel model;
  Reader reader(file, model);
  if (Error error = reader.read())
    return std::move(error);
  if (Error error = reader.finish(side))
    return std::move(error);
  return writeTokenizer(model, side.modelVocabSize, side.remark);
}
