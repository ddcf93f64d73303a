// The two example plugins: what their manifests promise, and a restore by hand through all verbs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/files.hpp>

#include "../fakes/host.hpp"
#include "../fakes/scratch.hpp"
#include "plugin/manifest.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;

constexpr char kOld[] = "NOTE board\nold\nEND\n";
constexpr char kNew[] = "NOTE board\nnew\nEND\n";

const sc_plugin* example(const std::string& name) {
  return fakes::load_plugin_at(std::string(SNAPCORE_EXAMPLES) + "/" + name + ".so");
}

TEST(ExampleTest, TheHostTakesBothManifests) {
  for (const char* name : {"note-source", "note-target"}) {
    const sc_plugin* plugin = example(name);
    ASSERT_NE(plugin, nullptr);
    const auto manifest = parse_manifest({plugin->manifest_json.data, plugin->manifest_json.size});
    EXPECT_TRUE(manifest) << manifest.error().message;
  }
}

std::string source_text(const std::string& path) {
  const char* root = std::getenv("SNAPCORE_SOURCE");
  return files::read_file(files::Path(root ? root : ".") / path).value_or("");
}

TEST(ExampleTest, TheManualShowsCodeThatIsCompiled) {
  const std::string manual = source_text("sdk/doc/writing-a-plugin.md");
  const std::string code = source_text("sdk/example/note_source.cpp") +
                           source_text("sdk/example/note_target.cpp") +
                           source_text("sdk/example/CMakeLists.txt");
  const std::string fence = "```";
  int blocks = 0;
  for (std::size_t at = manual.find(fence + "c"); at != std::string::npos;
       at = manual.find(fence + "c", at)) {
    const std::size_t begin = manual.find('\n', at) + 1;
    const std::size_t end = manual.find(fence, begin);
    ASSERT_NE(end, std::string::npos);
    const std::string block = manual.substr(begin, end - begin);
    EXPECT_NE(code.find(block), std::string::npos) << block;
    ++blocks;
    at = end + fence.size();
  }
  EXPECT_GE(blocks, 6);
}

class NoteSourceTest : public testing::Test {
 protected:
  const fakes::Scratch scratch_;
  fakes::Host host_;
  fakes::Instance source_{example("note-source"), host_,
                          Value::object({{"path", scratch_.path().string()}})};
};

TEST_F(NoteSourceTest, WhatIsStoredCanBeListedReadAndRemoved) {
  host_.inputs[0] = kNew;
  const Value name = Value::object({{"name", "today.note"}});
  EXPECT_EQ(source_.plan("store", name).status, SC_OK);
  ASSERT_EQ(source_.execute("store", name).status, SC_OK);
  EXPECT_EQ(source_.execute("store", name).error->code, "files.exists");
  EXPECT_EQ(source_.execute("list", Value::object()).status, SC_OK);
  ASSERT_EQ(host_.items.size(), 1u);
  const Value ref = Value::object({{"ref", host_.items[0].at("ref")}});
  EXPECT_EQ(source_.execute("open", ref).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], kNew);
  EXPECT_EQ(source_.plan("remove", ref).status, SC_OK);
  EXPECT_EQ(source_.execute("remove", ref).status, SC_OK);
  EXPECT_EQ(source_.execute("stat", ref).error->code, "files.not_found");
  EXPECT_THAT(host_.misuses(), testing::IsEmpty());
}

TEST_F(NoteSourceTest, AStoreIsTakenBackAndAForeignNoteIsNot) {
  host_.inputs[0] = kNew;
  const Value name = Value::object({{"name", "today.note"}});
  const auto stored = source_.execute("store", name);
  EXPECT_EQ(source_.compensate("store", name, stored.result, host_.undos.back()).status, SC_OK);
  EXPECT_THAT(scratch_.names(), testing::IsEmpty());
  std::ofstream(scratch_.path() / "today.note") << "somebody else's";
  EXPECT_EQ(source_.compensate("store", name, {}, {}).status, SC_OK);
  EXPECT_THAT(scratch_.names(), ElementsAre("today.note"));
}

TEST_F(NoteSourceTest, NoRefLeadsOut) {
  for (const char* ref : {"../x", ".hidden", "a/b", "/etc/passwd"}) {
    EXPECT_EQ(source_.execute("stat", Value::object({{"ref", ref}})).error->code, "notes.bad_ref");
  }
}

