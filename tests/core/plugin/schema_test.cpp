#include "plugin/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snapcore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Value json(std::string_view text) {
  auto value = Value::parse(text);
  EXPECT_TRUE(value) << text;
  return value ? *value : Value();
}

Schema schema(std::string_view text) {
  auto compiled = Schema::compile(json(text));
  EXPECT_TRUE(compiled) << (compiled ? "" : compiled.error().message);
  return compiled ? *compiled : *Schema::compile(Value(true));
}

std::string problem(const Schema& schema, std::string_view value) {
  auto fits = schema.validate(json(value), "etcd_prod");
  EXPECT_TRUE(fits || fits.error().code == "schema.mismatch");
  return fits ? "" : fits.error().message;
}

constexpr std::string_view kMembers = R"({
  "type": "object", "required": ["members"], "additionalProperties": false,
  "properties": {
    "name": {"type": "string", "minLength": 1},
    "size": {"type": "integer", "minimum": 1, "maximum": 16},
    "mode": {"type": "string", "enum": ["fast", "safe"]},
    "members": {"type": "array", "items": {
      "type": "object", "required": ["peer"], "additionalProperties": false,
      "properties": {"peer": {"type": "string"}, "port": {"type": "integer"}}}}}})";

TEST(SchemaTest, AMismatchNamesItsPlaceInTheOperatorsWords) {
  const Schema members = schema(kMembers);
  const std::vector<std::pair<const char*, const char*>> cases = {
      {R"({"members": []})", ""},
      {R"({})", "etcd_prod: members: is missing"},
      {R"({"members": [{"peer": "a"}, {"peer": 2}]})",
       "etcd_prod: members[1].peer: must be string, not integer"},
      {R"({"members": [{"port": 2}]})", "etcd_prod: members[0].peer: is missing"},
      {R"({"members": [{"peer": "a", "prot": 2}]})",
       "etcd_prod: members[0].prot: does not exist here (there are: peer, port)"},
      {R"({"members": [], "mode": "slow"})", "etcd_prod: mode: must be one of: fast, safe"},
      {R"({"members": [], "size": 1.5})", "etcd_prod: size: must be integer, not number"},
      {R"({"members": [], "size": 0})", "etcd_prod: size: must be at least 1"},
      {R"({"members": [], "size": 17})", "etcd_prod: size: must be at most 16"},
      {R"({"members": [], "name": ""})", "etcd_prod: name: is too short"},
      {R"([])", "etcd_prod: must be object, not array"},
  };
  for (const auto& [value, message] : cases) EXPECT_EQ(problem(members, value), message) << value;
}

TEST(SchemaTest, AMistypedSchemaIsRefusedRatherThanIgnored) {
  for (
      const char* text : {
          R"({"type": "strng"})",
          R"({"propertis": {}})",
          R"({"properties": []})",
          R"({"properties": {"a": 3}})",
          R"({"x-secrt": true})",
          R"({"type": "integer", "x-secret": true})",
          R"({"x-type": "moment"})",
          R"({"x-interface": "snapcore.host/1"})",
          R"({"items": {"minItem": 2}})",
          R"({"allOf": {}})",
          R"({"$ref": "http://example.com/schema"})",
          R"({"$ref": "#/definitions/none"})",
          R"({"properties": {"next": {"$ref": "#"}}})",
          R"({"$ref": "#/definitions/a", "definitions": {"a": {"anyOf": [{"$ref": "#/definitions/a"}]}}})",
          R"({"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"not": {"$ref": "#/definitions/a"}}}})",
          R"({"minimum": "2"})",
          R"({"minLength": -1})",
          R"({"pattern": "("})",
          R"("object")",
      }) {
    auto compiled = Schema::compile(json(text));
    ASSERT_FALSE(compiled) << text;
    EXPECT_EQ(compiled.error().code, "schema.invalid") << text;
  }
}

TEST(SchemaTest, ReferencesAndAlternativesWork) {
  const Schema pair = schema(R"({"type": "object", "properties": {
      "a": {"$ref": "#/definitions/node"}, "b": {"$ref": "#/definitions/node"}},
      "definitions": {"node": {"type": "object", "properties": {"x": {"$ref": "#/definitions/text"}}},
      "text": {"type": "string"}}})");
  EXPECT_EQ(problem(pair, R"({"a": {"x": "1"}, "b": {}})"), "");
  EXPECT_THAT(problem(pair, R"({"a": {"x": 1}})"), HasSubstr("a.x: "));
  const Schema either = schema(R"({"anyOf": [{"type": "string"}, {"type": "null"}]})");
  EXPECT_EQ(problem(either, "null"), "");
  EXPECT_NE(problem(either, "3"), "");
}

