// What a state is, and what the tools' own reader refuses in one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format/serial.hpp>

#include "states.hpp"

namespace tfstate {
namespace {

using test::instance;
using test::read;
using test::resource;
using test::state_with;
using test::verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string in_state(std::string_view resources) { return verdict(state_with(resources)); }

TEST(State, IsReadWholeWhateverThePiecesItComesIn) {
  const std::string text = state_with(
      resource("cloud_vm", "web",
               instance(R"({"id": "i-1", "size": 18446744073709551617})", R"("index_key": "a")") +
                   "," + instance(R"({"id": "i-2"})", R"("index_key": 1, "status": "tainted")") +
                   "," + instance(R"({"id": "i-3"})", R"("deposed": "0badcafe")"),
               R"(module.a[\"x\"])"),
      R"({"url": {"value": "u", "type": "string"}, "key": {"value": "s", "type": "string", "sensitive": true}})");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    std::vector<std::string> addresses, outputs;
    const Visitor visitor{.resource = [&](const Resource& found) -> Result<> {
                            for (const Instance& one : found.instances) {
                              addresses.push_back(object_address(found.address(), one));
                              const std::string bytes =
                                  text.substr(one.bytes.offset, one.bytes.length);
                              EXPECT_THAT(bytes, StartsWith("{\"schema_version\""));
                              EXPECT_EQ(bytes.back(), '}');
                              EXPECT_EQ(one.content, print_of(bytes));
                            }
                            return {};
                          },
                          .output = [&](const Output& found) -> Result<> {
                            outputs.push_back(found.name + (found.sensitive ? " sensitive" : ""));
                            return {};
                          }};
    JsonReader reader(test::in_pieces(text, piece));
    const auto state = read_state(reader, "it", visitor);
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_EQ(state->form, Form::kState);
    EXPECT_EQ(state->size, text.size());
    EXPECT_EQ(state->serial, 7u);
    EXPECT_EQ(state->lineage, "6b1c77a0-2c5e-4a6e-9f0e-0d2f3c1b4a59");
    EXPECT_EQ(state->terraform_version, "1.9.0");
    EXPECT_EQ(state->counts.resources, 1u);
    EXPECT_EQ(state->counts.instances, 2u);
    EXPECT_EQ(state->counts.deposed, 1u);
    EXPECT_EQ(state->counts.tainted, 1u);
    EXPECT_EQ(state->counts.outputs, 2u);
    EXPECT_THAT(addresses, ElementsAre(R"(module.a["x"].cloud_vm.web["a"])",
                                       R"(module.a["x"].cloud_vm.web[1])",
                                       R"(module.a["x"].cloud_vm.web (deposed 0badcafe))"));
    EXPECT_THAT(outputs, ElementsAre("url", "key sensitive"));
  }
}

TEST(State, NoBytesAreNoState) {
  const auto state = read("");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->form, Form::kNothing);
}

TEST(State, WhatIsNoJsonOrCutOffIsRefused) {
  EXPECT_THAT(verdict("\n"), StartsWith("tfstate.not_json"));
  EXPECT_THAT(verdict("tfstate\x01"), StartsWith("tfstate.not_json"));
  EXPECT_THAT(verdict("\xef\xbb\xbf" + state_with("")), StartsWith("tfstate.not_json"));
  EXPECT_THAT(verdict(state_with("") + "x"), StartsWith("tfstate.not_json"));
  const std::string whole = state_with(resource("a", "b", instance("{}")));
  for (std::size_t size = 1; size + 2 < whole.size(); ++size)
    ASSERT_THAT(verdict(whole.substr(0, size)), StartsWith("tfstate.not_json")) << size;
}

TEST(State, WhatIsJsonOfSomethingElseIsRefused) {
  EXPECT_EQ(verdict("[]"), "tfstate.not_a_state: it is JSON, but no state: it names no version");
  EXPECT_THAT(verdict("{}"), StartsWith("tfstate.not_a_state"));
  EXPECT_THAT(verdict(R"({"version": null})"), StartsWith("tfstate.not_a_state"));
  EXPECT_THAT(verdict(R"({"version": 0})"), StartsWith("tfstate.not_a_state"));
  EXPECT_EQ(verdict(R"({"version": 5})"),
            "tfstate.too_new: it has the format version 5; states have 1 to 4");
}

TEST(State, OlderFormsAndEnvelopesAreRecognised) {
  const auto old = read(
      R"({"version": 3, "terraform_version": "0.11.14", "serial": 9, "lineage": "l", "modules": [{"path": ["root"], "outputs": {}, "resources": {}}]})");
  ASSERT_TRUE(old) << old.error().message;
  EXPECT_EQ(old->form, Form::kOldState);
  EXPECT_EQ(old->version, 3u);
  EXPECT_EQ(old->serial, 9u);

  const auto sealed = read(
      R"({"serial": 4, "lineage": "l", "meta": {"key_provider.pbkdf2.main": "eyJ9"}, "encrypted_data": "AAAA", "encryption_version": "v0"})");
  ASSERT_TRUE(sealed) << sealed.error().message;
  EXPECT_EQ(sealed->form, Form::kEncrypted);
  EXPECT_EQ(sealed->serial, 4u);
  EXPECT_THAT(sealed->key_providers, ElementsAre("key_provider.pbkdf2.main"));
}

