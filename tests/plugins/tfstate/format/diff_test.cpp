// What became of one state in another, as a person reads it, without a secret in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "states.hpp"

namespace tfstate {
namespace {

using test::diff;
using test::instance;
using test::resource;
using test::state_with;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string vm(std::string_view name, std::string_view attributes, std::string_view module = "",
               std::string_view more = "") {
  return resource("cloud_vm", name, instance(attributes, more), module);
}

TEST(StateDiff, NamesWhatIsNewGoneAndChanged) {
  const auto told =
      diff(state_with(vm("a", R"({"id": "1", "size": "s", "tags": {"x": "1", "y": "2"}})") + "," +
                      vm("b", R"({"id": "2"})") + "," + vm("same", R"({"id": "3"})")),
           state_with(vm("a", R"({"id": "1", "size": "m", "tags": {"x": "1", "z.z": "3"}})") + "," +
                      vm("c", R"({"id": "4"})") + "," + vm("same", R"({"id": "3"})")));
  EXPECT_THAT(told.lines,
              ElementsAre("~ cloud_vm.a", R"(    size: "s" -> "m")", R"(    tags.y: "2" -> (gone))",
                          R"(    tags["z.z"]: "3")", "+ cloud_vm.c", "- cloud_vm.b"));
  EXPECT_EQ(told.counts.changed, 1u);
  EXPECT_EQ(told.counts.added, 1u);
  EXPECT_EQ(told.counts.removed, 1u);
  EXPECT_EQ(told.counts.unchanged, 1u);
}

TEST(StateDiff, AnObjectUnderAnotherAddressHasMoved) {
  const auto told =
      diff(state_with(vm("a", R"({"id": "1", "size": "s"})") + "," + vm("b", R"({"id": "2"})")),
           state_with(vm("a", R"({"id": "1", "size": "m"})", "module.web[\\\"x\\\"]") + "," +
                      vm("b", R"({"id": "2"})")));
  EXPECT_THAT(told.lines, ElementsAre("> module.web[\"x\"].cloud_vm.a, which was cloud_vm.a",
                                      R"(    size: "s" -> "m")"));
  EXPECT_EQ(told.counts.moved, 1u);
}

TEST(StateDiff, WhatCannotBeToldApartHasNotMoved) {
  const auto told = diff(state_with(vm("a", R"({"id": "1"})") + "," + vm("b", R"({"id": "1"})")),
                         state_with(vm("c", R"({"id": "1"})") + "," + vm("d", R"({"id": "1"})")));
  EXPECT_THAT(told.lines,
              ElementsAre("+ cloud_vm.c", "+ cloud_vm.d", "- cloud_vm.a", "- cloud_vm.b"));
}

TEST(StateDiff, AnotherIdUnderTheSameAddressIsAnotherObject) {
  const auto told =
      diff(state_with(vm("a", R"({"id": "1"})")), state_with(vm("a", R"({"id": "2"})")));
  EXPECT_THAT(told.lines, ElementsAre("! cloud_vm.a is another object", R"(    id: "1" -> "2")"));
  EXPECT_EQ(told.counts.replaced, 1u);
}

TEST(StateDiff, TellsTaintedAndDeposedObjects) {
  const auto told =
      diff(state_with(vm("a", R"({"id": "1"})") + "," + vm("b", R"({"id": "2"})")),
           state_with(vm("a", R"({"id": "1"})", "", R"("status": "tainted")") + "," +
                      resource("cloud_vm", "b",
                               instance(R"({"id": "9"})") + "," +
                                   instance(R"({"id": "2"})", R"("deposed": "0badcafe")"))));
  EXPECT_THAT(told.lines, ElementsAre("~ cloud_vm.a", "    (status): ok -> tainted",
                                      "! cloud_vm.b is another object", R"(    id: "2" -> "9")",
                                      "+ cloud_vm.b (deposed 0badcafe)"));
}

TEST(StateDiff, NumbersAreComparedAsTheyAreWritten) {
  EXPECT_THAT(diff(state_with(vm("a", R"({"n": 18446744073709551616})")),
                   state_with(vm("a", R"({"n": 18446744073709551617})")))
                  .lines,
              ElementsAre("~ cloud_vm.a", "    n: 18446744073709551616 -> 18446744073709551617"));
  EXPECT_THAT(diff(state_with(vm("a", R"({"n": 1.50, "m": {"a": 1, "b": 2}})")),
                   state_with(vm("a", R"({"m": {"b": 2, "a": 1}, "n": 15e-1})")))
                  .lines,
              IsEmpty());
}

TEST(StateDiff, KindsOfValuesMayChange) {
  EXPECT_THAT(diff(state_with(vm("a", R"({"v": "x", "w": [1], "u": null})")),
                   state_with(vm("a", R"({"v": {"k": 1}, "w": {"k": 2}, "u": [3, []]})")))
                  .lines,
              ElementsAre("~ cloud_vm.a", "    u[0]: 3", "    u[1]: []", R"(    v: "x" -> (gone))",
                          "    v.k: 1", "    w[0]: 1 -> (gone)", "    w.k: 2"));
}

TEST(StateDiff, LongAndInvisibleTextsAreShownSoThatTheyFit) {
  const auto told =
      diff(state_with(vm("a", R"({"v": ""})")),
           state_with(vm("a", "{\"v\": \"\\u001b[2J\\u202e" + std::string(200, 'x') + "\"}")));
  ASSERT_EQ(told.lines.size(), 2u);
  EXPECT_LT(told.lines[1].size(), 130u);
  EXPECT_THAT(told.lines[1], HasSubstr("\\x1b[2J\\xe2\\x80\\xae"));
}

TEST(StateDiff, OutputsAreCompared) {
  const auto told = diff(
      state_with(
          "",
          R"({"gone": {"value": 1, "type": "number"}, "url": {"value": "a", "type": "string"}})"),
      state_with(
          "",
          R"({"new": {"value": [1], "type": ["list", "number"]}, "url": {"value": "b", "type": "string"}})"));
  EXPECT_THAT(told.lines,
              ElementsAre("- output.gone", "    value: 1 -> (gone)", "+ output.new",
                          "    value[0]: 1", "~ output.url", R"(    value: "a" -> "b")"));
  EXPECT_EQ(told.counts.outputs, 3u);
}

// Each place that a state can say is secret holds CANARY, in one state or in both.
TEST(StateDiff, ASecretIsNowhere) {
  const std::string paths =
      R"("sensitive_attributes": [
        [{"type": "get_attr", "value": "plain"}],
        [{"type": "get_attr", "value": "list"}, {"type": "index", "value": {"value": 1, "type": "number"}}],
        [{"type": "get_attr", "value": "map"}, {"type": "index", "value": {"value": "k.k", "type": "string"}}],
        [{"type": "get_attr", "value": "map"}, {"type": "index", "value": "raw"}],
        [{"type": "get_attr", "value": "whole"}]])";
  const auto secrets = [](const std::string& canary) {
    return R"({"id": "1", "plain": ")" + canary + R"(", "list": ["a", ")" + canary +
           R"("], "map": {"k.k": ")" + canary + R"(", "raw": ")" + canary + R"("}, "whole": {")" +
           canary + R"(": [{"x": ")" + canary + R"("}]}, "master_password": ")" + canary +
           R"(", "auth": [{"client_secret": ")" + canary + R"("}]})";
  };
  const std::string marked = state_with(vm("a", secrets("CANARY1"), "", paths));
  const std::string others[] = {state_with(vm("a", secrets("CANARY2"), "", paths)),
                                state_with(vm("a", secrets("CANARY2"))),
                                state_with(vm("a", R"({"id": "1"})")),
                                state_with(vm("a", R"({"id": "2"})")),
                                state_with(vm("b", secrets("CANARY2"))),
                                state_with("")};
  for (const std::string& other : others) {
    for (const auto& told : {diff(marked, other), diff(other, marked)}) {
      EXPECT_EQ(told.problem, "");
      for (const std::string& line : told.lines) EXPECT_THAT(line, Not(HasSubstr("CANARY")));
    }
  }
  EXPECT_THAT(diff(marked, others[0]).lines,
              ElementsAre("~ cloud_vm.a", "    auth[0].client_secret: (sensitive)",
                          "    list[1]: (sensitive)", R"(    map["k.k"]: (sensitive))",
                          "    map.raw: (sensitive)", "    master_password: (sensitive)",
                          "    plain: (sensitive)", "    whole: (sensitive)"));
}

