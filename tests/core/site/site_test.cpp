#include "site/site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <sstream>

#include "site_files.hpp"

namespace snapcore::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const char* const kSite = R"(-- a comment
return {
  policy = { max_age = "26h", space_margin = 0.5, on_failure = "hold", approval = "digest",
             unknown_identity = "refuse", waivers = { "age", "space" } },
  instances = {
    shelf = { plugin = "files", path = "/srv/backups", key = secret.env "SHELF_KEY" },
    stall = { plugin = "stall", members = { { name = "a", stop = { "true" } }, { name = "b" } }, limits = {},
              token = secret.file "/etc/token", other = secret.command { "/bin/echo", "x y" } },
  },
  values = { guests = { { id = 100 }, { id = 101 } }, place = "lab" },
}
)";

TEST(SiteTest, ASiteIsReadWithPolicyInstancesAndValues) {
  const SiteFiles files;
  const auto site = files.load(kSite);
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_EQ(site->policy.max_age, std::chrono::hours(26));
  EXPECT_EQ(site->policy.space_margin, 0.5);
  EXPECT_EQ(site->policy.on_failure, OnFailure::kHold);
  EXPECT_EQ(site->policy.approval, Policy::Approval::kDigest);
  EXPECT_EQ(site->policy.unknown_identity, Policy::UnknownIdentity::kRefuse);
  ASSERT_TRUE(site->policy.waivers);
  EXPECT_EQ(*site->policy.waivers, (std::vector<std::string>{"age", "space"}));
  ASSERT_EQ(site->instances.size(), 2u);
  const InstanceConfig* shelf = site->find("shelf");
  ASSERT_NE(shelf, nullptr);
  EXPECT_EQ(shelf->plugin, "files");
  EXPECT_EQ(shelf->line, 6);
  EXPECT_EQ(shelf->config.dump(), R"({"key":{"$secret":"env:SHELF_KEY"},"path":"/srv/backups"})");
  EXPECT_EQ(site->find("stall")->config.at("other").dump(),
            R"({"$secret":"command:[\"/bin/echo\",\"x y\"]"})");
  EXPECT_EQ(site->find("stall")->config.at("token").dump(), R"({"$secret":"file:/etc/token"})");
  EXPECT_EQ(site->find("stall")->line, 7);
  EXPECT_EQ(site->find("nobody"), nullptr);
  EXPECT_EQ(site->values.dump(), R"({"guests":[{"id":100},{"id":101}],"place":"lab"})");
  EXPECT_EQ(site->digest.size(), 64u);
}

TEST(SiteTest, WhatIsLeftOutHasItsDefault) {
  const SiteFiles files;
  const auto site = files.load("return {}");
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_FALSE(site->policy.max_age);
  EXPECT_EQ(site->policy.space_margin, 0.20);
  EXPECT_EQ(site->policy.on_failure, OnFailure::kRollback);
  EXPECT_EQ(site->policy.approval, Policy::Approval::kPrompt);
  EXPECT_EQ(site->policy.unknown_identity, Policy::UnknownIdentity::kAsk);
  EXPECT_FALSE(site->policy.waivers);
  EXPECT_TRUE(site->instances.empty());
  EXPECT_EQ(site->values.dump(), "{}");
  EXPECT_EQ(files.load("return { policy = { waivers = {} } }")->policy.waivers,
            std::vector<std::string>());
}

