// Writes: whole or not at all, known again when their answer is lost, and taken back exactly.
#include "store_test.hpp"

#include "store_fixture.hpp"

namespace s3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(S3StoreTest, WhatIsStoredHasItsCompanions) {
  const auto done = store("a/snap.db", "hello", Value::object({{"kind", "note"}}));
  ASSERT_EQ(done.status, SC_OK) << done.error_json;
  EXPECT_THAT(bucket_.visible(),
              ElementsAre("a/snap.db", "a/snap.db.sha256", "a/snap.db.snapcore.json"));
  const std::string digest = snapcore::sha256_hex("hello");
  EXPECT_EQ(text("a/snap.db"), "hello");
  EXPECT_EQ(text("a/snap.db.sha256"), digest + "  snap.db\n");
  const Value kept = *Value::parse(text("a/snap.db.snapcore.json"));
  EXPECT_EQ(kept.at("stored").at("sha256").text(), digest);
  EXPECT_EQ(kept.at("content").at("size").int_or(0), 5);
  EXPECT_EQ(artifact_.ref, "a/snap.db");
  EXPECT_EQ(artifact_.sha256, digest);
  EXPECT_EQ(artifact_.kind, "note");
}

// What the artifact says of itself must be true of the bytes that are read for it.
TEST_F(S3StoreTest, AnArtifactOfAnotherSourceIsKeptWithWhatIsKnownOfIt) {
  host_.artifacts["local.db"] = "hello";
  sdk::Artifact from{.ref = "local.db", .name = "local.db", .size = 5};
  from.given = Value::object({{"source", "files"}, {"ref", "local.db"}});
  const auto keep = [&](const std::string& name) {
    return act([&](sdk::Call& call) -> Result<> {
      auto kept = source_->keep(
          call, {.from = from, .name = name, .manifest = Value::object({{"kind", "note"}})});
      if (!kept) return fail(kept.error());
      artifact_ = std::move(*kept);
      return {};
    });
  };
  const auto done = keep("kept.db");
  ASSERT_EQ(done.status, SC_OK) << done.error_json;
  EXPECT_EQ(text("kept.db"), "hello");
  EXPECT_EQ(artifact_.kind, "note");
  EXPECT_EQ(artifact_.sha256, snapcore::sha256_hex("hello"));
  const Value manifest = *Value::parse(text("kept.db.snapcore.json"));
  EXPECT_EQ(manifest.at("stored").at("sha256").text(), snapcore::sha256_hex("hello"));
  EXPECT_THAT(undo(), SizeIs(3));
  EXPECT_THAT(bucket_.visible(), IsEmpty());
  from.sha256 = snapcore::sha256_hex("other");
  EXPECT_EQ(keep("kept.db").error->code, "s3.digest_mismatch");
  EXPECT_THAT(bucket_.visible(), IsEmpty());
}

// So a bucket that is put back from a copy holds what it held, and nothing more.
TEST_F(S3StoreTest, AnArtifactIsKeptAsItWasFoundWithoutMoreBesideIt) {
  host_.artifacts["net/state"] = "hello";
  sdk::Artifact from{.ref = "net/state", .name = "net/state", .size = 5};
  from.given = Value::object({{"source", "files"}, {"ref", "net/state"}});
  const auto keep = [&] {
    return act([&](sdk::Call& call) -> Result<> {
      auto kept = source_->keep(call, {.from = from, .name = "net/state", .as_found = true});
      if (!kept) return fail(kept.error());
      return {};
    });
  };
  const auto done = keep();
  ASSERT_EQ(done.status, SC_OK) << done.error_json;
  EXPECT_EQ(text("net/state"), "hello");
  EXPECT_THAT(bucket_.visible(), ElementsAre("net/state"));
  EXPECT_THAT(undo(), SizeIs(1));
  EXPECT_THAT(bucket_.visible(), IsEmpty());
  from.sha256 = snapcore::sha256_hex("hello");
  ASSERT_EQ(keep().status, SC_OK);
  EXPECT_THAT(bucket_.visible(), ElementsAre("net/state", "net/state.sha256"));
  undo();
  from.sha256 = snapcore::sha256_hex("other");
  const auto wrong = keep();
  EXPECT_EQ(wrong.error->code, "s3.digest_mismatch");
  EXPECT_THAT(wrong.error->message, HasSubstr("what stands beside it says SHA-256"));
  EXPECT_THAT(bucket_.visible(), IsEmpty());
}

