// Proof that the ops mean what transformers computes: the models of the
// reference data, built as xf and evaluated, against logits and greedy
// ids that transformers computed from the same files.
#include "gtest/gtest.h"

#include "tests/unit/reference/ModelUnderTest.h"

#include "compiler/import/safetensors/Safetensors.h"
#include "compiler/reference/Ops.h"
#include "compiler/support/MappedFile.h"

#include <cstring>

using namespace sinter;
using namespace sinter::reference;

namespace {

/// What expected.safetensors holds.
struct Expected {
  Tokens tokens, greedy;
  Tensor logits;
  double deviation = 0; ///< standard deviation of all logits
};

template <typename T>
std::vector<T> copyTensor(const MappedFile &file,
                          const std::vector<TensorInfo> &tensors,
                          const char *name, int64_t &columns) {
  for (const TensorInfo &tensor : tensors)
    if (tensor.name == name) {
      std::vector<T> values(tensor.bytes / sizeof(T));
      std::memcpy(values.data(), file.bytes().data() + tensor.offset,
                  tensor.bytes);
      columns = tensor.shape.back();
      return values;
    }
  ADD_FAILURE() << "no tensor " << name;
  return {};
}

Expected readExpected(const std::string &path) {
  auto file = llvm::cantFail(MappedFile::open(path));
  auto tensors = llvm::cantFail(safetensors::readTensors(file->bytes(), path));
  Expected expected;
  int64_t columns = 0;
  expected.tokens = copyTensor<int32_t>(*file, tensors, "tokens", columns);
  expected.greedy = copyTensor<int32_t>(*file, tensors, "greedy", columns);
  auto values = copyTensor<float>(*file, tensors, "logits", columns);
  expected.logits =
      Tensor(int64_t(values.size()) / columns, columns, std::move(values));
  double sum = 0, squares = 0;
  for (float value : expected.logits.values) {
    sum += value;
    squares += double(value) * value;
  }
  double count = double(expected.logits.values.size());
  expected.deviation = std::sqrt(squares / count - sum / count * (sum / count));
  return expected;
}

/// Largest difference of rows of `got` from the expected rows at `first`, in
/// standard deviations of the logits.
double largestDifference(const Tensor &got, const Expected &expected,
                         int64_t first) {
  EXPECT_EQ(got.columns, expected.logits.columns);
  double largest = 0;
  for (int64_t t = 0; t < got.rows; ++t)
    for (int64_t i = 0; i < got.columns; ++i)
      largest = std::max(largest, std::fabs(double(got.at(t, i)) -
                                            expected.logits.at(first + t, i)));
  return largest / expected.deviation;
}

class Models : public ::testing::TestWithParam<const char *> {
protected:
  /// llama.cpp and transformers agree to 1e-5 here; the slightest slip in a
  /// definition costs 6e-5 or more (README of the reference data).
  static constexpr double kTolerance = 2e-5;

  void SetUp() override {
    path = std::string(SINTER_SHARED_DATA) + "/reference/" + GetParam();
    if (!llvm::sys::fs::exists(path))
      GTEST_SKIP() << "no reference data at " << path;
    std::string folder = path;
    if (llvm::StringRef(path).ends_with(".gguf"))
      folder.resize(folder.rfind('/'));
    expected = readExpected(folder + "/expected.safetensors");
  }

  std::string path;
  Expected expected;
};

TEST_P(Models, WholeChunk) {
  test::ModelUnderTest model(path);
  ASSERT_TRUE(bool(model.module));
  Evaluator evaluator = model.evaluator();
  Tensor logits = model.logits(evaluator, expected.tokens, 0);
  double difference = largestDifference(logits, expected, 0);
  RecordProperty("difference", llvm::formatv("{0:e3}", difference).str());
  EXPECT_LT(difference, kTolerance);
}

TEST_P(Models, TokenByTokenAfterAChunk) {
  test::ModelUnderTest model(path);
  ASSERT_TRUE(bool(model.module));
  Evaluator evaluator = model.evaluator();
  constexpr int64_t chunk = 13;
  Tokens head(expected.tokens.begin(), expected.tokens.begin() + chunk);
  EXPECT_LT(largestDifference(model.logits(evaluator, head, 0), expected, 0),
            kTolerance);
  for (int64_t t = chunk; t < int64_t(expected.tokens.size()); ++t) {
    Tensor logits = model.logits(evaluator, {expected.tokens[t]}, t);
    ASSERT_LT(largestDifference(logits, expected, t), kTolerance)
        << "position " << t;
  }
}

TEST_P(Models, GreedyIds) {
  test::ModelUnderTest model(path);
  ASSERT_TRUE(bool(model.module));
  Evaluator evaluator = model.evaluator();
  Tokens prompt(expected.tokens.begin(), expected.tokens.begin() + 16);
  int32_t next = argmax(model.logits(evaluator, prompt, 0)).back();
  Tokens greedy;
  for (int64_t position = 16; greedy.size() < expected.greedy.size();
       ++position) {
    greedy.push_back(next);
    next = argmax(model.logits(evaluator, {next}, position)).back();
  }
  EXPECT_EQ(greedy, expected.greedy);
}

INSTANTIATE_TEST_SUITE_P(
    Llama, Models,
    ::testing::Values("llama", "llama-3.1", "llama-3.2", "mistral", "qwen2",
                      "qwen3", "llama/llama.gguf", "stablelm-3b",
                      "stablelm-2-1.6b", "stablelm-2-12b-style", "phi-2",
                      "phi3", "phi3-longrope", "gpt2", "gpt_neox",
                      "gpt_neox-serial", "falcon-7b", "falcon-rw-1b",
                      "falcon-40b-style", "gemma", "gemma2", "gemma2-27b-style",
                      "gemma3"),
    [](const auto &info) {
      std::string name = info.param;
      for (char &c : name)
        if (!std::isalnum(static_cast<unsigned char>(c)))
          c = '_';
      return name;
    });

} // namespace