TEST(SiteTest, EveryMistakeIsNamedWithItsLine) {
  const SiteFiles files;
  const std::pair<const char*, const char*> mistakes[] = {
      {"return {\n  polici = {} }",
       "site.lua:2: polici is not known here; there are policy, instances, values"},
      {"return {\n policy = {\n  max_ago = '1h' } }",
       "site.lua:3: policy.max_ago is not known here; there are max_age, space_margin"},
      {"return {\n policy = {\n  max_age = 26 } }",
       "site.lua:3: policy.max_age must be a duration"},
      {"return { policy = {\n max_age = '26 hours' } }",
       "site.lua:2: policy.max_age must be a duration"},
      {"return { policy = { space_margin = '20%' } }",
       "site.lua:1: policy.space_margin must be a number"},
      {"return { policy = { space_margin = -0.1 } }",
       "site.lua:1: policy.space_margin must be a number"},
      {"return { policy = { on_failure = 'panic' } }",
       "policy.on_failure must be \"rollback\", \"hold\" or \"continue\""},
      {"return { policy = { on_failure = true } }", "policy.on_failure must be"},
      {"return { policy = { approval = 'none' } }",
       "policy.approval must be \"prompt\" or \"digest\""},
      {"return { policy = { unknown_identity = 'ok' } }", "policy.unknown_identity must be"},
      {"return { policy = { waivers = 'age' } }", "policy.waivers must be a list"},
      {"return { policy = { waivers = { age = true } } }", "policy.waivers must be a list"},
      {"return { policy = { waivers = { 'agee' } } }",
       "policy.waivers holds \"agee\", which is no guard; guards are age, destroys, hash"},
      {"return { policy = 5 }", "site.lua:1: policy must be a table"},
      {"return { instances = { 'x' } }", "instances must be a table of named instances"},
      {"return { instances = 'x' }", "instances must be a table of named instances"},
      {"return { instances = {\n\n a = {} } }", "site.lua:3: instances.a names no plugin"},
      {"return { instances = {\n a = 'files' } }", "site.lua:2: instances.a must be a table"},
      {"return { instances = {\n a = secret.env 'X' } }",
       "site.lua:2: instances.a must be a table"},
      {"return { instances = {\n a = { path = 'x',\n plugin = 5 } } }",
       "site.lua:3: instances.a.plugin must be the name"},
      {"return { instances = {\n ['a b'] = { plugin = 'x' } } }",
       "site.lua:2: instances.a b is not a usable name"},
      {"return { instances = {\n ['1a'] = { plugin = 'x' } } }", "is not a usable name"},
      {"return { instances = {\n ['a.b'] = { plugin = 'x' } } }", "is not a usable name"},
      {"return { values = 5 }", "values must be a table"},
      {"return { values = {\n a = { b = secret.env 'X' } } }",
       "site.lua:2: values.a holds a secret"},
      {"return { instances = { a = { plugin = 'x',\n\n f = function() end } } }",
       "site.lua:3: instances.a.f is a function"},
      {"return { instances = { a = { plugin = 'x',\n list = { 1, nil, 3 } } } }",
       "site.lua:2: instances.a.list is a list with a hole"},
      {"return { values = {\n ['$secret'] = 'env:X' } }", "reserved"},
      {"return 5", "site.lua: a site returns one table"},
      {"local x = 1", "site.lua: a site returns one table"},
      {"return {\n  policy = { }\n  values = { } }", "site.lua:3: '}' expected"},
      {"\nerror('no')", "site.lua:2: no"},
      {"return {\n values = io.open('x') }", "site.lua:2: there is no global 'io' here"},
      {"return { a = require 'x' }", "there is no global 'require' here"},
      {"return { values = {\n a = os.getenv('X') } }", "site.lua:2: there is no global 'os' here"},
      {"secret = {}", "'secret' cannot be set"},
      {"secret.env = 1", "this table is read-only"},
      {"secret.env ''", "site.lua:1: bad argument #1 to 'env'"},
      {"secret.env {}", "site.lua:1: bad argument"},
      {"secret.file 'relative'", "an absolute path is expected"},
      {"\nsecret.command 'ls'", "site.lua:2: bad argument"},
      {"\nsecret.command {}", "site.lua:2: secret.command takes the program and its arguments"},
      {"\nsecret.command { 1 }", "site.lua:2: secret.command takes the program and its arguments"},
      {"\nsecret.command { a = 'b' }",
       "site.lua:2: secret.command takes the program and its arguments"},
  };
  for (const auto& [text, problem] : mistakes) {
    const auto site = files.load(text);
    ASSERT_FALSE(site) << text;
    EXPECT_EQ(site.error().code, "site.invalid") << text;
    EXPECT_THAT(site.error().message, HasSubstr(problem)) << text;
    EXPECT_THAT(site.error().message, StartsWith("site.lua:")) << text;
  }
}

TEST(SiteTest, AnEndlessSiteEnds) {
  const SiteFiles files;
  EXPECT_THAT(files.problem("while true do end"), HasSubstr("does not come to an end"));
  EXPECT_THAT(files.problem("local t = {} for i = 1, 1e9 do t[i] = i end"), HasSubstr("of memory"));
}

