//===- SafetensorsTest.cpp - The safetensors header, sound and hostile
//------===//

#include "compiler/import/safetensors/Safetensors.h"
#include "compiler/support/MappedFile.h"
#include "tests/unit/import/TestFiles.h"
#include "gtest/gtest.h"
#include <fstream>

using namespace sinter;
using namespace sinter::test;

static llvm::Expected<std::vector<TensorInfo>> read(const std::string &file) {
  return safetensors::readTensors(asBytes(file), "f.safetensors");
}

/// A file of `header` with room for `bytes` of data.
static llvm::Expected<std::vector<TensorInfo>>
readHeader(const std::string &header, size_t bytes) {
  return read(test::safetensors(header, bytes));
}

TEST(Safetensors, ReadsTensorsInOrderOfOffset) {
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}," +
                       tensorEntry("b", "F16", "[2,3]", 16, 28) + "," +
                       tensorEntry("a", "F32", "[4]", 0, 16) + "}  ";
  auto tensors = llvm::cantFail(readHeader(header, 28));
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].name, "a");
  EXPECT_EQ(tensors[0].offset, 8 + header.size());
  EXPECT_EQ(tensors[1].name, "b");
  EXPECT_EQ(tensors[1].dtype, DType::F16);
  EXPECT_EQ(tensors[1].shape, (llvm::SmallVector<int64_t, 2>{2, 3}));
  EXPECT_EQ(tensors[1].bytes, 12u);
  EXPECT_EQ(tensors[1].describe(), "[2, 3] f16");
}

TEST(Safetensors, EmptyAndScalarTensors) {
  std::string header = "{" + tensorEntry("none", "F32", "[3,0]", 0, 0) + "," +
                       tensorEntry("scalar", "F32", "[]", 0, 4) + "," +
                       tensorEntry("end", "U8", "[0]", 4, 4) + "}";
  auto tensors = llvm::cantFail(readHeader(header, 4));
  ASSERT_EQ(tensors.size(), 3u);
  EXPECT_EQ(tensors[1].name, "scalar");
  EXPECT_EQ(tensors[1].rowElements(), 1);
  EXPECT_TRUE(llvm::cantFail(readHeader("{}", 0)).empty());
}

/// Fault 1: header lengths beyond the file or the limit.
TEST(Safetensors, HeaderLengths) {
  EXPECT_FAILS(read(""), 1, {"byte 0", "this one has 0"});
  EXPECT_FAILS(read("1234567"), 1, {"byte 0", "this one has 7"});
  struct {
    uint64_t length;
    llvm::StringRef words;
  } cases[] = {{3, "goes beyond"},
               {100'000'000, "goes beyond"},
               {100'000'001, "above the limit of 100000000"},
               {uint64_t(1) << 31, "above the limit"},
               {uint64_t(1) << 63, "above the limit"},
               {UINT64_MAX - 7, "above the limit"},
               {UINT64_MAX, "above the limit"}};
  for (auto &[length, words] : cases) {
    SCOPED_TRACE(length);
    EXPECT_FAILS(read(le(length) + "{}"), 1, {"byte 0", words});
  }
  EXPECT_FAILS(read(le<uint64_t>(0)), 1, {"byte 8"});
}

/// Fault 2: what is not the JSON it should be.
TEST(Safetensors, MalformedHeaders) {
  std::string good = tensorEntry("a", "F32", "[1]", 0, 4);
  struct {
    std::string header;
    llvm::StringRef words;
  } cases[] = {
      {"[]", "expected an object"},
      {"{" + good, "JSON ends"},
      {"{" + good + "}x", "something follows"},
      {"{" + good + "}{}", "something follows"},
      {"{" + good + "," + good + "}", "key 'a' occurs twice"},
      {"{" + good + ",\"\\u0061\":1}", "key 'a' occurs twice"},
      {"{\"\xff\":1}", "not valid UTF-8"},
      {"{\"a\":[]}", "expected an object"},
      {"{\"a\":{}}", "has no 'dtype'"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", "has no 'data_offsets'"},
      {R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", "has no 'shape'"},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       "key 'dtype' twice"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})",
       "unknown key 'x'"},
      {R"({"a":{"dtype":5,"shape":[1],"data_offsets":[0,4]}})",
       "expected a string"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",
       "non-negative integer"},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})",
       "non-negative integer"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})",
       "needs two numbers"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}})",
       "more than two"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})",
       "more than 8 dimensions"},
      {"{\"\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
       "0 bytes"},
      {R"({"__metadata__":{"k":1}})", "expected a string"},
      {R"({"__metadata__":{"k":"v","k":"w"}})", "key 'k' twice"},
      {R"({"__metadata__":{},"__metadata__":{}})", "occurs twice"},
  };
  for (auto &[header, words] : cases) {
    SCOPED_TRACE(header);
    EXPECT_FAILS(readHeader(header, 4), 1, {"f.safetensors: byte ", words});
  }
}

TEST(Safetensors, UnknownTypeIsUnsupported) {
  EXPECT_FAILS(readHeader("{" + tensorEntry("a", "F4", "[2]", 0, 1) + "}", 1),
               3, {"tensor a", "'F4'"});
}

