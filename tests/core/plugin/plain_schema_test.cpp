#include "plugin/plain_schema.hpp"

#include <gtest/gtest.h>

#include "plugin/schema.hpp"

namespace snapcore {
namespace {

Value json(std::string_view text) {
  auto value = Value::parse(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : Value();
}

constexpr const char* kPlain[] = {
    R"({})",
    R"({"type": "integer"})",
    R"({"type": "number"})",
    R"({"type": ["string", "null"]})",
    R"({"type": "integer", "minimum": 0})",
    R"({"minimum": -3})",
    R"({"type": "string", "enum": ["", "a", "put"]})",
    R"({"enum": [""]})",
    R"({"type": "array"})",
    R"({"type": "array", "items": {"type": "string"}})",
    R"({"items": {"type": "integer"}})",
    R"({"type": "object", "additionalProperties": false})",
    R"({"type": "object", "properties": {"b": {"type": "integer"}, "d": {}}, "required": ["d"]})",
    R"({"type": "object", "properties": {"b": {"type": "integer"}, "d": {"type": "string"}},
        "required": ["b"], "additionalProperties": false, "title": "t", "description": "d"})",
    R"({"properties": {"a": {"type": "object", "properties": {"b": {"type": "boolean"}},
        "required": ["b"], "additionalProperties": false}}})",
    R"({"type": "string", "minLength": 1})",
    R"({"minLength": 2})",
    R"({"type": "object", "properties": {"b": {"$ref": "#/definitions/x"}, "d": {"$ref": "#/definitions/x"}},
        "additionalProperties": false, "definitions": {"x": {"type": ["integer", "string"]}}})",
    R"({"type": "array", "items": {"$ref": "#/definitions/x"}, "definitions": {"x": {"minLength": 1}}})",
};

constexpr const char* kValues[] = {"null",
                                   "true",
                                   "0",
                                   "-1",
                                   "-3",
                                   "-4",
                                   "7",
                                   "9223372036854775807",
                                   "18446744073709551615",
                                   "1.0",
                                   "1.5",
                                   "-0.5",
                                   R"("")",
                                   R"("a")",
                                   R"("b")",
                                   R"("ab")",
                                   R"("\u00e4")",
                                   R"("\u00e4\u00e4")",
                                   R"("abcdefgh")",
                                   "[]",
                                   "[1]",
                                   "[1, 2.5]",
                                   R"(["a"])",
                                   R"(["a", null])",
                                   "{}",
                                   R"({"b": 1})",
                                   R"({"b": 1.5})",
                                   R"({"b": "x"})",
                                   R"({"b": 1, "d": ""})",
                                   R"({"b": 1, "c": 2})",
                                   R"({"a": 1, "b": 1, "d": "x"})",
                                   R"({"d": null})",
                                   R"({"b": 1, "z": 1})",
                                   R"({"a": {"b": true}})",
                                   R"({"a": {"b": 1}})",
                                   R"({"a": {}})",
                                   R"({"a": {"b": true, "c": 1}})",
                                   R"({"$secret": "env:A"})"};

TEST(PlainSchemaTest, AcceptsNothingThatTheGeneralValidatorRefuses) {
  std::size_t accepted = 0;
  for (const char* text : kPlain) {
    const Value plain_text = json(text);
    const auto plain = PlainSchema::of(plain_text);
    ASSERT_TRUE(plain) << text;
    // The same schema, with a keyword that only the general validator knows.
    Value general_text = plain_text;
    general_text["allOf"] = Value::array({true});
    ASSERT_FALSE(PlainSchema::of(general_text));
    const auto general = Schema::compile(general_text);
    ASSERT_TRUE(general) << text;
    for (const char* value : kValues) {
      if (!plain->fits(json(value))) continue;
      ++accepted;
      EXPECT_TRUE(general->validate(json(value), "it")) << text << " and " << value;
    }
  }
  EXPECT_GT(accepted, 100U);
}

TEST(PlainSchemaTest, LeavesTheJudgementOfWhatItRefusesToTheGeneralValidator) {
  for (const char* text : kPlain) {
    Value general_text = json(text);
    general_text["allOf"] = Value::array({true});
    const auto both = Schema::compile(json(text));
    const auto general = Schema::compile(general_text);
    ASSERT_TRUE(both && general) << text;
    for (const char* value : kValues) {
      const auto one = both->validate(json(value), "it");
      const auto other = general->validate(json(value), "it");
      EXPECT_EQ(one.has_value(), other.has_value()) << text << " and " << value;
      if (!one && !other) {
        EXPECT_EQ(one.error().message, other.error().message);
      }
    }
  }
}

TEST(PlainSchemaTest, DoesNotUnderstandMarksPatternsAndDefinitionsMadeOfDefinitions) {
  for (
      const char* text :
      {R"({"type": "string", "x-secret": true})",
       R"({"type": "string", "x-type": "time"})",
       R"({"type": "string", "pattern": "a"})",
       R"({"type": "string", "minLength": -1})",
       R"({"type": "string", "minLength": 1.5})",
       R"({"type": "string", "minLength": 4611686018427387904})",
       R"({"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/b"}, "b": {}}})",
       R"({"$ref": "#/definitions/a"})",
       R"({"$ref": "#/other/a", "definitions": {"a": {}}})",
       R"({"$ref": "#/definitions/a", "type": "string", "definitions": {"a": {}}})",
       R"({"type": "text"})",
       R"({"properties": {"a": {"type": "string", "x-secret": true}}})",
       R"({"items": {"x-type": "bytes"}})",
       R"({"items": [{"type": "string"}]})",
       R"({"additionalProperties": {"type": "string"}})",
       R"({"required": ["a"]})",
       R"({"enum": [1]})",
       R"({"enum": []})",
       R"({"const": 1})",
       R"({"minimum": 0.5})",
       R"({"minimum": 18446744073709551615})",
       "true"}) {
    EXPECT_FALSE(PlainSchema::of(json(text))) << text;
  }
}

}  // namespace
}  // namespace snapcore
