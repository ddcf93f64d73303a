#include "fixture.hpp"

namespace local_files {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string digest(std::string_view bytes) { return snapcore::sha256_hex(bytes); }

class StoreTest : public FilesSourceTest {};

TEST_F(StoreTest, WhatIsStoredIsListedWithItsCompanions) {
  const Value manifest = Value::object({{"format", "f"}, {"kind", "example-note"}});
  const auto answer = store("snap.db", "hello", manifest);
  ASSERT_EQ(answer.status, SC_OK) << answer.error_json;
  EXPECT_EQ(answer.result, stat("snap.db").result);
  EXPECT_EQ(answer.result.at("sha256").text(), digest("hello"));
  EXPECT_EQ(answer.result.at("kind").text(), "example-note");
  EXPECT_EQ(text_of("snap.db"), "hello");
  EXPECT_EQ(text_of("snap.db.sha256"), digest("hello") + "  snap.db\n");
  const Value kept = *Value::parse(text_of("snap.db.snapcore.json"));
  EXPECT_EQ(kept.at("stored").at("size").int_or(0), 5);
  EXPECT_EQ(kept.at("stored").at("sha256").text(), digest("hello"));
  EXPECT_EQ(kept.at("format").text(), "f");
  EXPECT_THAT(everything(), ElementsAre("snap.db", "snap.db.sha256", "snap.db.snapcore.json"));
  EXPECT_THAT(host_.misuses(), IsEmpty());
}

TEST_F(StoreTest, ThePlanComesTrueAndTouchesNothing) {
  const Value manifest =
      Value::object({{"stored", Value::object({{"size", 5}, {"sha256", digest("hello")}})}});
  const Value args = Value::object({{"name", "site/snap.db"}, {"manifest", manifest}});
  const auto planned = source_->plan("store", args);
  ASSERT_EQ(planned.status, SC_OK) << planned.error_json;
  EXPECT_THAT(everything(), IsEmpty());
  EXPECT_EQ(planned.result.at("cost").at("bytes").int_or(0), 5);
  EXPECT_EQ(planned.result.at("cost").at("space").items()[0].at("needed").int_or(0), 5);
  const auto answer = store("site/snap.db", "hello", manifest);
  for (const auto& [name, value] : planned.result.at("predicted").members()) {
    EXPECT_EQ(answer.result.at(name), value) << name;
  }
}

TEST_F(StoreTest, AnUnknownNameCanBePlanned) {
  const Value later = *Value::parse(R"({"$later": {"call": "c", "field": "f", "type": "string"}})");
  EXPECT_EQ(source_->plan("store", Value::object({{"name", later}})).status, SC_OK);
}

TEST_F(StoreTest, AnExistingNameIsNeverReplaced) {
  put("snap.db", "old");
  std::filesystem::create_directory(dir_ / "folder.db");
  std::filesystem::create_symlink("nowhere", dir_ / "link.db");
  for (const char* name : {"snap.db", "folder.db"}) {
    EXPECT_EQ(source_->plan("store", Value::object({{"name", name}})).error->code, "files.exists");
  }
  const auto before = everything();
  for (const char* name : {"snap.db", "folder.db", "link.db"}) {
    EXPECT_EQ(store(name, "new").error->code, "files.exists") << name;
  }
  EXPECT_EQ(text_of("snap.db"), "old");
  EXPECT_EQ(everything(), before);
}

TEST_F(StoreTest, ANameTakenWhileBytesFlowIsNotReplaced) {
  host_.break_input = [&](std::uint64_t so_far) -> snapcore::Result<> {
    if (so_far == 5) {
      put("snap.db", "somebody else's");
      put("snap.db.sha256", "theirs");
    }
    return {};
  };
  EXPECT_EQ(store("snap.db", "hello").error->code, "files.exists");
  EXPECT_EQ(text_of("snap.db"), "somebody else's");
  EXPECT_EQ(text_of("snap.db.sha256"), "theirs");
  EXPECT_THAT(everything(), SizeIs(2));
  // The way back must not touch it either.
  EXPECT_EQ(undo_store("snap.db", host_.undos.back()).status, SC_OK);
  EXPECT_THAT(everything(), SizeIs(2));
}

TEST_F(StoreTest, BytesThatAreNotThoseOfTheManifestAreNotStored) {
  const Value wrong[] = {
      Value::object({{"size", 6}, {"sha256", digest("hello")}}),
      Value::object({{"size", 5}, {"sha256", digest("other")}}),
      Value::object({{"sha256", digest("other")}}),
  };
  for (const Value& stored : wrong) {
    const auto answer = store("site/snap.db", "hello", Value::object({{"stored", stored}}));
    EXPECT_EQ(answer.error->code, "files.digest_mismatch");
    EXPECT_EQ(answer.error->category, snapcore::Category::kCorrupt);
    EXPECT_THAT(everything(), IsEmpty());
  }
}

TEST_F(StoreTest, ABrokenStreamLeavesNothingAtAnyPoint) {
  const std::string bytes(1000, 'x');
  host_.piece = 100;
  for (std::uint64_t at = 0; at <= bytes.size(); at += 100) {
    host_.break_input = [&](std::uint64_t so_far) -> snapcore::Result<> {
      if (so_far < at) return {};
      return snapcore::fail({.code = "stream.broken", .message = "broken"});
    };
    EXPECT_EQ(store("a/b/snap.db", bytes).error->code, "stream.broken");
    EXPECT_THAT(everything(), IsEmpty()) << at;
  }
}

TEST_F(StoreTest, CancelLeavesNothing) {
  int asked = 0;
  host_.cancel_when = [&] { return ++asked > 1; };
  EXPECT_EQ(store("snap.db", "hello").status, SC_CANCELLED);
  EXPECT_THAT(everything(), IsEmpty());
}

TEST_F(StoreTest, AFullDiskLeavesNothing) {
  std::filesystem::create_directory(dir_ / "small");
  const fakes::SmallDisk disk(dir_ / "small", "1m");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  open_at(dir_ / "small");
  for (const std::size_t size : {1u << 20, 2u << 20, 5u << 20}) {
    const auto answer = store("site/snap.db", std::string(size + 1, 'x'));
    EXPECT_EQ(answer.error->code, "files.no_space");
    EXPECT_EQ(answer.error->outcome, snapcore::Outcome::kNothingHappened);
    EXPECT_THAT(everything(), IsEmpty()) << size;
  }
  // Room for the bytes, but not for the companions.
  const std::size_t room = (1u << 20) - 2 * 4096;
  for (std::size_t size = room; size <= (1u << 20); size += 4096) {
    const auto answer = store("snap.db", std::string(size, 'x'), Value::object({{"format", "f"}}));
    if (answer.status == SC_OK) {
      EXPECT_EQ(source_->execute("remove", Value::object({{"ref", "snap.db"}})).status, SC_OK);
    } else {
      EXPECT_EQ(answer.error->code, "files.no_space");
    }
    EXPECT_THAT(everything(), IsEmpty()) << size;
  }
}

TEST_F(StoreTest, TheUndoTakesBackExactlyWhatWasStored) {
  put("other.db", "stays");
  const auto answer = store("a/b/snap.db", "hello", Value::object({{"format", "f"}}));
  ASSERT_EQ(answer.status, SC_OK);
  const Value undo = host_.undos.back();
  EXPECT_NE(undo.at("shell").dump().find("rm -f -- "), std::string::npos);
  const auto undone = undo_store("a/b/snap.db", undo, answer.result);
  ASSERT_EQ(undone.status, SC_OK) << undone.error_json;
  EXPECT_THAT(everything(), ElementsAre("other.db"));
  EXPECT_EQ(undo_store("a/b/snap.db", undo, answer.result).status, SC_OK) << "already taken back";
  EXPECT_EQ(undo_store("a/b/snap.db", Value()).status, SC_OK) << "never happened";
}

TEST_F(StoreTest, TheUndoLeavesAnArtifactThatIsNotItsOwn) {
  ASSERT_EQ(store("snap.db", "hello").status, SC_OK);
  const Value undo = host_.undos.back();
  ASSERT_EQ(source_->execute("remove", Value::object({{"ref", "snap.db"}})).status, SC_OK);
  put("snap.db", "a newer one");
  put("snap.db.sha256", "x");
  EXPECT_EQ(undo_store("snap.db", undo).status, SC_OK);
  EXPECT_EQ(text_of("snap.db"), "a newer one");
  EXPECT_EQ(text_of("snap.db.sha256"), "x");
}

TEST_F(StoreTest, TheUndoOfAFolderThatIsUsedSinceLeavesIt) {
  ASSERT_EQ(store("a/snap.db", "hello").status, SC_OK);
  const Value undo = host_.undos.back();
  put("a/other.db", "x");
  EXPECT_EQ(undo_store("a/snap.db", undo).status, SC_OK);
  EXPECT_THAT(everything(), ElementsAre("a", "a/other.db"));
}

TEST_F(StoreTest, ARepeatedStoreAnswersWithWhatTheFirstMade) {
  const auto first = store("snap.db", "hello");
  ASSERT_EQ(first.status, SC_OK);
  host_.info["attempt"] = 2;
  host_.info["checkpoint"] = host_.checkpoints.back();
  const auto second = store("snap.db", "not read any more");
  ASSERT_EQ(second.status, SC_OK) << second.error_json;
  EXPECT_EQ(second.result, first.result);
}

TEST_F(StoreTest, LeftoversOfAKilledStoreAreNotListedAndTheNextAttemptUsesTheirName) {
  const std::string leftover = ".snap.db." + std::string(16, 'a') + ".part";
  put(leftover, "half of");
  put("snap.db.sha256", digest("old") + "  snap.db\n");  // killed between companions and name
  EXPECT_THAT(list(), IsEmpty());
  host_.info["attempt"] = 2;
  ASSERT_EQ(store("snap.db", "hello").status, SC_OK);
  EXPECT_EQ(stat("snap.db").result.at("sha256").text(), digest("hello"));
  EXPECT_THAT(everything(), ElementsAre("snap.db", "snap.db.sha256"));
}

TEST_F(StoreTest, AKilledStoreCanBeTakenBackFromItsFirstRecord) {
  host_.break_input = [&](std::uint64_t) -> snapcore::Result<> {
    return snapcore::fail({.code = "x.y", .message = "z"});
  };
  EXPECT_NE(store("a/snap.db", "hello").status, SC_OK);
  const Value undo = host_.undos.front();
  put("a/.snap.db." + std::string(16, 'a') + ".part", "half of");
  const auto undone = undo_store("a/snap.db", undo);
  EXPECT_EQ(undone.status, SC_OK) << undone.error_json;
  EXPECT_THAT(everything(), IsEmpty());
}

TEST_F(StoreTest, OnlyItsOwnerMayReadWhatIsStored) {
  ASSERT_EQ(store("a/snap.db", "hello").status, SC_OK);
  const auto mode = [&](const char* name) {
    return snapcore::files::look_at(dir_ / name).value()->st_mode & 0777;
  };
  EXPECT_EQ(mode("a/snap.db"), 0600u);
  EXPECT_EQ(mode("a/snap.db.sha256"), 0600u);
  EXPECT_EQ(mode("a"), 0700u);
}

}  // namespace
}  // namespace local_files
