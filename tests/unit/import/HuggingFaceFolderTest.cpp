//===- HuggingFaceFolderTest.cpp - Folders, shards, pointers
//----------------===//

#include "compiler/import/HuggingFaceFolder.h"
#include "tests/unit/import/TestFiles.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"
#include <unistd.h>

using namespace sinter;
using namespace sinter::test;

static const char kPointer[] =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid "
    "sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 4976698672\n";

/// A safetensors file with one-byte tensors of these names.
static std::string shard(std::initializer_list<const char *> names) {
  std::string header = "{";
  uint64_t at = 0;
  for (const char *name : names) {
    header += (at ? "," : "") + tensorEntry(name, "U8", "[1]", at, at + 1);
    ++at;
  }
  return test::safetensors(header + "}", at);
}

TEST(HuggingFaceFolder, Single) {
  TempFolder folder;
  folder.write("config.json", llamaConfig());
  folder.write("generation_config.json", R"({"eos_token_id":[3,4]})");
  folder.write("tokenizer.json", "{}");
  std::string header = "{" + tensorEntry("w", "F32", "[2]", 0, 8) + "}";
  folder.write("model.safetensors",
               le<uint64_t>(header.size()) + header + leFloat(1) + leFloat(-2));
  auto source = llvm::cantFail(openModel(folder.path()));
  EXPECT_EQ(source->format(), ModelSource::Format::HuggingFace);
  EXPECT_FALSE(source->ropeRowsInterleaved());
  EXPECT_EQ(source->config().getInteger("hidden_size"), 64);
  const TensorInfo *tensor = source->find("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(source->bytes(*tensor).slice(4), asBytes(leFloat(-2)));
  source->release(*tensor, 0, tensor->bytes);
  source->release(*tensor, 100, UINT64_MAX);
  EXPECT_EQ(source->find("x"), nullptr);
  EXPECT_FAILS(source->require("x"), 1, {folder.path(), "no tensor x"});
  auto *hf = llvm::cast<HuggingFaceFolder>(source.get());
  EXPECT_EQ(hf->filePath("tokenizer.json"), folder.path("tokenizer.json"));
  EXPECT_EQ(hf->filePath("tokenizer.model"), "");
  EXPECT_EQ(hf->generationConfig().getArray("eos_token_id")->size(), 2u);
  EXPECT_FALSE(llvm::errorToBool(source->checkUnchanged()));
  folder.write("model.safetensors", shard({"w"}));
  EXPECT_TRUE(llvm::errorToBool(source->checkUnchanged()));
}

TEST(HuggingFaceFolder, Sharded) {
  TempFolder folder;
  folder.write("config.json", llamaConfig());
  folder.write(
      "model.safetensors.index.json",
      R"({"metadata":{"total_size":3},"weight_map":)"
      R"({"a":"s1.safetensors","b":"s2.safetensors","c":"s2.safetensors"}})");
  folder.write("s1.safetensors", shard({"a"}));
  folder.write("s2.safetensors", shard({"b", "c"}));
  auto source = llvm::cantFail(openModel(folder.path()));
  EXPECT_EQ(source->files().size(), 2u);
  EXPECT_EQ(source->tensors().size(), 3u);
  EXPECT_EQ(source->find("c")->file, 1u);
}

/// Fault 4.
TEST(HuggingFaceFolder, MissingShardsAreListedAtOnce) {
  TempFolder folder;
  folder.write("config.json", llamaConfig());
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"s1","b":"s2","c":"s3","d":"s4"}})");
  folder.write("s2", shard({"b"}));
  EXPECT_FAILS(openModel(folder.path()), 1,
               {"index.json", "3 of 4", "s1, s3, s4"});
}

TEST(HuggingFaceFolder, ShardsThatContradictTheIndex) {
  TempFolder folder;
  folder.write("config.json", llamaConfig());
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"s1","b":"s2"}})");
  folder.write("s1", shard({"a"}));
  folder.write("s2", shard({"b", "a"}));
  EXPECT_FAILS(openModel(folder.path()), 1, {"s2", "tensor a", "s1"});
  folder.write("s2", shard({"x"}));
  EXPECT_FAILS(openModel(folder.path()), 1, {"tensor b", "s2", "is not"});
  folder.write("s1", shard({"b"}));
  folder.write("s2", shard({"a"}));
  EXPECT_FAILS(openModel(folder.path()), 1, {"tensor a", "s1", "is not"});
}

