// Runbooks: what the script asks for becomes calls of the gate, and nothing else happens.
//
// A runbook is run several times: twice to plan and once to execute, each time in a fresh sandbox
// and from the very same text: a file is read once, when it is first needed. What a word means to
// the one who writes a runbook stands above it in words.cpp.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/gate.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {

class SourceSet;

class Runbook {
 public:
  struct Source {
    std::string name;  // "dr-full.lua" of the runbook, "lib/minio" of a module
    std::string path;  // where it was read; empty when it was not a file
    std::string sha256;
    std::string text;
  };

  // Modules are looked for beside the runbook, then in `module_dirs`. "runbook.not_found",
  // "runbook.unreadable".
  static Result<Runbook> load(const std::filesystem::path& path,
                              std::vector<std::filesystem::path> module_dirs = {});
  static Result<Runbook> from_text(std::string name, std::string text);
  // The copies that a run carries, the runbook itself first. Nothing is read from anywhere else.
  // "runbook.changed" when a text and its digest do not belong together.
  static Result<Runbook> from_sources(std::vector<Source> sources);

  // Runs the whole script against the gate. `set_params` are texts from the command line, by name.
  //
  // The message of an error begins with FILE:LINE. Codes: "runbook.syntax", "runbook.failed"
  // (fail(), error() and mistakes), "runbook.budget", "runbook.memory", "runbook.bad_declaration",
  // "runbook.unknown_parameter", "runbook.missing_parameter", "runbook.bad_parameter",
  // "runbook.unknown_operation", "runbook.bad_argument", "runbook.unknown_field",
  // "runbook.unknown_value", "runbook.no_module"; and those of the gate and of plugins, as they
  // are.
  Result<> run(Gate& gate, const std::map<std::string, std::string>& set_params) const;

  // The runbook and the modules it has required so far, in the order they were first read.
  const std::vector<Source>& sources() const;

  // Reads a module as require does, so that it is among the sources. "runbook.no_module".
  Result<> read_module(const std::string& name) const;

  // Every global that a runbook sees, by name; empty when there is no memory for a sandbox.
  static std::vector<std::string> words(Gate& gate);

  // Where the script stood when the last run() failed, for those who ask for details. May be empty.
  const std::string& traceback() const { return traceback_; }

  // Other ceilings than the sandbox has by itself.
  void set_limits(Sandbox::Limits limits) { limits_ = limits; }

 private:
  explicit Runbook(std::shared_ptr<SourceSet> sources) : sources_(std::move(sources)) {}

  std::shared_ptr<SourceSet> sources_;
  Sandbox::Limits limits_;
  mutable std::string traceback_;
};

}  // namespace snapcore
