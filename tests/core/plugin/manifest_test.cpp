#include "plugin/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace snapcore {
namespace {

using ::testing::HasSubstr;

Value object_schema(std::initializer_list<std::pair<std::string_view, const char*>> properties) {
  Value schema = Value::object({{"type", "object"}});
  schema["properties"] = Value::object();
  for (const auto& [name, type] : properties) {
    schema["properties"][name] = Value::object({{"type", type}});
  }
  return schema;
}

Value operation(std::string_view name, std::string_view effect) {
  Value value = Value::object({{"name", name}, {"summary", "does something"}, {"effect", effect}});
  if (effect == "change" || effect == "destroy") {
    value["repeat"] = "safe";
    value["undo"] = Value::object({{"none", "a test"}});
  }
  return value;
}

Value port(std::string_view direction) {
  return Value::array({Value::object({{"name", "content"}, {"direction", direction}})});
}

Value with(Value operation, std::string_view member, Value content) {
  operation[member] = std::move(content);
  return operation;
}

// A manifest with all verbs of both roles.
Value complete() {
  Value root = Value::object({{"id", "example"}, {"version", "1.0.0"}});
  root["roles"] = Value::array({"source", "target"});
  const Value ref = object_schema({{"ref", "string"}});
  const Value staged = object_schema({{"staged", "object"}});
  root["operations"] = Value::array({
      with(operation("list", "read"), "item", ref),
      with(with(operation("stat", "read"), "args", ref), "result", ref),
      with(with(with(operation("open", "read"), "args",
                     object_schema(
                         {{"ref", "string"}, {"offset", "integer"}, {"length", "integer"}})),
                "ports", port("out")),
           "concurrent", true),
      with(with(with(operation("store", "change"), "args", object_schema({{"name", "string"}})),
                "result", ref),
           "ports", port("in")),
      with(operation("remove", "destroy"), "args", ref),
      with(operation("inspect", "read"), "result",
           object_schema({{"healthy", "boolean"},
                          {"readable", "boolean"},
                          {"keeps", "string"},
                          {"resources", "array"}})),
      with(with(operation("examine", "read"), "args", object_schema({{"artifact", "object"}})),
           "result", object_schema({{"kind", "string"}})),
      with(with(operation("stage", "change"), "args",
                object_schema({{"from", "object"}, {"dest", "string"}})),
           "result", object_schema({{"handle", "object"}})),
      with(operation("check", "read"), "args", staged),
      with(with(operation("activate", "change"), "args", staged), "result",
           object_schema({{"kept", "object"}})),
      with(operation("health", "verify"), "args",
           object_schema({{"expected", "object"}, {"dest", "string"}})),
      with(operation("discard", "destroy"), "args", staged),
  });
  return root;
}

// The manifest with one operation changed.
Value changed(std::string_view name, const std::function<void(Value&)>& change) {
  Value root = complete();
  Value::Array items;
  for (Value item : root.at("operations").items()) {
    if (item.at("name").text() == name) change(item);
    if (!item.is_null()) items.push_back(std::move(item));
  }
  root["operations"] = items;
  return root;
}

std::string problem(const Value& root) {
  auto manifest = parse_manifest(root.dump());
  if (manifest) return "";
  EXPECT_EQ(manifest.error().code, "plugin.invalid_manifest");
  return manifest.error().message;
}

TEST(ManifestTest, ACompleteOneIsRead) {
  auto manifest = parse_manifest(complete().dump());
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->id, "example");
  EXPECT_TRUE(manifest->has_role(Role::kSource));
  EXPECT_TRUE(manifest->has_role(Role::kTarget));
  const Operation* store = manifest->find("store");
  ASSERT_TRUE(store);
  EXPECT_EQ(store->index, 3u);
  EXPECT_EQ(store->effect, Effect::kChange);
  EXPECT_EQ(store->undo.reason, "a test");
  ASSERT_EQ(store->ports.size(), 1u);
  EXPECT_TRUE(store->ports[0].in);
  EXPECT_EQ(manifest->find("inspect")->repeat, Repeat::kSafe);
  EXPECT_FALSE(manifest->find("nothing"));
}

