// The right bytes, each once, or an error.
#include "fixture.hpp"

namespace web {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kBytes = "0123456789";

// How a server may mark what it has.
const std::string kEtag = "ETag: \"e\"\r\n";
const std::string kOld = "Date: Fri, 02 Jan 2026 03:00:00 GMT\r\n";
const std::string kTime = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n" + kOld;
const std::string kFresh = "Last-Modified: Fri, 02 Jan 2026 03:00:00 GMT\r\n" + kOld;
const std::string kWeak = "ETag: W/\"w\"\r\n";

std::string whole(const std::string& mark = kEtag, const std::string& bytes = kBytes) {
  return answer(200, mark, bytes);
}
// The first `sent` bytes of an answer that promises all of them.
std::string cut(std::size_t sent, const std::string& mark = kEtag) {
  const std::string all = whole(mark);
  return all.substr(0, all.size() - kBytes.size() + sent);
}
std::string part(std::size_t from, std::size_t to, const std::string& mark = kEtag) {
  return answer(206,
                mark + "Content-Range: bytes " + std::to_string(from) + "-" + std::to_string(to) +
                    "/" + std::to_string(kBytes.size()) + "\r\n",
                kBytes.substr(from, to - from + 1));
}

class WebReadingTest : public WebTest {};

TEST_F(WebReadingTest, AUrlIsReadWithOneRequestWithoutARange) {
  serve({whole()});
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], kBytes);
  EXPECT_THAT(asked(), ElementsAre("GET /a/snap.db"));
  EXPECT_EQ(header(0, "range"), "(none)");
  EXPECT_EQ(header(0, "accept-encoding"), "identity");
}

TEST_F(WebReadingTest, ABodyThatBreaksOffAnywhereIsGoneOnWithAtThatByte) {
  for (const std::string& mark : {kEtag, kTime, kWeak + kTime}) {
    for (std::size_t at = 1; at < kBytes.size(); ++at) {
      serve({cut(at, mark), part(at, 9, mark)});
      const auto got = open({});
      ASSERT_EQ(got.status, SC_OK) << at << got.error_json;
      EXPECT_EQ(host_.outputs[0], kBytes) << at;
      EXPECT_EQ(header(1, "range"), "bytes=" + std::to_string(at) + "-");
    }
  }
  serve({cut(3, kEtag), part(3, 9, kEtag)});
  open({});
  EXPECT_EQ(header(1, "if-match"), "\"e\"");
  serve({cut(3, kTime), part(3, 9, kTime)});
  open({});
  EXPECT_EQ(header(1, "if-unmodified-since"), "Thu, 01 Jan 2026 00:00:00 GMT");
}

// A weak mark, a time of this very second and no mark at all do not tell contents apart.
TEST_F(WebReadingTest, WhereMarksAreWeakWhatWasHandedOverIsReadAgainAndCompared) {
  for (const std::string& mark : {kWeak, kFresh, std::string()}) {
    for (std::size_t at = 1; at < kBytes.size(); ++at) {
      serve({cut(at, mark), whole(mark)});
      ASSERT_EQ(open({}).status, SC_OK) << at;
      EXPECT_EQ(host_.outputs[0], kBytes);
      EXPECT_EQ(header(1, "range"), "(none)") << at;
    }
    serve({cut(4, mark), whole(mark, "01x3456789")});
    const auto got = open({});
    EXPECT_EQ(got.error->code, "http.changed") << mark;
    EXPECT_EQ(host_.outputs[0], "0123");
  }
  serve({cut(8, kWeak), whole(kWeak)});
  ASSERT_EQ(open({.offset = 2, .length = 7}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "2345678");
  EXPECT_EQ(header(1, "range"), "bytes=2-8");
}

TEST_F(WebReadingTest, ABodyThatBreaksOffTwiceIsComparedEachTime) {
  serve({cut(6, kWeak), cut(3, kWeak), cut(3, kWeak), whole(kWeak)},
        Value::object({{"attempts", 2}}));
  EXPECT_NE(open({}).status, SC_OK) << "no progress is no new patience";
  serve({cut(3, kWeak), cut(6, kWeak), whole(kWeak)}, Value::object({{"attempts", 2}}));
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], kBytes);
  serve({cut(3, kWeak), cut(6, kWeak), whole(kWeak, "0123x56789")});
  EXPECT_EQ(open({}).error->code, "http.changed");
}

