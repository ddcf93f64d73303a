// An artifact of several parts goes up to a real store and comes down again through a proxy that
// breaks what passes: the right bytes or a clear error, and nothing left behind.
#include "faults_fixture.hpp"

namespace s3 {
namespace {

class Table : public testing::Environment {
  void TearDown() override { print_rows(); }
};
const auto* const kTable = testing::AddGlobalTestEnvironment(new Table);

// What must come of it: everything comes back as it was, or an error of this code.
struct Case {
  const char* fault;
  const char* stored = "";
  const char* opened = "";
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
    {"moved"},
    {"skew=1200"},
    {"drip=30"},
    {"cut-once=7000000 replace", "", "s3.changed"},
    {"delay=5 slow-down=1 reset-part=1 lost-part=1 lost-end cut=3000000"},
};

TEST_F(S3FaultsTest, TheRightBytesOrAClearErrorAndNothingLeftBehind) {
  for (const Case& one : kCases) {
    SCOPED_TRACE(one.fault);
    const FaultProxy proxy(tree_, minio_, one.fault);
    ASSERT_TRUE(proxy.runs()) << "is python3 installed?";
    const bool elsewhere = one.fault == std::string("region") || one.fault == std::string("moved");
    region_ = elsewhere ? std::optional<std::string>("eu-west-1") : std::nullopt;
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
    rows().push_back({one.fault, "store",
                      store_said.empty() ? "stored whole" : store_said + ", nothing left behind"});
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
    rows().push_back(
        {one.fault, "open",
         open_said.empty()
             ? "read whole"
             : open_said + ", behind " + std::to_string(host_.outputs[0].size()) + " right bytes"});
  }
}

const Case kCasesOfStreams[] = {
    {"delay=5"},
    {"cut=1000000"},
    {"cut=0", "", "s3.unreachable"},
    {"cut-once=7"},
    {"silence=3000000"},
    {"mute=1"},
    {"slow-down=1"},
    {"slow-down=6"},
    {"storm", "", "s3.refused"},
    {"region"},
    {"moved"},
    {"skew=1200"},
    {"drip=30"},
    {"cut-once=7000000 replace", "", "s3.changed"},
    {"delay=5 slow-down=2 cut=3000000 mute=1"},
};

TEST_F(S3FaultsTest, SeveralStreamsBringTheRightBytesOrAClearError) {
  const std::string some = bytes_;
  while (bytes_.size() < (std::size_t{36} << 20)) bytes_ += some;
  for (const Case& one : kCasesOfStreams) {
    SCOPED_TRACE(one.fault);
    region_ = std::nullopt;
    const std::string name = "s" + std::to_string(++calls_);
    source_ = std::make_unique<Source>(config(minio_), around());
    new_call();
    ASSERT_EQ(store(name, bytes_).status, SC_OK);
    const FaultProxy proxy(tree_, minio_, one.fault);
    ASSERT_TRUE(proxy.runs()) << "is python3 installed?";
    const bool elsewhere = one.fault == std::string("region") || one.fault == std::string("moved");
    if (elsewhere) region_ = "eu-west-1";
    Config several = config(proxy.url());
    several.streams = 3;
    several.attempts = 8;  // a reset takes what was on its way along
    source_ = std::make_unique<Source>(several, around_fault(one.fault));
    const auto opened = open({.ref = name});
    const std::string said = opened.status == SC_OK ? "" : opened.error->code;
    EXPECT_EQ(said, one.opened) << opened.error_json;
    EXPECT_TRUE(said.empty() ? host_.outputs[0] == bytes_ : bytes_.starts_with(host_.outputs[0]));
    rows().push_back({one.fault, "three streams",
                      said.empty() ? "read whole"
                                   : said + ", behind " + std::to_string(host_.outputs[0].size()) +
                                         " right bytes"});
  }
}

// Several parts are under way at the same time: some of them fail, others arrive meanwhile.
TEST_F(S3FaultsTest, AnUploadOfManyPartsOfWhichSomeFailIsWholeOrGone) {
  const std::string pattern = std::move(bytes_);
  bytes_.clear();
  for (std::size_t i = 0; i < 3; ++i) bytes_ += pattern.substr(i, 2 * kPart);
  bytes_ += "end";
  for (const Case& one : {Case{"reset-part=3 slow-down=1"}, Case{"lost-part=4 delay=5"},
                          Case{"reset-part=99", "s3.unreachable"}}) {
    SCOPED_TRACE(one.fault);
    const FaultProxy proxy(tree_, minio_, one.fault);
    ASSERT_TRUE(proxy.runs());
    const std::string name = "many" + std::to_string(++calls_);
    source_ = std::make_unique<Source>(config(proxy.url()), around());
    new_call();
    const auto stored = store(name, bytes_);
    EXPECT_EQ(stored.status == SC_OK ? "" : stored.error->code, one.stored) << stored.error_json;
    if (stored.status != SC_OK) {
      EXPECT_THAT(left(name), IsEmpty());
      continue;
    }
    EXPECT_EQ(artifact_.sha256, snapcore::sha256_hex(bytes_));
    ASSERT_EQ(open({.ref = name}).status, SC_OK);
    EXPECT_TRUE(host_.outputs[0] == bytes_);
    EXPECT_THAT(left(name), testing::UnorderedElementsAre("Contents db/" + name,
                                                          "Contents db/" + name + ".sha256"));
  }
}

// Nobody heard of the upload, so nobody can remove it: README.md says so.
TEST_F(S3FaultsTest, AnUploadThatNobodyHeardOfHoldsNothing) {
  const FaultProxy proxy(tree_, minio_, "lost-begin");
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
