// ManifestTest.cpp: manifest.json: fields, versions, paths, and damage of every
// byte.
#include "runtime/core/Manifest.h"
#include "ToyModel.h"
#include "runtime/core/Sha256.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace sinter;
using namespace sinter::rt;

namespace {

Status parse(const std::string &text, Manifest &manifest,
             std::string *message = nullptr) {
  sinter_error error;
  Fault fault(&error);
  // An exact-size copy, so that asan sees reads beyond the end.
  std::vector<char> exact(text.begin(), text.end());
  Status status = manifest.parse(exact.data(), exact.size(), fault);
  EXPECT_EQ(status, error.code);
  if (message)
    *message = error.message;
  return status;
}

std::string toyManifest() {
  static std::string text = toy::ToyBundle().read("manifest.json");
  return text;
}

std::string with(const std::string &from, const std::string &to) {
  std::string text = toyManifest();
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// The toy's manifest as the compiler writes them since 1.1: with its own hash.
std::string sealedManifest() {
  std::string text = with("[1, 0]", "[1, 1]");
  text.resize(text.rfind("\n}\n"));
  text += ",\n  \"sha256\": \"";
  uint8_t digest[32];
  char hex[65];
  Sha256::digest(text.data(), text.size(), digest);
  sha256Hex(digest, hex);
  return text + hex + "\"\n}\n";
}

TEST(Manifest, ReadsFields) {
  Manifest m;
  ASSERT_EQ(parse(toyManifest(), m), SINTER_OK);
  EXPECT_STREQ(m.name, "toy");
  EXPECT_STREQ(m.architecture, "toy");
  EXPECT_STREQ(m.quantization, "f32");
  EXPECT_STREQ(m.chatTemplate, "{{ \"aé\" }}");
  EXPECT_EQ(m.context, 64u);
  EXPECT_EQ(m.vocabSize, 128u);
  EXPECT_EQ(m.bitsPerWeight, 32.0);
  EXPECT_EQ(m.sampling.top_k, 40);
  EXPECT_FLOAT_EQ(m.sampling.temperature, 0.7f);
  ASSERT_NE(m.find("plan.fb"), nullptr);
  EXPECT_EQ(m.find("plan.fb")->size, toy::toyPlan().size());
  EXPECT_EQ(m.find("nothing"), nullptr);
}

TEST(Manifest, Versions) {
  Manifest newer, unknown, old, abi, missing;
  std::string message;
  EXPECT_EQ(parse(sealedManifest(), newer), SINTER_OK);
  EXPECT_EQ(newer.versionMinor, 1u);
  EXPECT_EQ(parse(with("[1, 0]", "[2, 0]"), old, &message),
            SINTER_VERSION_MISMATCH);
  EXPECT_NE(message.find("2.0"), std::string::npos) << message;
  EXPECT_EQ(
      parse(with("\"abi_version\": 1", "\"abi_version\": 9"), abi, &message),
      SINTER_VERSION_MISMATCH);
  EXPECT_NE(message.find('9'), std::string::npos) << message;
  EXPECT_EQ(
      parse(with("\"prefix\"", "\"new_field\": [1, {}], \"prefix\""), unknown),
      SINTER_OK);
  EXPECT_EQ(parse(with("\"version\": [1, 0], ", ""), missing), SINTER_CORRUPT);
}

TEST(Manifest, WrongFields) {
  const std::pair<const char *, const char *> cases[] = {
      {"sinter-bundle", "other"},
      {"\"context\": 64", "\"context\": -1"},
      {"\"context\": 64", "\"context\": 1e99"},
      {"\"context\": 64,", ""},
      {"\"name\": \"toy\"", "\"name\": 3"},
      {"\"bits_per_weight\": 32", "\"bits_per_weight\": \"x\""},
      {"\"bits_per_weight\": 32", "\"bits_per_weight\": 1e9"},
      {"\"top_k\": 40", "\"top_k\": -4"},
      {"\"files\": [", "\"files\": [3, "},
      {"\"plan.fb\"", "\"../plan.fb\""},
      {"\"plan.fb\"", "\"/plan.fb\""},
      {"\"plan.fb\"", "\"a\\\\b\""},
      {"\"sha256\": \"", "\"sha256\": \"0"},
      {"[1, 0]", "[1, 0, 0]"},
      {"\"abi_version\": 1", "\"abi_version\": 1, \"abi_version\": 1"},
  };
  for (const auto &c : cases) {
    Manifest m;
    std::string message;
    EXPECT_EQ(parse(with(c.first, c.second), m, &message), SINTER_CORRUPT)
        << c.first << " -> " << c.second;
    EXPECT_EQ(message.find("manifest.json"), 0u) << message;
  }
}

TEST(Manifest, SafePaths) {
  for (const char *path : {"a", "a/b", "weights/00000.bin", "a..b", "..."})
    EXPECT_TRUE(isSafePath(path)) << path;
  for (const char *path : {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b",
                           "a/./b", "a\\b", "c:a", "a\nb", "a\x7f"})
    EXPECT_FALSE(isSafePath(path)) << path;
  EXPECT_FALSE(isSafePath(std::string(300, 'a').c_str()));
}

// Any bit, also of what no reader looks at.
TEST(Manifest, EveryFlippedBitIsRefused) {
  std::string good = sealedManifest();
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = char(bad[bit / 8] ^ 1 << bit % 8);
    Manifest m;
    EXPECT_NE(parse(bad, m), SINTER_OK) << "bit " << bit;
  }
}

TEST(Manifest, TheHashMustBeThereAndLast) {
  std::string good = sealedManifest(), message;
  Manifest lacks, inside, beyond;
  EXPECT_EQ(parse(with("[1, 0]", "[1, 1]"), lacks, &message), SINTER_CORRUPT);
  EXPECT_NE(message.find("SHA-256"), std::string::npos) << message;
  EXPECT_EQ(parse(with("\"prefix\"", "\"sha256\": \"\", \"prefix\""), inside),
            SINTER_CORRUPT);
  EXPECT_EQ(parse(good + "\n", beyond), SINTER_CORRUPT);
}

// Every byte changed in a few ways, every truncation, without a hash: an
// answer, never a crash.
TEST(Manifest, Damage) {
  std::string good = toyManifest();
  int rejected = 0;
  for (size_t i = 0; i < good.size(); ++i)
    for (int mask : {0x01, 0x02, 0x20, 0x80, 0xff}) {
      std::string bad = good;
      bad[i] = char(bad[i] ^ mask);
      Manifest m;
      rejected += parse(bad, m) != SINTER_OK;
    }
  EXPECT_GT(
      rejected,
      int(good.size())); // most, and those that are left say something else
  size_t end = good.find_last_not_of(" \n") + 1;
  for (size_t length = 0; length < end; ++length) {
    Manifest m;
    EXPECT_NE(parse(good.substr(0, length), m), SINTER_OK) << length;
  }
}

} // namespace
