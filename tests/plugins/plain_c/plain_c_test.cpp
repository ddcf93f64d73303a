// The plugin in plain C, called as the core would call it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "plugin/host.hpp"
#include "plugin/stream.hpp"
#include "plugin_files.hpp"
#include "test_context.hpp"

namespace snapcore {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string note(std::string_view identity, std::string_view text) {
  return "NOTE " + std::string(identity) + "\n" + std::string(text) + "\nEND\n";
}

class PlainCTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    use_scan_child();
    auto found = Plugin::load(test_plugin("plain_c"));
    ASSERT_TRUE(found) << found.error().message;
    loaded = *found;
  }

  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "plain-c-XXXXXX").string();
    folder_ = fs::canonical(::mkdtemp(name.data()));
    instance_ = create(Value::object({{"path", folder_.string()}, {"file", "live note's"}}));
    context_.inputs = [this](const Value& artifact,
                             std::uint64_t) -> Result<std::unique_ptr<InputStream>> {
      return std::make_unique<TextInput>(read(folder_ / artifact.at("ref").text()));
    };
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::shared_ptr<Instance> create(Value config) {
    auto made = Instance::create(loaded, "notes", std::move(config), context_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : nullptr;
  }

  void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }
  std::string read(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  fs::path live() const { return folder_ / "live note's"; }
  std::string listing() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    std::string list;
    for (const std::string& one : names) list += one + "\n";
    return list;
  }

  Result<Value> run(std::string_view operation, Value args, Entry entry = Entry::kExecute,
                    InputStream* input = nullptr, OutputStream* output = nullptr) {
    return run_call({.plugin = loaded.get(),
                     .instance = instance_.get(),
                     .operation = loaded->manifest().find(operation),
                     .entry = entry,
                     .args = std::move(args),
                     .context = &context_,
                     .inputs = {input},
                     .outputs = {output}});
  }
  Value must(std::string_view operation, Value args, Entry entry = Entry::kExecute,
             InputStream* input = nullptr, OutputStream* output = nullptr) {
    auto result = run(operation, std::move(args), entry, input, output);
    EXPECT_TRUE(result) << operation << ": " << result.error().code << " "
                        << result.error().message;
    return result ? *result : Value();
  }
  std::string code(const Result<Value>& result) { return result ? "" : result.error().code; }

  Value staged_from(std::string_view ref) {
    return must("stage", Value::object({{"from", must("stat", Value::object({{"ref", ref}}))}}));
  }
  Value undo(std::string_view operation, Value args) {
    Value given = Value::object({{"args", std::move(args)}, {"result", nullptr}});
    given["undo"] = context_.undos.empty() ? Value() : context_.undos.back();
    return must(operation, given, Entry::kCompensate);
  }

  static std::shared_ptr<const Plugin> loaded;
  TestContext context_;
  fs::path folder_;
  std::shared_ptr<Instance> instance_;
};

std::shared_ptr<const Plugin> PlainCTest::loaded;

TEST_F(PlainCTest, ItIsASourceAndATarget) {
  EXPECT_TRUE(loaded->manifest().has_role(Role::kSource));
  EXPECT_TRUE(loaded->manifest().has_role(Role::kTarget));
  ASSERT_EQ(loaded->manifest().kinds.size(), 1u);
  EXPECT_EQ(loaded->manifest().kinds[0].magic, "NOTE");
}

TEST_F(PlainCTest, NotesAreStoredListedReadAndRemoved) {
  const std::string text = note("berlin", std::string(200003, 'x'));
  TextInput content(text);
  const Value stored = must("store",
                            Value::object({{"name", "one \"note\""},
                                           {"manifest", Value::object({{"kind", "plain-note"}})}}),
                            Entry::kExecute, &content);
  EXPECT_EQ(stored.at("size").uint_or(0), text.size());
  EXPECT_EQ(stored.at("manifest").at("kind").text(), "plain-note");

  must("list", Value::object());
  ASSERT_EQ(context_.items.size(), 1u);
  EXPECT_EQ(context_.items[0], stored);
  must("list", Value::object({{"prefix", "two"}}));
  EXPECT_EQ(context_.items.size(), 1u);

  TextOutput whole;
  must("open", Value::object({{"ref", "one \"note\""}}), Entry::kExecute, nullptr, &whole);
  EXPECT_TRUE(whole.text == text);
  TextOutput part;
  must("open", Value::object({{"ref", "one \"note\""}, {"offset", 5}, {"length", 6}}),
       Entry::kExecute, nullptr, &part);
  EXPECT_EQ(part.text, "berlin");

  must("remove", Value::object({{"ref", "one \"note\""}}));
  EXPECT_EQ(listing(), "");
}

