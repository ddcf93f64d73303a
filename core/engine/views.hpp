// What both gates answer alike before anything is called.
#pragma once

#include "engine/gate.hpp"
#include "engine/instances.hpp"

namespace snapcore {

Result<InstanceView> view_of(Instances& instances, std::string_view name, std::optional<Role> role);
Result<Value> args_schema_of(Instances& instances, std::string_view name,
                             std::string_view operation);

}  // namespace snapcore
