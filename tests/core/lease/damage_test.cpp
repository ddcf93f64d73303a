// What is not exactly a lease is never a free one.
#include <gmock/gmock.h>

#include "lease/lease_text.hpp"
#include "lease_scene.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LeaseDamageTest : public LeaseTest {
 protected:
  // The file holds these bytes: nobody gets the lease, by whatever means, and the file stays.
  void expect_refused(const Path& path, const std::string& bytes, const std::string& code) {
    fs_.put(path, bytes);
    for (const std::uint64_t number : {0, 1, 2}) {
      const auto refused = acquire(two_, {kNotes}, {number});
      ASSERT_FALSE(refused) << bytes;
      EXPECT_EQ(refused.error().code, code) << bytes;
      EXPECT_THAT(refused.error().message, HasSubstr(path.string()));
      EXPECT_FALSE(refused.error().hint.empty());
    }
    EXPECT_EQ(fs_.contents(path), bytes);
  }

  std::string notes_file() { return fs_.contents(store_.path_of(kNotes)); }
};

TEST_F(LeaseDamageTest, CutAtAnyByteItIsDamagedHeldOrReleased) {
  const Lease lease = taken(one_);
  for (const bool released : {false, true}) {
    if (released) {
      ASSERT_TRUE(one_.release(lease));
    }
    const std::string whole = notes_file();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      expect_refused(store_.path_of(kNotes), whole.substr(0, size), "lease.damaged");
      EXPECT_EQ(one_.check(lease).error().code, "lease.damaged");
    }
    fs_.put(store_.path_of(kNotes), whole);
  }
}

TEST_F(LeaseDamageTest, WithAnyBitFlippedItIsNoLease) {
  ASSERT_TRUE(one_.release(taken(one_)));
  const std::string whole = notes_file();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    const auto parsed = parse_lease(bytes);
    ASSERT_FALSE(parsed) << bytes;
    EXPECT_EQ(parsed.error().code, "lease.damaged");
  }
}

TEST_F(LeaseDamageTest, ZerosATailOrAnotherFileAreNoLease) {
  ASSERT_TRUE(one_.release(taken(one_)));
  ASSERT_TRUE(one_.release(taken(one_, kMail)));
  const std::string whole = notes_file();
  for (const std::string& bytes :
       {std::string(whole.size(), '\0'), whole + whole, whole + "\n", "\n" + whole,
        std::string("{}\n"), std::string("null\n"), std::string(100000, 'a'),
        fs_.contents(store_.path_of(kMail)), fs_.contents(kLeases / "fence")}) {
    expect_refused(store_.path_of(kNotes), bytes, "lease.damaged");
  }
}

TEST_F(LeaseDamageTest, ALeaseOfANewerSnapcoreIsNotTaken) {
  // {"format":"snapcore-lease","version":2} with its hash
  expect_refused(
      store_.path_of(kNotes),
      "{\"format\":\"snapcore-lease\",\"hash\":"
      "\"a26e32c3cad4de1ad469f27318ab92a2eb97f579cae848f02aa673a03827466e\",\"version\":2}\n",
      "lease.newer");
}

TEST_F(LeaseDamageTest, CutAtAnyByteTheFileOfNumbersIsDamaged) {
  ASSERT_TRUE(one_.release(taken(one_)));
  const std::string whole = fs_.contents(kLeases / "fence");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_refused(kLeases / "fence", whole.substr(0, size), "lease.damaged");
  }
}

TEST_F(LeaseDamageTest, WithoutTheFileOfNumbersTheyGoOnAfterTheHighestLease) {
  ASSERT_TRUE(one_.release(taken(one_, kNotes)));
  const Lease highest = taken(one_, kMail);
  ASSERT_TRUE(fs_.remove(kLeases / "fence"));
  EXPECT_GT(taken(two_, kNotes).fence, highest.fence);
}

TEST_F(LeaseDamageTest, WithoutTheFileOfNumbersADamagedLeaseMayHaveHadTheHighest) {
  ASSERT_TRUE(one_.release(taken(one_, kNotes)));
  ASSERT_TRUE(one_.release(taken(one_, kMail)));
  fs_.truncate(store_.path_of(kMail), 7);
  ASSERT_TRUE(fs_.remove(kLeases / "fence"));
  const auto refused = acquire(two_, {kNotes});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "lease.damaged");
  EXPECT_THAT(refused.error().message, HasSubstr(store_.path_of(kMail).string()));
}

TEST_F(LeaseDamageTest, ADamagedLeaseHindersNobodyElseAndIsListedWithItsFile) {
  taken(one_, kNotes);
  taken(one_, kMail);
  fs_.truncate(store_.path_of(kMail), 7);
  taken(two_, "other");
  const auto known = store_.list();
  ASSERT_TRUE(known);
  EXPECT_THAT(known->leases, SizeIs(2));
  ASSERT_THAT(known->damaged, SizeIs(1));
  EXPECT_THAT(known->damaged[0].message, HasSubstr(store_.path_of(kMail).string()));
}

TEST_F(LeaseDamageTest, WhatAKilledWriterLeftIsNoLease) {
  fs_.put(kLeases / ("." + store_.path_of(kNotes).filename().string() + ".tmp-0a1b2c3d"), "{");
  EXPECT_THAT(store_.list().value().damaged, IsEmpty());
  EXPECT_EQ(taken(one_).fence, 1U);
}

}  // namespace
}  // namespace snapcore
