// A saved plan: the plan, and what it was asked for with, so that `apply` can ask again.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file_system.hpp"
#include "engine/plan.hpp"
#include "engine/planner.hpp"

namespace snapcore {

struct SavedPlan {
  Plan plan;
  std::map<std::string, std::string> params = {};  // as given with --set
  std::vector<Waiver> waivers = {};
};

// Private to its owner; replaces an older plan. "plan.would_overwrite" when the name belongs to
// anything else, "plan.not_written".
Result<> write_plan_file(FileSystem& fs, const std::filesystem::path& path, const SavedPlan& saved);

// "plan.unreadable", "plan.invalid".
Result<SavedPlan> read_plan_file(FileSystem& fs, const std::filesystem::path& path);

// The text that a run keeps as its plan.json.
std::string plan_json(const SavedPlan& saved);

}  // namespace snapcore