TEST(SchemaTest, TheDeepestSchemaIsCheckedWithoutHarm) {
  for (const std::string keyword : {"anyOf", "oneOf", "allOf"}) {
    Value deep = Value::object({{"type", "object"}});
    Value next;
    std::size_t depth = 0;
    Result<Schema> compiled = Schema::compile(deep);
    while ((compiled = Schema::compile(next = Value::object({{keyword, Value::array({deep})}})))) {
      deep = next;
      ASSERT_LT(++depth, 1000u);
    }
    EXPECT_EQ(compiled.error().code, "schema.invalid");
    const Schema deepest = *Schema::compile(deep);
    EXPECT_TRUE(deepest.validate(Value::object(), "it"));
    EXPECT_FALSE(deepest.validate(Value(3), "it"));
  }
}

TEST(SchemaTest, MarkedTypesAreChecked) {
  const std::vector<std::tuple<const char*, const char*, const char*>> cases = {
      {"duration", R"("5m")", R"("5 minutes")"},
      {"time", R"("2026-01-02T03:04:05Z")", R"("yesterday")"},
      {"instance", R"("host_a")", R"("")"},
      {"bytes", "1024", "-1"},
      {"artifact", R"({"ref": "a"})", R"({"name": "a"})"},
  };
  for (const auto& [type, good, bad] : cases) {
    const Schema marked = schema(R"({"type": "object", "properties": {"a": {"x-type": ")" +
                                 std::string(type) + R"("}}})");
    EXPECT_EQ(problem(marked, R"({"a": )" + std::string(good) + "}"), "") << type;
    EXPECT_THAT(problem(marked, R"({"a": )" + std::string(bad) + "}"), HasSubstr("etcd_prod: a: "))
        << type;
  }
}

constexpr std::string_view kSecrets = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "access key/1": {"type": "string", "x-secret": true},
    "plain": {"type": "string"},
    "more": {"type": "array", "items": {"type": "string", "x-secret": true}}}})";

TEST(SchemaTest, ASecretStandsAsItsReferenceOnly) {
  const Schema secrets = schema(kSecrets);
  EXPECT_EQ(problem(secrets, R"({"access key/1": "env:KEY"})"), "");
  EXPECT_EQ(problem(secrets, R"({"access key/1": {"$secret": "file:/etc/key"}})"), "");
  const std::string message = problem(secrets, R"({"access key/1": "hunter2"})");
  EXPECT_THAT(message, HasSubstr(R"(["access key/1"])"));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("hunter2")));
  EXPECT_NE(problem(secrets, R"({"plain": {"$secret": "env:KEY"}})"), "");
}

TEST(SchemaTest, SecretsAreFoundByPointer) {
  const Value value =
      json(R"({"access key/1": "env:A", "more": ["env:B", "env:C"], "plain": "x"})");
  EXPECT_THAT(secret_pointers(json(kSecrets), value),
              ElementsAre("/access key~11", "/more/0", "/more/1"));
  const Value wrapped = json(R"({"more": [{"$secret": "env:B"}], "plain": "x"})");
  EXPECT_EQ(with_secret_references(json(kSecrets), wrapped),
            json(R"({"more": ["env:B"], "plain": "x"})"));
}

TEST(SchemaTest, WhatIsKnownLaterIsComparedByTypeAlone) {
  const Schema members = schema(kMembers);
  const auto later = [&](std::string_view name, std::string_view type) {
    Value value = json(R"({"members": []})");
    value[name] = Value::object(
        {{"$later", Value::object({{"call", "root#3"}, {"field", "f"}, {"type", type}})}});
    auto fits = members.validate_planned(value, "etcd_prod");
    return fits ? std::string() : fits.error().message;
  };
  EXPECT_EQ(later("name", "string"), "");
  EXPECT_EQ(later("members", "array"), "");
  EXPECT_EQ(later("size", ""), "");
  EXPECT_EQ(later("size", "string"), "etcd_prod: size: must be integer, but root#3 gives string");
  EXPECT_THAT(later("nmae", "string"), HasSubstr("does not exist"));
  EXPECT_FALSE(members.validate(json(R"({"members": {"$later": {"call": "a"}}})"), "x"));
}

TEST(SchemaTest, ALongTextMeetsNoPattern) {
  const std::string huge(1 << 18, 'a');
  for (const char* text :
       {R"({"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a|b)*$"}}})",
        R"({"anyOf": [{"type": "object", "properties": {"a": {"pattern": "^(a|b)*$"}}}]})"}) {
    const Schema matched = schema(text);
    EXPECT_EQ(problem(matched, R"({"a": "abab"})"), "");
    EXPECT_EQ(problem(matched, R"({"a": ")" + std::string(1000, 'a') + "\"}"), "");
    EXPECT_THAT(problem(matched, R"({"a": ")" + huge + "\"}"), HasSubstr("longer than 1024 bytes"));
  }
}

TEST(SchemaTest, PropertiesAreListedWithTheRequiredOnesFirst) {
  const Value text = json(kMembers);
  EXPECT_THAT(property_names(text), ElementsAre("members", "mode", "name", "size"));
  EXPECT_EQ(property_type(text, "size"), "integer");
  EXPECT_EQ(property_type(text, "none"), "");
  EXPECT_TRUE(is_required(text, "members"));
  EXPECT_FALSE(is_required(text, "name"));
}

}  // namespace
}  // namespace snapcore
