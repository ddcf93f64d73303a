#include "fixture.hpp"
#include "plugin/manifest.hpp"

namespace local_files {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kDigest(64, 'a');

TEST_F(FilesSourceTest, TheManifestHasAllVerbsOfASource) {
  const Value manifest = fakes::manifest_of(plugin_);
  EXPECT_EQ(manifest.at("id").text(), "files");
  EXPECT_EQ(manifest.at("roles").dump(), R"(["source"])");
  std::vector<std::string> verbs;
  for (const Value& operation : manifest.at("operations").items()) {
    verbs.push_back(operation.at("name").text() + ":" + operation.at("effect").text());
  }
  EXPECT_THAT(verbs,
              ElementsAre("list:read", "stat:read", "open:read", "store:change", "remove:destroy"));
}

TEST_F(FilesSourceTest, TheHostTakesTheManifest) {
  const auto manifest =
      snapcore::parse_manifest({plugin_->manifest_json.data, plugin_->manifest_json.size});
  EXPECT_TRUE(manifest) << manifest.error().message;
}

TEST_F(FilesSourceTest, TheDirectoryMustBeThere) {
  put("file", "x");
  const std::pair<std::string, std::string> bad[] = {
      {(dir_ / "none").string(), "files.not_found"},
      {(dir_ / "file").string(), "files.not_a_directory"},
      {"relative", "files.relative_path"},
      {"", "plugin.bad_value"}};
  for (const auto& [path, code] : bad) {
    const fakes::Instance instance(plugin_, host_, Value::object({{"path", path}}));
    EXPECT_FALSE(instance.made());
    EXPECT_EQ(instance.creation().error->code, code) << path;
  }
}

TEST_F(FilesSourceTest, ListIsInTheOrderOfNamesAndGoesIntoFolders) {
  for (const char* name : {"b.db", "a.db", "site/z.db", "site/a/x.db", "c.db"}) put(name, "x");
  EXPECT_THAT(list(), ElementsAre("a.db", "b.db", "c.db", "site/a/x.db", "site/z.db"));
  EXPECT_THAT(host_.logs, IsEmpty());
}

TEST_F(FilesSourceTest, ListPassesOverWhatIsNoArtifact) {
  for (const char* name : {".hidden", ".git/config", "a.db.part", "a.db.tmp", "a.db~",
                           "a.db.partial", "a.db.sha256", "a.db.snapcore.json", "a.db"}) {
    put(name, "x");
  }
  std::filesystem::create_symlink("a.db", dir_ / "latest.db");
  ASSERT_EQ(::mkfifo((dir_ / "pipe.db").c_str(), 0600), 0);
  EXPECT_THAT(list(), ElementsAre("a.db"));
}

TEST_F(FilesSourceTest, APrefixSelects) {
  for (const char* name : {"a.db", "site-a/1.db", "site-a/2.db", "site-b/1.db", "site-a.db"})
    put(name, "x");
  const auto with = [&](const char* prefix) { return list(Value::object({{"prefix", prefix}})); };
  EXPECT_THAT(with("site-a/"), ElementsAre("site-a/1.db", "site-a/2.db"));
  EXPECT_THAT(with("site-a"), ElementsAre("site-a/1.db", "site-a/2.db", "site-a.db"));
  EXPECT_THAT(with("site-a/2"), ElementsAre("site-a/2.db"));
  EXPECT_THAT(with("none"), IsEmpty());
}

TEST_F(FilesSourceTest, AForeignFileIsAnArtifactWithWhatIsKnownOfIt) {
  put("snap.db", "hello");
  const Value artifact = stat("snap.db").result;
  EXPECT_EQ(artifact.at("ref").text(), "snap.db");
  EXPECT_EQ(artifact.at("name").text(), "snap.db");
  EXPECT_EQ(artifact.at("size").int_or(0), 5);
  EXPECT_TRUE(artifact.at("local").bool_or(false));
  EXPECT_EQ(artifact.at("path").text(), (dir_ / artifact.at("ref").text()).string());
  EXPECT_TRUE(artifact.at("modified").is_string());
  for (const char* unknown : {"kind", "sha256", "created", "manifest", "version_id", "etag"}) {
    EXPECT_FALSE(artifact.has(unknown)) << unknown;
  }
}

TEST_F(FilesSourceTest, TheManifestSaysWhatItIs) {
  put("snap.db", "hello");
  put("snap.db.snapcore.json",
      R"({"format": "f", "kind": "example-note", "stored": {"size": 5, "sha256": ")" + kDigest +
          R"("}, "created": "2026-01-02T03:04:05Z"})");
  const Value artifact = stat("snap.db").result;
  EXPECT_EQ(artifact.at("kind").text(), "example-note");
  EXPECT_EQ(artifact.at("sha256").text(), kDigest);
  EXPECT_EQ(artifact.at("created").text(), "2026-01-02T03:04:05Z");
  EXPECT_EQ(artifact.at("manifest").at("format").text(), "f");
}