TEST_F(PlainCTest, WhatArrivesBrokenIsNotStored) {
  TextInput content("NOTE x\nhalf", Error{.code = "source.gone", .message = "gone"});
  EXPECT_EQ(code(run("store", Value::object({{"name", "a"}}), Entry::kExecute, &content)),
            "source.gone");
  EXPECT_EQ(listing(), "");
  context_.stop = true;
  TextInput whole(note("x", "y"));
  EXPECT_EQ(code(run("store", Value::object({{"name", "a"}}), Entry::kExecute, &whole)),
            "plain_c.stopped");
  EXPECT_EQ(listing(), "");
}

TEST_F(PlainCTest, StoringTwiceIsStoringOnceAndNothingElseIsOverwritten) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    TextInput content(note("x", "y"));
    must("store", Value::object({{"name", "a"}}), Entry::kExecute, &content);
  }
  EXPECT_EQ(listing(), "a\n");
  TextInput other(note("x", "z"));
  EXPECT_EQ(code(run("store", Value::object({{"name", "a"}}), Entry::kExecute, &other)),
            "plain_c.exists");
  EXPECT_EQ(read(folder_ / "a"), note("x", "y"));
  undo("store", Value::object({{"name", "a"}}));
  EXPECT_EQ(listing(), "");
  undo("store", Value::object({{"name", "a"}}));
}

TEST_F(PlainCTest, NamesThatLeadElsewhereAreRefused) {
  for (const char* name : {"", ".hidden", "../x", "a/b", "a.snapcore.json"}) {
    EXPECT_EQ(code(run("stat", Value::object({{"ref", name}}))), "plain_c.bad_name") << name;
  }
}

TEST_F(PlainCTest, EveryTruncationOfANoteIsDamaged) {
  const std::string text = note("berlin", "some text");
  write(folder_ / "a", text);
  const Value whole = must("examine", Value::object({{"artifact", Value::object({{"ref", "a"}})}}));
  EXPECT_EQ(whole.at("identity").text(), "berlin");
  for (std::size_t size = 0; size < text.size(); ++size) {
    write(folder_ / "a", text.substr(0, size));
    auto examined = run("examine", Value::object({{"artifact", Value::object({{"ref", "a"}})}}));
    ASSERT_FALSE(examined) << size;
    EXPECT_EQ(examined.error().category, Category::kCorrupt);
  }
}

TEST_F(PlainCTest, APlanTouchesNothing) {
  write(live(), note("berlin", "old"));
  const std::string before = listing();
  const Value later = Value::object(
      {{"$later", Value::object({{"call", "r#1"}, {"field", "handle"}, {"type", "object"}})}});
  const Value stage = must(
      "stage", Value::object({{"from", Value::object({{"ref", "a"}, {"size", 7}})}}), Entry::kPlan);
  EXPECT_EQ(stage.at("cost").at("bytes").uint_or(0), 7u);
  const Value activate = must("activate", Value::object({{"staged", later}}), Entry::kPlan);
  EXPECT_THAT(activate.at("keeps").items().at(0).text(), HasSubstr("live note's.backup-<time>"));
  must("health", Value::object({{"expected", later}}), Entry::kPlan);
  must("discard", Value::object({{"staged", later}}), Entry::kPlan);
  must("store", Value::object({{"name", "a"}}), Entry::kPlan);
  EXPECT_EQ(listing(), before);
}

TEST_F(PlainCTest, ARestoreReplacesTheLiveNoteAndKeepsTheOld) {
  write(live(), note("berlin", "old"));
  write(folder_ / "new", note("berlin", "new"));
  EXPECT_TRUE(must("inspect", Value::object()).at("healthy").bool_or(false));

  const Value staged = staged_from("new");
  EXPECT_EQ(read(live()), note("berlin", "old"));
  const Value handle = Value::object({{"staged", staged.at("handle")}});
  must("check", handle);
  const Value activated = must("activate", handle);
  EXPECT_EQ(read(live()), note("berlin", "new"));
  EXPECT_EQ(read(folder_ / "live note's.backup-20260102T030405Z"), note("berlin", "old"));
  must("health", Value::object({{"expected", staged.at("expected")}, {"deadline", "5s"}}));
  EXPECT_EQ(must("activate", handle), activated) << "a repeated call gives the same";

  must("discard", handle);
  must("release", Value::object({{"kept", activated.at("kept")}}));
  EXPECT_EQ(listing(), "live note's\nnew\n");
}

