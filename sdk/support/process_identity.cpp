#include <signal.h>

#include <sstream>

#include "files.hpp"
#include "process.hpp"

namespace snapcore::process {
namespace {

std::string boot_id() {
  auto text = files::read_file("/proc/sys/kernel/random/boot_id", 128);
  if (!text) return "";
  return text->substr(0, text->find('\n'));
}

}  // namespace

std::optional<Identity> identify(pid_t pid) {
  const auto stat = files::read_file("/proc/" + std::to_string(pid) + "/stat", 8192);
  if (!stat) return std::nullopt;
  // The name in brackets may hold anything, so the fields are counted from the last bracket: state
  // is field 3, the start time field 22.
  const auto bracket = stat->rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(stat->substr(bracket + 1));
  std::string state;
  fields >> state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  std::uint64_t ticks = 0;
  fields >> ticks;
  if (!fields || state == "Z" || state == "X") return std::nullopt;
  return Identity{.pid = pid, .start_ticks = ticks, .boot = boot_id()};
}

bool is_running(const Identity& identity) {
  const auto now = identify(identity.pid);
  return now && now->start_ticks == identity.start_ticks && now->boot == identity.boot;
}

Value Identity::to_value() const {
  return Value::object({{"pid", pid}, {"start_ticks", start_ticks}, {"boot", boot}});
}

std::optional<Identity> Identity::from_value(const Value& value) {
  const auto pid = value.at("pid").int_or(0);
  if (pid <= 0 || pid > INT32_MAX || !value.at("start_ticks").is_integer()) return std::nullopt;
  return Identity{.pid = static_cast<pid_t>(pid),
                  .start_ticks = value.at("start_ticks").uint_or(0),
                  .boot = value.at("boot").text()};
}

}  // namespace snapcore::process
