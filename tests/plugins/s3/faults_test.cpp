// An artifact of several parts goes up to a real store and comes down again through a proxy that
// breaks what passes: the right bytes or a clear error, and nothing left behind.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/process.hpp>

#include "fixture.hpp"
#include "xml.hpp"

namespace s3 {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
namespace process = snapcore::process;

constexpr std::uint64_t kPart = 5 << 20;

// The proxy, which goes when its stdin does.
class Proxy {
 public:
  Proxy(const std::string& script, const std::string& upstream, const std::string& faults) {
    int in[2] = {};
    int out[2] = {};
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return;
    std::vector<std::string> argv = {"python3", "-B", script, upstream};
    for (std::size_t at = 0; at < faults.size();) {
      const auto end = std::min(faults.find(' ', at), faults.size());
      argv.push_back(faults.substr(at, end - at));
      at = end + 1;
    }
    std::vector<char*> pointers;
    for (std::string& word : argv) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::execvp(pointers[0], pointers.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    stdin_ = in[1];
    char text[16] = {};
    const auto got = ::read(out[0], text, sizeof text - 1);
    stdout_ = out[0];  // it may write the end of the line by itself
    if (got > 0) port_ = std::atoi(text);
  }
  ~Proxy() {
    ::close(stdin_);
    ::close(stdout_);
    if (pid_ > 0) (void)::waitpid(pid_, nullptr, 0);
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  bool runs() const { return port_ > 0; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  pid_t pid_ = -1;
  int stdin_ = -1;
  int stdout_ = -1;
  int port_ = 0;
};

// What must come of it: everything comes back as it was, or an error of this code.
struct Case {
  const char* fault;
  const char* stored = "";
  const char* opened = "";
};

class S3FaultsTest : public S3Test {
 protected:
  void SetUp() override {
    const char* tree = std::getenv("SNAPCORE_SOURCE");
    if (tree == nullptr) GTEST_SKIP() << "SNAPCORE_SOURCE is not set";
    tree_ = tree;
    const char* home = std::getenv("HOME");
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const auto started =
        process::run({.argv = {tree_ + "/tests/servers/start.sh", "minio", folder_.path().string()},
                      .environment = {{"XDG_CACHE_HOME",
                                       cache ? std::string(cache)
                                             : std::string(home ? home : "/root") + "/.cache"}}});
    ASSERT_TRUE(started) << started.error().message;
    if (started->exit_code == 77) GTEST_SKIP() << started->errors;
    ASSERT_EQ(started->exit_code, 0) << started->errors;
    minio_ = started->output.substr(0, started->output.find('\n'));
    environment_ = {{"AWS_ACCESS_KEY_ID", "snapcore-test"},
                    {"AWS_SECRET_ACCESS_KEY", "snapcore-secret"}};
    now_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto made = directly([](Session& session) -> Result<> {
      auto answer = session.demand({.method = "PUT"}, "cannot make the bucket");
      if (!answer) return fail(answer.error());
      EXPECT_THAT(std::string(answer->header("server")), HasSubstr("MinIO"));
      return {};
    });
    ASSERT_EQ(made.status, SC_OK) << made.error_json;
    bytes_.resize(2 * kPart + 12345);
    for (std::size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<char>(i * i >> 7);
  }
  void TearDown() override {
    const auto ctl = folder_.path() / "ctl";
    if (std::filesystem::exists(ctl)) (void)process::run({.argv = {ctl.string(), "kill"}});
  }

  Config config(const std::string& url) const {
    Config config{.bucket = "bucket", .prefix = "db/", .endpoint = url, .region = region_};
    config.part_size = kPart;
    config.attempts = 4;
    return config;
  }
  // Where a connection falls silent the test waits for the end of its patience; nowhere else.
  Surroundings around_fault(std::string_view fault) {
    Surroundings surroundings = around();
    if (fault.starts_with("silence") || fault.starts_with("mute")) {
      surroundings.stall = std::chrono::seconds(2);
    }
    return surroundings;
  }
  // Past the proxy.
  fakes::Answer directly(std::function<Result<>(Session&)> body) {
    return act([this, body = std::move(body)](sdk::Call& call) -> Result<> {
      auto store = Store::open(call, {.bucket = "bucket", .endpoint = minio_}, around());
      if (!store) return fail(store.error());
      Session made(*store, call);
      return body(made);
    });
  }
  // Keys, and begun uploads, below the name.
  std::vector<std::string> left(const std::string& name) {
    std::vector<std::string> found;
    const auto looked = directly([&](Session& session) -> Result<> {
      for (const auto& [query, item] :
           {std::pair<aws::Pairs, const char*>{{{"list-type", "2"}, {"prefix", "db/" + name}},
                                               "Contents"},
            std::pair<aws::Pairs, const char*>{{{"uploads", ""}, {"prefix", "db/" + name}},
                                               "Upload"}}) {
        auto answer = session.demand({.query = query}, "cannot list");
        if (!answer) return fail(answer.error());
        auto root = xml::parse(answer->body);
        if (!root) return fail(root.error());
        for (const xml::Element& child : root->children) {
          if (child.name == item) {
            found.push_back(std::string(item) + " " + std::string(child.text_of("Key")));
          }
        }
      }
      return {};
    });
    EXPECT_EQ(looked.status, SC_OK) << looked.error_json;
    return found;
  }
  // Each call has a key of its own.
  void new_call() { host_.info["key"] = snapcore::sha256_hex(std::to_string(++calls_)); }

  std::string tree_;
  fakes::Scratch folder_;
  std::string minio_;
  std::string bytes_;
  std::optional<std::string> region_;
  int calls_ = 0;
};

const Case kCases[] = {
    {"delay=5"},
    {"cut=1000000"},
    {"cut=0", "", "s3.unreachable"},
    {"cut-once=7"},
    {"cut-once=5000000 ignore-range"},
    {"silence=3000000"},
    {"mute=1"},
    {"slow-down=3"},
    {"storm", "s3.refused", "s3.refused"},
    {"reset-part=2"},
    {"reset-part=99", "s3.unreachable"},
    {"lost-part=2"},
    {"lost-put"},
    {"lost-end"},
    {"late-error=1"},
    {"lost-late-error"},
    {"region"},
    {"delay=5 slow-down=1 reset-part=1 lost-part=1 lost-end cut=3000000"},
};

TEST_F(S3FaultsTest, TheRightBytesOrAClearErrorAndNothingLeftBehind) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.fault);
    const Proxy proxy(tree_ + "/tests/servers/s3_fault_proxy.py", minio_, one.fault);
    ASSERT_TRUE(proxy.runs()) << "is python3 installed?";
    region_ = std::string_view(one.fault) == "region" ? std::optional<std::string>("eu-west-1")
                                                      : std::nullopt;
    const std::string name = "n" + std::to_string(++calls_);
    source_ = std::make_unique<Source>(config(proxy.url()), around_fault(one.fault));
    new_call();
    const auto stored = store(name, bytes_, Value::object({{"kind", "note"}}));
    const std::string store_said = stored.status == SC_OK ? "" : stored.error->code;
    EXPECT_EQ(store_said, one.stored) << stored.error_json;
    if (stored.status == SC_OK) {
      EXPECT_EQ(artifact_.sha256, snapcore::sha256_hex(bytes_));
      EXPECT_THAT(left(name), testing::UnorderedElementsAre(
                                  "Contents db/" + name, "Contents db/" + name + ".sha256",
                                  "Contents db/" + name + ".snapcore.json"));
    } else {
      EXPECT_THAT(left(name), IsEmpty());
    }
    std::printf("  %-66s store: %-16s", one.fault,
                store_said.empty() ? "whole" : store_said.c_str());
    if (stored.status != SC_OK) {
      // What was not stored through the proxy is put there past it.
      source_ = std::make_unique<Source>(config(minio_), around());
      new_call();
      ASSERT_EQ(store(name, bytes_).status, SC_OK);
    }
    source_ = std::make_unique<Source>(config(proxy.url()), around_fault(one.fault));
    const auto opened = open({.ref = name});
    const std::string open_said = opened.status == SC_OK ? "" : opened.error->code;
    EXPECT_EQ(open_said, one.opened) << opened.error_json;
    if (opened.status == SC_OK) {
      EXPECT_TRUE(host_.outputs[0] == bytes_);
    } else {
      EXPECT_TRUE(bytes_.starts_with(host_.outputs[0])) << "never other bytes";
    }
    std::printf("open: %s\n", open_said.empty() ? "whole" : open_said.c_str());
  }
}

// Nobody heard of the upload, so nobody can remove it: README.md says so.
TEST_F(S3FaultsTest, AnUploadThatNobodyHeardOfHoldsNothing) {
  const Proxy proxy(tree_ + "/tests/servers/s3_fault_proxy.py", minio_, "lost-begin");
  ASSERT_TRUE(proxy.runs());
  source_ = std::make_unique<Source>(config(proxy.url()), around());
  new_call();
  const auto stored = store("n", bytes_);
  ASSERT_EQ(stored.status, SC_OK) << stored.error_json;
  ASSERT_EQ(open({.ref = "n"}).status, SC_OK);
  EXPECT_TRUE(host_.outputs[0] == bytes_);
}

TEST_F(S3FaultsTest, AClockThatIsTwentyMinutesOffIsCorrectedAndSaid) {
  now_ -= std::chrono::minutes(20);
  source_ = std::make_unique<Source>(config(minio_), around());
  new_call();
  ASSERT_EQ(store("n", "hello").status, SC_OK);
  ASSERT_EQ(open({.ref = "n"}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "hello");
  ASSERT_FALSE(host_.logs.empty());
  EXPECT_THAT(host_.logs[0].second, HasSubstr("differ by 1"));
}

}  // namespace
}  // namespace s3
