//===- FuzzTokenizerBin.cpp - tokenizer.bin and text from anybody
//-----------===//
//
// The last bytes of the input are the text to encode (the final byte says how
// many), the rest is the file; its size field is repaired, so that the
// fuzzer gets past it. What is encoded is decoded, and must be whole UTF-8.
//
//===------------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/Unicode.h"
#include <stdlib.h>
#include <string.h>

using namespace sinter;

static void checkUtf8(const uint8_t *text, size_t size) {
  for (size_t i = 0; i < size;) {
    text::Char c = text::decodeUtf8(text + i, size - i);
    if (c.code >= text::kInvalidByte)
      __builtin_trap();
    i += c.size;
  }
}

/// A text that comes from outside as a whole has no special tokens.
static void checkInput(const text::Tokenizer &tokenizer, const char *text,
                       size_t size) {
  text::Encoder plain(tokenizer), marked(tokenizer);
  text::TextRange all = {0, size};
  if (plain.encode(text, size, 0) != text::Status::Ok)
    return;
  if (marked.encode(text, size, text::kParseSpecial, &all, 1) !=
          text::Status::Ok ||
      marked.count() != plain.count() ||
      (plain.count() &&
       memcmp(marked.ids(), plain.ids(), 4 * plain.count()) != 0))
    __builtin_trap();
}

static void use(const text::Tokenizer &tokenizer, const char *text,
                size_t size) {
  checkInput(tokenizer, text, size);
  text::Encoder encoder(tokenizer);
  uint8_t *out = static_cast<uint8_t *>(malloc(tokenizer.maxStepBytes()));
  for (unsigned flags = 0; flags < 4; ++flags) {
    if (encoder.encode(text, size, flags) != text::Status::Ok)
      continue;
    text::Detokenizer stream(tokenizer);
    stream.reset(flags & 1, flags & 2);
    size_t written;
    for (size_t i = 0; i < encoder.count(); ++i) {
      if (stream.push(encoder.ids()[i], out, tokenizer.maxStepBytes(),
                      written) != text::Status::Ok)
        __builtin_trap();
      checkUtf8(out, written);
    }
    if (stream.finish(out, tokenizer.maxStepBytes(), written) !=
        text::Status::Ok)
      __builtin_trap();
    checkUtf8(out, written);
  }
  free(out);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  size_t textSize = data[size - 1];
  if (textSize > size - 1)
    textSize = size - 1;
  size_t fileSize = size - 1 - textSize;
  // A copy of its own, so that a step outside the file is seen.
  uint8_t *file = static_cast<uint8_t *>(malloc(fileSize ? fileSize : 1));
  memcpy(file, data, fileSize);
  if (fileSize >= 24) {
    uint64_t total = fileSize;
    memcpy(file + 16, &total, 8);
  }
  text::Tokenizer tokenizer;
  if (tokenizer.load(file, fileSize) == text::Status::Ok)
    use(tokenizer, reinterpret_cast<const char *>(data) + fileSize, textSize);
  free(file);
  return 0;
}
