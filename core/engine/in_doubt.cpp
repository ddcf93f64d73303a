#include "engine/in_doubt.hpp"

#include "plugin/schema.hpp"

namespace snapcore {

std::string resolve_command(const std::string& run, const std::string& call,
                            const PlannedCall* planned) {
  std::string command = "snapcore resolve " + run + " '" + call + "' --done";
  if (!planned) return command;
  std::string members;
  for (const std::string& name : property_names(planned->result_schema)) {
    if (!is_required(planned->result_schema, name) || planned->predicted.has(name)) continue;
    members += (members.empty() ? "" : ", ") + Value(name).dump() + ": ...";
  }
  return members.empty() ? command : command + " --result '{" + members + "}'";
}

}  // namespace snapcore