// The failure would be told of something that has happened.
TEST_F(S3StoreTest, AStoreThatFailsBehindTheLastStepDoesNotMakeAFailureOfIt) {
  bucket_.instead = [](const FakeBucket::Request& request) -> std::optional<std::string> {
    if (request.method == "GET") return refusal(503, "SlowDown");
    return std::nullopt;
  };
  const auto done = store("snap.db", "hello", Value::object({{"kind", "note"}}));
  EXPECT_EQ(done.status, SC_OK) << done.error_json;
  EXPECT_EQ(artifact_.kind, "note");
}

TEST_F(S3StoreTest, LargeBytesGoInPartsAndAreOneObject) {
  for (const std::size_t size : {std::size_t{0}, kPart - 1, kPart, kPart + 1, 3 * kPart}) {
    const std::string bytes(size, 'x');
    const std::string name = "n" + std::to_string(size);
    ASSERT_EQ(store(name, bytes).status, SC_OK) << size;
    EXPECT_EQ(text(name), bytes);
    EXPECT_THAT(bucket_.uploads, IsEmpty());
  }
}

TEST_F(S3StoreTest, AnExistingNameIsNeverReplaced) {
  ASSERT_EQ(store("snap.db", "old").status, SC_OK);
  EXPECT_EQ(store("snap.db", "new").error->code, "s3.exists");
  EXPECT_EQ(text("snap.db"), "old");
  EXPECT_EQ(text("snap.db.sha256"), snapcore::sha256_hex("old") + "  snap.db\n");
}

TEST_F(S3StoreTest, ANameTakenMeanwhileIsNotReplacedAndNothingIsLeft) {
  for (const std::size_t size : {std::size_t{5}, 2 * kPart}) {
    bucket_.keys.clear();
    host_.break_input = [&](std::uint64_t) -> Result<> {
      const std::lock_guard lock(mutex_);
      bucket_.keys["snap.db"] = {{"null", "theirs"}};
      return {};
    };
    const auto done = store("snap.db", std::string(size, 'x'));
    EXPECT_EQ(done.error->code, "s3.exists") << size;
    EXPECT_EQ(done.error->outcome, snapcore::Outcome::kNothingHappened);
    EXPECT_EQ(text("snap.db"), "theirs");
    EXPECT_THAT(bucket_.visible(), ElementsAre("snap.db"));
    EXPECT_THAT(bucket_.uploads, IsEmpty());
  }
}

TEST_F(S3StoreTest, BytesThatAreNotThoseOfTheManifestAreNotStored) {
  const Value wrong =
      Value::object({{"stored", Value::object({{"sha256", snapcore::sha256_hex("other")}})}});
  for (const std::size_t size : {std::size_t{5}, 2 * kPart}) {
    EXPECT_EQ(store("snap.db", std::string(size, 'x'), wrong).error->code, "s3.digest_mismatch");
    EXPECT_THAT(bucket_.visible(), IsEmpty());
    EXPECT_THAT(bucket_.uploads, IsEmpty());
  }
}

TEST_F(S3StoreTest, ABrokenStreamOrACancelledCallLeavesNothing) {
  const std::string bytes(3 * kPart, 'x');
  host_.piece = 50;
  for (std::uint64_t at = 0; at < bytes.size(); at += 50) {
    host_.break_input = [&](std::uint64_t so_far) -> Result<> {
      if (so_far < at) return {};
      return fail({.code = "stream.broken", .message = "broken"});
    };
    EXPECT_EQ(store("snap.db", bytes).error->code, "stream.broken") << at;
    EXPECT_THAT(bucket_.visible(), IsEmpty());
    EXPECT_THAT(bucket_.uploads, IsEmpty()) << at;
  }
  host_.break_input = {};
  host_.cancel_when = [&] {
    const std::lock_guard lock(mutex_);
    return !bucket_.uploads.empty();
  };
  EXPECT_EQ(store("snap.db", bytes).status, SC_CANCELLED);
  host_.cancel_when = {};
  EXPECT_THAT(bucket_.uploads, IsEmpty());
}

