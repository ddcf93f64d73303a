// The JSON shapes of sdk/doc/abi.md that plugins hand over, checked before anybody relies on them.
#pragma once

#include <snapcore/plugin.h>

#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>

#include "plugin/manifest.hpp"

namespace snapcore {

struct CallFacts;
class Schema;

// JSON given by a plugin. "plugin.bad_json", or "plugin.result_too_large" above 1 MB; `what` is its
// subject.
Result<Value> parse_given(sc_str json, std::string_view what);

// "plugin.bad_result" when it does not have its shape; `who` begins the message.
Result<> check_undo_record(const Value& undo, std::string_view who);
Result<> check_probe_result(const Operation& operation, const Value& answer, std::string_view who);
Result<> check_compensate_result(const Value& result, std::string_view who);
// `predicted` is the partial schema of the operation's result.
Result<> check_plan_shape(const Schema& predicted, const Value& planned, std::string_view who);
// "schema.mismatch".
Result<> check_compensate_args(const Value& args, std::string_view who);

// A schema without the members that have to be there.
Value partial_schema(Value schema);

// Does `pointer` ("/access_key", "args:/password") name a secret that this call was given?
bool is_marked_secret(const CallFacts& facts, std::string_view pointer);

// What a failure means for the world when the plugin does not say: a read or a plan has changed
// nothing.
Outcome outcome_when_unsaid(const CallFacts& facts);

}  // namespace snapcore
