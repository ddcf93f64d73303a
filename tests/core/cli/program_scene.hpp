// The whole program over a site of two ledgers, in this process, on a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "captured_output.hpp"
#include "cli/command.hpp"
#include "fakes/scratch.hpp"
#include "plugin_files.hpp"

namespace snapcore {

class ProgramScene : public testing::Test {
 protected:
  struct Ended {
    int exit;
    std::string out;
    std::string err;
  };

  ProgramScene() {
    use_scan_child();
    for (const char* name : {"a", "b"}) std::filesystem::create_directory(path(name));
    put("site.lua", "return { instances = {\n  a = { plugin = 'ledger', path = '" + path("a") +
                        "', other = 'b' },\n  b = { plugin = 'ledger', path = '" + path("b") +
                        "' },\n} }\n");
  }

  std::string path(const std::string& below) const { return scratch_.path() / below; }
  void put(const std::string& below, const std::string& text) {
    std::ofstream(path(below)) << text;
  }
  std::string get(const std::string& below) const {
    std::ifstream file(path(below));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Where a line is broken depends on how long the paths in it are.
  static std::string unbroken(const std::string& text) {
    std::string line;
    for (const char c : text) {
      const bool space = c == ' ' || c == '\n';
      if (!space || line.empty() || line.back() != ' ') line += space ? ' ' : c;
    }
    return line;
  }
  // The names in a directory, sorted; none when it is not there.
  std::vector<std::string> names(const std::string& below) const {
    std::vector<std::string> list;
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator(path(below), problem))
      list.push_back(entry.path().filename());
    std::sort(list.begin(), list.end());
    return list;
  }

  Ended snapcore(std::vector<std::string> arguments) {
    const std::string plugins = build_folder() / "test_plugins";
    arguments.insert(arguments.end(), {"--site", path("site.lua"), "--state", path("state"),
                                       "--plugin-dir", plugins});
    CapturedOutput captured(output_wish(arguments));
    const std::atomic<bool> cancelled = false;
    const int exit = run_program(arguments, captured.output, clock_, cancelled);
    return {exit, captured.out(), captured.err()};
  }

  // The one that `work` added.
  template <class Work>
  std::string new_run(Work work) {
    const auto before = names("state/runs");
    work();
    for (const std::string& run : names("state/runs")) {
      if (std::find(before.begin(), before.end(), run) == before.end()) return run;
    }
    return "";
  }

  fakes::Scratch scratch_;
  FakeClock clock_{*parse_time("2026-01-02T03:04:05Z")};
};

}  // namespace snapcore
