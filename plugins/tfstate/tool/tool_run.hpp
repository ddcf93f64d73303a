// The tool in a directory: init, plan, show, with what its failures mean.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "planned.hpp"
#include "program.hpp"

namespace tfstate {

class ToolRun {
 public:
  struct Where {
    std::filesystem::path directory = {};  // where it is run
    std::filesystem::path scratch = {};    // in memory: for what it says, and for plans
    std::map<std::string, std::string> environment = {};
    std::function<bool()> cancelled = {};
    // The place for a checkpoint. What has one changes something: it is given the time that it
    // needs to end by itself.
    std::function<Result<>(const snapcore::process::Identity&)> started = {};
  };
  ToolRun(Program program, ToolSettings settings, Where where)
      : program_(std::move(program)), settings_(std::move(settings)), where_(std::move(where)) {}

  const Program& program() const { return program_; }
  std::filesystem::path plan_file() const { return where_.scratch / "plan"; }

  // With the providers of `providers` alone, so that no network is needed.
  Result<> init(const std::filesystem::path& providers, bool modules_are_there) const;
  // Into plan_file(), without a lock: of a plan that is old by the time it is applied the tool
  // knows.
  Result<> plan(const std::vector<std::string>& more) const;
  // What stands in plan_file().
  Result<PlannedTotals> show(const std::function<Result<>(const PlannedChange&)>& report) const;
  // Anything else; what it says is in output().
  Result<snapcore::process::Finished> run(const std::vector<std::string>& arguments) const;
  std::filesystem::path output() const { return where_.scratch / "said"; }
  snapcore::Error failed(std::string_view doing, const snapcore::process::Finished& how) const {
    return tool_failed(program_, doing, how, output());
  }

 private:
  Program program_;
  ToolSettings settings_;
  Where where_;
};

}  // namespace tfstate