// Every request of a store, one after the other, is the one whose answer is lost.
TEST_F(S3StoreTest, ALostAnswerToAnyRequestChangesNothing) {
  for (const bool versioned : {false, true}) {
    for (const std::size_t size : {std::size_t{5}, 2 * kPart + 1}) {
      bool all_seen = false;
      for (int lose = 0; !all_seen; ++lose) {
        SCOPED_TRACE(std::to_string(lose) + " of " + std::to_string(size));
        bucket_ = FakeBucket();
        bucket_.versioned = versioned;
        int seen = 0;
        bool lost = false;
        bucket_.then = [&](const FakeBucket::Request& request) -> std::optional<std::string> {
          if (seen++ != lose) return std::nullopt;
          lost = true;
          // That an upload was begun cannot be found out: it is begun again.
          if (request.query.contains("uploads")) bucket_.uploads.clear();
          return kLost;
        };
        const auto done = store("snap.db", std::string(size, 'x'), Value::object());
        ASSERT_EQ(done.status, SC_OK) << done.error_json;
        all_seen = !lost;
        EXPECT_EQ(text("snap.db"), std::string(size, 'x'));
        for (const auto& [key, versions] : bucket_.keys) EXPECT_THAT(versions, SizeIs(1)) << key;
        EXPECT_THAT(bucket_.uploads, IsEmpty());
      }
    }
  }
}

TEST_F(S3StoreTest, AnErrorBehindA200IsAnError) {
  int failed = 0;
  bucket_.instead = [&](const FakeBucket::Request& request) -> std::optional<std::string> {
    if (request.method != "POST" || request.query.contains("uploads") || ++failed > 2) {
      return std::nullopt;
    }
    return answer(200, {}, "   <Error><Code>InternalError</Code></Error>");
  };
  ASSERT_EQ(store("snap.db", std::string(2 * kPart, 'x')).status, SC_OK);
  EXPECT_EQ(text("snap.db"), std::string(2 * kPart, 'x'));
  failed = -100;
  const auto done = store("other.db", std::string(2 * kPart, 'x'));
  EXPECT_EQ(done.error->code, "s3.refused");
  EXPECT_EQ(done.error->outcome, snapcore::Outcome::kMayHaveHappened);
  EXPECT_EQ(text("other.db"), "(none)");
  EXPECT_THAT(bucket_.uploads, IsEmpty());
}

TEST_F(S3StoreTest, ARepeatedStoreAnswersWithWhatTheFirstMade) {
  ASSERT_EQ(store("snap.db", "hello").status, SC_OK);
  second_attempt();
  const auto done = store("snap.db", "not read any more");
  ASSERT_EQ(done.status, SC_OK) << done.error_json;
  EXPECT_EQ(text("snap.db"), "hello");
}

TEST_F(S3StoreTest, TheUndoTakesExactlyWhatWasStored) {
  for (const bool versioned : {false, true}) {
    bucket_ = FakeBucket();
    bucket_.versioned = versioned;
    bucket_.keys["other.db"] = {{"v0", "stays"}};
    ASSERT_EQ(store("snap.db", std::string(2 * kPart, 'x'), Value::object()).status, SC_OK);
    EXPECT_THAT(undo(), SizeIs(3));
    EXPECT_THAT(bucket_.keys, SizeIs(1)) << "no markers, no versions";
    EXPECT_THAT(undo(), ElementsAre("nothing was left of it"));
  }
}

TEST_F(S3StoreTest, TheUndoLeavesWhatIsNotItsOwn) {
  ASSERT_EQ(store("snap.db", "hello").status, SC_OK);
  bucket_.keys["snap.db"] = {{"null", "a newer one"}};
  EXPECT_THAT(undo(), ElementsAre("removed s3://bucket/snap.db.sha256"));
  EXPECT_EQ(text("snap.db"), "a newer one");
}

TEST_F(S3StoreTest, RemovingTakesTheCompanionsAlongAndKeepsVersions) {
  bucket_.versioned = true;
  ASSERT_EQ(store("snap.db", "hello").status, SC_OK);
  const auto remove = [&] {
    return act([&](sdk::Call& call) { return source_->remove(call, {.ref = "snap.db"}); });
  };
  ASSERT_EQ(remove().status, SC_OK);
  EXPECT_THAT(bucket_.visible(), IsEmpty());
  EXPECT_THAT(bucket_.keys.at("snap.db"), SizeIs(2));
  EXPECT_EQ(bucket_.keys.count("snap.db.snapcore.json"), 0u) << "no marker where nothing was";
  EXPECT_EQ(remove().error->code, "s3.not_found");
  second_attempt();
  EXPECT_EQ(remove().status, SC_OK);
}

