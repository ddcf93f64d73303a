// OpenTofu or Terraform, run as a program: nobody at its terminal, nothing in its environment that
// would change what it is told to do, asked to end by SIGINT, and ended when this process is.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <snapcore/error.hpp>
#include <snapcore/support/process.hpp>
#include <string>
#include <vector>

#include "work_place.hpp"

namespace tfstate {

using snapcore::Result;

class Program {
 public:
  struct Work {
    std::filesystem::path directory = {};  // where it is run
    std::filesystem::path output = {};     // the file for what it says; must be in memory
    std::map<std::string, std::string> environment = {};
    std::function<bool()> cancelled = {};
    std::function<Result<>(const snapcore::process::Identity&)> started = {};
  };

  // "tfstate.no_tool" when there is none, or when it is something else; "tfstate.no_directory" when
  // there is nowhere to run it.
  static Result<Program> find(const WorkPlace& place);

  const std::string& path() const { return path_; }
  std::string name() const { return product_ + " " + version_; }  // "OpenTofu 1.12.6"
  bool is_opentofu() const { return product_ == "OpenTofu"; }

  // What it said stands in `work.output`, what it said of errors in `work.output`.err. An error is
  // that it was not started, did not end in time, was cancelled, or said too much.
  Result<snapcore::process::Finished> run(const std::vector<std::string>& arguments,
                                          const Work& work) const;

 private:
  Program(std::string path, const ToolSettings& settings)
      : path_(std::move(path)), settings_(settings) {}
  Result<> ask_version();
  std::map<std::string, std::string> environment() const;

  std::string path_;
  ToolSettings settings_;
  std::string product_;
  std::string version_;
};

// What a run of the tool that failed says of the reason, on one line: its first error as JSON
// lines, else the last line of either stream. Nothing of the values it shows.
std::string reason_of(const std::filesystem::path& output);

// "tfstate.tool_failed" with what was run and the reason.
snapcore::Error tool_failed(const Program& program, std::string_view doing,
                            const snapcore::process::Finished& finished,
                            const std::filesystem::path& output);

}  // namespace tfstate
