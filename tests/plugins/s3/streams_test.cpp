// A large object in several streams: the right bytes, each once and in order, or an error.
#include "streams.hpp"

#include <atomic>
#include <charconv>

#include "fixture.hpp"

namespace s3 {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr std::uint64_t kPiece = Stream::kRoom;

struct Asked {
  std::uint64_t from = 0;
  std::uint64_t to = 0;  // the byte behind
};
std::optional<Asked> range_of(const std::string& request) {
  constexpr std::string_view kBegin = "range: bytes=";
  const auto at = request.find(kBegin);
  if (at == std::string::npos) return std::nullopt;
  Asked asked;
  const char* const end = request.data() + request.size();
  const auto first = std::from_chars(request.data() + at + kBegin.size(), end, asked.from);
  const auto last = std::from_chars(first.ptr + 1, end, asked.to);
  asked.to = last.ec == std::errc() ? asked.to + 1 : UINT64_MAX;
  return asked;
}

class S3StreamsTest : public S3Test {
 protected:
  S3StreamsTest() {
    bytes_.resize(5 * kPiece + 12345);
    for (std::size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<char>(i * i >> 9);
  }
  void change_config(Config& config) override { config.streams = 3; }

  // A store that does what it is asked; `spoil` may answer in its place.
  void serve_bytes(std::function<std::optional<std::string>(const Asked&)> spoil = {}) {
    server_ = std::make_unique<fakes::HttpServer>([this, spoil](const std::string& request) {
      const auto asked = range_of(request);
      if (spoil && asked) {
        if (auto answer = spoil(*asked)) return *answer;
      }
      return asked ? part(*asked) : whole();
    });
    Config config{.bucket = "bucket", .prefix = "db/", .endpoint = server_->url("")};
    change_config(config);
    source_ = std::make_unique<Source>(config, around());
  }
  std::string part(const Asked& asked, const std::string& etag = "\"e\"") const {
    if (bytes_.empty()) return answer(416);
    const auto to = std::min<std::uint64_t>(asked.to, bytes_.size());
    return answer(206,
                  "ETag: " + etag + "\r\nx-amz-version-id: v1\r\nContent-Range: bytes " +
                      std::to_string(asked.from) + "-" + std::to_string(to - 1) + "/" +
                      std::to_string(bytes_.size()) + "\r\n",
                  bytes_.substr(asked.from, to - asked.from));
  }
  std::string whole() const {
    return answer(200, "ETag: \"e\"\r\nx-amz-version-id: v1\r\n", bytes_);
  }
  // So much of an answer that promises all.
  static std::string cut(const std::string& answer, std::size_t missing) {
    return answer.substr(0, answer.size() - missing);
  }
  // The next one that asks for this piece.
  static auto once(std::uint64_t from, std::function<std::string(const Asked&)> answer) {
    return [from, answer = std::move(answer),
            due = true](const Asked& asked) mutable -> std::optional<std::string> {
      if (asked.from != from || !std::exchange(due, false)) return std::nullopt;
      return answer(asked);
    };
  }
  void expect_all(const source::OpenArgs& args = {.ref = "a"}) {
    const auto got = open(args);
    ASSERT_EQ(got.status, SC_OK) << got.error_json;
    EXPECT_TRUE(host_.outputs[0] == bytes_.substr(args.offset));
  }
  std::vector<std::string> headers(const char* name) const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < server_->requests(); ++i) all.push_back(header(i, name));
    return all;
  }

  std::string bytes_;
};

TEST_F(S3StreamsTest, EveryPieceIsAskedForOnceAndPinnedToWhatTheFirstOneWas) {
  serve_bytes();
  expect_all();
  EXPECT_THAT(asked(), SizeIs(6));
  for (std::size_t i = 1; i < server_->requests(); ++i) {
    EXPECT_THAT(asked()[i], HasSubstr("?versionId=v1"));
    EXPECT_EQ(header(i, "if-match"), "\"e\"");
  }
}

TEST_F(S3StreamsTest, WhatFitsInOnePieceIsOneRequest) {
  bytes_ = "0123456789";
  serve_bytes();
  expect_all();
  EXPECT_THAT(asked(), SizeIs(1));
}

TEST_F(S3StreamsTest, AnEmptyObjectIsEmpty) {
  bytes_.clear();
  server_ = std::make_unique<fakes::HttpServer>([](const std::string& request) {
    return request.starts_with("HEAD") ? head(0) : answer(416);
  });
  source_ = std::make_unique<Source>(
      Config{.bucket = "bucket", .endpoint = server_->url(""), .streams = 3}, around());
  expect_all();
}

TEST_F(S3StreamsTest, AnOffsetAndALengthAreKept) {
  serve_bytes();
  expect_all({.ref = "a", .offset = 2 * kPiece + 7});
  const source::OpenArgs some{.ref = "a", .offset = 5, .length = 2 * kPiece};
  ASSERT_EQ(open(some).status, SC_OK);
  EXPECT_TRUE(host_.outputs[0] == bytes_.substr(5, 2 * kPiece));
}

