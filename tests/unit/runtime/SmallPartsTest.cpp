// SmallPartsTest.cpp: SHA-256, stop strings, handles, option structs, processor
// features.
#include "runtime/core/Handles.h"
#include "runtime/core/Options.h"
#include "runtime/core/Processors.h"
#include "runtime/core/Sha256.h"
#include "runtime/core/StopMatcher.h"
#include "runtime/device/cpu/CpuFeatures.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace sinter::rt;

namespace {

std::string hash(const std::string &text, size_t step) {
  Sha256 sha;
  for (size_t at = 0; at < text.size(); at += step)
    sha.update(text.data() + at, std::min(step, text.size() - at));
  uint8_t digest[32];
  char hex[65];
  sha.finish(digest);
  sha256Hex(digest, hex);
  return hex;
}

// FIPS 180-4 examples and their neighbours in length.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(hash("", 1), "e3b0c44298fc1c149afbf4c8996fb924"
                         "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc", 3), "ba7816bf8f01cfea414140de5dae2223"
                            "b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 7),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1000000, 'a'), 4096),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, StepsDoNotMatter) {
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += char(i * 7);
  for (size_t length = 0; length <= text.size(); ++length)
    EXPECT_EQ(hash(text.substr(0, length), 1),
              hash(text.substr(0, length), 1000));
}

struct Matched {
  std::string text;
  int32_t stop = -1;
};

Matched match(const std::vector<std::string> &pieces,
              const std::vector<const char *> &stops) {
  StopMatcher matcher;
  Fault fault(nullptr);
  EXPECT_EQ(matcher.start(stops.data(), stops.size(), fault), SINTER_OK);
  Matched result;
  std::vector<char> out;
  size_t written = 0;
  for (const std::string &piece : pieces) {
    out.resize(piece.size() + kMaxStopBytes);
    result.stop = matcher.push(piece.data(), piece.size(), out.data(), written);
    result.text.append(out.data(), written);
    if (result.stop >= 0)
      return result;
  }
  out.resize(kMaxStopBytes);
  matcher.finish(out.data(), written);
  result.text.append(out.data(), written);
  return result;
}

TEST(StopMatcher, FindsAcrossPieces) {
  Matched m = match({"abc<", "|e", "nd", "|>xyz"}, {"<|end|>"});
  EXPECT_EQ(m.text, "abc");
  EXPECT_EQ(m.stop, 0);
  m = match({"aab"}, {"x", "ab"});
  EXPECT_EQ(m.text, "a");
  EXPECT_EQ(m.stop, 1);
  m = match({"aaa", "ab"}, {"aab"}); // overlapping beginnings
  EXPECT_EQ(m.text, "aa");
  EXPECT_EQ(m.stop, 0);
}

TEST(StopMatcher, GivesBackWhatIsNone) {
  Matched m = match({"a<|en", "x<|e"}, {"<|end|>"});
  EXPECT_EQ(m.text, "a<|enx<|e");
  EXPECT_EQ(m.stop, -1);
  m = match({std::string(5000, 'y'), "z"}, {"yyz"});
  EXPECT_EQ(m.text, std::string(4998, 'y'));
  EXPECT_EQ(m.stop, 0);
  EXPECT_EQ(match({"abc"}, {}).text, "abc");
}

TEST(StopMatcher, HoldsBackNoMoreThanNeeded) {
  StopMatcher matcher;
  Fault fault(nullptr);
  const char *stop = "<|end|>";
  ASSERT_EQ(matcher.start(&stop, 1, fault), SINTER_OK);
  char out[kMaxStopBytes + 16];
  size_t written = 0;
  EXPECT_EQ(matcher.push("ab<|", 4, out, written), -1);
  EXPECT_EQ(std::string(out, written), "ab");
  EXPECT_EQ(matcher.push("x", 1, out, written), -1);
  EXPECT_EQ(std::string(out, written), "<|x");
}

TEST(StopMatcher, RefusesBadStops) {
  StopMatcher matcher;
  Fault fault(nullptr);
  std::vector<const char *> many(kMaxStops + 1, "a");
  EXPECT_EQ(matcher.start(many.data(), many.size(), fault),
            SINTER_INVALID_ARGUMENT);
  std::string longest(kMaxStopBytes, 'a'), tooLong(kMaxStopBytes + 1, 'a');
  const char *stops[] = {longest.c_str()};
  EXPECT_EQ(matcher.start(stops, 1, fault), SINTER_OK);
  for (const char *bad : {"", tooLong.c_str(), (const char *)nullptr}) {
    stops[0] = bad;
    EXPECT_EQ(matcher.start(stops, 1, fault), SINTER_INVALID_ARGUMENT);
  }
}

