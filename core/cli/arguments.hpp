// Arguments of an operation as they are typed (name=text), made values by the operation's schema.
#pragma once

#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

// Stands in arguments for an artifact until its source was asked: {"$stat": {"source", "ref"}}.
Value artifact_to_ask_for(std::string_view source, std::string_view ref);
bool is_artifact_to_ask_for(const Value& value);

// "name=text" for each; `what` names the operation in messages. Texts become what the schema wants:
// a string as it is; integer, number, boolean; object and array as JSON; an artifact as SOURCE:REF.
// "arguments.unknown_argument", "arguments.bad_value", "arguments.missing".
Result<Value> arguments_from(const Value& schema, const std::vector<std::string>& pairs,
                             std::string_view what);

// One "name (type)" with its description each, required ones first.
struct ArgumentHelp {
  std::string name;
  std::string type;
  bool required = false;
  std::string description;
};
std::vector<ArgumentHelp> argument_help(const Value& schema);

}  // namespace snapcore