TEST_F(S3StoreTest, WhatTheStoreHasToKeepIsNotRemoved) {
  for (const char* lock : {"x-amz-object-lock-legal-hold: ON\r\n",
                           "x-amz-object-lock-retain-until-date: 2026-01-02T03:00:01Z\r\n"}) {
    bucket_.instead = [lock](const FakeBucket::Request& request) -> std::optional<std::string> {
      return request.method == "HEAD" ? std::optional(head(5, lock)) : std::nullopt;
    };
    const auto removed =
        act([&](sdk::Call& call) { return source_->remove(call, {.ref = "snap.db"}); });
    EXPECT_EQ(removed.error->code, "s3.protected");
  }
  for (const auto& line : asked()) EXPECT_FALSE(line.starts_with("DELETE")) << line;
}

TEST_F(S3StoreTest, WhatTheBucketHasToKeepIsHiddenByTheUndoAsOftenAsItIsMade) {
  bucket_.versioned = bucket_.locks = true;
  ASSERT_EQ(put({.key = "state"}, "mine").status, SC_OK);
  const std::string id = bucket_.newest("state")->id;
  for (int time = 0; time < 2; ++time) {
    EXPECT_THAT(undo(), ElementsAre("s3://bucket/state is hidden by what is newer; its version " +
                                    id + " stays, since the bucket protects it"));
    EXPECT_THAT(bucket_.visible(), IsEmpty());
    EXPECT_THAT(bucket_.keys.at("state"), SizeIs(2)) << "one marker";
  }
}

TEST_F(S3StoreTest, WhatSomebodyWroteMeanwhileIsNotHidden) {
  bucket_.versioned = bucket_.locks = true;
  ASSERT_EQ(put({.key = "state"}, "mine").status, SC_OK);
  bool written = false;
  // Behind the look at what is newest, and before the marker.
  bucket_.instead = [&](const FakeBucket::Request& request) -> std::optional<std::string> {
    if (request.method == "DELETE" && !request.query.contains("versionId") && !written) {
      written = true;
      bucket_.keys["state"].push_back({"theirs", "a newer one"});
    }
    return std::nullopt;
  };
  undo();
  EXPECT_TRUE(written);
  EXPECT_EQ(text("state"), "a newer one");
}

TEST_F(S3StoreTest, ALockOfABucketThatKeepsAllIsGivenBack) {
  bucket_.versioned = true;
  bucket_.keys["state.tflock"] = {
      {"v0", "lock", {{"x-amz-object-lock-retain-until-date", "2026-01-02T03:00:01Z"}}}};
  const auto remove = [&](objects::RemoveArgs args) {
    return act([&](sdk::Call& call) { return source_->objects_remove(call, args); });
  };
  EXPECT_EQ(remove({.key = "state.tflock", .version_id = "v0"}).error->code, "s3.protected");
  EXPECT_EQ(text("state.tflock"), "lock");
  EXPECT_EQ(remove({.key = "state.tflock"}).status, SC_OK);
  EXPECT_EQ(text("state.tflock"), "(none)");
}

TEST_F(S3StoreTest, AnObjectIsReplacedOnlyWhereItsVersionStays) {
  bucket_.keys["state"] = {{"null", "old"}};
  EXPECT_EQ(put({.key = "state"}, "new").error->code, "s3.no_way_back");
  EXPECT_EQ(text("state"), "old");
  bucket_.versioned = true;
  ASSERT_EQ(
      put({.key = "state", .content_type = "application/json", .metadata = {{"a", "b"}}}, "new")
          .status,
      SC_OK);
  EXPECT_EQ(text("state"), "new");
  EXPECT_EQ(object_.content_type, "application/json");
  EXPECT_EQ(object_.metadata.at("a"), "b");
  EXPECT_EQ(object_.version_id, bucket_.newest("state")->id);
  EXPECT_THAT(undo(), ElementsAre("removed s3://bucket/state"));
  EXPECT_EQ(text("state"), "old");
}