TEST(ManifestTest, DefaultsAreThoseOfTheContract) {
  auto manifest = parse_manifest(
      R"({"id": "a", "version": "0.1.0", "operations": [{"name": "ask", "summary": "s", "effect": "read"}]})");
  ASSERT_TRUE(manifest) << manifest.error().message;
  const Operation& ask = manifest->operations.front();
  EXPECT_TRUE(ask.needs_instance);
  EXPECT_FALSE(ask.concurrent);
  EXPECT_TRUE(ask.item.is_null());
  EXPECT_EQ(ask.args.at("additionalProperties"), Value(false));
  EXPECT_EQ(manifest->config.at("additionalProperties"), Value(false));
}

TEST(ManifestTest, EveryMistakeAtTheTopIsNamed) {
  const std::vector<std::tuple<const char*, Value, const char*>> cases = {
      {"id", Value("Example"), "id is not a name"},
      {"id", Value(), "id is missing"},
      {"version", Value("1.0"), "version is not three numbers"},
      {"version", Value(1), "version is not a text"},
      {"colour", Value("red"), "colour does not exist"},
      {"roles", Value::array({"sink"}), "roles is none of: source, target"},
      {"roles", Value("source"), "roles is not a list"},
      {"interfaces", Value::object({{"offer", Value::array()}}), "interfaces.offer does not exist"},
      {"interfaces", Value::object({{"needs", Value::array({"host"})}}),
       "\"host\" is not vendor.name/1"},
      {"config", Value::object({{"type", "array"}}), "config is not the schema of an object"},
      {"config", Value::object({{"type", "object"}, {"propertees", 1}}), "propertees"},
      {"kinds", Value::array({Value::object({{"kind", "a"}, {"magic", "4e4"}})}), "kinds[0].magic"},
      {"kinds", Value::array({Value::object({{"kind", "a"}, {"magic", "4E"}})}), "kinds[0].magic"},
      {"kinds", Value::array({Value::object({{"kind", "a"}, {"magic", "00"}, {"offset", -1}})}),
       "kinds[0].offset"},
      {"operations", Value::object(), "operations is not a list"},
      {"operations", Value::array({3}), "operations[0] is not an object"},
  };
  for (const auto& [member, content, message] : cases) {
    EXPECT_THAT(problem(with(complete(), member, content)), HasSubstr(message))
        << member << content.dump();
  }
}

TEST(ManifestTest, EveryMistakeInAnOperationIsNamed) {
  const std::vector<std::tuple<const char*, const char*, Value, const char*>> cases = {
      {"store", "effect", Value("write"), "operations[3].effect is none of: read"},
      {"store", "effect", Value(), "operations[3].effect is none of"},
      {"store", "repeat", Value("often"), "operations[3].repeat is none of"},
      {"store", "repeat", Value(), "operations[3].repeat is none of"},
      {"store", "undo", Value("maybe"), "operations[3].undo is none of"},
      {"store", "undo", Value::object(), "operations[3].undo.none is missing"},
      {"remove", "undo", Value("compensate"), "promises to take back a destroy"},
      {"stat", "undo", Value("compensate"), "changes nothing"},
      {"stat", "commit_point", Value(true), "changes nothing"},
      {"stat", "args", Value::object({{"type", "object"}, {"required", "ref"}}),
       "operations[1].args"},
      {"stat", "result", Value::object({{"type", "string"}}),
       "operations[1].result is not the schema"},
      {"stat", "name", Value("sta-t"), "hyphen"},
      {"stat", "name", Value("list"), "\"list\" stands twice"},
      {"stat", "summary", Value(), "operations[1].summary is missing"},
      {"stat", "concurrent", Value("yes"), "operations[1].concurrent is not true or false"},
      {"store", "secrets", Value::array({"A", "A"}), "operations[3].secrets[1] stands twice"},
      {"store", "ports", Value::array({Value::object({{"name", "a"}, {"direction", "up"}})}),
       "operations[3].ports[0].direction"},
  };
  for (const auto& [name, member, content, message] : cases) {
    const Value root = changed(
        name, [&, &member = member, &content = content](Value& one) { one[member] = content; });
    EXPECT_THAT(problem(root), HasSubstr(message)) << name << " " << member;
  }
}