// As OpenTofu 1.12 writes an attribute of any type: its paths leave out the pair around the value,
// and what the provider makes of it is not marked.
TEST(StateDiff, ASecretInAValueOfAnyTypeIsNowhere) {
  const auto state = [](std::string_view canary, std::string_view size) {
    const std::string value = R"({"value": {"auth": ")" + std::string(canary) + R"(", "size": ")" +
                              std::string(size) +
                              R"("}, "type": ["object", {"auth": "string", "size": "string"}]})";
    const std::string list = R"({"value": [1, ")" + std::string(canary) +
                             R"("], "type": ["tuple", ["number", "string"]]})";
    return state_with(vm(
        "a",
        R"({"id": "1", "input": )" + value + R"(, "output": )" + value + R"(, "list": )" + list +
            R"(, "text": "before )" + std::string(canary) + R"( behind"})",
        "",
        R"("sensitive_attributes": [[{"type": "get_attr", "value": "input"}, {"type": "get_attr", "value": "auth"}],
           [{"type": "get_attr", "value": "list"}, {"type": "index", "value": {"value": 1, "type": "number"}}]])"));
  };
  EXPECT_THAT(
      diff(state("CANARY1", "s"), state("CANARY2", "m")).lines,
      ElementsAre("~ cloud_vm.a", "    input.auth: (sensitive)", R"(    input.size: "s" -> "m")",
                  "    list[1]: (sensitive)", "    output.auth: (sensitive)",
                  R"(    output.size: "s" -> "m")", "    text: (sensitive)"));
}