TEST(SiteTest, ASiteMayComputeWhatItSays) {
  const SiteFiles files;
  const auto site = files.load(
      "local function files(name) return { plugin = 'files', path = '/srv/' .. name } end\n"
      "local instances = {}\n"
      "for _, name in ipairs { 'a', 'b' } do instances[name] = files(name) end\n"
      "return { instances = instances }");
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_EQ(site->find("b")->config.at("path").text(), "/srv/b");
  EXPECT_EQ(site->find("b")->line, 4);  // the nearest that can be told
}

// --- digest --------------------------------------------------------------------------------------

TEST(SiteDigestTest, WordsAndOrderDoNotCountAndEveryValueDoes) {
  const SiteFiles files;
  const auto digest = [&](const std::string& text) { return files.load(text)->digest; };
  const std::string one =
      "return { instances = { a = { plugin = 'x', p = 1, q = secret.env 'E' } }, values = { v = 1 "
      "} }";
  EXPECT_EQ(digest(one), digest("-- hello\nlocal e = secret.env 'E'\nreturn { values = { v = 1 "
                                "},\n instances = { a = { q = e, p = 1, plugin = 'x' } } }"));
  EXPECT_EQ(digest(one),
            digest("return { policy = { on_failure = 'rollback' }, instances = { a = { plugin = "
                   "'x', p = 1, q = secret.env 'E' } }, values = { v = 1 } }"));
  std::set<std::string> digests = {digest(one)};
  const char* others[] = {
      "return { instances = { a = { plugin = 'y', p = 1, q = secret.env 'E' } }, values = { v = 1 "
      "} }",
      "return { instances = { b = { plugin = 'x', p = 1, q = secret.env 'E' } }, values = { v = 1 "
      "} }",
      "return { instances = { a = { plugin = 'x', p = 2, q = secret.env 'E' } }, values = { v = 1 "
      "} }",
      "return { instances = { a = { plugin = 'x', p = 1.0, q = secret.env 'E' } }, values = { v = "
      "1 } }",
      "return { instances = { a = { plugin = 'x', p = '1', q = secret.env 'E' } }, values = { v = "
      "1 } }",
      "return { instances = { a = { plugin = 'x', p = 1, q = secret.env 'F' } }, values = { v = 1 "
      "} }",
      "return { instances = { a = { plugin = 'x', p = 1, q = secret.file '/E' } }, values = { v = "
      "1 } }",
      "return { instances = { a = { plugin = 'x', p = 1, q = 'env:E' } }, values = { v = 1 } }",
      "return { instances = { a = { plugin = 'x', p = 1, q = secret.env 'E' } }, values = { v = 2 "
      "} }",
      "return { instances = { a = { plugin = 'x', p = 1, q = secret.env 'E' } } }",
      "return { policy = { max_age = '1h' }, instances = { a = { plugin = 'x', p = 1, q = "
      "secret.env 'E' } }, values = { v = 1 } }",
      "return { policy = { waivers = {} }, instances = { a = { plugin = 'x', p = 1, q = secret.env "
      "'E' } }, values = { v = 1 } }",
      "return { policy = { space_margin = 0.3 }, instances = { a = { plugin = 'x', p = 1, q = "
      "secret.env 'E' } }, values = { v = 1 } }",
  };
  for (const char* other : others) EXPECT_TRUE(digests.insert(digest(other)).second) << other;
}

TEST(SiteDigestTest, TheTextOfASecretIsNoPartOfIt) {
  const SiteFiles files;
  const std::string text =
      "return { instances = { a = { plugin = 'x', q = secret.env 'SITE_TEST_SECRET' } } }";
  ::setenv("SITE_TEST_SECRET", "one", 1);
  const auto first = files.load(text);
  ::setenv("SITE_TEST_SECRET", "canary-7c1f", 1);
  const auto second = files.load(text);
  ::unsetenv("SITE_TEST_SECRET");
  const auto third = files.load(text);
  EXPECT_EQ(first->digest, second->digest);
  EXPECT_EQ(first->digest, third->digest);
}

// --- ownership -----------------------------------------------------------------------------------