TEST_F(S3StoreTest, ConditionsAreHeldToAndOurOwnWriteIsNoForeignOne) {
  bucket_.versioned = true;
  ASSERT_EQ(put({.key = "lock", .if_absent = true}, "mine").status, SC_OK);
  host_.info["key"] = std::string(64, 'b');
  EXPECT_EQ(put({.key = "lock", .if_absent = true}, "theirs").error->code, "s3.changed");
  EXPECT_EQ(put({.key = "lock", .if_match = "\"x\""}, "theirs").error->code, "s3.changed");
  EXPECT_EQ(put({.key = "lock", .if_match = object_.etag}, "next").status, SC_OK);
  EXPECT_EQ(text("lock"), "next");
  // Its answer is lost, and the second try is refused since the first one happened.
  host_.info["key"] = std::string(64, 'c');
  bool lost = false;
  bucket_.then = [&](const FakeBucket::Request& request) -> std::optional<std::string> {
    if (request.method != "PUT" || lost) return std::nullopt;
    lost = true;
    return kLost;
  };
  EXPECT_EQ(put({.key = "other", .if_absent = true}, "once").status, SC_OK);
  EXPECT_THAT(bucket_.keys.at("other"), SizeIs(1));
}

TEST_F(S3StoreTest, AnOlderVersionBecomesTheNewestAgainAlsoOverAMarker) {
  bucket_.versioned = true;
  bucket_.keys["state"] = {{"old", "old", {{"content-type", "text/x"}, {"x-amz-meta-a", "b"}}},
                           {"gone", "", {}, true}};
  objects::Object made;
  const auto copied = act([&](sdk::Call& call) -> Result<> {
    auto copy = source_->objects_copy(call, {.key = "state", .version_id = "old"});
    if (!copy) return fail(copy.error());
    made = *copy;
    return {};
  });
  ASSERT_EQ(copied.status, SC_OK) << copied.error_json;
  EXPECT_EQ(text("state"), "old");
  EXPECT_EQ(made.content_type, "text/x");
  EXPECT_EQ(made.metadata.at("a"), "b");
  EXPECT_THAT(bucket_.keys.at("state"), SizeIs(3)) << "nothing is deleted";
  EXPECT_THAT(undo(), SizeIs(1));
  EXPECT_EQ(text("state"), "(none)");
}

TEST_F(S3StoreTest, ATestTellsAStoreThatHonoursConditionsFromOneThatSaysYesToAll) {
  for (const bool honours : {true, false}) {
    bucket_ = FakeBucket();
    bucket_.versioned = true;
    bucket_.honours_conditions = honours;
    objects::Traits tested;
    objects::Traits known;
    const auto done = act([&](sdk::Call& call) -> Result<> {
      auto test = source_->test_store(call, {});
      if (!test) return fail(test.error());
      tested = *test;
      auto later = source_->objects_traits(call, {});
      if (!later) return fail(later.error());
      known = *later;
      return {};
    });
    ASSERT_EQ(done.status, SC_OK) << done.error_json;
    const auto wanted = honours ? objects::Honoured::kYes : objects::Honoured::kNo;
    EXPECT_EQ(tested.if_absent, wanted);
    EXPECT_EQ(tested.if_match, wanted);
    EXPECT_EQ(tested.checksums, wanted);
    EXPECT_EQ(tested.versioning, objects::Versioning::kOn);
    EXPECT_EQ(known.if_absent, wanted);
    EXPECT_EQ(known.tested, sdk::Time{now_});
    EXPECT_THAT(bucket_.keys, SizeIs(1)) << "the answer alone is left, with no old versions";
    // What was found out of a bucket with versions says nothing about one without.
    bucket_.versioned = false;
    ask([&](sdk::Call& call) -> Result<> {
      known = source_->objects_traits(call, {}).value();
      return {};
    });
    EXPECT_EQ(known.if_absent, objects::Honoured::kUnknown);
    EXPECT_EQ(known.versioning, objects::Versioning::kOff);
    EXPECT_FALSE(known.tested);
  }
}