TEST(HuggingFaceFolder, MalformedIndexes) {
  TempFolder folder;
  folder.write("config.json", llamaConfig());
  folder.write("secret", shard({"a"}));
  const std::pair<const char *, const char *> cases[] = {
      {"{}", "no 'weight_map'"},
      {R"({"weight_map":[]})", "expected an object"},
      {R"({"weight_map":{}})", "empty"},
      {R"({"weight_map":{"a":1}})", "expected a string"},
      {R"({"weight_map":{"a":"s"},"weight_map":{"a":"s"}})", "occurs twice"},
      {R"({"weight_map":{"a":""}})", "plain file name"},
      {R"({"weight_map":{"a":".."}})", "plain file name"},
      {R"({"weight_map":{"a":"../secret"}})", "plain file name"},
      {R"({"weight_map":{"a":"/etc/passwd"}})", "plain file name"},
      {R"({"weight_map":{"a":"x\\secret"}})", "plain file name"},
      {R"({"weight_map":{"a":"s\u0000x"}})", "plain file name"},
      {R"({"weight_map":{"a":"s1","a":"s2"}})", "occurs twice"},
      {"[]", "expected an object"},
      {R"({"weight_map":{"a":"s1"}}x)", "something follows"},
  };
  for (auto &[index, words] : cases) {
    SCOPED_TRACE(index);
    folder.write("model.safetensors.index.json", index);
    EXPECT_FAILS(openModel(folder.path()), 1, {"index.json", words});
  }
}

/// Fault 5.
TEST(HuggingFaceFolder, GitLfsPointers) {
  TempFolder folder;
  folder.write("config.json", llamaConfig());
  folder.write("model.safetensors", kPointer);
  EXPECT_FAILS(openModel(folder.path()), 1,
               {"model.safetensors", "Git LFS pointer", "git lfs pull",
                "4976698672 bytes"});
  llvm::sys::fs::remove(folder.path("model.safetensors"));
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"s1","b":"s2","c":"s3"}})");
  folder.write("s1", kPointer);
  folder.write("s2", shard({"b"}));
  folder.write("s3", kPointer);
  EXPECT_FAILS(openModel(folder.path()), 1, {"2 of 3", "s1, s3", "git lfs"});
  folder.write("config.json", kPointer);
  EXPECT_FAILS(openModel(folder.path()), 1, {"config.json", "Git LFS"});
  EXPECT_FAILS(openModel(folder.write("m.gguf", kPointer)), 1, {"Git LFS"});
}

TEST(HuggingFaceFolder, OtherFolders) {
  TempFolder folder;
  EXPECT_FAILS(openModel(folder.path("none")), 1, {"no such file or folder"});
  EXPECT_FAILS(openModel(folder.path()), 1, {"no config.json"});
  folder.write("config.json", "{");
  EXPECT_FAILS(openModel(folder.path()), 1, {"config.json: byte 1"});
  folder.write("config.json", "[1]");
  EXPECT_FAILS(openModel(folder.path()), 1, {"not a JSON object"});
  folder.write("config.json", llamaConfig(R"("vocab_size":33)"));
  EXPECT_FAILS(openModel(folder.path()), 1, {"'vocab_size' occurs twice"});
  folder.write("config.json", llamaConfig());
  EXPECT_FAILS(openModel(folder.path()), 1, {"neither model.safetensors"});
  folder.write("pytorch_model.bin", "x");
  EXPECT_FAILS(openModel(folder.path()), 3, {"pickled", "safetensors"});
  std::string weights = folder.write("model.safetensors", shard({"a"}));
  EXPECT_FAILS(openModel(weights), 1, {"name the folder"});
  EXPECT_FAILS(openModel(folder.write("notes.txt", "hello")), 1,
               {"no model format"});
  EXPECT_FAILS(openModel("/dev/null"), 1, {"not a regular file"});
}

TEST(HuggingFaceFolder, FollowsSymbolicLinks) {
  TempFolder cache, folder;
  std::string config = cache.write("blob1", llamaConfig());
  std::string weights = cache.write("blob2", shard({"a"}));
  ASSERT_EQ(::symlink(config.c_str(), folder.path("config.json").c_str()), 0);
  ASSERT_EQ(
      ::symlink(weights.c_str(), folder.path("model.safetensors").c_str()), 0);
  EXPECT_TRUE(static_cast<bool>(openModel(folder.path())));
}
