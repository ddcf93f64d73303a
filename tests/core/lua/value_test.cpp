#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lua/frozen.hpp"
#include "lua/read.hpp"
#include "run_script.hpp"

namespace snapcore::test {
namespace {

using ::testing::HasSubstr;

struct Reading {
  std::string text;
  Value schema;
  Result<Value> value;
};

// Reads what the script of the Reading returns.
int read_body(lua_State* state) {
  auto& reading = *static_cast<Reading*>(lua_touserdata(state, 1));
  load_text(state, "a.lua", reading.text.data(), reading.text.size());
  lua_call(state, 0, 1);
  reading.value = read_value(state, -1, reading.schema, "value");
  return 0;
}

Result<Value> read(std::string text, const std::string& schema = "{}") {
  Reading reading{std::move(text), *Value::parse(schema), Value()};
  Sandbox sandbox({});
  if (auto ran = sandbox.protect(read_body, &reading); !ran) return fail(ran.error());
  return reading.value;
}

std::string json(const std::string& text, const std::string& schema = "{}") {
  const auto value = read(text, schema);
  return value ? value->dump() : "error: " + value.error().message;
}

TEST(ReadValueTest, TablesBecomeListsOrObjects) {
  EXPECT_EQ(json("return {1, 2, 3}"), "[1,2,3]");
  EXPECT_EQ(json("return {a = 1, b = {c = true, d = {'x'}}}"),
            R"({"a":1,"b":{"c":true,"d":["x"]}})");
  EXPECT_EQ(json("return null"), "null");
  EXPECT_EQ(json("return {null, null}"), "[null,null]");
  EXPECT_EQ(json("return ''"), "\"\"");
}

TEST(ReadValueTest, AnEmptyTableIsWhatTheSchemaSays) {
  EXPECT_EQ(json("return {}"), "{}");
  EXPECT_EQ(json("return {}", R"({"type": "array"})"), "[]");
  EXPECT_EQ(json("return {}", R"({"type": "object"})"), "{}");
  EXPECT_EQ(json("return {}", R"({"type": ["array", "null"]})"), "[]");
  EXPECT_EQ(json("return {}", R"({"anyOf": [{"type": "string"}, {"type": "array"}]})"), "[]");
  EXPECT_EQ(
      json("return {a = {}, b = {}, c = {{}}}",
           R"({"type": "object", "properties": {"a": {"type": "array"}, "b": {"type": "object"},
                     "c": {"type": "array", "items": {"type": "array"}}}})"),
      R"({"a":[],"b":{},"c":[[]]})");
  EXPECT_EQ(
      json("return {x = {}}", R"({"type": "object", "additionalProperties": {"type": "array"}})"),
      R"({"x":[]})");
}

TEST(ReadValueTest, NumbersKeepTheirKind) {
  EXPECT_EQ(json("return {1, 1.0, 0.1, 2^53, math.maxinteger, math.mininteger}"),
            "[1,1.0,0.1,9007199254740992.0,9223372036854775807,-9223372036854775808]");
  EXPECT_EQ(json("return {3.0, 10 / 2}", R"({"type": "array", "items": {"type": "integer"}})"),
            "[3,5]");
  EXPECT_EQ(json("return {3.5}", R"({"type": "array", "items": {"type": "integer"}})"), "[3.5]");
  EXPECT_EQ(json("return 3.0", R"({"type": "number"})"), "3.0");
}

TEST(ReadValueTest, WhatCannotBeAValueIsNamedByItsPath) {
  const std::pair<const char*, const char*> bad[] = {
      {"return {a = {b = {emit = function() end}}}", "value.a.b.emit is a function"},
      {"return {1, {x = string.rep}}", "value[2].x is a function"},
      {"local t = {} t.t = {u = t} return t", "value.t.u contains itself"},
      {"return {1, nil, 3}", "value is a list with a hole at [2]"},
      {"return {1, a = 2}", "value mixes names and numbers as keys"},
      {"return {[1.5] = 2}", "value has a number as a key"},
      {"return {[true] = 2}", "value has a boolean as a key"},
      {"return {[{}] = 2}", "value has a table as a key"},
      {"return {x = 0/0}", "value.x is no finite number"},
      {"return {x = math.huge}", "value.x is no finite number"},
      {"return {x = '\\xff'}", "value.x is not UTF-8 text"},
      {"return {x = '\\xed\\xa0\\x80'}", "value.x is not UTF-8 text"},
      {"return {x = '\\xc0\\x80'}", "value.x is not UTF-8 text"},
      {"return {['$later'] = {}}", "value has a member named '$later', which is reserved"},
      {"return {a = {['$secret'] = 'env:X'}}",
       "value.a has a member named '$secret', which is reserved"},
      {"return", "value is a nil"},
      {"local t = {} for i = 1, 100 do t = {t} end return t", "is nested too deep"},
      {"local t = {} for i = 1, 30 do t = {t, t} end return t", "holds too many values"},
      {"local s = string.rep('x', 1e5) local t = {} for i = 1, 50 do t[i] = s end return t",
       "holds too much text"},
  };
  for (const auto& [script, problem] : bad) {
    const auto value = read(script);
    ASSERT_FALSE(value) << script;
    EXPECT_EQ(value.error().code, "lua.bad_value");
    EXPECT_THAT(value.error().message, HasSubstr(problem)) << script;
  }
}

