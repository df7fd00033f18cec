//===- TestFiles.cpp - Model files made for a test
//--------------------------===//

#include "tests/unit/import/TestFiles.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <fstream>

using namespace sinter;
using namespace sinter::test;

TempFolder::TempFolder() {
  if (llvm::sys::fs::createUniqueDirectory("sinter-import", folder))
    ADD_FAILURE() << "no temporary folder";
}

TempFolder::~TempFolder() { llvm::sys::fs::remove_directories(folder); }

std::string TempFolder::path(llvm::StringRef name) const {
  llvm::SmallString<128> full(folder);
  llvm::sys::path::append(full, name);
  return full.str().str();
}

std::string TempFolder::write(llvm::StringRef name,
                              llvm::StringRef content) const {
  std::string full = path(name);
  std::ofstream(full, std::ios::binary)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
  return full;
}

std::string test::leFloat(float value) {
  return le(llvm::bit_cast<uint32_t>(value));
}

std::string test::safetensors(llvm::StringRef header, size_t dataBytes) {
  return le<uint64_t>(header.size()) + header.str() +
         std::string(dataBytes, '\0');
}

std::string test::tensorEntry(llvm::StringRef name, llvm::StringRef dtype,
                              llvm::StringRef shape, uint64_t begin,
                              uint64_t end) {
  return ("\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
          ",\"data_offsets\":[" + llvm::Twine(begin) + "," + llvm::Twine(end) +
          "]}")
      .str();
}

std::string test::ggufString(llvm::StringRef value) {
  return le<uint64_t>(value.size()) + value.str();
}

GgufBuilder &GgufBuilder::entry(llvm::StringRef key, uint32_t type,
                                llvm::StringRef payload) {
  entries += ggufString(key) + le(type) + payload.str();
  ++entryTotal;
  return *this;
}

GgufBuilder &GgufBuilder::u32(llvm::StringRef key, uint32_t value) {
  return entry(key, 4, le(value));
}

GgufBuilder &GgufBuilder::f32(llvm::StringRef key, float value) {
  return entry(key, 6, leFloat(value));
}

GgufBuilder &GgufBuilder::string(llvm::StringRef key, llvm::StringRef value) {
  return entry(key, 8, ggufString(value));
}

GgufBuilder &GgufBuilder::boolean(llvm::StringRef key, bool value) {
  return entry(key, 7,
               value ? llvm::StringRef("\1", 1) : llvm::StringRef("\0", 1));
}

GgufBuilder &GgufBuilder::tensor(llvm::StringRef name,
                                 llvm::ArrayRef<uint64_t> dims, uint32_t type,
                                 uint64_t bytes,
                                 std::optional<uint64_t> offset) {
  tensors += ggufString(name) + le(static_cast<uint32_t>(dims.size()));
  for (uint64_t size : dims)
    tensors += le(size);
  content.resize(llvm::alignTo(content.size(), alignment));
  lastOffset = content.size();
  tensors += le(type) + le(offset.value_or(lastOffset));
  content.resize(content.size() + bytes);
  ++tensorTotal;
  return *this;
}

GgufBuilder &GgufBuilder::data(llvm::StringRef bytes) {
  content.replace(lastOffset, std::string::npos, bytes.str());
  return *this;
}

std::string GgufBuilder::build() const {
  std::string file = "GGUF" + le(version) +
                     le(tensorCount.value_or(tensorTotal)) +
                     le(entryCount.value_or(entryTotal)) + entries + tensors;
  file.resize(llvm::alignTo(file.size(), alignment));
  return file + content;
}

GgufBuilder test::llamaGguf() {
  GgufBuilder builder;
  builder.string("general.architecture", "llama")
      .u32("llama.block_count", 2)
      .u32("llama.embedding_length", 64)
      .u32("llama.feed_forward_length", 96)
      .u32("llama.attention.head_count", 4)
      .u32("llama.attention.head_count_kv", 2)
      .u32("llama.context_length", 128)
      .f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
      .tensor("token_embd.weight", {64, 32}, 0, 64 * 32 * 4);
  return builder;
}

std::string test::llamaConfig(llvm::StringRef more) {
  return R"({"model_type":"llama","hidden_size":64,"intermediate_size":96,)"
         R"("num_hidden_layers":2,"num_attention_heads":4,)"
         R"("num_key_value_heads":2,"vocab_size":32,)"
         R"("max_position_embeddings":128,"rms_norm_eps":1e-05)" +
         (more.empty() ? std::string() : "," + more.str()) + "}";
}

std::string test::checkError(llvm::Error error, int code,
                             llvm::ArrayRef<llvm::StringRef> parts) {
  int actual = exitCode(error);
  std::string text = llvm::toString(std::move(error));
  if (actual != code)
    return "exit code " + std::to_string(actual) + ": " + text;
  for (llvm::StringRef part : parts)
    if (!llvm::StringRef(text).contains(part))
      return "no '" + part.str() + "' in: " + text;
  if (text.empty() || text.back() == '.' || text.back() == '\n')
    return "full stop at the end of: " + text;
  return "";
}

std::string test::sharedData(llvm::StringRef part) {
  llvm::SmallString<128> path(SINTER_SHARED_DATA);
  llvm::sys::path::append(path, part);
  if (llvm::sys::fs::exists(path))
    return path.str().str();
  std::cout << "skipped: no shared data at " << path.c_str() << "\n";
  return "";
}
