//===- GgufTest.cpp - The GGUF container, sound and hostile
//-----------------===//

#include "compiler/import/gguf/GgufFile.h"
#include "compiler/import/gguf/TensorNames.h"
#include "compiler/import/gguf/TokenizerMetadata.h"
#include "tests/unit/import/TestFiles.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

using namespace sinter;
using namespace sinter::test;

static llvm::Expected<gguf::Contents> read(const std::string &file) {
  return gguf::readContents(asBytes(file), "f.gguf");
}

static std::string arrayOf(uint32_t type, uint64_t count,
                           llvm::StringRef payload) {
  return le(type) + le(count) + payload.str();
}

TEST(Gguf, ReadsMetadataAndTensors) {
  for (uint32_t version : {2u, 3u}) {
    GgufBuilder builder = llamaGguf();
    builder.version = version;
    builder.tensor("blk.1.attn_q.weight", {64, 32}, 2, 32 * 36)
        .tensor("scalar", {}, 0, 4)
        .tensor("none", {0}, 0, 0);
    std::string file = builder.build();
    auto contents = llvm::cantFail(read(file));
    EXPECT_EQ(llvm::cantFail(contents.metadata.integer("llama.block_count")),
              2);
    EXPECT_EQ(contents.metadata.keys().front(), "general.architecture");
    ASSERT_EQ(contents.tensors.size(), 4u);
    EXPECT_EQ(contents.tensors[0].shape,
              (llvm::SmallVector<int64_t, 2>{32, 64}));
    EXPECT_EQ(contents.tensors[1].describe(), "[32, 64] q4_0");
    EXPECT_EQ(contents.tensors[1].offset % 32, 0u);
    EXPECT_LE(contents.tensors[1].offset + contents.tensors[1].bytes,
              file.size());
  }
}

TEST(Gguf, TypedMetadata) {
  GgufBuilder builder;
  builder.entry("u8", 0, le<uint8_t>(200))
      .entry("i8", 1, le<int8_t>(-5))
      .entry("u16", 2, le<uint16_t>(65535))
      .entry("i16", 3, le<int16_t>(-300))
      .entry("i32", 5, le<int32_t>(-70000))
      .entry("u64", 10, le<uint64_t>(UINT64_MAX))
      .entry("i64", 11, le<int64_t>(-1))
      .f32("f32", 0.5f)
      .entry("f64", 12, le<uint64_t>(0x3FE0000000000000))
      .boolean("bool", true)
      .string("string", "text")
      .entry("strings", 9, arrayOf(8, 2, ggufString("a") + ggufString("")))
      .entry("floats", 9, arrayOf(6, 2, leFloat(1) + leFloat(2)))
      .entry("ints", 9, arrayOf(1, 3, "\x01\xFF\x03"))
      .entry("nested", 9, arrayOf(9, 1, arrayOf(4, 1, le<uint32_t>(7))))
      .entry("empty", 9, arrayOf(8, 0, ""));
  std::string file = builder.build();
  auto contents = llvm::cantFail(read(file));
  const GgufMetadata &m = contents.metadata;
  auto integer = [&](llvm::StringRef key) {
    return llvm::cantFail(m.integer(key)).value_or(12345);
  };
  EXPECT_EQ(integer("u8"), 200);
  EXPECT_EQ(integer("i8"), -5);
  EXPECT_EQ(integer("u16"), 65535);
  EXPECT_EQ(integer("i16"), -300);
  EXPECT_EQ(integer("i32"), -70000);
  EXPECT_EQ(integer("i64"), -1);
  EXPECT_EQ(integer("absent"), 12345);
  EXPECT_FAILS(m.integer("u64"), 1, {"metadata u64", "byte", "too large"});
  EXPECT_FAILS(m.integer("f32"), 1, {"has type f32"});
  EXPECT_EQ(llvm::cantFail(m.real("f32")), 0.5);
  EXPECT_EQ(llvm::cantFail(m.real("f64")), 0.5);
  EXPECT_FAILS(m.real("u8"), 1, {"not a real number"});
  EXPECT_EQ(llvm::cantFail(m.boolean("bool")), true);
  EXPECT_FAILS(m.boolean("u8"), 1, {"not bool"});
  EXPECT_EQ(llvm::cantFail(m.string("string")), llvm::StringRef("text"));
  EXPECT_FAILS(m.string("strings"), 1, {"has type array"});
  EXPECT_EQ(llvm::cantFail(m.strings("strings")),
            (std::vector<llvm::StringRef>{"a", ""}));
  EXPECT_FAILS(m.strings("floats"), 1, {"not an array of strings"});
  EXPECT_EQ(llvm::cantFail(m.floats("floats")), (std::vector<float>{1, 2}));
  EXPECT_FAILS(m.floats("ints"), 1, {"not an array of f32"});
  EXPECT_EQ(llvm::cantFail(m.integers("ints")),
            (std::vector<int64_t>{1, -1, 3}));
  EXPECT_FAILS(m.integers("strings"), 1, {"not an array of integers"});
  EXPECT_FAILS(m.integers("floats"), 1, {"not an array of integers"});
  EXPECT_TRUE(llvm::cantFail(m.strings("empty")).empty());
  EXPECT_TRUE(llvm::cantFail(m.strings("absent")).empty());
}

