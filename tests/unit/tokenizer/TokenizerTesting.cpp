//===- TokenizerTesting.cpp - What the tokenizer's tests share
//--------------===//
//
// See TokenizerTesting.h.
//
//===------------------------------------------------------------------------===//

#include "TokenizerTesting.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace sinter;

Ids Compiled::encode(StringRef text, unsigned flags) const {
  text::Encoder encoder(tokenizer);
  text::Status status = encoder.encode(text.data(), text.size(), flags);
  EXPECT_EQ(status, text::Status::Ok);
  return Ids(encoder.ids(), encoder.ids() + encoder.count());
}

std::string Compiled::decode(const Ids &ids, bool skipSpecial) const {
  text::Detokenizer stream(tokenizer);
  stream.reset(false, skipSpecial);
  std::vector<uint8_t> out(tokenizer.maxStepBytes());
  std::string text;
  size_t written;
  for (uint32_t id : ids) {
    EXPECT_EQ(stream.push(id, out.data(), out.size(), written),
              text::Status::Ok);
    text.append(out.begin(), out.begin() + ptrdiff_t(written));
    EXPECT_TRUE(isUtf8(text)) << "a character was split";
  }
  EXPECT_EQ(stream.finish(out.data(), out.size(), written), text::Status::Ok);
  text.append(out.begin(), out.begin() + ptrdiff_t(written));
  return text;
}

std::unique_ptr<Compiled> sinter::loadCompiled(Expected<TokenizerBytes> bytes) {
  if (!bytes) {
    ADD_FAILURE() << toString(bytes.takeError());
    return nullptr;
  }
  auto result = std::make_unique<Compiled>();
  result->bytes = std::move(*bytes);
  text::Status status =
      result->tokenizer.load(result->bytes.data(), result->bytes.size());
  EXPECT_EQ(status, text::Status::Ok) << result->tokenizer.why();
  return result;
}

std::string sinter::failure(Expected<TokenizerBytes> bytes) {
  if (bytes)
    return "";
  Error error = bytes.takeError();
  int code = exitCode(error);
  return "exit " + std::to_string(code) + ": " + toString(std::move(error));
}

std::string sinter::sharedPath(const std::string &path) {
  return std::string(SINTER_SHARED_DATA) + "/" + path;
}

std::optional<std::string> sinter::sharedFile(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(sharedPath(path), /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return std::nullopt;
  return (*buffer)->getBuffer().str();
}

std::unique_ptr<Compiled> sinter::sharedTokenizer(const std::string &folder) {
  if (!sys::fs::is_directory(sharedPath(folder)))
    return nullptr;
  return loadCompiled(compileTokenizerFolder(sharedPath(folder)));
}

bool sinter::isUtf8(StringRef text) {
  const UTF8 *begin = text.bytes_begin();
  return isLegalUTF8String(&begin, text.bytes_end());
}