TEST(Handles, KnowKindGenerationAndUse) {
  int object = 0;
  void *found = nullptr;
  uintptr_t first = handleCreate(HandleKind::Session, &object);
  ASSERT_NE(first, 0u);
  EXPECT_EQ(handleAcquire(first, HandleKind::Model, true, &found),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(handleAcquire(first, HandleKind::Session, true, &found), SINTER_OK);
  EXPECT_EQ(found, &object);
  EXPECT_EQ(handleAcquire(first, HandleKind::Session, true, &found),
            SINTER_BUSY);
  EXPECT_EQ(handleAcquire(first, HandleKind::Session, false, &found),
            SINTER_BUSY);
  EXPECT_EQ(handleClose(first, HandleKind::Session, &found), SINTER_BUSY);
  handleRelease(first, true);
  EXPECT_EQ(handleClose(first, HandleKind::Session, &found), SINTER_OK);
  EXPECT_EQ(handleClose(first, HandleKind::Session, &found),
            SINTER_INVALID_HANDLE);
  uintptr_t second = handleCreate(HandleKind::Session, &object);
  EXPECT_NE(second, first); // the same slot in another generation
  EXPECT_EQ(handleAcquire(first, HandleKind::Session, false, &found),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(handleClose(second, HandleKind::Session, &found), SINTER_OK);
}

TEST(Handles, SharedUsesCount) {
  int object = 0;
  void *found = nullptr;
  uintptr_t handle = handleCreate(HandleKind::Model, &object);
  EXPECT_EQ(handleAcquire(handle, HandleKind::Model, false, &found), SINTER_OK);
  EXPECT_EQ(handleAcquire(handle, HandleKind::Model, false, &found), SINTER_OK);
  EXPECT_EQ(handleAcquire(handle, HandleKind::Model, true, &found),
            SINTER_BUSY);
  handleRelease(handle, false);
  EXPECT_EQ(handleClose(handle, HandleKind::Model, &found), SINTER_BUSY);
  handleRelease(handle, false);
  EXPECT_EQ(handleClose(handle, HandleKind::Model, &found), SINTER_OK);
}

TEST(Handles, RunOut) {
  int object = 0;
  void *found = nullptr;
  std::vector<uintptr_t> all;
  while (uintptr_t handle = handleCreate(HandleKind::Sampler, &object))
    all.push_back(handle);
  EXPECT_EQ(all.size(), 4096u);
  for (uintptr_t handle : all)
    EXPECT_EQ(handleClose(handle, HandleKind::Sampler, &found), SINTER_OK);
}

TEST(Options, SizesOfOtherVersions) {
  Fault fault(nullptr);
  struct {
    sinter_session_options known;
    uint32_t more[4];
  } newer = {SINTER_SESSION_OPTIONS_INIT, {0, 0, 0, 0}};
  newer.known.struct_size = sizeof(newer);
  newer.known.profile = 1;
  sinter_session_options known = SINTER_SESSION_OPTIONS_INIT;
  EXPECT_EQ(readOptions(&newer.known, known, "x", fault), SINTER_OK);
  EXPECT_EQ(known.profile, 1);
  newer.more[3] = 1;
  EXPECT_EQ(readOptions(&newer.known, known, "x", fault), SINTER_UNSUPPORTED);
  sinter_model_options older = SINTER_MODEL_OPTIONS_INIT, full = older;
  older.struct_size = offsetof(sinter_model_options, weights_mode);
  older.weights_mode =
      SINTER_WEIGHTS_HUGE_PAGES; // beyond what the caller knows
  older.threads = 3;
  EXPECT_EQ(readOptions(&older, full, "x", fault), SINTER_OK);
  EXPECT_EQ(full.threads, 3u);
  EXPECT_EQ(full.weights_mode, SINTER_WEIGHTS_AUTO);
  for (uint32_t bad : {0u, 4u, 100000u}) {
    older.struct_size = bad;
    EXPECT_EQ(readOptions(&older, full, "x", fault), SINTER_INVALID_ARGUMENT);
  }
}

TEST(CpuFeatures, ChoosesTheFirstUsable) {
  const sinter_cpu_variant variants[] = {
      {"best", SINTER_CPU_AVX512_VNNI | SINTER_CPU_AVX2_FMA, nullptr},
      {"good", SINTER_CPU_AVX2_FMA, nullptr},
      {"base", 0, nullptr}};
  sinter_cpu_module module = {};
  module.variant_count = 3;
  module.variants = variants;
  const sinter_cpu_variant *chosen = nullptr;
  char reason[160];
  auto choose = [&](uint64_t features, const char *wanted) {
    Fault fault(nullptr);
    chosen = nullptr;
    return chooseVariant(module, features, wanted, &chosen, reason,
                         sizeof(reason), fault);
  };
  EXPECT_EQ(choose(0, nullptr), SINTER_OK);
  EXPECT_STREQ(chosen->name, "base");
  EXPECT_EQ(choose(SINTER_CPU_AVX2_FMA, nullptr), SINTER_OK);
  EXPECT_STREQ(chosen->name, "good");
  EXPECT_EQ(choose(~uint64_t(0), nullptr), SINTER_OK);
  EXPECT_STREQ(chosen->name, "best");
  EXPECT_EQ(choose(~uint64_t(0), "base"), SINTER_OK);
  EXPECT_STREQ(chosen->name, "base");
  EXPECT_EQ(choose(0, "good"), SINTER_UNSUPPORTED);
  EXPECT_EQ(choose(0, "other"), SINTER_UNSUPPORTED);
  module.variant_count = 2;
  EXPECT_EQ(choose(0, nullptr), SINTER_UNSUPPORTED);
  EXPECT_GE(usableProcessors(), 1u);
#if defined(__x86_64__)
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  EXPECT_EQ((detectCpuFeatures() & SINTER_CPU_AVX2_FMA) != 0, avx2);
  EXPECT_EQ((detectCpuFeatures() & SINTER_CPU_AVX512_VNNI) != 0,
            __builtin_cpu_supports("avx512vnni") &&
                __builtin_cpu_supports("avx512bw"));
#endif
}

} // namespace