TEST(StateDiff, NamesInsideOfASecretAreNowhere) {
  const auto state = [](std::string_view name) {
    const std::string value = R"({")" + std::string(name) + R"(": 1})";
    return state_with(vm("a", R"({"id": "1", "input": )" + value + R"(, "output": )" + value + "}",
                         "",
                         R"("sensitive_attributes": [[{"type": "get_attr", "value": "input"}]])"));
  };
  EXPECT_THAT(diff(state("CANARY1"), state("CANARY2")).lines,
              ElementsAre("~ cloud_vm.a", "    input: (sensitive)", "    output: (sensitive)",
                          "    output: (sensitive)"));
}

TEST(StateDiff, AnObjectWhoseEveryAttributeIsSecretShowsNone) {
  const std::string all = R"("sensitive_attributes": [[]])";
  const auto told = diff(state_with(vm("a", R"({"id": "1", "x": "CANARY"})", "", all)),
                         state_with(vm("a", R"({"id": "1", "x": "CANARY2"})", "", all)));
  EXPECT_THAT(told.lines, ElementsAre("~ cloud_vm.a", "    : (sensitive)"));
}

TEST(StateDiff, ASecretOutputIsNowhere) {
  const auto output = [](std::string_view value, std::string_view more) {
    return state_with("", R"({"o": {"value": {"k": ")" + std::string(value) +
                              R"("}, "type": ["object", {"k": "string"}])" + std::string(more) +
                              R"(}, "db_password": {"value": ")" + std::string(value) +
                              R"(", "type": "string"}})");
  };
  const std::string states[] = {output("CANARY1", R"(, "sensitive": true)"), output("CANARY2", ""),
                                output("CANARY3", R"(, "sensitive": true)"), state_with("")};
  for (const std::string& before : states) {
    for (const std::string& after : states) {
      if (&before == &states[1] && &after == &states[3]) continue;  // it is not secret in either
      if (&before == &states[3] && &after == &states[1]) continue;
      for (const std::string& line : diff(before, after).lines)
        EXPECT_THAT(line, Not(HasSubstr("CANARY")));
    }
  }
  EXPECT_THAT(diff(states[0], states[1]).lines,
              ElementsAre("~ output.db_password", "    value: (sensitive)", "~ output.o",
                          "    value: (sensitive)", "    (sensitive): yes -> no"));
}

TEST(StateDiff, AnEmptyFileHoldsNothing) {
  EXPECT_THAT(diff("", state_with(vm("a", "{}"))).lines, ElementsAre("+ cloud_vm.a"));
  EXPECT_THAT(diff(state_with(vm("a", "{}")), "").lines, ElementsAre("- cloud_vm.a"));
}

TEST(StateDiff, WhatCannotBeLookedIntoIsNotCompared) {
  EXPECT_THAT(diff(R"({"encryption_version": "v0", "encrypted_data": ""})", state_with("")).problem,
              HasSubstr("tfstate.cannot_compare: before is encrypted"));
  EXPECT_THAT(diff(state_with(""), R"({"version": 3})").problem,
              HasSubstr("tfstate.cannot_compare: after is no state of version 4"));
  EXPECT_THAT(diff(state_with(""), "{").problem, HasSubstr("tfstate.not_json"));
}

TEST(StateDiff, AVeryLargeObjectIsOnlySaidToDiffer) {
  const std::string large(5 << 20, 'x');
  const auto told = diff(state_with(vm("a", R"({"id": "1", "v": ")" + large + "\"}")),
                         state_with(vm("a", R"({"id": "1", "v": "y)" + large + "\"}")));
  EXPECT_THAT(told.lines, ElementsAre("~ cloud_vm.a", "    too large to say where it differs"));
}

TEST(StateDiff, ManyDifferencesOfOneObjectAreCounted) {
  const auto list = [](int from) {
    std::string text = R"({"id": "1", "l": [)";
    for (int i = 0; i < 150; ++i) text += (i == 0 ? "" : ",") + std::to_string(from + i);
    return state_with(vm("a", text + "]}"));
  };
  const auto told = diff(list(0), list(1000));
  EXPECT_EQ(told.lines.size(), 102u);
  EXPECT_EQ(told.lines.back(), "    and 50 more");
}

}  // namespace
}  // namespace tfstate