TEST(State, WhatAWorkingDirectoryRemembersOfItsBackendIsNoState) {
  const auto found = read(
      R"({"version": 3, "terraform_version": "1.9.0", "backend": {"type": "s3", "config": {"secret_key": "k"}, "hash": 18446744073709551615}})");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->form, Form::kWorkingDirectory);
}

TEST(State, NamesAreReadWithoutRegardToCaseAndTheLastOneCounts) {
  const auto state = read(R"({"Version": 4, "SERIAL": 1, "serial": 2, "Lineage": "x"})");
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->serial, 2u);
  EXPECT_EQ(state->lineage, "x");
  EXPECT_THAT(verdict(R"({"version": 4, "resources": [], "Resources": []})"),
              HasSubstr("'resources' stands twice in the state"));
}

TEST(State, NullsLeaveThingsAsTheyAre) {
  EXPECT_EQ(
      verdict(
          R"({"version": 4, "serial": null, "lineage": null, "outputs": null, "resources": null, "check_results": null})"),
      "ok");
  EXPECT_EQ(in_state(R"({"mode": "managed", "type": "a", "name": "b", "provider": "provider.a",
      "module": null, "each": null, "instances": [{"index_key": null, "status": null, "deposed": null,
      "attributes": null, "private": null, "dependencies": null, "sensitive_attributes": null}]})"),
            "ok");
}

TEST(State, WhatTheToolsRefuseIsRefused) {
  const auto one = [](std::string_view more) {
    return in_state(resource("a", "b", instance("{}", more)));
  };
  EXPECT_THAT(one(R"("status": "dead")"), HasSubstr("has the status 'dead'"));
  EXPECT_THAT(one(R"("deposed": "123")"), HasSubstr("not 8 characters"));
  EXPECT_THAT(one(R"("index_key": true)"), HasSubstr("neither a text nor a number"));
  EXPECT_THAT(one(R"("index_key": 1.5)"), HasSubstr("not a whole number"));
  EXPECT_THAT(one(R"("schema_version": -1)"), HasSubstr("not a whole number below 2^64"));
  EXPECT_THAT(one(R"("schema_version": "1")"), HasSubstr("is not a number"));
  EXPECT_THAT(one(R"("private": "*")"), HasSubstr("not base64"));
  EXPECT_THAT(one(R"("dependencies": ["a b"])"), HasSubstr("depends on a broken address"));
  EXPECT_THAT(one(R"("dependencies": [1])"), HasSubstr("is not a text"));
  EXPECT_THAT(one(R"("create_before_destroy": 1)"), HasSubstr("is not true or false"));
  EXPECT_THAT(one(R"("sensitive_attributes": [[{"type": "x", "value": "y"}]])"),
              HasSubstr("no paths"));
  EXPECT_THAT(one(R"("attributes": [])"), HasSubstr("is not an object"));

  const std::string same = instance("{}") + "," + instance("{}");
  EXPECT_THAT(in_state(resource("a", "b", same)), HasSubstr("a.b stands there twice"));
  EXPECT_THAT(in_state(resource("a", "b",
                                instance("{}", R"("deposed": "12345678")") + "," +
                                    instance("{}", R"("deposed": "12345678")"))),
              HasSubstr("a.b (deposed 12345678) stands there twice"));
  EXPECT_THAT(
      in_state(resource("a", "b", instance("{}")) + "," + resource("a", "b", instance("{}"))),
      HasSubstr("a.b stands there twice"));
  EXPECT_THAT(in_state(resource("a", "b", "", "nonsense")), HasSubstr("broken address"));
  EXPECT_THAT(
      in_state(
          R"({"mode": "other", "type": "a", "name": "b", "provider": "provider.a", "instances": []})"),
      HasSubstr("has the mode 'other'"));
  EXPECT_THAT(
      in_state(
          R"({"mode": "data", "type": "a", "name": "b", "provider": "nonsense", "instances": []})"),
      HasSubstr("data.a.b has a broken provider"));
  EXPECT_THAT(verdict(R"({"version": 4, "terraform_version": "soon"})"), HasSubstr("no version"));
  EXPECT_THAT(verdict(R"({"version": 4, "serial": 18446744073709551616})"),
              HasSubstr("below 2^64"));
  EXPECT_THAT(verdict(R"({"version": 4, "serial": 1e2})"), HasSubstr("below 2^64"));
  EXPECT_THAT(verdict(R"({"version": 4, "resources": {}})"),
              HasSubstr("'resources' is not a list"));
  EXPECT_THAT(verdict(R"({"version": 4, "check_results": [1]})"), HasSubstr("is not an object"));
}

