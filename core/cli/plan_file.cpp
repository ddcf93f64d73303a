#include "cli/plan_file.hpp"

#include <snapcore/support/digest.hpp>

namespace snapcore {
namespace {

constexpr std::uint64_t kLargestPlan = std::uint64_t{64} << 20;

Error unreadable(const std::filesystem::path& path, Error cause) {
  return caused_by({.code = "plan.unreadable",
                    .message = "the plan " + path.string() + " cannot be read",
                    .hint = "'snapcore plan RUNBOOK -o FILE' makes one"},
                   std::move(cause));
}

constexpr std::string_view kChecksum = "checksum";

// Over all of it, also what its digest does not cover: who the plan is and when it was made decide
// whether it may still be used.
std::string checksum_of(Value file) {
  file.erase(std::string(kChecksum));
  return sha256_hex(file.dump());
}

// Plans of before there was one have none.
Result<> check_whole(const std::filesystem::path& path, const Value& file) {
  if (!file.has(kChecksum) || file.at(kChecksum) == Value(checksum_of(file))) return {};
  return fail({.code = "plan.invalid",
               .message = "the plan " + path.string() +
                          " was edited after it was saved: its checksum is not that of its content",
               .hint = "make the plan again with 'snapcore plan RUNBOOK -o FILE'",
               .category = Category::kCorrupt});
}

// Whatever else has this name stays: a file of the operator's, a link, a device.
Result<> check_place(FileSystem& fs, const std::filesystem::path& path) {
  const auto there = fs.status(path);
  if (!there) return fail(there.error());
  if (!*there || ((*there)->kind == FileKind::kFile && read_plan_file(fs, path))) return {};
  return fail({.code = "plan.would_overwrite",
               .message = path.string() + " is there already, and is not a saved plan",
               .hint = "give -o the name of a new file"});
}

}  // namespace

std::string plan_json(const SavedPlan& saved) {
  Value value = to_value(saved.plan);
  Value params = Value::object();
  for (const auto& [name, text] : saved.params) params[name] = text;
  Value::Array waivers;
  for (const Waiver& waiver : saved.waivers) {
    waivers.push_back(Value::object({{"guard", waiver.guard}, {"reason", waiver.reason}}));
  }
  value["asked"] = Value::object({{"set", std::move(params)}, {"waivers", std::move(waivers)}});
  value[std::string(kChecksum)] = checksum_of(value);
  return value.pretty() + "\n";
}

Result<> write_plan_file(FileSystem& fs, const std::filesystem::path& path,
                         const SavedPlan& saved) {
  if (auto free = check_place(fs, path); !free) return free;
  auto written = replace_file(fs, path, plan_json(saved));
  if (written) return {};
  return fail(caused_by(
      {.code = "plan.not_written", .message = "the plan could not be saved as " + path.string()},
      written.error()));
}

Result<SavedPlan> read_plan_file(FileSystem& fs, const std::filesystem::path& path) {
  const auto text = read_file(fs, path, kLargestPlan);
  if (!text) return fail(unreadable(path, text.error()));
  const auto value = Value::parse(*text);
  if (!value) return fail(unreadable(path, value.error()));
  auto plan = plan_from(*value);
  if (!plan) return fail(plan.error());
  if (auto whole = check_whole(path, *value); !whole) return fail(whole.error());
  SavedPlan saved{.plan = std::move(*plan)};
  const Value& asked = value->at("asked");
  for (const auto& [name, member] : asked.at("set").members()) saved.params[name] = member.text();
  for (const Value& waiver : asked.at("waivers").items()) {
    saved.waivers.push_back({waiver.at("guard").text(), waiver.at("reason").text()});
  }
  return saved;
}

}  // namespace snapcore