TEST_F(FilesSourceTest, ASumFileOfAnyToolGivesTheDigest) {
  put("snap.db", "hello");
  const std::string other(64, 'b');
  const std::string upper(64, 'A');
  for (const std::string& text :
       {kDigest + "  snap.db\n", kDigest + " *snap.db\n", kDigest + "\n", kDigest,
        kDigest + "  ./snap.db\n", kDigest + "  /var/backups/snap.db\r\n",
        other + "  other.db\n" + kDigest + "  snap.db\n",
        "# made by hand\n" + upper + "  snap.db\n"}) {
    put("snap.db.sha256", text);
    EXPECT_EQ(stat("snap.db").result.at("sha256").text(), kDigest) << text;
  }
}

TEST_F(FilesSourceTest, ASumFileThatSaysNothingIsAWarning) {
  put("snap.db", "hello");
  for (const std::string& text :
       {std::string(), std::string("garbage"), kDigest.substr(1) + "  snap.db\n",
        kDigest + "  other.db\n", std::string(64, 'g') + "  snap.db\n",
        std::string(2 << 20, 'a')}) {
    host_.logs.clear();
    put("snap.db.sha256", text);
    EXPECT_FALSE(stat("snap.db").result.has("sha256"));
    ASSERT_EQ(host_.logs.size(), 1u);
    EXPECT_EQ(host_.logs[0].first, SC_LOG_WARNING);
    EXPECT_NE(host_.logs[0].second.find("snap.db.sha256"), std::string::npos);
  }
}

TEST_F(FilesSourceTest, ADamagedManifestIsHandedOnAsWhatItIsAndNeverHidesTheArtifact) {
  put("snap.db", "hello");
  for (const char* text : {"", "{", "[]", "\xff\xfe"}) {
    host_.logs.clear();
    put("snap.db.snapcore.json", text);
    EXPECT_THAT(list(), ElementsAre("snap.db"));
    EXPECT_TRUE(host_.items[0].at("manifest").is_string());
    EXPECT_EQ(host_.logs.size(), 1u);
  }
}

TEST_F(FilesSourceTest, WhereTheTwoCompanionsDisagreeBothAreShown) {
  put("snap.db", "hello");
  put("snap.db.snapcore.json", R"({"stored": {"size": 5, "sha256": ")" + kDigest + R"("}})");
  put("snap.db.sha256", std::string(64, 'b') + "  snap.db\n");
  const Value artifact = stat("snap.db").result;
  EXPECT_EQ(artifact.at("sha256").text(), std::string(64, 'b'));
  EXPECT_EQ(artifact.at("manifest").at("stored").at("sha256").text(), kDigest);
}

TEST_F(FilesSourceTest, EveryRangeOfBytesComesAsItIs) {
  const std::string bytes = "0123456789";
  put("snap.db", bytes);
  for (std::uint64_t offset = 0; offset <= bytes.size(); ++offset) {
    for (std::uint64_t length = 0; length <= bytes.size() + 1; ++length) {
      const auto answer = source_->execute(
          "open", Value::object({{"ref", "snap.db"}, {"offset", offset}, {"length", length}}));
      EXPECT_EQ(answer.status, SC_OK) << answer.error_json;
      EXPECT_EQ(host_.outputs[0], bytes.substr(offset, length));
    }
  }
  EXPECT_EQ(
      source_->execute("open", Value::object({{"ref", "snap.db"}, {"offset", 11}})).error->code,
      "files.bad_offset");
  EXPECT_EQ(source_->execute("open", Value::object({{"ref", "snap.db"}, {"version_id", "1"}}))
                .error->code,
            "files.no_versions");
}