TEST(SiteOwnershipTest, AFileThatOthersCanWriteIsRefused) {
  const SiteFiles files;
  for (const mode_t mode : {0620U, 0602U, 0666U, 0660U, 0777U, 0722U}) {
    const auto site = load_site(files.write("site.lua", "return {}", mode));
    ASSERT_FALSE(site) << std::oct << mode;
    EXPECT_EQ(site.error().code, "site.unsafe_file");
    EXPECT_THAT(site.error().message, HasSubstr("can be written by others"));
    EXPECT_THAT(site.error().hint, HasSubstr("chmod go-w " + (files.root() / "site.lua").string()));
  }
  for (const mode_t mode : {0600U, 0644U, 0400U, 0755U}) {
    EXPECT_TRUE(load_site(files.write("site.lua", "return {}", mode))) << std::oct << mode;
  }
}

TEST(SiteOwnershipTest, ADirectoryThatOthersCanWriteIsRefused) {
  const SiteFiles files;
  const auto directory = files.root() / "etc";
  std::filesystem::create_directory(directory);
  const auto path = files.write("etc/site.lua", "return {}");
  for (const mode_t mode : {0770U, 0777U, 0707U}) {
    ::chmod(directory.c_str(), mode);
    const auto site = load_site(path);
    ASSERT_FALSE(site) << std::oct << mode;
    EXPECT_EQ(site.error().code, "site.unsafe_file");
    EXPECT_THAT(site.error().message, HasSubstr("the directory "));
  }
  // Nobody can take away what belongs to another where the sticky bit is set.
  for (const mode_t mode : {0700U, 0755U, 01777U}) {
    ::chmod(directory.c_str(), mode);
    EXPECT_TRUE(load_site(path)) << std::oct << mode;
  }
}

TEST(SiteOwnershipTest, ALinkIsAsSafeAsWhatItLeadsTo) {
  const SiteFiles files;
  std::filesystem::create_directory(files.root() / "open");
  files.write("open/site.lua", "return {}");
  ::chmod((files.root() / "open").c_str(), 0777);
  const auto link = files.root() / "site.lua";
  std::filesystem::create_symlink("open/site.lua", link);
  const auto site = load_site(link);
  ASSERT_FALSE(site);
  EXPECT_EQ(site.error().code, "site.unsafe_file");
}

TEST(SiteOwnershipTest, AForeignOwnerIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs the right to change owners";
  const SiteFiles files;
  const auto path = files.write("site.lua", "return {}");
  ASSERT_EQ(::chown(path.c_str(), 4711, 4711), 0);
  const auto site = load_site(path);
  ASSERT_FALSE(site);
  EXPECT_EQ(site.error().code, "site.unsafe_file");
  EXPECT_THAT(site.error().message, HasSubstr("belongs to user 4711"));
  std::filesystem::create_directory(files.root() / "etc");
  const auto inner = files.write("etc/site.lua", "return {}");
  ASSERT_EQ(::chown((files.root() / "etc").c_str(), 4711, 4711), 0);
  EXPECT_EQ(load_site(inner).error().code, "site.unsafe_file");
}

TEST(SiteOwnershipTest, WhatIsNoFileIsNamed) {
  const SiteFiles files;
  const auto fifo = files.root() / "site.lua";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const auto& path : {fifo, files.root(), files.root() / "none.lua"}) {
    const auto site = load_site(path);
    ASSERT_FALSE(site) << path;
    EXPECT_EQ(site.error().code, "site.unreadable_file") << path;
    EXPECT_THAT(site.error().message, HasSubstr(path.string()));
  }
}

TEST(SiteTest, TheExampleThatShipsIsASite) {
  const char* source = std::getenv("SNAPCORE_SOURCE");
  if (source == nullptr) GTEST_SKIP() << "SNAPCORE_SOURCE is not set";
  std::ifstream file(std::filesystem::path(source) / "scripts/lua/examples/site.lua");
  std::stringstream text;
  text << file.rdbuf();
  const SiteFiles files;
  const auto site = files.load(text.str());
  ASSERT_TRUE(site) << site.error().message;
  EXPECT_FALSE(site->instances.empty());
}

}  // namespace
}  // namespace snapcore::test