/// Fault 6.
TEST(Gguf, MagicAndVersions) {
  EXPECT_FAILS(read(""), 1, {"byte 0", "ends inside the magic"});
  EXPECT_FAILS(read("GGML" + std::string(40, '\0')), 1, {"no GGUF file"});
  EXPECT_FAILS(read("FUGG" + std::string(40, '\0')), 1, {"no GGUF file"});
  GgufBuilder builder = llamaGguf();
  for (uint32_t version : {0u, 1u, 4u, 255u, 0xFFFFFFFFu}) {
    builder.version = version;
    EXPECT_FAILS(read(builder.build()), 1,
                 {"byte 4", "version " + std::to_string(version)});
  }
  builder.version = 0x03000000;
  EXPECT_FAILS(read(builder.build()), 1, {"big-endian", "version 3"});
}

/// Fault 7.
TEST(Gguf, CountsAndLengths) {
  for (uint64_t count : {uint64_t(1000), uint64_t(1) << 31, uint64_t(1) << 60,
                         uint64_t(1) << 63, UINT64_MAX}) {
    GgufBuilder builder = llamaGguf();
    builder.tensorCount = count;
    EXPECT_FAILS(read(builder.build()), 1, {"byte", "f.gguf"});
    builder = llamaGguf();
    builder.entryCount = count;
    EXPECT_FAILS(read(builder.build()), 1, {"byte", "f.gguf"});
    // A string, an array of numbers, of strings, of arrays, that long.
    GgufBuilder string, numbers, strings, arrays, key;
    string.entry("s", 8, le(count));
    EXPECT_FAILS(read(string.build()), 1, {"byte", "bytes are left"});
    numbers.entry("a", 9, arrayOf(12, count, "12345678"));
    EXPECT_FAILS(read(numbers.build()), 1, {"metadata a", "beyond the end"});
    strings.entry("a", 9, arrayOf(8, count, ggufString("x")));
    EXPECT_FAILS(read(strings.build()), 1, {"metadata a", "beyond the end"});
    arrays.entry("a", 9, arrayOf(9, count, arrayOf(4, 0, "")));
    EXPECT_FAILS(read(arrays.build()), 1, {"metadata a", "beyond the end"});
    std::string file = "GGUF" + le(3u) + le<uint64_t>(0) + le<uint64_t>(1) +
                       le(count) + "key with more bytes behind it";
    EXPECT_FAILS(read(file), 1, {"byte 24", "a metadata key"});
  }
}

TEST(Gguf, NestedArrays) {
  auto nested = [](unsigned depth) {
    std::string payload;
    for (unsigned i = 1; i < depth; ++i)
      payload += arrayOf(9, 1, "");
    payload += arrayOf(4, 1, le(7u));
    GgufBuilder builder;
    builder.entry("a", 9, payload);
    return builder.build();
  };
  EXPECT_TRUE(static_cast<bool>(read(nested(4))));
  EXPECT_FAILS(read(nested(5)), 1, {"nested deeper than 4"});
  EXPECT_FAILS(read(nested(100000)), 1, {"nested deeper than 4"});
}

