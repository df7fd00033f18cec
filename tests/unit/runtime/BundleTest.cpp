// BundleTest.cpp: opening bundles: shared kernel library, shards, versions, and
// every kind of missing, short, long or changed file.
#include "runtime/core/Bundle.h"
#include "ApiTesting.h"
#include "runtime/device/cpu/CpuFeatures.h"

#include <cstring>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace sinter;
using namespace sinter::toy;

namespace {

sinter_status open(const ToyBundle &bundle, std::string &message,
                   sinter_model_options options = SINTER_MODEL_OPTIONS_INIT) {
  Error error;
  Model model = Model::open(bundle.dir().c_str(), options, error);
  message = error.message();
  EXPECT_EQ(bool(model), error.code() == SINTER_OK);
  return error.code();
}

std::string libraryPath() {
  return std::string("kernels/cpu/") + rt::cpuArchitecture() + ".so";
}

TEST(Bundle, OpensWithSharedKernels) {
  ToyBundle bundle;
  Error error;
  Model model = Model::open(bundle.dir().c_str(), error);
  ASSERT_TRUE(model) << error.message();
  sinter_model_info info = model.info();
  EXPECT_STREQ(info.name, "toy");
  EXPECT_STREQ(info.device, "cpu");
  EXPECT_STREQ(info.variant, "plain");
  EXPECT_NE(std::string(info.variant_reason).find("2 of 3"), std::string::npos)
      << info.variant_reason;
  EXPECT_EQ(info.context, 64u);
  EXPECT_EQ(info.chunk, 8u);
  EXPECT_EQ(info.vocab_size, 128u);
  EXPECT_EQ(info.weight_bytes, 512u);
  EXPECT_EQ(info.has_tokenizer, 0);
  EXPECT_EQ(info.bos_id, 1);
  EXPECT_EQ(info.sampling.top_k, 40);
  Session session = Session::create(model, error);
  ASSERT_TRUE(session.prefill({5, 6}, error)) << error.message();
  int32_t token = -1;
  ASSERT_EQ(sinter_session_sample(session.get(), nullptr, &token, nullptr),
            SINTER_OK);
  EXPECT_EQ(token, toyNext({5, 6}));
}

TEST(Bundle, TwoAtOnce) {
  ToyBundle first, second(ToyOptions{0, std::vector<float>(TOY_VOCAB, 1.0f)});
  Error error;
  Model a = Model::open(first.dir().c_str(), error);
  ASSERT_TRUE(a) << error.message();
  Model b = Model::open(second.dir().c_str(), error);
  ASSERT_TRUE(b) << error.message();
}

TEST(Bundle, VariantByName) {
  ToyBundle bundle;
  std::string message;
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.cpu_variant = "second";
  Error error;
  Model model = Model::open(bundle.dir().c_str(), options, error);
  ASSERT_TRUE(model) << error.message();
  EXPECT_STREQ(model.info().variant, "second");
  options.cpu_variant = "impossible";
  EXPECT_EQ(open(bundle, message, options), SINTER_UNSUPPORTED);
  EXPECT_NE(message.find("impossible"), std::string::npos);
  options.cpu_variant = "unheard-of";
  EXPECT_EQ(open(bundle, message, options), SINTER_UNSUPPORTED);
}

// A weight that straddles two shards, in all ways of loading.
TEST(Bundle, ShardsLieSideBySide) {
  ToyOptions options;
  options.weightOffset = rt::kShardBytes - 256;
  for (size_t v = 0; v < options.bias.size(); ++v)
    options.bias[v] = float(v) * 1000; // the largest bias decides
  ToyBundle bundle(options);
  for (auto mode : {SINTER_WEIGHTS_MMAP, SINTER_WEIGHTS_HUGE_PAGES}) {
    sinter_model_options open = SINTER_MODEL_OPTIONS_INIT;
    open.weights_mode = mode;
    open.verify_weights = 1;
    Error error;
    Model model =
        Model::openStatic(bundle.module(), bundle.dir().c_str(), open, error);
    ASSERT_TRUE(model) << error.message();
    Session session = Session::create(model, error);
    ASSERT_TRUE(session.decode(3, error)) << error.message();
    std::vector<float> logits(TOY_VOCAB);
    ASSERT_TRUE(session.logits(logits, error)) << error.message();
    for (int32_t v : {0, 63, 64, 127})
      EXPECT_EQ(logits[size_t(v)], options.bias[size_t(v)] + toyLogit({3}, v));
  }
}

TEST(Bundle, NotABundle) {
  ToyBundle bundle;
  std::string message;
  bundle.remove("manifest.json");
  EXPECT_EQ(open(bundle, message), SINTER_NOT_FOUND);
  EXPECT_NE(message.find("manifest.json"), std::string::npos) << message;
  Error error;
  EXPECT_FALSE(Model::open("/nonexistent/sinter", error));
  EXPECT_EQ(error.code(), SINTER_NOT_FOUND);
  EXPECT_FALSE(Model::open((bundle.dir() + "/plan.fb").c_str(), error));
  EXPECT_EQ(error.code(), SINTER_NOT_FOUND);
}

TEST(Bundle, MissingShortLong) {
  for (const std::string &path :
       {std::string("plan.fb"), std::string("weights/00000.bin"),
        libraryPath()}) {
    ToyBundle bundle;
    std::string good = bundle.read(path), message;
    bundle.remove(path);
    EXPECT_EQ(open(bundle, message), SINTER_NOT_FOUND) << path;
    EXPECT_NE(message.find(path), std::string::npos) << message;
    for (const std::string &bad : {good.substr(1), good + "x", std::string()}) {
      bundle.write(path, bad);
      EXPECT_EQ(open(bundle, message), SINTER_CORRUPT) << path;
      EXPECT_NE(message.find(path), std::string::npos) << message;
      EXPECT_NE(message.find(std::to_string(good.size())), std::string::npos)
          << message;
      EXPECT_NE(message.find(std::to_string(bad.size())), std::string::npos)
          << message;
    }
    bundle.write(path, good);
    EXPECT_EQ(open(bundle, message), SINTER_OK) << message;
  }
}

TEST(Bundle, BitFlips) {
  for (const std::string &path : {std::string("plan.fb"), libraryPath()}) {
    ToyBundle bundle;
    std::string good = bundle.read(path), message;
    for (size_t at = 0; at < good.size(); at += 1 + good.size() / 50) {
      std::string bad = good;
      bad[at] = char(bad[at] ^ 0x10);
      bundle.write(path, bad);
      EXPECT_EQ(open(bundle, message), SINTER_CORRUPT) << path << " " << at;
      EXPECT_NE(message.find("SHA-256"), std::string::npos) << message;
    }
  }
}

TEST(Bundle, WeightFlipsAreFoundOnRequest) {
  ToyBundle bundle;
  std::string weights = bundle.read("weights/00000.bin"), message;
  weights[17] = char(weights[17] ^ 1);
  bundle.write("weights/00000.bin", weights);
  EXPECT_EQ(open(bundle, message), SINTER_OK);
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.verify_weights = 1;
  EXPECT_EQ(open(bundle, message, options), SINTER_CORRUPT);
  EXPECT_NE(message.find("weights/00000.bin"), std::string::npos) << message;
}

TEST(Bundle, UnlistedFiles) {
  for (const char *path : {"plan.fb", "weights/00000.bin"}) {
    ToyOptions options;
    options.editManifest = [path](std::string &text) {
      text.replace(text.find(path), 1, "X");
    };
    ToyBundle bundle(options);
    std::string message;
    EXPECT_EQ(open(bundle, message), SINTER_CORRUPT);
    EXPECT_NE(message.find(path), std::string::npos) << message;
  }
  ToyOptions options;
  options.editManifest = [](std::string &text) {
    text.replace(text.find("kernels/cpu"), 1, "X");
  };
  std::string message;
  EXPECT_EQ(open(ToyBundle(options), message), SINTER_UNSUPPORTED);
}

TEST(Bundle, NoRegularFile) {
  ToyBundle bundle;
  std::string message;
  bundle.remove("weights/00000.bin");
  mkfifo((bundle.dir() + "/weights/00000.bin").c_str(), 0600); // must not hang
  EXPECT_EQ(open(bundle, message), SINTER_CORRUPT);
  bundle.remove("weights/00000.bin");
  mkdir((bundle.dir() + "/weights/00000.bin").c_str(), 0700);
  EXPECT_EQ(open(bundle, message), SINTER_CORRUPT);
}

TEST(Bundle, VersionsMustAgree) {
  std::string message;
  ToyOptions plan;
  plan.editPlan = [](fb::PlanT &p) { p.abi_version = 2; };
  EXPECT_EQ(open(ToyBundle(plan), message), SINTER_VERSION_MISMATCH);
  ToyOptions manifest;
  manifest.editManifest = [](std::string &text) {
    text.replace(text.find("[1, 0]"), 6, "[2, 0]");
  };
  EXPECT_EQ(open(ToyBundle(manifest), message), SINTER_VERSION_MISMATCH);
  ToyOptions sizes;
  sizes.editManifest = [](std::string &text) {
    text.replace(text.find("\"context\": 64"), 13, "\"context\": 65");
  };
  EXPECT_EQ(open(ToyBundle(sizes), message), SINTER_CORRUPT);

  ToyBundle bundle, other(plan);
  auto openWith = [&](const sinter_cpu_module &module) {
    Error error;
    Model model = Model::openStatic(module, bundle.dir().c_str(),
                                    SINTER_MODEL_OPTIONS_INIT, error);
    return error.code();
  };
  EXPECT_EQ(openWith(bundle.module()), SINTER_OK);
  EXPECT_EQ(openWith(other.module()), SINTER_VERSION_MISMATCH);
  sinter_cpu_module module = bundle.module();
  module.abi_version = 2;
  EXPECT_EQ(openWith(module), SINTER_VERSION_MISMATCH);
  module = bundle.module();
  module.kernel_count = 3;
  EXPECT_EQ(openWith(module), SINTER_VERSION_MISMATCH);
  module = bundle.module();
  module.magic = 0;
  EXPECT_EQ(openWith(module), SINTER_CORRUPT);
  module = bundle.module();
  module.variant_count = 1; // "impossible" only
  EXPECT_EQ(openWith(module), SINTER_UNSUPPORTED);
}

TEST(Bundle, LibraryOfAnotherBundle) {
  // As after a copy of a kernel library with its manifest entry: only its plan
  // differs.
  ToyBundle donor(ToyOptions{256});
  std::string library = donor.read(libraryPath());
  ToyOptions options;
  std::string donorManifest = donor.read("manifest.json");
  size_t at = donorManifest.find(libraryPath());
  size_t hashAt = donorManifest.find("sha256", at) + 10;
  std::string hash = donorManifest.substr(hashAt, 64);
  options.editManifest = [&](std::string &text) {
    size_t place = text.find("sha256", text.find(libraryPath())) + 10;
    text.replace(place, 64, hash);
  };
  ToyBundle bundle(options);
  bundle.write(libraryPath(), library);
  std::string message;
  EXPECT_EQ(open(bundle, message), SINTER_VERSION_MISMATCH) << message;
}

TEST(Bundle, Verify) {
  ToyBundle bundle;
  Error error;
  std::vector<std::string> seen;
  auto note = [](void *user, const char *path, uint64_t) {
    static_cast<std::vector<std::string> *>(user)->push_back(path);
    return 0;
  };
  EXPECT_EQ(
      sinter_bundle_verify(bundle.dir().c_str(), note, &seen, error.raw()),
      SINTER_OK)
      << error.message();
  EXPECT_EQ(seen, (std::vector<std::string>{"plan.fb", "weights/00000.bin",
                                            libraryPath()}));
  auto stop = [](void *, const char *, uint64_t) { return 1; };
  EXPECT_EQ(
      sinter_bundle_verify(bundle.dir().c_str(), stop, nullptr, error.raw()),
      SINTER_CANCELLED);
  std::string weights = bundle.read("weights/00000.bin");
  weights[0] = 1;
  bundle.write("weights/00000.bin", weights);
  EXPECT_EQ(
      sinter_bundle_verify(bundle.dir().c_str(), nullptr, nullptr, error.raw()),
      SINTER_CORRUPT);
  EXPECT_EQ(sinter_bundle_verify(nullptr, nullptr, nullptr, nullptr),
            SINTER_INVALID_ARGUMENT);
}

} // namespace