class NoteTargetTest : public testing::Test {
 protected:
  void SetUp() override { host_.artifacts["n"] = kNew; }
  std::string live() { return files::read_file(path_).value_or("(none)"); }
  void put(const char* text) { std::ofstream(path_) << text; }
  Value stage() {
    EXPECT_EQ(target_.plan("stage", from_).status, SC_OK);
    const auto answer = target_.execute("stage", from_);
    EXPECT_EQ(answer.status, SC_OK) << answer.error_json;
    return answer.result;
  }
  static Value staged(const Value& stage) {
    return Value::object({{"staged", stage.at("handle")}});
  }

  const fakes::Scratch scratch_;
  const files::Path path_ = scratch_.path() / "board.note";
  fakes::Host host_;
  fakes::Instance target_{example("note-target"), host_, Value::object({{"path", path_.string()}})};
  const Value from_ =
      Value::object({{"from", Value::object({{"ref", "n"}, {"name", "n"}, {"size", 19}})}});
};

TEST_F(NoteTargetTest, ARestoreGoesThroughItsVerbsAndBack) {
  put(kOld);
  const Value stage_result = stage();
  EXPECT_EQ(live(), kOld) << "nothing live is touched while staging";
  const Value handle = staged(stage_result);
  EXPECT_EQ(target_.execute("check", handle).status, SC_OK);
  const Value expected = Value::object({{"expected", stage_result.at("expected")}});
  EXPECT_EQ(target_.execute("health", expected).error->code, "notes.other");
  const auto active = target_.execute("activate", handle);
  ASSERT_EQ(active.status, SC_OK) << active.error_json;
  EXPECT_EQ(live(), kNew);
  EXPECT_EQ(target_.execute("health", expected).status, SC_OK);
  const auto again = target_.execute("activate", handle);
  EXPECT_EQ(again.result, active.result) << "repeated after a crash";
  EXPECT_EQ(live(), kNew);
  EXPECT_EQ(target_.compensate("activate", handle, active.result, {}).status, SC_OK);
  EXPECT_EQ(target_.compensate("activate", handle, active.result, {}).status, SC_OK) << "twice";
  EXPECT_EQ(live(), kOld);
  EXPECT_EQ(target_.compensate("stage", from_, stage_result, host_.undos.back()).status, SC_OK);
  EXPECT_THAT(scratch_.names(), ElementsAre("board.note"));
}

TEST_F(NoteTargetTest, AfterAReleaseOnlyTheNewNoteIsLeft) {
  put(kOld);
  const auto active = target_.execute("activate", staged(stage()));
  EXPECT_EQ(target_.execute("release", Value::object({{"kept", active.result.at("kept")}})).status,
            SC_OK);
  EXPECT_THAT(scratch_.names(), ElementsAre("board.note"));
  EXPECT_EQ(live(), kNew);
}

TEST_F(NoteTargetTest, ATargetThatIsGoneIsRestoredAndTheWayBackIsGoneAgain) {
  const Value handle = staged(stage());
  EXPECT_FALSE(target_.execute("inspect", Value::object()).result.at("healthy").bool_or(true));
  const auto active = target_.execute("activate", handle);
  EXPECT_FALSE(active.result.has("kept"));
  EXPECT_EQ(live(), kNew);
  EXPECT_EQ(target_.compensate("activate", handle, active.result, {}).status, SC_OK);
  EXPECT_FALSE(files::look_at(path_).value());
}

TEST_F(NoteTargetTest, EveryTruncatedNoteIsCorrupt) {
  const std::string whole = kNew;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    host_.artifacts["n"] = whole.substr(0, size);
    const Value artifact = Value::object({{"artifact", from_.at("from")}});
    for (const auto& answer :
         {target_.execute("examine", artifact), target_.execute("stage", from_)}) {
      ASSERT_TRUE(answer.error) << size;
      EXPECT_EQ(answer.error->category, Category::kCorrupt) << size;
    }
  }
  EXPECT_THAT(scratch_.names(), testing::IsEmpty());
}

TEST_F(NoteTargetTest, ADamagedStagedNoteIsFoundByCheck) {
  const Value handle = staged(stage());
  std::ofstream(path_.string() + "." + handle.at("staged").text(), std::ios::app) << "x";
  EXPECT_EQ(target_.execute("check", handle).error->code, "notes.corrupt");
}

}  // namespace
}  // namespace snapcore
