//===- JsonReaderTest.cpp - Strict JSON
//-------------------------------------===//

#include "compiler/import/JsonReader.h"
#include "tests/unit/import/TestFiles.h"
#include "gtest/gtest.h"

using namespace sinter;

static llvm::Expected<llvm::json::Value> parse(llvm::StringRef text) {
  return parseJson(text, "f.json");
}

TEST(JsonReader, ReadsEveryKindOfValue) {
  llvm::json::Value value = llvm::cantFail(parse(
      R"( {"a":[1,-2,3.5,1e3,true,false,null,"x\n\u00e9\ud83d\ude00"],"b":{}, )"
      R"("c":18446744073709551615} )"));
  const llvm::json::Object &object = *value.getAsObject();
  const llvm::json::Array &array = *object.getArray("a");
  EXPECT_EQ(array[0].getAsInteger(), 1);
  EXPECT_EQ(array[1].getAsInteger(), -2);
  EXPECT_EQ(array[2].getAsNumber(), 3.5);
  EXPECT_EQ(array[3].getAsNumber(), 1000.0);
  EXPECT_EQ(array[4].getAsBoolean(), true);
  EXPECT_EQ(array[7].getAsString(),
            llvm::StringRef("x\n\xC3\xA9\xF0\x9F\x98\x80"));
  EXPECT_TRUE(object.getObject("b")->empty());
  EXPECT_EQ(object.get("c")->getAsUINT64(), UINT64_MAX);
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  const char *cases[] = {
      "",
      " ",
      "{",
      "}",
      "[1,]",
      "{\"a\":1,}",
      "{a:1}",
      "{\"a\" 1}",
      "[1 2]",
      "01",
      "-",
      "1.",
      ".5",
      "1e",
      "+1",
      "NaN",
      "Infinity",
      "tru",
      "truex",
      "nul",
      "\"a",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\\ud800\"",
      "\"\\udc00\"",
      "\"\\ud800\\u0041\"",
      "\"\t\"",
      "[1]]",
      "{} {}",
      "/**/1",
      "'a'",
      "1e999",
      "[,1]",
      "{\"a\":}",
      "\xff",
      "\"\xc0\x80\"",
      "\"\xed\xa0\x80\"",
      "{\"a\":1 \"b\":2}",
  };
  for (const char *text : cases) {
    SCOPED_TRACE(text);
    EXPECT_FAILS(parse(text), 1, {"f.json: byte "});
  }
}

TEST(JsonReader, RefusesDuplicateKeysAtAnyDepth) {
  EXPECT_FAILS(parse(R"({"a":1,"b":2,"a":3})"), 1, {"key 'a' occurs twice"});
  EXPECT_FAILS(parse(R"([{"x":{"k":1,"k":1}}])"), 1, {"key 'k'"});
  // The same key, spelled with an escape.
  EXPECT_FAILS(parse(R"({"a":1,"\u0061":3})"), 1, {"key 'a'"});
}

TEST(JsonReader, BoundsDepth) {
  std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_TRUE(static_cast<bool>(parse(deep)));
  std::string deeper = "[" + deep + "]";
  EXPECT_FAILS(parse(deeper), 1, {"deeper than 64"});
  std::string hostile(10 << 20, '[');
  EXPECT_FAILS(parse(hostile), 1, {"byte 65"});
}

TEST(JsonReader, SkipsValuesWithoutRecursion) {
  JsonReader reader(R"({"skip":[{"a":[1,{"b":"]}"}]},2],"keep":7})", "f");
  std::string key;
  uint64_t number = 0;
  ASSERT_TRUE(reader.beginObject());
  ASSERT_TRUE(reader.nextKey(key));
  EXPECT_TRUE(reader.skipValue());
  ASSERT_TRUE(reader.nextKey(key));
  EXPECT_EQ(key, "keep");
  EXPECT_TRUE(reader.readUnsigned(number));
  EXPECT_EQ(number, 7u);
  EXPECT_FALSE(reader.nextKey(key));
  EXPECT_TRUE(reader.atEnd());
  EXPECT_FALSE(reader.failed());
}

TEST(JsonReader, UnsignedIntegersOnly) {
  for (const char *text :
       {"-1", "1.0", "1e2", "18446744073709551616", "\"1\""}) {
    SCOPED_TRACE(text);
    JsonReader reader(text, "f");
    uint64_t number = 0;
    EXPECT_FALSE(reader.readUnsigned(number));
    EXPECT_TRUE(llvm::errorToBool(reader.takeError()));
  }
}

TEST(JsonReader, OffsetsCountFromTheFile) {
  JsonReader reader("  x", "f", /*base=*/100);
  EXPECT_FALSE(reader.beginObject());
  EXPECT_EQ(test::checkError(reader.takeError(), 1, {"f: byte 102"}), "");
}
