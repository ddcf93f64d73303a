// The whole tool restores a state in a real store through a proxy that breaks what passes: the
// restored state or the one before, never another; never written without its lock; never over what
// somebody else wrote. What could not be finished is gone on with when the store is whole again.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "faults_fixture.hpp"
#include "store_test.hpp"

namespace s3 {
namespace {

constexpr char kStates[] = "states";
constexpr int kObjects = 1'000;  // of the older state, which has some 170 KB with them

std::string state(std::uint64_t serial, int objects) {
  std::string text = R"({"version":4,"terraform_version":"1.9.0","serial":)" +
                     std::to_string(serial) +
                     R"(,"lineage":"11111111-2222-3333-4444-555555555555","outputs":{},)"
                     R"("resources":[)";
  for (int i = 0; i < objects; ++i) {
    text += i > 0 ? ","
                  : R"({"mode":"managed","type":"terraform_data","name":"server",)"
                    R"("provider":"provider[\"terraform.io/builtin/terraform\"]","instances":[)";
    text += R"({"index_key":)" + std::to_string(i) +
            R"(,"schema_version":0,"attributes":{"id":"0123456789abcdef0123456789abcdef",)"
            R"("input":null,"output":null,"triggers_replace":null},"sensitive_attributes":[]})";
  }
  return text + (objects > 0 ? "]}" : "") + R"(],"check_results":null})" + "\n";
}

// What must come of it: an exit code, and the error that is told.
struct RestoreCase {
  const char* fault;
  int exit = 0;
  const char* code = "";
};

const RestoreCase kCases[] = {
    {"delay=5"},
    {"cut=50000"},
    {"cut=0", 2, "s3.unreachable"},
    {"cut-once=7"},
    {"cut-once=100000 ignore-range"},
    {"drip=30"},
    {"slow-down=1"},
    {"storm", 2, "s3.refused"},
    {"region"},
    {"moved"},
    {"skew=1200"},
    {"lost-put"},
    {"lost-put=2"},
    {"lost-put=3"},
    {"lost-delete"},
    {"lost-put=2 lost-delete slow-down=1 cut-once=50000"},
    {"second-writer", 5, "tfstate.changed_since"},
    {"second-writer lost-put=2", 5, "tfstate.changed_since"},
    {"second-lock", 5, "tfstate.locked"},
    {"second-lock lost-put", 5, "tfstate.locked"},
    {"gone-behind=1", 7, "s3.refused"},
    {"gone-behind=2", 7, "s3.refused"},
};

// What a run of the tool said.
struct Said {
  int exit = -1;
  std::string code;  // of the first error
  std::string text;
};

class RestoreFaultsTest : public S3FaultsTest {
 protected:
  void SetUp() override {
    S3FaultsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const char* build = std::getenv("SNAPCORE_BUILD");
    ASSERT_TRUE(build) << "SNAPCORE_BUILD is not set";
    build_ = build;
    const auto made = directly(
        [](Session& session) -> Result<> {
          for (const Ask& ask :
               {Ask{.method = "PUT"}, Ask{.method = "PUT",
                                      .query = {{"versioning", ""}},
                                      .body = "<VersioningConfiguration><Status>Enabled</Status>"
                                              "</VersioningConfiguration>"}}) {
            if (auto answer = session.demand(ask, "cannot make the bucket"); !answer)
              return fail(answer.error());
          }
          auto tested = test_traits(session, snapcore::sha256_hex("test"));
          if (!tested) return fail(tested.error());
          return {};
        },
        kStates);
    ASSERT_EQ(made.status, SC_OK) << made.error_json;
  }

  // The version that it became.
  std::string put(const std::string& key, const std::string& bytes) {
    std::string version;
    const auto done = directly(
        [&](Session& session) -> Result<> {
          auto answer = session.demand({.method = "PUT", .key = key, .body = bytes}, "cannot put");
          if (!answer) return fail(answer.error());
          version = answer->header("x-amz-version-id");
          return {};
        },
        kStates);
    EXPECT_EQ(done.status, SC_OK) << done.error_json;
    return version;
  }
  // Empty when there is none.
  std::string get(const std::string& key) {
    std::string body;
    const auto done = directly(
        [&](Session& session) -> Result<> {
          auto answer =
              session.send({.key = key, .on_body = [&](std::string_view piece) -> Result<> {
                              body += piece;
                              return {};
                            }});
          if (!answer) return fail(answer.error());
          if (answer->status == 404) body.clear();
          return {};
        },
        kStates);
    EXPECT_EQ(done.status, SC_OK) << done.error_json;
    return body;
  }

  void write_site(const std::string& key, const std::string& url, bool elsewhere) {
    std::ofstream(home() / "site.lua")
        << "return { instances = {\n  objects = { plugin = \"s3\", bucket = \"" << kStates
        << "\", endpoint = \"" << url << "\", attempts = 4, region = \""
        << (elsewhere ? "eu-west-1" : "us-east-1")
        << "\" },\n  infrastructure = { plugin = \"tfstate\", store = \"objects\", key = \"" << key
        << "\" },\n} }\n";
    std::filesystem::permissions(home() / "site.lua", std::filesystem::perms(0644));
    std::filesystem::remove_all(home() / "state");
  }
  Said tool(std::vector<std::string> arguments) {
    process::Command command;
    command.argv = {build_ + "/bin/snapcore", "--site", home() / "site.lua", "--state",
                    home() / "state",         "--json"};
    command.environment = environment_;
    command.keep_output = 8 << 20;
    command.environment["AWS_EC2_METADATA_DISABLED"] = "true";
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    const auto finished = process::run(command);
    EXPECT_TRUE(finished) << finished.error().message;
    Said said;
    said.exit = finished->exit_code;
    said.text = finished->output + finished->errors;
    std::istringstream lines(finished->output);
    for (std::string line; std::getline(lines, line);) {
      const auto event = Value::parse(line);
      if (event && event->at("type").text() == "error" && said.code.empty())
        said.code = event->at("code").text();
    }
    return said;
  }
  std::string newest_run() const {
    std::string newest;
    std::error_code ignored;
    for (const auto& run : std::filesystem::directory_iterator(home() / "state/runs", ignored))
      newest = std::max(newest, run.path().filename().string());
    return newest;
  }
  // Writes of the state that the store did while there was no lock; the proxy tells of all writes.
  int unlocked_writes(const std::string& key) const {
    std::ifstream log(home() / "log");
    bool locked = false;
    int count = 0;
    std::string method, path;
    for (int status = 0; log >> method >> path >> status;) {
      if (status >= 300) continue;
      if (path == "/" + std::string(kStates) + "/" + key + ".tflock") locked = method == "PUT";
      if (path == "/" + std::string(kStates) + "/" + key) count += locked ? 0 : 1;
    }
    return count;
  }
  const std::filesystem::path& home() const { return folder_.path(); }

  std::string build_;
};

TEST_F(RestoreFaultsTest, TheRestoredStateOrTheOneBeforeAndNeverWithoutItsLock) {
  for (const RestoreCase& one : kCases) {
    SCOPED_TRACE(one.fault);
    const std::string fault = one.fault;
    const std::string key = "n" + std::to_string(++calls_) + ".tfstate";
    const std::string older = state(5, kObjects), empty = state(9, 0),
                      restored = state(10, kObjects);
    const std::string version = put(key, older);
    put(key, empty);
    std::filesystem::remove(home() / "log");
    const FaultProxy proxy(tree_, minio_, "log=" + (home() / "log").string() + " " + fault);
    ASSERT_TRUE(proxy.runs()) << "is python3 installed?";
    write_site(key, proxy.url(), fault == "region" || fault == "moved");
    const Said said =
        tool({"run", tree_ + "/scripts/lua/tfstate-restore.lua", "--yes", "--set",
              "source=infrastructure", "--set", "ref=" + version, "--set", "preview=false"});
    EXPECT_EQ(said.exit, one.exit) << said.text;
    EXPECT_EQ(said.code, one.code) << said.text;
    std::string live = get(key), lock = get(key + ".tflock");
    const auto is = [&] {
      return live == restored ? "restored"
             : live == empty  ? "the state is as it was"
                              : "what somebody else wrote stays";
    };
    const bool others_may_write = fault.starts_with("second-writer");
    EXPECT_TRUE(live == restored || live == empty || others_may_write) << live.substr(0, 200);
    if (others_may_write) {
      EXPECT_THAT(live, HasSubstr("another"));
    }
    EXPECT_EQ(unlocked_writes(key), 0);
    std::string outcome = (said.code.empty() ? "" : said.code + ": ") + is();
    const bool others_lock = lock.find("me@there") != std::string::npos;
    if (others_lock) outcome += ", their lock stays";
    if (!lock.empty() && !others_lock) outcome += ", locked by the run";
    if (said.exit == 7 || said.exit == 6) {
      ASSERT_TRUE(proxy.mend());
      const Said again = tool({"resume", newest_run()});
      EXPECT_THAT(again.exit, testing::AnyOf(0, 1)) << again.text;
      live = get(key), lock = get(key + ".tflock");
      EXPECT_EQ(live, restored);
      outcome += "; held (exit " + std::to_string(said.exit) + "), then resume: " + is();
    } else if (said.exit == 0 || said.exit == 1) {
      EXPECT_EQ(live, restored);
    } else {
      EXPECT_NE(live, restored);
      outcome += " (exit " + std::to_string(said.exit) + ")";
    }
    if (!others_lock) {
      EXPECT_EQ(lock, "") << "a lock that nobody holds";
    }
    rows().push_back({fault, "state restore", outcome});
  }
}

}  // namespace
}  // namespace s3