TEST(ReadValueTest, TheSameTableTwiceIsNoCycle) {
  EXPECT_EQ(json("local t = {1} return {t, t}"), "[[1],[1]]");
}

TEST(ReadValueTest, NulBytesAndUtf8Pass) {
  EXPECT_EQ(json("return 'a\\0b\\u{e9}\\u{1f600}'"), "\"a\\u0000b\xc3\xa9\xf0\x9f\x98\x80\"");
}

// --- values for scripts --------------------------------------------------------------------------

const Value& sample() {
  static const Value kSample = *Value::parse(
      R"({"list": [1, 2, {"deep": true}], "name": "x", "none": null, "big": 18446744073709551615, "float": 1.5, "empty": []})");
  return kSample;
}

int define_sample(lua_State* state) {
  push_value(state, sample());
  define_global(state, "sample");
  return 0;
}

std::string sample_error(const std::string& text) {
  const Ran ran = run_script(text, {}, 1, define_sample);
  return ran.result ? "" : ran.result.error().message;
}

TEST(FrozenTest, ValuesAreReadLikeTables) {
  EXPECT_EQ(
      sample_error(
          "assert(sample.name == 'x' and sample.list[2] == 2 and sample.list[3].deep == true)\n"
          "assert(sample.none == null and sample.missing == nil and sample.float == 1.5)\n"
          "assert(#sample.list == 3 and rawlen(sample.list) == 3 and #sample.empty == 0)\n"
          "assert(type(sample.list) == 'table' and sample.list == sample.list)\n"
          "local n = 0 for i, v in ipairs(sample.list) do n = n + i end assert(n == 6)\n"
          "local keys = {} for k in pairs(sample) do keys[#keys + 1] = k end\n"
          "assert(table.concat(keys, ' ') == 'big empty float list name none')\n"
          "assert(next(sample) == 'big' and next(sample.empty) == nil)\n"
          "assert(table.concat(sample.list, ',', 1, 2) == '1,2' and select('#', "
          "table.unpack(sample.list)) == 3)\n"
          "local copy = table.move(sample.list, 1, 3, 1, {}) copy[1] = 9 assert(sample.list[1] == "
          "1)"),
      "");
}

TEST(FrozenTest, NothingCanBeChanged) {
  for (const char* attempt : {
           "sample.name = 'y'",
           "sample.new = 1",
           "sample.list[1] = 9",
           "sample.list[4] = 9",
           "sample.list[3].deep = false",
           "sample.none = nil",
           "table.insert(sample.list, 1)",
           "table.remove(sample.list)",
           "table.sort(sample.list)",
           "table.move({9}, 1, 1, 1, sample.list)",
           "setmetatable(sample, {})",
           "setmetatable(sample.list, nil)",
           "getmetatable(sample).__newindex = nil",
           "getmetatable(sample).__index.name = 'y'",
           "for k, v in pairs(sample) do if k == 'list' then v[1] = 9 end end",
       }) {
    EXPECT_NE(sample_error(attempt), "") << attempt;
    EXPECT_EQ(sample_error(
                  "pcall(function() " + std::string(attempt) +
                  " end) assert(sample.name == 'x' and #sample.list == 3 and sample.list[1] == 1\n"
                  "and sample.list[3].deep and sample.new == nil and sample.none == null)"),
              "")
        << attempt;
  }
  EXPECT_THAT(sample_error("sample.name = 'y'"),
              HasSubstr("a.lua:1: this table is read-only: 'name' cannot be set"));
}

}  // namespace
}  // namespace snapcore::test