TEST_F(S3StreamsTest, APieceThatBreaksOffIsGoneOnWithAtThatByte) {
  serve_bytes(once(2 * kPiece, [this](const Asked& asked) { return cut(part(asked), 1000); }));
  expect_all();
  EXPECT_THAT(headers("range"), testing::Contains("bytes=" + std::to_string(3 * kPiece - 1000) +
                                                  "-" + std::to_string(3 * kPiece - 1)));
}

TEST_F(S3StreamsTest, EveryPieceMayBreakOff) {
  std::vector<std::uint64_t> cut_off;
  serve_bytes([&, this](const Asked& asked) -> std::optional<std::string> {
    if (asked.from % kPiece != 0) return std::nullopt;
    if (std::find(cut_off.begin(), cut_off.end(), asked.from) != cut_off.end()) return std::nullopt;
    cut_off.push_back(asked.from);
    return cut(part(asked), 12000);
  });
  expect_all();
}

TEST_F(S3StreamsTest, AStoreThatIsAskedTooMuchIsAskedForLessAtOnce) {
  std::size_t refused = 0;
  serve_bytes([&](const Asked& asked) -> std::optional<std::string> {
    if (asked.from == 0 || refused == 3) return std::nullopt;
    ++refused;
    return refusal(503, "SlowDown");
  });
  expect_all();
}

TEST_F(S3StreamsTest, AStoreThatIgnoresRangesGivesAllInOneStream) {
  serve_bytes([this](const Asked&) { return whole(); });
  expect_all();
  EXPECT_THAT(asked(), SizeIs(1));
}

TEST_F(S3StreamsTest, AStoreThatIgnoresLaterRangesStillGivesTheRightBytes) {
  serve_bytes([this](const Asked& asked) -> std::optional<std::string> {
    if (asked.from == 0) return std::nullopt;
    return whole();
  });
  expect_all();
}

TEST_F(S3StreamsTest, AnObjectThatIsReplacedBetweenPiecesIsAnErrorHoweverItShows) {
  const std::vector<std::function<std::string(const Asked&)>> answers = {
      [](const Asked&) { return answer(412); }, [](const Asked&) { return answer(404); },
      [this](const Asked& asked) { return part(asked, "\"other\""); },
      [](const Asked&) { return answer(200, "ETag: \"other\"\r\n", "another"); }};
  for (const auto& other : answers) {
    serve_bytes([&](const Asked& asked) -> std::optional<std::string> {
      if (asked.from < 2 * kPiece) return std::nullopt;
      return other(asked);
    });
    const auto got = open({.ref = "a"});
    ASSERT_NE(got.status, SC_OK);
    EXPECT_EQ(got.error->code, "s3.changed");
    EXPECT_TRUE(host_.outputs[0] == bytes_.substr(0, 2 * kPiece)) << "never other bytes";
  }
}

TEST_F(S3StreamsTest, OtherBytesThanThoseAskedForAreNeverTaken) {
  serve_bytes(once(kPiece, [this](const Asked& asked) {
    return part({asked.from + 1, asked.to + 1});
  }));
  expect_all();
}

TEST_F(S3StreamsTest, AnswersThatAreNoHttpAreAskedForAgain) {
  serve_bytes(once(3 * kPiece, [](const Asked&) { return "what?"; }));
  expect_all();
}

TEST_F(S3StreamsTest, WithoutAnythingToPinItToOneStreamReadsAll) {
  server_ = std::make_unique<fakes::HttpServer>([this](const std::string& request) {
    const auto asked = range_of(request).value_or(Asked{0, bytes_.size()});
    const auto to = std::min<std::uint64_t>(asked.to, bytes_.size());
    return answer(206,
                  "Content-Range: bytes " + std::to_string(asked.from) + "-" +
                      std::to_string(to - 1) + "/" + std::to_string(bytes_.size()) + "\r\n",
                  bytes_.substr(asked.from, to - asked.from));
  });
  source_ = std::make_unique<Source>(
      Config{.bucket = "bucket", .endpoint = server_->url(""), .streams = 3}, around());
  expect_all();
  EXPECT_THAT(asked(), SizeIs(2));
}

TEST_F(S3StreamsTest, AReaderWhoHasEnoughEndsAllOfThem) {
  host_.break_output = [](std::uint64_t taken) -> Result<> {
    if (taken < 2 * kPiece) return {};
    return fail({.code = "stream.closed", .message = "closed"});
  };
  serve_bytes();
  EXPECT_NE(open({.ref = "a"}).status, SC_OK);
}

TEST_F(S3StreamsTest, ACallThatIsCancelledEndsAllOfThemThoughTheyBeSilent) {
  std::atomic<bool> cancelled = false;
  host_.cancel_when = [&] { return cancelled.load(); };
  serve_bytes([&](const Asked& asked) -> std::optional<std::string> {
    if (asked.from == 0) return std::nullopt;
    cancelled = true;
    return fakes::HttpServer::kSilence;
  });
  const auto got = open({.ref = "a"});
  ASSERT_NE(got.status, SC_OK);
  EXPECT_EQ(got.error->message, "stopped as asked");
}

}  // namespace
}  // namespace s3