TEST(State, AllThatIsWrongIsTold) {
  EXPECT_EQ(in_state(resource("a", "b", instance("{}", R"("status": "x", "deposed": "y")"))),
            "tfstate.broken: it is a state that no tool reads: object 1 of a.b has the status 'x'; "
            "object 1 of a.b has a deposed key that is not 8 characters long");
  std::string many;
  for (int i = 0; i < 30; ++i)
    many += (i == 0 ? "" : ",") +
            resource("a", "b" + std::to_string(i), instance("{}", R"("status": "x")"));
  EXPECT_THAT(in_state(many), HasSubstr("; and 10 more"));
}

TEST(State, OutputsHaveValuesOfTheirTypes) {
  const auto output = [](std::string_view value, std::string_view type) {
    return verdict(state_with("", R"({"o": {"value": )" + std::string(value) + R"(, "type": )" +
                                      std::string(type) + "}}"));
  };
  const std::pair<const char*, const char*> good[] = {
      {"\"a\"", "\"string\""},
      {"12345678901234567890123", "\"number\""},
      {"true", "\"bool\""},
      {"null", "[\"list\", \"string\"]"},
      {"[\"a\", null]", "[\"set\", \"string\"]"},
      {"{\"a\": 1}", "[\"map\", \"number\"]"},
      {"{\"a\": 1, \"b\": [true]}", R"(["object", {"a": "number", "b": ["tuple", ["bool"]]}])"},
      {"{}", R"(["object", {"a": "number"}, ["a"]])"},
      {R"({"value": 1, "type": "number"})", "\"dynamic\""},
  };
  for (const auto& [value, type] : good) EXPECT_EQ(output(value, type), "ok") << value << type;
  const std::pair<const char*, const char*> bad[] = {
      {"[]", "\"string\""},
      {"\"x\"", "\"number\""},
      {"1", "\"bool\""},
      {"[[]]", "[\"list\", \"string\"]"},
      {"{}", "[\"list\", \"string\"]"},
      {"[1, 2]", R"(["tuple", ["number"]])"},
      {"{\"c\": 1}", R"(["object", {"a": "number"}])"},
      {"1", "\"dynamic\""},
      {"1", "\"strange\""},
      {"1", "[\"list\"]"},
      {"1", "null"},
  };
  for (const auto& [value, type] : bad)
    EXPECT_THAT(output(value, type), HasSubstr("the output o has")) << value << type;
  EXPECT_THAT(verdict(state_with("", R"({"o": {"type": "string"}})")), HasSubstr("no value"));
  EXPECT_THAT(verdict(state_with("", R"({"o": 1})")), HasSubstr("is not an object"));
}

TEST(State, TextThatIsNoTextIsTold) {
  const auto state = read("{\"version\": 4, \"lineage\": \"a\xff\"}");
  ASSERT_TRUE(state);
  EXPECT_THAT(state->oddities, ElementsAre(HasSubstr("not UTF-8")));
}

// --- the serial

std::string with_serial(std::string text, std::uint64_t serial) {
  const auto state = read(text);
  EXPECT_TRUE(state) << state.error().message;
  const Edit edit = serial_edit(*state, serial);
  return text.replace(edit.offset, edit.removed, edit.text);
}

TEST(Serial, ChangesAndEveryOtherByteStays) {
  const std::string text =
      state_with(resource("a", "b", instance(R"({"n": 18446744073709551617.50, "serial": 3})")));
  EXPECT_EQ(
      with_serial(text, 1000),
      state_with(resource("a", "b", instance(R"({"n": 18446744073709551617.50, "serial": 3})")),
                 "{}", 1000));
}

TEST(Serial, IsTheOneThatTheToolsReadAndMadeWhereThereIsNone) {
  EXPECT_EQ(with_serial(R"({"serial": 1, "version": 4, "Serial":2 })", 30),
            R"({"serial": 1, "version": 4, "Serial":30 })");
  EXPECT_EQ(with_serial(R"({"version": 4, "serial": null})", 30),
            R"({"version": 4, "serial": 30})");
  const std::string made = with_serial(R"({"version": 4})", 30);
  EXPECT_EQ(read(made)->serial, 30u);
}

TEST(Serial, TheNextOneIsAboveBoth) {
  EXPECT_EQ(next_serial(3, 9).value(), 10u);
  EXPECT_EQ(next_serial(9, 3).value(), 10u);
  EXPECT_EQ(next_serial(INT64_MAX - 1, 0).value(), std::uint64_t{INT64_MAX});
  for (const std::uint64_t last : {std::uint64_t{INT64_MAX}, UINT64_MAX}) {
    EXPECT_EQ(next_serial(0, last).error().code, "tfstate.last_serial");
    EXPECT_EQ(next_serial(last, 0).error().code, "tfstate.last_serial");
  }
}

}  // namespace
}  // namespace tfstate
