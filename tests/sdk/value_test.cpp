#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <snapcore/value.hpp>

namespace snapcore {
namespace {

TEST(ValueTest, TheSameValueAlwaysGivesTheSameBytes) {
  const auto value = Value::parse(
      R"({"b": [1, 2.5, -3, true, null], "a": {"z": "x\ny", "k": 18446744073709551615}})");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->dump(),
            R"({"a":{"k":18446744073709551615,"z":"x\ny"},"b":[1,2.5,-3,true,null]})");
  EXPECT_EQ(*Value::parse(value->dump()), *value);
}

TEST(ValueTest, AnIntegerStaysAnIntegerAndANumberStaysANumber) {
  EXPECT_EQ(Value(1.0).dump(), "1.0");
  EXPECT_FALSE(Value::parse("1.0")->is_integer());
  EXPECT_TRUE(Value::parse("1")->is_integer());
  EXPECT_EQ(Value(UINT64_MAX).uint_or(0), UINT64_MAX);
  EXPECT_EQ(Value(std::uint64_t{5}), Value(5));
}

TEST(ValueTest, EveryCharacterThatMustBeEscapedIsAndNoOther) {
  EXPECT_EQ(Value("plain \xc3\xa4").dump(), "\"plain \xc3\xa4\"");
  EXPECT_EQ(Value("\"a\\b\nc\rd\te").dump(), R"("\"a\\b\nc\rd\te")");
  EXPECT_EQ(Value(std::string("\x01x\x1f\x7f") + '\0').dump(), R"("\u0001x\u001f\u007f\u0000")");
}

TEST(ValueTest, AsNlohmannJsonItIsWhatItsTextSays) {
  for (const char* text :
       {"null", "true", "[]", "{}", "[[],{},[null]]", "-9223372036854775808", "9223372036854775807",
        "18446744073709551615", "0", "-0.5", "1.0", "1e300", "\"\"", R"({"a":{"b":["x",1,-1]}})"}) {
    const nlohmann::json json = *Value::parse(text);
    const auto parsed = nlohmann::json::parse(text);
    EXPECT_EQ(json, parsed) << text;
    EXPECT_EQ(json.type(), parsed.type()) << text;
  }
}

// Each text as it is, cut, and with each byte replaced by each of these.
TEST(ValueTest, EveryTextIsReadOrRefusedAsTheGeneralParserDoes) {
  std::size_t read = 0;
  const auto compare = [&](const std::string& text) {
    const auto value = Value::parse(text);
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!value) return;  // a name that stands twice, a zero byte: more is refused here
    ++read;
    ASSERT_FALSE(json.is_discarded()) << text;
    EXPECT_EQ(nlohmann::json(*value), json) << text;
  };
  for (const std::string text :
       {R"({"a":[1,-2,{"b":"c","d":null}],"e":true,"f":false,"g":"x\ny\"z\\\/\b\f\r\t"})",
        R"( [ 0 , -1 , 12 , "" , { } , [ ] ] )", R"({"b":1,"a":2,"c":{"b":1,"a":[]}})",
        R"([123456789012345678,1234567890123456789,-123456789012345678,10,100])",
        R"(["\u00e4\ud83d\ude00",1.5,-0.25e3,1E2,-0])", R"("text")", "null", "-7"}) {
    compare(text);
    for (std::size_t at = 0; at < text.size(); ++at) {
      compare(text.substr(0, at));
      for (const char c : std::string("\"\\{}[]:,0-1.e/nt \n\x01\x7f\xc3\xa4") + '\0') {
        std::string changed = text;
        changed[at] = c;
        compare(changed);
      }
    }
  }
  EXPECT_GT(read, 900U);
}

TEST(ValueTest, WhatTheGeneralParserReadsIsRead) {
  for (const char* text : {"[1,2]", " {\"a\" : 1 , \"b\":[ ]}\n", "-0", "1.0", "\"\\u0041\"",
                           "\"\xc3\xa4\"", "18446744073709551615", "-9223372036854775808"})
    EXPECT_TRUE(Value::parse(text)) << text;
}

TEST(ValueTest, MalformedTextIsAnErrorThatSaysWhere) {
  for (const char* text :
       {"", "{", "[1,]", "{\"a\":1,}", "nul", "\"\xff\"", "{\"a\":1,\"a\":2}", "1 2"}) {
    const auto value = Value::parse(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, "json.malformed");
  }
  EXPECT_FALSE(Value::parse(std::string(100000, '[')));
  EXPECT_FALSE(Value::parse(std::string("{}\0{", 4)));
}

TEST(ValueTest, AMissingMemberIsNull) {
  const Value value = Value::object({{"size", 3}});
  EXPECT_EQ(value.at("size").int_or(0), 3);
  EXPECT_TRUE(value.at("ref").at("deeper").is_null());
}

TEST(ValueTest, AnErrorSurvivesTheWire) {
  const Error error = caused_by({.code = "a.b", .message = "outer", .hint = "do this"},
                                {.code = "c.d",
                                 .message = "inner",
                                 .category = Category::kTransient,
                                 .outcome = Outcome::kMayHaveHappened});
  const Error read = error_from(to_value(error));
  EXPECT_EQ(to_value(read), to_value(error));
  EXPECT_EQ(read.category, Category::kTransient);
  EXPECT_EQ(read.cause->code, "c.d");
}

TEST(ValueTest, NlohmannJsonConvertsBothWays) {
  const nlohmann::json json = Value::object({{"a", Value::array({1, "x"})}});
  EXPECT_EQ(json.get<Value>().dump(), R"({"a":[1,"x"]})");
}

}  // namespace
}  // namespace snapcore