TEST_F(S3StoreTest, WhatATestThatWasKilledHadWrittenIsTakenBack) {
  for (const bool versioned : {true, false}) {
    bucket_ = FakeBucket();
    bucket_.versioned = versioned;
    bucket_.then = [&](const FakeBucket::Request& request) -> std::optional<std::string> {
      if (request.method != "PUT") return std::nullopt;
      bucket_.instead = [](const FakeBucket::Request&) { return std::optional(kLost); };
      return kLost;
    };
    act([&](sdk::Call& call) -> Result<> {
      auto test = source_->test_store(call, {});
      return test ? Result<>() : fail(test.error());
    });
    bucket_.then = {};
    bucket_.instead = {};
    ASSERT_THAT(bucket_.visible(), SizeIs(1));
    const Value recorded = host_.undos.back().at("data");
    const auto undone = ask([&](sdk::Call& call) -> Result<> {
      auto back = source_->undo_test_store(
          call, {.args = {}, .result = {}, .recorded = true, .undo = recorded});
      if (!back) return fail(back.error());
      EXPECT_EQ(back->words.back(), "removed what the test had written");
      return {};
    });
    EXPECT_EQ(undone.status, SC_OK) << undone.error_json;
    EXPECT_THAT(bucket_.keys, IsEmpty());
  }
}

// A lock is made, removed and made again: such a store would refuse it for ever after the first
// time.
TEST_F(S3StoreTest, AStoreThatRefusesANewObjectBehindADeletionIsFoundOut) {
  for (const bool versioned : {true, false}) {
    bucket_ = FakeBucket();
    bucket_.versioned = versioned;
    bucket_.takes_markers_for_content = true;
    objects::Traits tested;
    const auto done = act([&](sdk::Call& call) -> Result<> {
      auto test = source_->test_store(call, {});
      if (!test) return fail(test.error());
      tested = *test;
      return {};
    });
    ASSERT_EQ(done.status, SC_OK) << done.error_json;
    EXPECT_EQ(tested.if_absent, versioned ? objects::Honoured::kNo : objects::Honoured::kYes);
    EXPECT_EQ(tested.if_match, objects::Honoured::kYes);
    EXPECT_EQ(tested.words.back() == "a new object is refused where one was deleted", versioned);
    EXPECT_THAT(bucket_.visible(), ElementsAre(".snapcore-store-test.json"));
  }
}

TEST_F(S3StoreTest, ATestOfABucketThatKeepsAllSaysWhatItLeft) {
  bucket_.versioned = bucket_.locks = true;
  objects::Traits tested;
  const auto done = act([&](sdk::Call& call) -> Result<> {
    auto test = source_->test_store(call, {});
    if (!test) return fail(test.error());
    tested = *test;
    return {};
  });
  ASSERT_EQ(done.status, SC_OK) << done.error_json;
  EXPECT_EQ(tested.if_absent, objects::Honoured::kYes);
  EXPECT_THAT(tested.words.back(), HasSubstr("stays as hidden versions of s3://bucket/.snapcore"));
  EXPECT_THAT(bucket_.visible(), ElementsAre(".snapcore-store-test.json"));
}

// A store, or somebody before it, that does not know a header has not looked at the condition.
TEST_F(S3StoreTest, ATestThatIsRefusedForAnotherReasonTellsNothing) {
  bucket_.versioned = true;
  bucket_.instead = [](const FakeBucket::Request& request) -> std::optional<std::string> {
    if (!request.headers.contains("if-match")) return std::nullopt;
    return "HTTP/1.1 400 Bad Request\r\nContent-Length: 42\r\n\r\n"
           "<Error><Code>InvalidRequest</Code></Error>";
  };
  const auto done = act([&](sdk::Call& call) -> Result<> {
    auto test = source_->test_store(call, {});
    if (!test) return fail(test.error());
    return {};
  });
  EXPECT_NE(done.status, SC_OK);
  EXPECT_THAT(done.error_json, HasSubstr("InvalidRequest"));
  EXPECT_THAT(bucket_.keys, SizeIs(0)) << "nothing is left of the test";
}

TEST(S3PluginTest, TheManifestIsOneThatAHostTakes) {
  const sc_plugin* plugin = fakes::load_plugin("s3");
  ASSERT_NE(plugin, nullptr);
  const Value manifest = fakes::manifest_of(plugin);
  EXPECT_EQ(manifest.at("interfaces").at("offers").dump(), R"(["snapcore.objects/1"])");
}

}  // namespace
}  // namespace s3
