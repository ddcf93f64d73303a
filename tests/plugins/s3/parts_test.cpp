// Uploads in parts, several of them under way at the same time: whole, or gone on with, or gone.
#include "store_fixture.hpp"

namespace s3 {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

using Given = std::optional<std::string>;

class S3PartsTest : public S3StoreTest {
 protected:
  // Every part is another.
  static std::string bytes_of(std::size_t parts) {
    std::string bytes;
    for (std::size_t i = 0; i < parts; ++i) {
      bytes += std::string(kPart, static_cast<char>('a' + i));
    }
    return bytes;
  }
  static std::string part_of(const FakeBucket::Request& request) {
    const auto found = request.query.find("partNumber");
    // This one asks whether digests are looked at.
    if (request.method != "PUT" || found == request.query.end() || request.body == "?") {
      return "";
    }
    return found->second;
  }
  // Of true parts that have arrived since, "NUMBER" or "NUMBER md5".
  std::vector<std::string> parts_sent(std::size_t since = 0) const {
    std::vector<std::string> found;
    for (std::size_t i = since; i < server_->requests(); ++i) {
      const std::string request = server_->request(i);
      const auto at = request.find("partNumber=");
      if (!request.starts_with("PUT") || at == std::string::npos) continue;
      if (request.ends_with("\r\n\r\n?")) continue;
      const bool md5 = request.find("content-md5: ") != std::string::npos;
      found.push_back(request.substr(at + 11, request.find('&', at) - at - 11) +
                      (md5 ? " md5" : ""));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  void expect_nothing_left() {
    EXPECT_THAT(bucket_.uploads, IsEmpty());
    EXPECT_THAT(bucket_.visible(), IsEmpty());
  }
};

TEST_F(S3PartsTest, PartsThatFailWhileOthersArriveAreSentAgainAndStandInTheirOrder) {
  std::map<std::string, int> failures = {{"1", 1}, {"3", 2}, {"4", 1}, {"7", 1}};
  bucket_.instead = [&](const FakeBucket::Request& request) -> Given {
    if (failures[part_of(request)]-- <= 0) return std::nullopt;
    return part_of(request) == "4" ? refusal(503, "SlowDown") : kLost;
  };
  ASSERT_EQ(store("snap.db", bytes_of(7) + "end").status, SC_OK);
  EXPECT_EQ(text("snap.db"), bytes_of(7) + "end");
  EXPECT_THAT(bucket_.uploads, IsEmpty());
}

TEST_F(S3PartsTest, APartWhoseAnswerIsLostIsTheSamePartOnceMore) {
  std::map<std::string, int> losses = {{"2", 1}, {"3", 1}};
  bucket_.then = [&](const FakeBucket::Request& request) -> Given {
    return losses[part_of(request)]-- > 0 ? Given(kLost) : std::nullopt;
  };
  ASSERT_EQ(store("snap.db", bytes_of(4)).status, SC_OK);
  EXPECT_EQ(text("snap.db"), bytes_of(4));
  EXPECT_THAT(parts_sent(), ElementsAre("1", "2", "2", "3", "3", "4"));
}

TEST_F(S3PartsTest, APartThatFailsForGoodEndsTheUploadWhicheverItIs) {
  for (const char* which : {"1", "2", "5", "6"}) {
    for (const std::string& given : {std::string(kLost), refusal(403, "AccessDenied")}) {
      bucket_.instead = [&](const FakeBucket::Request& request) -> Given {
        return part_of(request) == which ? Given(given) : std::nullopt;
      };
      const auto done = store("snap.db", bytes_of(5) + "end");
      EXPECT_EQ(done.error->code, given.empty() ? "s3.unreachable" : "s3.denied");
      EXPECT_EQ(done.error->outcome, snapcore::Outcome::kNothingHappened);
      expect_nothing_left();
    }
  }
}

TEST_F(S3PartsTest, WhatIsUnderWayWhenTheStreamBreaksIsBrokenOff) {
  bucket_.instead = [](const FakeBucket::Request& request) -> Given {
    return part_of(request).empty() ? Given() : fakes::HttpServer::kSilence;
  };
  host_.piece = kPart;
  host_.break_input = [&](std::uint64_t at) -> Result<> {
    if (at < 2 * kPart) return {};
    return fail({.code = "stream.broken", .message = "broken"});
  };
  EXPECT_EQ(store("snap.db", bytes_of(3)).error->code, "stream.broken");
  expect_nothing_left();
}

TEST_F(S3PartsTest, ACancelledCallWaitsForNoPart) {
  std::atomic<bool> under_way = false;
  bucket_.instead = [&](const FakeBucket::Request& request) -> Given {
    if (part_of(request).empty()) return std::nullopt;
    under_way = true;
    return fakes::HttpServer::kSilence;
  };
  host_.cancel_when = [&] { return under_way.load(); };
  EXPECT_EQ(store("snap.db", bytes_of(3)).status, SC_CANCELLED);
  expect_nothing_left();
}

TEST_F(S3PartsTest, AKilledUploadIsGoneOnWithAndOnlyWhatIsMissingIsSent) {
  // Killed: nothing could be cleaned up any more. Later parts may have arrived before earlier ones.
  bucket_.instead = [](const FakeBucket::Request& request) -> Given {
    return part_of(request) == "2" || request.method == "DELETE" ? Given(kLost) : std::nullopt;
  };
  EXPECT_NE(store("snap.db", bytes_of(3) + "c").status, SC_OK);
  ASSERT_THAT(bucket_.uploads, SizeIs(1));
  std::vector<std::string> missing = {"1 md5", "2 md5", "3 md5", "4 md5"};
  for (const auto& [number, body] : bucket_.uploads.begin()->second.second) {
    std::erase(missing, std::to_string(number) + " md5");
  }
  ASSERT_THAT(missing, Contains("2 md5"));
  ASSERT_THAT(missing, Not(Contains("1 md5")));
  bucket_.instead = {};
  second_attempt();
  const auto before = server_->requests();
  ASSERT_EQ(store("snap.db", bytes_of(3) + "c").status, SC_OK);
  EXPECT_EQ(text("snap.db"), bytes_of(3) + "c");
  EXPECT_THAT(bucket_.uploads, IsEmpty());
  EXPECT_EQ(parts_sent(before), missing);
}

// Another attempt may read other bytes: those that the store kept are not them.
TEST_F(S3PartsTest, AKeptPartOfOtherBytesIsSentAnew) {
  bucket_.instead = [](const FakeBucket::Request& request) -> Given {
    return part_of(request) == "3" || request.method == "DELETE" ? Given(kLost) : std::nullopt;
  };
  EXPECT_NE(store("snap.db", bytes_of(2) + "c").status, SC_OK);
  bucket_.instead = {};
  second_attempt();
  const auto before = server_->requests();
  const std::string other = std::string(kPart, 'X') + bytes_of(2).substr(kPart) + "c";
  ASSERT_EQ(store("snap.db", other).status, SC_OK);
  EXPECT_EQ(text("snap.db"), other);
  EXPECT_THAT(parts_sent(before), ElementsAre("1 md5", "3 md5"));
}

TEST_F(S3PartsTest, AStoreThatLooksAtTheSha256OfASignatureGetsNoMd5OfParts) {
  ASSERT_EQ(store("snap.db", bytes_of(2)).status, SC_OK);
  EXPECT_THAT(parts_sent(), ElementsAre("1", "2"));
  EXPECT_THAT(asked(), Contains(HasSubstr("partNumber=1")).Times(2)) << "one that does not fit";
  const auto before = server_->requests();
  ASSERT_EQ(store("other.db", bytes_of(2)).status, SC_OK);
  EXPECT_EQ(server_->requests(), before + before - 1) << "it was asked once";
  for (std::size_t i = 0; i < server_->requests(); ++i) {
    const std::string request = server_->request(i);
    if (!request.starts_with("PUT") || request.find("partNumber=") != std::string::npos) continue;
    EXPECT_THAT(request, HasSubstr("content-md5: ")) << "what is sent at once";
  }
}

TEST_F(S3PartsTest, AStoreThatDoesNotLookAtItGetsTheMd5OfEachPart) {
  bucket_.checks_sha256 = false;
  ASSERT_EQ(store("snap.db", bytes_of(2)).status, SC_OK);
  EXPECT_EQ(text("snap.db"), bytes_of(2)) << "the part that did not fit is not in it";
  EXPECT_THAT(parts_sent(), ElementsAre("1 md5", "2 md5"));
}

TEST_F(S3PartsTest, AnAnswerThatSaysNothingAboutDigestsIsNotTakenForOne) {
  for (const std::string& given :
       {std::string(kLost), refusal(503, "SlowDown"), refusal(400, "InvalidRequest")}) {
    bucket_.instead = [&](const FakeBucket::Request& request) -> Given {
      return request.body == "?" ? Given(given) : std::nullopt;
    };
    const std::string name = "n" + std::to_string(given.size());
    const auto before = server_->requests();
    ASSERT_EQ(store(name, bytes_of(2)).status, SC_OK);
    EXPECT_EQ(text(name), bytes_of(2));
    EXPECT_THAT(parts_sent(before), ElementsAre("1 md5", "2 md5"));
  }
}

TEST_F(S3PartsTest, ABucketWithARetentionGetsTheMd5ThatItInsistsOn) {
  bucket_.insists_on_md5 = true;
  ASSERT_EQ(store("snap.db", bytes_of(2)).status, SC_OK);
  EXPECT_THAT(parts_sent(), ElementsAre("1 md5", "2 md5"));
}

TEST_F(S3PartsTest, ARetentionThatIsSetLaterDoesNotEndTheUpload) {
  ASSERT_EQ(store("snap.db", bytes_of(2)).status, SC_OK);
  bucket_.insists_on_md5 = true;
  for (const char* words : {"content-md5", "retention"}) {
    bucket_.words_for_md5 = words;
    ASSERT_EQ(store(words, bytes_of(6)).status, SC_OK) << words;
    EXPECT_EQ(text(words), bytes_of(6));
  }
}

}  // namespace
}  // namespace s3