TEST_F(FilesSourceTest, ALargeFileComesWhole) {
  std::string bytes((3 << 20) + 7, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  put("snap.db", bytes);
  EXPECT_EQ(source_->execute("open", Value::object({{"ref", "snap.db"}})).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], bytes);
}

TEST_F(FilesSourceTest, AFileThatChangesWhileItIsReadIsAnError) {
  const std::string bytes(2 << 20, 'x');
  const auto meddle = [&](const std::function<void()>& change) {
    put("snap.db", bytes);
    host_.break_output = [&, done = false](std::uint64_t) mutable -> snapcore::Result<> {
      if (!done) change();
      done = true;
      return {};
    };
    const auto answer = source_->execute("open", Value::object({{"ref", "snap.db"}}));
    EXPECT_EQ(answer.error->code, "files.changed_while_read");
  };
  meddle([&] { std::filesystem::resize_file(dir_ / "snap.db", 1 << 20); });
  meddle([&] { std::ofstream(dir_ / "snap.db", std::ios::app) << "more"; });
  meddle([&] {
    const auto later = std::filesystem::last_write_time(dir_ / "snap.db") + std::chrono::hours(1);
    std::filesystem::last_write_time(dir_ / "snap.db", later);
  });
}

TEST_F(FilesSourceTest, CancelAndAClosedStreamEndAnOpen) {
  put("snap.db", std::string(4 << 20, 'x'));
  host_.cancel_when = [&] { return host_.outputs[0].size() >= 1 << 20; };
  EXPECT_EQ(source_->execute("open", Value::object({{"ref", "snap.db"}})).status, SC_CANCELLED);
  host_.cancel_when = nullptr;
  host_.break_output = [](std::uint64_t) -> snapcore::Result<> {
    return snapcore::fail({.code = "stream.closed", .message = "closed"});
  };
  EXPECT_EQ(source_->execute("open", Value::object({{"ref", "snap.db"}})).error->code,
            "stream.closed");
}

TEST_F(FilesSourceTest, AListStopsWhenAskedTo) {
  for (int i = 0; i < 20; ++i) put("a" + std::to_string(i), "x");
  host_.cancel_when = [&] { return host_.items.size() >= 5; };
  EXPECT_EQ(source_->execute("list", Value::object()).status, SC_CANCELLED);
  EXPECT_EQ(host_.items.size(), 5u);
}

TEST_F(FilesSourceTest, RemoveTakesTheArtifactAndItsCompanionsAlone) {
  for (const char* name : {"a.db", "a.db.sha256", "a.db.snapcore.json", "b.db", "b.db.sha256"})
    put(name, "x");
  const auto planned = source_->plan("remove", Value::object({{"ref", "a.db"}}));
  EXPECT_NE(planned.result.at("effects").items()[0].text().find("a.db (1 bytes)"),
            std::string::npos);
  EXPECT_EQ(planned.result.at("shell").items()[0].text(), "rm -- " + (dir_ / "a.db").string());
  EXPECT_THAT(everything(), testing::SizeIs(5));
  EXPECT_EQ(source_->execute("remove", Value::object({{"ref", "a.db"}})).status, SC_OK);
  EXPECT_THAT(everything(), ElementsAre("b.db", "b.db.sha256"));
}

TEST_F(FilesSourceTest, RemoveTwiceIsFineOnlyWhenItIsTheSameCall) {
  put("a.db", "x");
  const Value args = Value::object({{"ref", "a.db"}});
  ASSERT_EQ(source_->execute("remove", args).status, SC_OK);
  EXPECT_EQ(source_->execute("remove", args).error->code, "files.not_found");
  host_.info["attempt"] = 2;
  EXPECT_EQ(source_->execute("remove", args).status, SC_OK);
}

}  // namespace
}  // namespace local_files
