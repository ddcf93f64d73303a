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
