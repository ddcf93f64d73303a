// Runs runbooks from text against a fake gate with two instances.
#pragma once

#include <map>
#include <string>

#include "fakes/fake_gate.hpp"
#include "runbook/runbook.hpp"

namespace snapcore::test {

inline Value schema(const std::string& json) { return *Value::parse(json); }

// What a read answers; the fake gate adds the operation's schema.
inline Answer known(Value value) {
  Answer answer;
  answer.known = std::move(value);
  return answer;
}

// backups: a source with `latest` and `list`. store: a target with `inspect`, `create`, `restore`
// and `breaks`.
inline FakeGate make_gate() {
  FakeGate gate;
  FakeInstance backups{.plugin = "shelf", .roles = {Role::kSource}};
  backups.operations["latest"] = {
      .args = schema(
          R"({"type": "object", "properties": {"kind": {"type": "string"}, "before": {"type": "string"}}})"),
      .result = schema(
          R"({"type": "object", "properties": {"ref": {"type": "string"}, "size": {"type": "integer"},
                          "kind": {"type": "string"}, "tags": {"type": "array"}}})"),
      .answer = [](const Value&) -> Result<Answer> {
        return known(schema(R"({"ref": "a-1", "size": 512, "tags": ["x", {"y": 1}]})"));
      }};
  backups.operations["list"] = {.answer = [](const Value&) -> Result<Answer> {
    return known(schema(R"([{"ref": "a-1"}, {"ref": "a-2"}])"));
  }};
  FakeInstance store{.plugin = "stall", .roles = {Role::kTarget}};
  store.operations["inspect"] = {
      .result = schema(R"({"type": "object", "properties": {"healthy": {"type": "boolean"}}})"),
      .answer = [](const Value&) -> Result<Answer> {
        return known(Value::object({{"healthy", false}}));
      }};
  store.operations["create"] = {
      .args = schema(
          R"({"type": "object", "properties": {"names": {"type": "array"}, "count": {"type": "integer"},
                        "extra": {"type": "object"}, "from": {}}})"),
      .result = schema(
          R"({"type": "object", "properties": {"vmid": {"type": "integer"}, "address": {"type": ["string", "null"]},
                          "changed": {"type": "boolean"}}})"),
      .answer = [](const Value&) -> Result<Answer> {
        return Answer{.known = Value::object({{"vmid", 100}}),
                      .schema = Value(),
                      .call = "root#3",
                      .complete = false};
      }};
  store.operations["restore"] = {};
  store.operations["breaks"] = {.answer = [](const Value&) -> Result<Answer> {
    return fail({.code = "stall.broken",
                 .message = "the shelf gave way",
                 .hint = "nail it",
                 .category = Category::kTransient,
                 .outcome = Outcome::kMayHaveHappened});
  }};
  gate.instances = {{"backups", backups}, {"store", store}};
  gate.values = schema(R"({"guests": [{"id": 100}, {"id": 101}], "place": "lab"})");
  return gate;
}

struct Ended {
  Result<> result;
  std::string traceback;
  std::string message() const { return result ? "" : result.error().message; }
  std::string code() const { return result ? "" : result.error().code; }
};

inline Ended run(FakeGate& gate, const std::string& text,
                 const std::map<std::string, std::string>& set = {}, Sandbox::Limits limits = {}) {
  auto runbook = Runbook::from_text("dr.lua", text);
  if (!runbook) return {fail(runbook.error()), ""};
  runbook->set_limits(limits);
  auto result = runbook->run(gate, set);
  return {result, runbook->traceback()};
}

inline Ended run(const std::string& text, const std::map<std::string, std::string>& set = {}) {
  FakeGate gate = make_gate();
  return run(gate, text, set);
}

}  // namespace snapcore::test
