// A working directory with a state, and what a restore does to it verb by verb.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../../fakes/scratch.hpp"
#include "activation.hpp"
#include "format/states.hpp"
#include "staging.hpp"

namespace tfstate::test {

namespace fs = std::filesystem;

class WorkingDirectory {
 public:
  const fs::path& path() const { return scratch_.path(); }
  fs::path state() const { return path() / "terraform.tfstate"; }
  Place place() const { return {.file = state(), .shown_path = "terraform.tfstate"}; }

  void write(const std::string& text) const { put(state(), text); }
  static void put(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  std::string live() const { return text_of(state()); }
  static std::string text_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> names() const { return scratch_.names(); }

  Result<StagingResult> stage(const std::string& artifact, bool other_lineage = false) const {
    std::string_view rest = artifact;
    return tfstate::stage(
        place(),
        {.name = "copy.tfstate",
         .suffix = ".staged-20260102T030405Z-aaaaaaaa",
         .other_lineage = other_lineage,
         .read = [&](std::span<std::byte> into) -> Result<std::size_t> {
           const std::size_t size = std::min<std::size_t>({into.size(), rest.size(), 1000});
           std::copy_n(reinterpret_cast<const std::byte*>(rest.data()), size, into.begin());
           rest.remove_prefix(size);
           return size;
         },
         .record_undo = [](const std::string&) { return Result<>(); },
         .keep_going = [] { return Result<>(); }});
  }

  Result<ActivationResult> activate(const Staged& staged) {
    return tfstate::activate(place(), staged,
                             {.lock = lock_info(),
                              .suffix = ".kept-20260102T030405Z-aaaaaaaa",
                              .record_undo =
                                  [&](const WayBack& way) {
                                    back = way;
                                    return Result<>();
                                  },
                              .say = [](const std::string&) {}});
  }
  Result<std::vector<std::string>> take_back() const {
    return tfstate::take_back(place(), *back, lock_info());
  }

  static LockInfo lock_info() {
    return {.id = uuid_from("abc"), .operation = "snapcore-restore", .who = "me@here"};
  }

  std::optional<WayBack> back;  // as activate recorded it

 private:
  const snapcore::fakes::Scratch scratch_;
};

}  // namespace tfstate::test
