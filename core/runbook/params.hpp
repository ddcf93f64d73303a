// The parameters of a runbook: what it declares, and the values it gets.
#pragma once

#include <map>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>

namespace snapcore {

// `declared` is the table of the word runbook: {NAME = {type, default, optional, enum, help}}.
// `given` are texts from the command line. A parameter without a value is absent from the result.
Result<Value> resolve_params(const Value& declared,
                             const std::map<std::string, std::string>& given);

// A schema that names the declared parameters, so that reading another one is an error.
Value params_schema(const Value& declared);

}  // namespace snapcore