TEST(Gguf, MalformedEntries) {
  auto failing = [](llvm::StringRef key, uint32_t type, llvm::StringRef payload,
                    llvm::StringRef words) {
    SCOPED_TRACE(words.str());
    GgufBuilder builder;
    builder.entry(key, type, payload);
    EXPECT_FAILS(read(builder.build()), 1, {"byte", words});
  };
  failing("a", 13, "", "unknown type 13");
  failing("a", UINT32_MAX, "", "unknown type");
  failing("a", 9, arrayOf(13, 0, ""), "unknown element type");
  failing("", 4, le(1u), "empty or no text");
  failing("\xff", 4, le(1u), "empty or no text");
  failing(llvm::StringRef("a\0b", 3), 4, le(1u), "empty or no text");
  failing("a", 7, "\x02", "neither 0 nor 1");
  failing("a", 9, arrayOf(7, 2, "\x01\x02"), "neither 0 nor 1");
  failing(std::string(65536, 'k'), 4, le(1u), "limit is 65535");
  GgufBuilder twice;
  twice.u32("a", 1).u32("a", 2);
  EXPECT_FAILS(read(twice.build()), 1, {"a occurs twice"});
}

/// Fault 8: products, sums and paddings at the edges of 64 bits.
TEST(Gguf, DimensionsAndOffsetsThatOverflow) {
  const uint64_t kEdges[] = {uint64_t(1) << 31,        uint64_t(1) << 32,
                             (uint64_t(1) << 62) - 1,  uint64_t(1) << 62,
                             uint64_t(INT64_MAX) - 31, INT64_MAX,
                             uint64_t(1) << 63,        UINT64_MAX - 31,
                             UINT64_MAX - 1,           UINT64_MAX};
  unsigned cases = 0;
  auto failing = [&](llvm::ArrayRef<uint64_t> dims, uint32_t type,
                     std::optional<uint64_t> offset) {
    GgufBuilder builder;
    builder.tensor("t", dims, type, 64, offset);
    EXPECT_FAILS(read(builder.build()), 1, {"f.gguf", "tensor t"});
    ++cases;
  };
  for (uint64_t edge : kEdges) {
    failing({edge}, 0, {});
    failing({2, edge}, 0, {});
    failing({edge, edge}, 24, {});
    failing({4, edge, edge, 4}, 8, {});
    failing({16}, 0, edge / 32 * 32);
  }
  EXPECT_EQ(cases, 50u);
}

TEST(Gguf, TensorFaults) {
  auto failing = [](const GgufBuilder &builder, int code,
                    llvm::ArrayRef<llvm::StringRef> words) {
    EXPECT_FAILS(read(builder.build()), code, words);
  };
  failing(GgufBuilder().tensor("t", {1, 1, 1, 1, 1}, 0, 4), 1,
          {"tensor t", "5 dimensions"});
  failing(GgufBuilder().tensor("t", {33}, 8, 64), 1,
          {"whole number of blocks"});
  failing(GgufBuilder().tensor("t", {32, 3}, 12, 600), 1, {"blocks of 256"});
  failing(GgufBuilder().tensor("t", {32}, 16, 64), 3, {"tensor t", "type 16"});
  failing(GgufBuilder().tensor("t", {32}, 4, 64), 3, {"type 4"});
  failing(GgufBuilder().tensor("t", {1}, UINT32_MAX, 64), 3,
          {"type 4294967295"});
  failing(GgufBuilder().tensor("", {1}, 0, 4), 1, {"empty or no text"});
  failing(GgufBuilder().tensor("\xff", {1}, 0, 4), 1, {"empty or no text"});
  failing(GgufBuilder().tensor(std::string(65, 'n'), {1}, 0, 4), 1,
          {"limit is 64"});
  failing(GgufBuilder().tensor("t", {1}, 0, 4).tensor("t", {1}, 0, 4), 1,
          {"tensor t occurs twice"});
  failing(GgufBuilder().tensor("t", {1}, 0, 4).tensor("u", {1}, 0, 4, 0), 1,
          {"inside the tensor before it"});
  failing(GgufBuilder().tensor("t", {64}, 0, 256).tensor("u", {1}, 0, 4, 32), 1,
          {"tensor u", "inside the tensor before it"});
  failing(GgufBuilder().u32("split.count", 3), 3, {"one of 3 parts"});
}

