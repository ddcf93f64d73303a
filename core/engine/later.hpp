// Values that were not known when the plan was made, replaced by what the calls gave.
#pragma once

#include <functional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string_view>

namespace snapcore {

// The result of a call by its id, or null while it has none.
using ResultOf = std::function<const Value*(std::string_view call)>;

// "run.unknown_value" names the field that nobody gave.
Result<Value> resolve_later(const Value& value, const ResultOf& result_of);

// The same, where somebody gave it; what nobody gave stays as it is.
Value resolve_known(const Value& value, const ResultOf& result_of);

// Does it hold a later value of a call in that scope?
bool names_call_in(const Value& value, std::string_view scope);

}  // namespace snapcore
