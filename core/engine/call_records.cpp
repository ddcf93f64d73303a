#include "engine/call_records.hpp"

#include <snapcore/support/digest.hpp>

#include "journal/journal.hpp"

namespace snapcore {
namespace {

Value streams_of(const std::vector<OpenedInput>& inputs) {
  Value::Array list;
  for (const OpenedInput& input : inputs) {
    list.push_back(
        Value::object({{"ref", input.artifact.at("ref")},
                       {"source", input.artifact.at("source")},
                       {"bytes", input.passed.bytes},
                       {"sha256", input.passed.complete ? Value(input.passed.sha256) : Value()}}));
  }
  return list;
}

}  // namespace

Value intent_body(const Intent& intent) {
  const auto mark = intent.call.rfind('#');
  const bool numbered = mark != std::string_view::npos;
  Value body = Value::object({{"call", intent.call},
                              {"scope", intent.call.substr(0, mark)},
                              {"seq", numbered ? intent.call.substr(mark + 1) : ""},
                              {"instance", intent.instance.name()},
                              {"operation", intent.operation.name},
                              {"effect", to_text(intent.operation.effect)},
                              {"args", intent.args},
                              {"args_digest", sha256_hex(intent.args.dump())},
                              {"key", intent.key},
                              {"attempt", intent.attempt}});
  if (!intent.parent.empty()) body["parent"] = intent.parent;
  return body;
}

std::string_view record_type(const LiveCall::Answered& answered) {
  return answered.result ? record::kResult : record::kError;
}

Value answer_body(std::string_view call, const LiveCall::Answered& answered, double seconds) {
  if (!answered.result)
    return Value::object({{"call", call}, {"error", to_value(answered.result.error())}});
  return Value::object({{"call", call},
                        {"result", *answered.result},
                        {"streams", streams_of(answered.inputs)},
                        {"milliseconds", static_cast<std::int64_t>(seconds * 1000)}});
}

}  // namespace snapcore