TEST(ManifestTest, AnActMustSayHowItIsRepeatedAndTakenBack) {
  for (const char* member : {"repeat", "undo"}) {
    const Value root = changed("stage", [&](Value& one) { one.erase(member); });
    EXPECT_THAT(problem(root), HasSubstr(member));
  }
}

TEST(ManifestTest, EachVerbOfARoleMustBeThere) {
  for (const char* verb : {"list", "stat", "open", "inspect", "examine", "stage", "check",
                           "activate", "health", "discard"}) {
    const Value root = changed(verb, [](Value& one) { one = Value(); });
    EXPECT_THAT(problem(root), HasSubstr("verb " + std::string(verb) + " is missing")) << verb;
  }
}

TEST(ManifestTest, ASourceMayBeReadAlone) {
  for (const char* verb : {"store", "remove"}) {
    EXPECT_EQ(problem(changed(verb, [](Value& one) { one = Value(); })), "") << verb;
  }
}

TEST(ManifestTest, AVerbHasTheEffectOfItsRole) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"list", "verify"},     {"open", "change"},    {"store", "read"},    {"remove", "change"},
      {"stage", "read"},      {"check", "verify"},   {"health", "read"},   {"discard", "change"},
      {"activate", "verify"}, {"inspect", "verify"}, {"examine", "change"}};
  for (const auto& [verb, effect] : cases) {
    const Value root = changed(verb, [&, &effect = effect](Value& one) {
      Value other = operation(one.at("name").text(), effect);
      for (const char* kept : {"args", "result", "item", "ports", "concurrent"}) {
        if (one.has(kept)) other[kept] = one.at(kept);
      }
      one = other;
    });
    EXPECT_THAT(problem(root), HasSubstr("verb " + std::string(verb) + " has the effect " + effect))
        << verb;
  }
  EXPECT_EQ(problem(changed("activate", [](Value& one) { one["effect"] = "destroy"; })), "");
}

TEST(ManifestTest, AVerbHasThePortsAndArgumentsThatTheCoreUses) {
  const auto replace = [](const char* verb, const char* member, Value content) {
    return problem(changed(verb, [&](Value& one) { one[member] = content; }));
  };
  EXPECT_THAT(replace("open", "ports", port("in")), HasSubstr("one port, out"));
  EXPECT_THAT(replace("store", "ports", port("out")), HasSubstr("one port, in"));
  EXPECT_THAT(replace("stat", "ports", port("in")), HasSubstr("has ports"));
  EXPECT_THAT(replace("open", "args", object_schema({{"ref", "string"}, {"offset", "integer"}})),
              HasSubstr("lacks the argument \"length\""));
  EXPECT_THAT(replace("open", "concurrent", false), HasSubstr("must be concurrent"));
  EXPECT_THAT(replace("stat", "args", object_schema({{"reference", "string"}})),
              HasSubstr("lacks the argument \"ref\""));
  Value demanding = object_schema({{"ref", "string"}, {"colour", "string"}});
  demanding["required"] = Value::array({"ref", "colour"});
  EXPECT_THAT(replace("stat", "args", demanding), HasSubstr("demands the argument \"colour\""));
  EXPECT_THAT(problem(changed("list", [](Value& one) { one.erase("item"); })), HasSubstr("items"));
  EXPECT_THAT(replace("stage", "result", object_schema({{"hand", "object"}})),
              HasSubstr("lacks \"handle\""));
  EXPECT_THAT(replace("list", "needs_instance", Value(false)), HasSubstr("must need an instance"));
  EXPECT_EQ(replace("examine", "needs_instance", Value(false)), "");
}

TEST(ManifestTest, OneArgumentOfRestoreHasOneType) {
  const Value root = changed("health", [](Value& one) {
    one["args"] = object_schema({{"expected", "object"}, {"dest", "integer"}});
  });
  EXPECT_THAT(problem(root),
              HasSubstr("\"dest\" of restore has one type in stage and another in health"));
}

TEST(ManifestTest, NoTruncationIsAManifest) {
  const std::string whole = complete().dump();
  for (std::size_t size = 0; size < whole.size(); size += 23) {
    EXPECT_FALSE(parse_manifest(std::string_view(whole).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace snapcore