/// Fault 9.
TEST(Gguf, AlignmentAndExtent) {
  for (uint32_t alignment : {0u, 3u, 13u, 33u, 1u << 21, 0xFFFFFFFFu}) {
    GgufBuilder builder;
    builder.u32("general.alignment", alignment);
    EXPECT_FAILS(read(builder.build()), 1,
                 {"general.alignment", "power of two"});
  }
  EXPECT_FAILS(read(GgufBuilder()
                        .entry("general.alignment", 10, le<uint64_t>(32))
                        .build()),
               1, {"not u32"});
  EXPECT_FAILS(read(GgufBuilder().string("general.alignment", "32").build()), 1,
               {"not u32"});
  for (uint32_t alignment : {1u, 8u, 64u, 4096u}) {
    GgufBuilder builder;
    builder.alignment = alignment;
    builder.u32("general.alignment", alignment)
        .tensor("t", {3}, 0, 12)
        .tensor("u", {3}, 0, 12);
    auto contents = read(builder.build());
    EXPECT_TRUE(static_cast<bool>(contents)) << alignment;
    llvm::consumeError(contents.takeError());
  }
  for (uint64_t offset : {1u, 31u, 33u})
    EXPECT_FAILS(read(GgufBuilder().tensor("t", {1}, 0, 512, offset).build()),
                 1, {"no multiple of the alignment"});
  for (uint64_t offset : {32u, 64u, 1u << 30})
    EXPECT_FAILS(read(GgufBuilder().tensor("t", {8}, 0, 32, offset).build()), 1,
                 {"tensor t", "the file has only"});
}

/// Every prefix of a sound file is refused with an offset.
TEST(Gguf, Truncation) {
  GgufBuilder builder = llamaGguf();
  builder.entry("a", 9, arrayOf(8, 2, ggufString("x") + ggufString("yz")))
      .boolean("b", true);
  std::string file = builder.build();
  EXPECT_TRUE(static_cast<bool>(read(file)));
  size_t sparse = file.size() - 64 * 32 * 4;
  for (size_t size = 0; size < file.size(); size += size < sparse ? 1 : 501)
    EXPECT_FAILS(read(file.substr(0, size)), 1, {"f.gguf"});
}

TEST(Gguf, OpensThroughNamesOfTheHub) {
  TempFolder folder;
  std::string file = folder.write(
      "m.gguf", llamaGguf()
                    .tensor("blk.1.attn_q.weight", {64, 64}, 0, 16384)
                    .tensor("rope_freqs.weight", {8}, 0, 32)
                    .build());
  for (const std::string &path : {file, folder.path()}) {
    auto source = llvm::cantFail(openModel(path));
    EXPECT_EQ(source->format(), ModelSource::Format::Gguf);
    EXPECT_TRUE(source->ropeRowsInterleaved());
    EXPECT_NE(source->find("model.embed_tokens.weight"), nullptr);
    EXPECT_NE(source->find("model.layers.1.self_attn.q_proj.weight"), nullptr);
    EXPECT_NE(source->find("rope_freqs.weight"), nullptr);
    EXPECT_EQ(llvm::cast<GgufFile>(source.get())->architecture(), "llama");
  }
  // Two files: which one is meant?
  folder.write("n.gguf", "GGUF");
  EXPECT_FAILS(openModel(folder.path()), 1, {"no config.json"});
  EXPECT_FAILS(openModel(folder.path("n.gguf")), 1, {"n.gguf", "byte 4"});
  EXPECT_FAILS(openModel(folder.write("o.gguf", GgufBuilder().build())), 1,
               {"general.architecture"});
  // The magic decides, not the name.
  EXPECT_TRUE(
      static_cast<bool>(openModel(folder.write("blob", llamaGguf().build()))));
}

