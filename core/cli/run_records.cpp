#include "cli/run_records.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "base/host.hpp"
#include "base/version.hpp"
#include "cli/plan_file.hpp"
#include "site/run_site.hpp"

namespace snapcore {

std::string operator_name() {
  const passwd* entry = getpwuid(geteuid());
  std::string name = entry ? entry->pw_name : std::to_string(geteuid());
  const char* person = std::getenv("SUDO_USER");
  if (geteuid() == 0 && person && *person && name != person)
    return std::string(person) + " as " + name;
  return name;
}

RunFiles files_of(const Execution& execution, const Site& site) {
  RunFiles files;
  files.plan =
      plan_json({.plan = execution.plan, .params = execution.params, .waivers = execution.waivers});
  files.site = to_value(site).pretty() + "\n";
  for (const CodeFile& file : execution.plan.code) {
    // A module's name has no extension; its copy is a file people open.
    const std::filesystem::path name = file.name;
    files.code.push_back({name.extension() == ".lua" ? file.name : file.name + ".lua", file.text});
  }
  return files;
}

Value run_body(const Execution& execution, const std::string& run_id, std::string_view started) {
  const Plan& plan = execution.plan;
  Value::Array code, plugins;
  for (const CodeFile& file : plan.code) {
    code.push_back(Value::object({{"name", file.name}, {"sha256", file.sha256}}));
  }
  for (const PluginUse& use : plan.plugins) {
    plugins.push_back(Value::object(
        {{"id", use.id}, {"version", use.version}, {"path", use.path}, {"sha256", use.sha256}}));
  }
  return Value::object({{"run", run_id},
                        {"started", started},
                        {"runbook", execution.runbook},
                        {"summary", plan.summary},
                        {"params", plan.params},
                        {"plan", plan.digest()},
                        {"plan_id", plan.id},
                        {"code", std::move(code)},
                        {"plugins", std::move(plugins)},
                        {"site", plan.site_digest},
                        {"operator", operator_name()},
                        {"host", host_name()},
                        {"pid", static_cast<std::int64_t>(getpid())},
                        {"version", snapcore_version()},
                        {"on_failure", to_text(execution.on_failure)},
                        {"again", execution.again}});
}

Value approval_body(const Execution& execution) {
  Value::Array waivers;
  for (const Waiver& waiver : execution.waivers) {
    waivers.push_back(Value::object({{"guard", waiver.guard}, {"reason", waiver.reason}}));
  }
  return Value::object({{"who", operator_name()},
                        {"how", execution.approval.how},
                        {"digest", execution.plan.digest()},
                        {"waivers", std::move(waivers)},
                        {"accepted_losses", texts_of(execution.plan.accepted_losses)},
                        {"confirmed", texts_of(execution.approval.confirmed)}});
}

Value resume_body(std::string_view why) {
  return Value::object({{"why", why},
                        {"operator", operator_name()},
                        {"host", host_name()},
                        {"pid", static_cast<std::int64_t>(getpid())},
                        {"version", snapcore_version()}});
}

}  // namespace snapcore
