#include "settings.hpp"

namespace tfstate {

void fields(snapcore::sdk::Fields& f, ToolSettings& settings) {
  f("tool", settings.tool,
    "the tool itself, a name or a path; default: tofu, or else terraform, from PATH");
  f("providers", settings.providers,
    "a directory with the tool's providers, as a mirror has them; default: those that init put "
    "into the working directory");
  f("var_files", settings.var_files, "files that the tool is given with -var-file").optional();
  f("environment", settings.environment,
    "variables that the tool is handed beside TF_VAR_*, TF_TOKEN_* and TF_ENCRYPTION; a name may "
    "end with *")
      .optional();
  f("tool_timeout", settings.timeout, "how long each run of the tool may take").optional();
}

}  // namespace tfstate
