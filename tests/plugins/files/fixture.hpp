// A source over a scratch directory, run through its table.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/files.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "../../fakes/host.hpp"
#include "../../fakes/scratch.hpp"

namespace local_files {

using snapcore::Value;
namespace fakes = snapcore::fakes;

class FilesSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(plugin_, nullptr);
    open_at(scratch_.path());
  }

  void open_at(const std::filesystem::path& path) {
    dir_ = path;
    source_ =
        std::make_unique<fakes::Instance>(plugin_, host_, Value::object({{"path", path.string()}}));
  }

  void put(const std::string& name, std::string_view text) {
    const auto path = dir_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string text_of(const std::string& name) {
    return snapcore::files::read_file(dir_ / name, 1 << 26).value_or("(none)");
  }

  std::vector<std::string> list(const Value& args = Value::object()) {
    host_.items.clear();
    const auto answer = source_->execute("list", args);
    EXPECT_EQ(answer.status, SC_OK) << answer.error_json;
    std::vector<std::string> refs;
    for (const Value& item : host_.items) refs.push_back(item.at("ref").text());
    return refs;
  }
  fakes::Answer stat(const std::string& ref) {
    return source_->execute("stat", Value::object({{"ref", ref}}));
  }
  fakes::Answer store(const std::string& name, std::string bytes, const Value& manifest = {}) {
    host_.inputs[0] = std::move(bytes);
    Value args = Value::object({{"name", name}});
    if (!manifest.is_null()) args["manifest"] = manifest;
    host_.undos.clear();
    return source_->execute("store", args);
  }
  fakes::Answer undo_store(const std::string& name, const Value& undo, const Value& result = {}) {
    return source_->compensate("store", Value::object({{"name", name}}), result, undo);
  }

  // Everything in the directory, hidden or not, sorted.
  std::vector<std::string> everything() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_)) {
      names.push_back(entry.path().lexically_relative(dir_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const sc_plugin* plugin_ = fakes::load_plugin("files");
  const fakes::Scratch scratch_;
  std::filesystem::path dir_;
  fakes::Host host_;
  std::unique_ptr<fakes::Instance> source_;
};

}  // namespace local_files
