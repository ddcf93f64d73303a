// Names and links that try to lead elsewhere.
#include "fixture.hpp"

namespace local_files {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HostileTest : public FilesSourceTest {
 protected:
  void SetUp() override {
    FilesSourceTest::SetUp();
    std::ofstream(scratch_.path() / "outside.db") << "outside";
    std::filesystem::create_directory(scratch_.path() / "source");
    open_at(scratch_.path() / "source");
    put("a/inside.db", "inside");
  }
  std::string outside() {
    return snapcore::files::read_file(scratch_.path() / "outside.db").value_or("(none)");
  }
};

TEST_F(HostileTest, NoRefLeadsOutOrToWhatIsNoArtifact) {
  put("a/inside.db.sha256", "x");
  const std::string absolute = (scratch_.path() / "outside.db").string();
  const std::string refs[] = {"../outside.db",
                              "a/../../outside.db",
                              absolute,
                              "/etc/passwd",
                              "a/./inside.db",
                              "./a/inside.db",
                              "a//inside.db",
                              "a/",
                              "..",
                              ".",
                              "a/..",
                              ".hidden",
                              ".git/config",
                              "a/.hidden.db",
                              "a/inside.db.sha256",
                              "a/inside.db.snapcore.json",
                              "a/inside.db.part",
                              std::string("a/inside.db\0", 12),
                              std::string(5000, 'x')};
  for (const std::string& ref : refs) {
    const Value args = Value::object({{"ref", ref}});
    for (const char* operation : {"stat", "open", "remove"}) {
      const auto answer = source_->execute(operation, args);
      ASSERT_TRUE(answer.error) << operation << " " << ref;
      EXPECT_EQ(answer.error->code, "files.bad_ref") << operation << " " << ref;
    }
    EXPECT_EQ(source_->plan("remove", args).error->code, "files.bad_ref") << ref;
    EXPECT_EQ(source_->plan("store", Value::object({{"name", ref}})).error->code, "files.bad_ref");
    EXPECT_EQ(store(ref, "evil").error->code, "files.bad_ref") << ref;
  }
  EXPECT_EQ(outside(), "outside");
  EXPECT_THAT(everything(), ElementsAre("a", "a/inside.db", "a/inside.db.sha256"));
}

TEST_F(HostileTest, AnEmptyRefIsRefused) {
  for (const char* operation : {"stat", "open", "remove"}) {
    EXPECT_TRUE(source_->execute(operation, Value::object({{"ref", ""}})).error) << operation;
  }
}

TEST_F(HostileTest, LinksThatLeadOutAreRefusedAndThoseThatStayInsideAreFollowed) {
  std::filesystem::create_symlink("../outside.db", dir_ / "relative.db");
  std::filesystem::create_symlink(scratch_.path() / "outside.db", dir_ / "absolute.db");
  std::filesystem::create_directory_symlink("..", dir_ / "up");
  std::filesystem::create_symlink("/proc/self/environ", dir_ / "environ.db");
  std::filesystem::create_symlink("a/inside.db", dir_ / "good.db");
  std::filesystem::create_symlink("loop.db", dir_ / "loop.db");
  for (const char* ref : {"relative.db", "absolute.db", "up/outside.db", "environ.db"}) {
    for (const char* operation : {"stat", "open"}) {
      const auto answer = source_->execute(operation, Value::object({{"ref", ref}}));
      ASSERT_TRUE(answer.error) << ref;
      EXPECT_EQ(answer.error->code, "files.outside") << ref;
    }
    EXPECT_THAT(host_.outputs[0], IsEmpty());
  }
  EXPECT_EQ(stat("good.db").result.at("size").int_or(0), 6);
  EXPECT_TRUE(stat("loop.db").error);
  EXPECT_THAT(list(), ElementsAre("a/inside.db"));
}

TEST_F(HostileTest, NothingIsStoredOrRemovedThroughALink) {
  std::filesystem::create_directory(scratch_.path() / "elsewhere");
  std::filesystem::create_directory_symlink("../elsewhere", dir_ / "out");
  EXPECT_EQ(store("out/evil.db", "evil").error->code, "files.outside");
  EXPECT_EQ(store("out/deep/evil.db", "evil").error->code, "files.outside");
  EXPECT_TRUE(std::filesystem::is_empty(scratch_.path() / "elsewhere"));
  std::filesystem::create_symlink("a/inside.db", dir_ / "good.db");
  EXPECT_EQ(source_->execute("remove", Value::object({{"ref", "good.db"}})).error->code,
            "files.not_regular");
  EXPECT_EQ(text_of("a/inside.db"), "inside");
}

TEST_F(HostileTest, SpecialFilesAreRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo((dir_ / "pipe.db").c_str(), 0600), 0);
  std::filesystem::create_directory(dir_ / "folder.db");
  for (const char* ref : {"pipe.db", "folder.db"}) {
    for (const char* operation : {"stat", "open", "remove"}) {
      const auto answer = source_->execute(operation, Value::object({{"ref", ref}}));
      ASSERT_TRUE(answer.error) << ref;
      EXPECT_EQ(answer.error->code, "files.not_regular") << ref;
    }
  }
}

TEST_F(HostileTest, ACompanionThatIsALinkOrAPipeIsNotRead) {
  put("snap.db", "x");
  std::filesystem::create_symlink("/etc/hostname", dir_ / "snap.db.sha256");
  ASSERT_EQ(::mkfifo((dir_ / "snap.db.snapcore.json").c_str(), 0600), 0);
  const auto answer = stat("snap.db");
  ASSERT_EQ(answer.status, SC_OK) << answer.error_json;
  EXPECT_FALSE(answer.result.has("sha256"));
  EXPECT_TRUE(answer.result.at("manifest").is_string());
}

TEST_F(HostileTest, ANameThatIsNotUtf8IsLeftOutAloud) {
  for (const char* name :
       {"bad\xff.db", "over\xc0\xaf.db", "half\xe2\x82.db", "surrogate\xed\xa0\x80.db"}) {
    put(name, "x");
  }
  put("ok \xe2\x82\xac.db", "x");
  EXPECT_THAT(list(), ElementsAre("a/inside.db", "ok \xe2\x82\xac.db"));
  ASSERT_EQ(host_.logs.size(), 4u);
  for (const auto& [level, words] : host_.logs) {
    EXPECT_EQ(level, SC_LOG_WARNING);
    EXPECT_NE(words.find("\\x"), std::string::npos) << words;
  }
}

TEST_F(HostileTest, ANewNameMustFitALineOfASumFile) {
  for (const char* name : {"a\nb.db", "a\\b.db", "a\rb.db", "a\x01z.db"}) {
    EXPECT_EQ(store(name, "x").error->code, "files.bad_ref") << name;
  }
  EXPECT_EQ(store(std::string(201, 'x'), "x").error->code, "files.bad_ref");
  EXPECT_EQ(store(std::string(200, 'x'), "x").status, SC_OK);
}

TEST_F(HostileTest, FoldersDeeperThanAnyoneNeedsAreLeftOutAloud) {
  std::string path;
  for (int i = 0; i < 40; ++i) path += "d/";
  put(path + "deep.db", "x");
  EXPECT_THAT(list(), ElementsAre("a/inside.db"));
  EXPECT_EQ(host_.logs.size(), 1u);
}

}  // namespace
}  // namespace local_files