TEST_F(WebReadingTest, AServerThatIgnoresTheRangeStillGivesTheRightBytes) {
  serve({cut(4), whole()});
  ASSERT_EQ(open({}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], kBytes);
  serve({whole()});
  ASSERT_EQ(open({.offset = 3, .length = 4}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "3456");
  serve({whole("")});
  ASSERT_EQ(open({.offset = 3, .length = 4}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "3456");
}

TEST_F(WebReadingTest, WhatIsReplacedMeanwhileIsAnErrorHoweverItShows) {
  for (const std::string& second :
       {answer(412), answer(404), answer(410), whole("ETag: \"o\"\r\n"),
        part(4, 9, "ETag: \"o\"\r\n"), part(4, 9, ""), whole(kEtag, kBytes + "x"),
        answer(416, "Content-Range: bytes */3\r\n") + ""}) {
    serve({cut(4), second, head(3, "ETag: \"o\"\r\n")});
    const auto got = open({});
    ASSERT_NE(got.status, SC_OK) << second;
    EXPECT_EQ(got.error->code, "http.changed") << second;
    EXPECT_EQ(got.error->category, snapcore::Category::kConflict);
    EXPECT_EQ(host_.outputs[0], "0123");
  }
  serve({cut(4, kTime), part(4, 9, kFresh)});
  EXPECT_EQ(open({}).error->code, "http.changed");
}

TEST_F(WebReadingTest, TheContentThatStatNamedIsReadAndNoOther) {
  serve({part(4, 9)});
  ASSERT_EQ(open({.offset = 4, .version_id = "\"e\""}).status, SC_OK);
  EXPECT_EQ(header(0, "if-match"), "\"e\"");
  for (const std::string& other : {answer(412), whole("ETag: \"o\"\r\n"), whole("")}) {
    serve({other});
    EXPECT_EQ(open({.version_id = "\"e\""}).error->code, "http.changed") << other;
    EXPECT_EQ(host_.outputs[0], "");
  }
  serve({whole(kFresh)});
  const auto got = open({.version_id = "Thu, 01 Jan 2026 00:00:00 GMT"});
  EXPECT_EQ(got.error->code, "http.changed");
  EXPECT_EQ(header(0, "if-unmodified-since"), "Thu, 01 Jan 2026 00:00:00 GMT");
}

TEST_F(WebReadingTest, OtherBytesThanThoseAskedForAreRefused) {
  serve({part(5, 9)});
  EXPECT_EQ(open({.offset = 4}).error->code, "http.bad_answer");
  serve({answer(206, kEtag + "Content-Range: bytes */10\r\n", "x")});
  EXPECT_EQ(open({.offset = 4}).error->code, "http.no_size");
  serve({"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n0123"});
  EXPECT_EQ(open({}).error->code, "http.no_size") << "where it ends nobody can know";
}

TEST_F(WebReadingTest, ABodyThatEndsEarlyAndIsCalledWholeIsGoneOnWith) {
  serve({part(2, 4), part(5, 9)});
  ASSERT_EQ(open({.offset = 2}).status, SC_OK);
  EXPECT_EQ(host_.outputs[0], "23456789");
}

TEST_F(WebReadingTest, BehindTheEndThereIsNothingToRead) {
  serve({answer(416), head(10)});
  EXPECT_EQ(open({.offset = 10}).status, SC_OK);
  serve({answer(416), head(10)});
  const auto got = open({.offset = 11});
  EXPECT_EQ(got.error->code, "http.bad_offset");
  EXPECT_THAT(got.error->message, HasSubstr("has 10 bytes, byte 11"));
  serve({});
  EXPECT_EQ(open({.length = 0}).status, SC_OK);
  EXPECT_THAT(asked(), SizeIs(0));
}

TEST_F(WebReadingTest, AReaderWhoHasEnoughEndsIt) {
  host_.break_output = [](std::uint64_t) -> Result<> {
    return fail({.code = "stream.closed", .message = "closed"});
  };
  serve({whole(), whole()});
  EXPECT_NE(open({}).status, SC_OK);
  EXPECT_THAT(asked(), SizeIs(1));
}

}  // namespace
}  // namespace web