TEST(Gguf, TensorNames) {
  EXPECT_EQ(gguf::huggingFaceName("llama", "output_norm.weight"),
            "model.norm.weight");
  EXPECT_EQ(gguf::huggingFaceName("llama", "output.weight"), "lm_head.weight");
  EXPECT_EQ(gguf::huggingFaceName("qwen2", "blk.12.attn_k.bias"),
            "model.layers.12.self_attn.k_proj.bias");
  EXPECT_EQ(gguf::huggingFaceName("qwen3", "blk.0.attn_q_norm.weight"),
            "model.layers.0.self_attn.q_norm.weight");
  EXPECT_EQ(gguf::huggingFaceName("llama", "blk.0.ffn_norm.weight"),
            "model.layers.0.post_attention_layernorm.weight");
  for (llvm::StringRef name :
       {"rope_freqs.weight", "blk.x.attn_q.weight", "blk.1.attn_rot_embd",
        "blk..attn_q.weight", "token_embd", "blk.1", ".weight"})
    EXPECT_EQ(gguf::huggingFaceName("llama", name), name);
  EXPECT_EQ(gguf::huggingFaceName("bert", "token_embd.weight"),
            "token_embd.weight");
  EXPECT_FALSE(gguf::ropeRowsInterleaved("qwen2"));
  EXPECT_FALSE(gguf::ropeRowsInterleaved("qwen3"));
}

static GgufBuilder withTokenizer() {
  GgufBuilder builder = llamaGguf();
  builder.string("tokenizer.ggml.model", "gpt2")
      .string("tokenizer.ggml.pre", "llama-bpe")
      .entry(
          "tokenizer.ggml.tokens", 9,
          arrayOf(8, 3, ggufString("a") + ggufString("b") + ggufString("ab")))
      .entry("tokenizer.ggml.token_type", 9,
             arrayOf(5, 3, le(1) + le(1) + le(3)))
      .entry("tokenizer.ggml.merges", 9, arrayOf(8, 1, ggufString("a b")));
  return builder;
}

static llvm::Expected<GgufTokenizer>
tokenizerOf(const GgufBuilder &builder, std::unique_ptr<ModelSource> &source) {
  TempFolder folder;
  source = llvm::cantFail(openModel(folder.write("m.gguf", builder.build())));
  return readTokenizer(*llvm::cast<GgufFile>(source.get()));
}

TEST(Gguf, Tokenizer) {
  std::unique_ptr<ModelSource> source;
  auto tokenizer = llvm::cantFail(
      tokenizerOf(withTokenizer()
                      .u32("tokenizer.ggml.bos_token_id", 2)
                      .u32("tokenizer.ggml.padding_token_id", UINT32_MAX)
                      .boolean("tokenizer.ggml.add_bos_token", true)
                      .string("tokenizer.chat_template", "{{ x }}"),
                  source));
  EXPECT_EQ(tokenizer.model, "gpt2");
  EXPECT_EQ(tokenizer.pre, "llama-bpe");
  EXPECT_EQ(tokenizer.tokens, (std::vector<llvm::StringRef>{"a", "b", "ab"}));
  EXPECT_EQ(tokenizer.types, (std::vector<int32_t>{1, 1, 3}));
  EXPECT_TRUE(tokenizer.scores.empty());
  EXPECT_EQ(tokenizer.merges, (std::vector<llvm::StringRef>{"a b"}));
  EXPECT_EQ(tokenizer.bosId, 2u);
  EXPECT_EQ(tokenizer.eosId, std::nullopt);
  EXPECT_EQ(tokenizer.padId, std::nullopt);
  EXPECT_EQ(tokenizer.addBos, true);
  EXPECT_EQ(tokenizer.addEos, std::nullopt);
  EXPECT_EQ(tokenizer.chatTemplate, "{{ x }}");
}

TEST(Gguf, TokenizerFaults) {
  std::unique_ptr<ModelSource> source;
  EXPECT_FAILS(tokenizerOf(llamaGguf(), source), 1, {"tokenizer.ggml.model"});
  EXPECT_FAILS(
      tokenizerOf(withTokenizer().u32("tokenizer.ggml.eos_token_id", 3),
                  source),
      1, {"eos_token_id", "outside the vocabulary of 3"});
  EXPECT_FAILS(
      tokenizerOf(withTokenizer().entry("tokenizer.ggml.scores", 9,
                                        arrayOf(6, 2, leFloat(0) + leFloat(0))),
                  source),
      1, {"scores", "2 numbers for 3 tokens"});
  EXPECT_FAILS(
      tokenizerOf(withTokenizer().u32("tokenizer.ggml.add_eos_token", 1),
                  source),
      1, {"add_eos_token", "not bool"});
  GgufBuilder none = llamaGguf().string("tokenizer.ggml.model", "llama");
  EXPECT_FAILS(tokenizerOf(none, source), 1, {"tokens", "missing or empty"});
}