TEST_F(PlainCTest, HealthWantsTheNoteThatWasRestored) {
  write(folder_ / "new", note("berlin", "new"));
  const Value expected = staged_from("new").at("expected");
  EXPECT_EQ(code(run("health", Value::object({{"expected", expected}}))), "plain_c.unhealthy");
  write(live(), note("hamburg", "new"));
  EXPECT_EQ(code(run("health", Value::object({{"expected", expected}}))), "plain_c.unhealthy");
  write(live(), note("berlin", "newer"));
  EXPECT_EQ(code(run("health", Value::object({{"expected", expected}}))), "plain_c.unhealthy");
  write(live(), note("berlin", "new"));
  EXPECT_EQ(code(run("health", Value::object({{"expected", expected}}))), "");
}

TEST_F(PlainCTest, ActivationIsTakenBackFromEveryStateItCanBeFoundIn) {
  const std::string old = note("berlin", "old");
  const fs::path kept = folder_ / "live note's.backup-20260102T030405Z";
  write(folder_ / "new", note("berlin", "new"));
  for (const char* state : {"after", "twice", "half", "before"}) {
    context_.undos.clear();
    write(live(), old);
    const Value handle = Value::object({{"staged", staged_from("new").at("handle")}});
    must("activate", handle);
    if (state == std::string("half")) {  // the old one has its second name, the swap did not come
      fs::rename(kept, live());
      write(fs::path(handle.at("staged").at("path").text()), note("berlin", "new"));
      fs::create_hard_link(live(), kept);
    }
    if (state == std::string("before")) fs::rename(kept, live());
    for (int times = state == std::string("twice") ? 2 : 1; times > 0; --times)
      undo("activate", handle);
    EXPECT_EQ(read(live()), old) << state;
    EXPECT_FALSE(fs::exists(kept)) << state;
    must("discard", handle);
  }
}

TEST_F(PlainCTest, WithoutAnOldNoteTheWayBackIsNoNote) {
  write(folder_ / "new", note("berlin", "new"));
  const Value handle = Value::object({{"staged", staged_from("new").at("handle")}});
  EXPECT_TRUE(must("activate", handle).at("kept").is_null());
  undo("activate", handle);
  EXPECT_FALSE(fs::exists(live()));
  undo("stage", Value::object());
  must("discard", handle);
  EXPECT_EQ(listing(), "new\n");
}

TEST_F(PlainCTest, TheRecordedCommandsPutTheOldBackByHand) {
  write(live(), note("berlin", "old"));
  write(folder_ / "new", note("berlin", "new"));
  must("activate", Value::object({{"staged", staged_from("new").at("handle")}}));
  const std::string command = context_.undos.back().at("shell").items().at(0).text();
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  EXPECT_EQ(read(live()), note("berlin", "old"));
}

TEST_F(PlainCTest, ADamagedArtifactLeavesNothingStaged) {
  write(live(), note("berlin", "old"));
  write(folder_ / "bad", "NOTE berlin\nhalf");
  const std::string before = listing();
  EXPECT_EQ(code(run("stage", Value::object({{"from", Value::object({{"ref", "bad"}})}}))),
            "plain_c.damaged");
  EXPECT_EQ(listing(), before);
}

TEST_F(PlainCTest, TheLiveNoteIsCaptured) {
  write(live(), note("berlin", "old"));
  TextOutput bytes;
  EXPECT_EQ(must("capture", Value::object(), Entry::kExecute, nullptr, &bytes).at("kind").text(),
            "plain-note");
  EXPECT_EQ(bytes.text, note("berlin", "old"));
}

TEST_F(PlainCTest, AnArtifactIsReadAtTwoPlacesAtTheSameTime) {
  // Larger than what a stream holds: its producer waits inside of `open` while another `open` is
  // made.
  const std::string text = note("berlin", std::string(3 << 20, 'x'));
  write(folder_ / "a", text);
  const Value args = Value::object({{"ref", "a"}});
  ProducedStream stream(
      [&](OutputStream& out) -> Result<> {
        auto done = run("open", args, Entry::kExecute, nullptr, &out);
        if (!done) return fail(done.error());
        return {};
      },
      text.size(),
      [&](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
        TextOutput piece;
        must("open", Value::object({{"ref", "a"}, {"offset", offset}, {"length", into.size()}}),
             Entry::kExecute, nullptr, &piece);
        return piece.text.copy(reinterpret_cast<char*>(into.data()), into.size());
      });
  std::vector<std::byte> bytes(6);
  ASSERT_TRUE(stream.read(bytes));
  EXPECT_EQ(*stream.read_at(text.size() - 5, bytes), 5u);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), 5), "\nEND\n");
}

TEST_F(PlainCTest, AnInstanceWithoutAFileIsOnlyASource) {
  instance_ = create(Value::object({{"path", folder_.string()}}));
  EXPECT_EQ(code(run("inspect", Value::object())), "plain_c.no_file");
  must("list", Value::object());
}

}  // namespace
}  // namespace snapcore
