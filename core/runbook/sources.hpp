// The texts a runbook is made of, each read once.
#pragma once

#include "runbook/runbook.hpp"

namespace snapcore {

class SourceSet {
 public:
  // With `closed`, what is not there yet is never looked for.
  SourceSet(Runbook::Source main, std::vector<std::filesystem::path> module_dirs, bool closed);

  static Result<Runbook::Source> read(std::string name, const std::filesystem::path& path);

  const Runbook::Source& main() const { return sources_.front(); }
  const std::vector<Runbook::Source>& all() const { return sources_; }
  void add(Runbook::Source source) { sources_.push_back(std::move(source)); }

  // The index in all() of the module, read from the first directory that has it.
  // "runbook.no_module".
  Result<std::size_t> module(const std::string& name);

 private:
  std::vector<Runbook::Source> sources_;
  std::vector<std::filesystem::path> module_dirs_;
  bool closed_;
};

}  // namespace snapcore