/// Fault 3: tensors that do not tile the data.
TEST(Safetensors, LayoutFaults) {
  auto one = [](llvm::StringRef type, llvm::StringRef shape, uint64_t begin,
                uint64_t end) {
    return "{" + tensorEntry("t", type, shape, begin, end) + "}";
  };
  auto two = [](uint64_t b0, uint64_t e0, uint64_t b1, uint64_t e1) {
    return "{" +
           tensorEntry("s", "U8", "[" + std::to_string(e0 - b0) + "]", b0, e0) +
           "," +
           tensorEntry("t", "U8", "[" + std::to_string(e1 - b1) + "]", b1, e1) +
           "}";
  };
  struct {
    std::string header;
    size_t data;
    llvm::StringRef words;
  } cases[] = {
      {one("F32", "[1]", 4, 0), 4, "reversed"},
      {one("F32", "[1]", UINT64_MAX, 0), 4, "reversed"},
      {one("F32", "[2]", 0, 4), 4, "shape and type 8"},
      {one("F32", "[1]", 0, 8), 8, "shape and type 4"},
      {one("F16", "[3]", 0, 5), 5, "shape and type 6"},
      {one("F64", "[]", 0, 4), 4, "shape and type 8"},
      {one("U8", "[0]", 0, 1), 1, "shape and type 0"},
      {one("F32", "[1]", 0, 4), 0, "only 0 bytes of data"},
      {one("F32", "[1]", 0, 4), 3, "only 3 bytes of data"},
      {one("F32", "[1]", 0, 4), 5, "1 bytes at the end"},
      {one("F32", "[1]", 4, 8), 8, "leaving a gap"},
      {one("F32", "[1]", UINT64_MAX - 4, UINT64_MAX), 8, "leaving a gap"},
      {one("U8", "[9223372036854775807]", 0, INT64_MAX), 8, "only 8 bytes"},
      {one("F32", "[9223372036854775807]", 0, 4), 4, "overflows 64 bits"},
      {one("F32", "[9223372036854775808]", 0, 4), 4, "overflows"},
      {one("F32", "[4294967296,4294967296]", 0, 4), 4, "overflows 64 bits"},
      {one("F32", "[2,2,4611686018427387904]", 0, 16), 16, "overflows 64 bits"},
      {one("F32", "[18446744073709551615]", 0, 4), 4, "overflows"},
      {one("F32", "[99999999999999999999]", 0, 4), 4, "64 bits"},
      {two(0, 4, 2, 6), 6, "inside the tensor before it"},
      {two(0, 4, 0, 4), 4, "inside the tensor before it"},
      {two(0, 4, 1, 3), 4, "inside the tensor before it"},
      {two(0, 4, 5, 8), 8, "leaving a gap"},
      {two(1, 4, 4, 8), 8, "leaving a gap"},
      {two(0, 4, 4, 9), 8, "only 8 bytes"},
      {two(0, 4, 4, 8), 9, "1 bytes at the end"},
  };
  for (auto &[header, data, words] : cases) {
    SCOPED_TRACE(header + " with " + std::to_string(data));
    EXPECT_FAILS(readHeader(header, data), 1, {"f.safetensors", words});
  }
}

/// Every prefix of a sound file is refused, and so is every longer file.
TEST(Safetensors, Truncation) {
  std::string header = "{" + tensorEntry("a", "F32", "[2]", 0, 8) + "," +
                       tensorEntry("b", "I8", "[3]", 8, 11) + "}";
  std::string file = test::safetensors(header, 11);
  EXPECT_TRUE(static_cast<bool>(read(file)));
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_FAILS(read(file.substr(0, size)), 1, {"f.safetensors"});
  EXPECT_FAILS(read(file + "x"), 1, {"belong to no tensor"});
}

TEST(Safetensors, HostileHeaderIsLinear) {
  // 10 MB of nesting, of digits, of one key.
  EXPECT_FAILS(readHeader("{\"a\":" + std::string(10 << 20, '['), 0), 1,
               {"expected an object"});
  EXPECT_FAILS(
      readHeader("{\"a\":{\"shape\":[" + std::string(10 << 20, '1'), 0), 1,
      {"64 bits"});
  EXPECT_FAILS(readHeader("{\"" + std::string(10 << 20, 'k') + "\":{}}", 0), 1,
               {"1 to 1024 are allowed"});
}

TEST(Safetensors, UpstreamCases) {
  std::string folder = sharedData("safetensors/upstream-cases");
  if (folder.empty())
    GTEST_SKIP();
  // What the reference implementation calls the error, and our words for it.
  const std::pair<llvm::StringRef, llvm::StringRef> kWords[] = {
      {"MetadataIncompleteBuffer", "bytes"},
      {"HeaderTooLarge", "above the limit"},
      {"HeaderTooSmall", "this one has 0"},
      {"InvalidHeaderLength", "goes beyond"},
      {"InvalidHeader", "UTF-8"},
      {"InvalidHeaderDeserialization", "JSON"},
      {"TensorInvalidInfo", "shape and type"},
      {"ValidationOverflow", "overflow"},
      {"InvalidOffset", "inside the tensor before it"},
  };
  std::ifstream table(folder + "/EXPECTED.tsv");
  std::string name, expected;
  std::getline(table, name); // heading
  unsigned cases = 0;
  while (std::getline(table, name, '\t') && std::getline(table, expected)) {
    SCOPED_TRACE(name);
    auto file = llvm::cantFail(MappedFile::open(folder + "/" + name));
    auto tensors = safetensors::readTensors(file->bytes(), name);
    ++cases;
    if (expected == "OK") {
      EXPECT_TRUE(static_cast<bool>(tensors));
      llvm::consumeError(tensors.takeError());
      continue;
    }
    auto words =
        llvm::find_if(kWords, [&](auto &w) { return w.first == expected; });
    ASSERT_NE(words, std::end(kWords)) << expected;
    EXPECT_FAILS(tensors, 1, {words->second});
  }
  EXPECT_EQ(cases, 17u);
}
