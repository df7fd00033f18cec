// manifest.json: what is written, and what a reader refuses.
#include "Folders.h"
#include "llvm/Support/JSON.h"

#include "gtest/gtest.h"

using namespace sinter;
using namespace sinter::test;

static std::vector<BundleFile> twoFiles() {
  return {{"a.txt", 1, Sha256::of(llvm::StringRef("a"))},
          {"b/c.bin", 5000000000, Sha256::of(llvm::StringRef("b"))}};
}

TEST(Manifest, TextIsAsDocumented) {
  ManifestInfo info = smallInfo();
  info.chatTemplate = "{{ \"x\" }}\n";
  std::string text = manifestText(info, twoFiles());
  auto value = llvm::json::parse(text);
  ASSERT_TRUE(static_cast<bool>(value));
  const llvm::json::Object &root = *value->getAsObject();
  EXPECT_EQ(root.getString("format"), llvm::StringRef("sinter-bundle"));
  EXPECT_EQ(root.getInteger("abi_version"), 1);
  EXPECT_EQ(root.getString("generator"),
            llvm::StringRef("sinter " SINTER_VERSION));
  EXPECT_EQ(root.getString("chat_template"), llvm::StringRef("{{ \"x\" }}\n"));
  EXPECT_EQ(root.getObject("model")->getNumber("bits_per_weight"), 4.5);
  EXPECT_NE(text.find("\"bits_per_weight\": 4.5\n"), std::string::npos);
  EXPECT_NE(text.find("\"temperature\": 0.7,"), std::string::npos);
  EXPECT_EQ(root.getObject("sampling")->get("top_p"), nullptr);
  EXPECT_EQ(root.getObject("bytes")->getInteger("download"), 5000000001);
  EXPECT_EQ(
      root.getObject("targets")->getObject("cpu")->getArray("variants")->size(),
      2u);
}

TEST(Manifest, FilesComeBack) {
  auto files = readManifestFiles(manifestText(smallInfo(), twoFiles()), "m");
  ASSERT_TRUE(static_cast<bool>(files));
  ASSERT_EQ(files->size(), 2u);
  EXPECT_EQ((*files)[1].path, "b/c.bin");
  EXPECT_EQ((*files)[1].size, 5000000000u);
  EXPECT_EQ((*files)[1].sha256, Sha256::of(llvm::StringRef("b")));
}

static std::string replaced(std::string text, llvm::StringRef from,
                            llvm::StringRef to) {
  size_t at = text.find(from.str());
  EXPECT_NE(at, std::string::npos) << from.str();
  return text.replace(at, from.size(), to.str());
}

/// With the hash at the end made to agree.
static std::string resealed(std::string text) {
  size_t digits = text.size() - 4 - 64;
  text.replace(digits, 64,
               toHex(Sha256::of(llvm::StringRef(text).take_front(digits))));
  return text;
}

TEST(Manifest, EndsWithItsOwnHash) {
  std::string good = manifestText(smallInfo(), twoFiles());
  EXPECT_EQ(good, resealed(good));
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    auto files = readManifestFiles(bad, "m");
    EXPECT_FALSE(static_cast<bool>(files)) << "bit " << bit;
    llvm::consumeError(files.takeError());
  }
  // One of 1.0 has none.
  std::string old = replaced(good, "1,\n    1", "1,\n    0");
  old.replace(old.rfind(','), std::string::npos, "}\n");
  EXPECT_TRUE(static_cast<bool>(readManifestFiles(old, "m")));
}

TEST(Manifest, FaultsAreNamed) {
  std::string good = manifestText(smallInfo(), twoFiles());
  struct {
    llvm::StringRef from, to, words;
    int code = kExitVerification;
  } const cases[] = {
      {"sinter-bundle", "other", "'format'"},
      {"1,\n    1", "2,\n    0", "format version 2", kExitUnsupported},
      {"1,\n    1", "1", "'version'"},
      {"\"abi_version\": 1", "\"abi_version\": 7", "'abi_version'",
       kExitUnsupported},
      {"\"files\": [", "\"liste\": [", "'files'"},
      {"a.txt", "../a.txt", "not allowed"},
      {"a.txt", "a\\u0007.txt", "not allowed"},
      {"\"size\": 1,", "\"size\": -1,", "files[0]"},
      {"\"size\": 1,", "\"size\": \"1\",", "files[0]"},
      {"\"sha256\": \"", "\"sha256\": \"A", "hexadecimal"},
      {"{", "[", "byte"},
  };
  for (const auto &c : cases)
    EXPECT_FAILS(readManifestFiles(resealed(replaced(good, c.from, c.to)), "m"),
                 c.code, {"m: ", c.words});
  EXPECT_FAILS(readManifestFiles("[]", "m"), kExitVerification, {"object"});
  EXPECT_FAILS(readManifestFiles(std::string(5 << 20, ' '), "m"),
               kExitVerification, {"4 MiB"});
  EXPECT_FAILS(readManifestFiles(std::string(1 << 20, '['), "m"),
               kExitVerification, {"nested"});
  // A newer minor version and unknown fields are fine.
  EXPECT_TRUE(static_cast<bool>(readManifestFiles(
      resealed(replaced(replaced(good, "1,\n    1", "1,\n    9"), "\"name\"",
                        "\"later\": {}, \"name\"")),
      "m")));
}

TEST(Manifest, BytesThatAreNotUtf8AreMended) {
  ManifestInfo info = smallInfo();
  info.name = "bad \xff";
  EXPECT_TRUE(llvm::json::isUTF8(manifestText(info, {})));
}
