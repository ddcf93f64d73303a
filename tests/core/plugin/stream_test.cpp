#include "plugin/stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <snapcore/support/digest.hpp>
#include <thread>

#include "plugin/piece_cache.hpp"
#include "plugin/pipe.hpp"

namespace snapcore {
namespace {

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

std::string digest_of(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return to_hex(hash.finish());
}

ProducedStream::Produce in_pieces(std::vector<std::byte> bytes, std::size_t piece) {
  return [bytes = std::move(bytes), piece](OutputStream& out) -> Result<> {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const auto rest = std::span(bytes).subspan(at);
      if (auto written = out.write(rest.first(std::min(piece, rest.size()))); !written)
        return written;
    }
    return {};
  };
}

// Reads to the end in pieces; gives the error at the end if there is one.
Result<std::vector<std::byte>> read_all(InputStream& stream, std::size_t piece) {
  std::vector<std::byte> all;
  std::vector<std::byte> buffer(piece);
  while (true) {
    auto got = stream.read(buffer);
    if (!got) return fail(got.error());
    if (*got == 0) return all;
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

// A place where threads meet: nobody passes before it is opened.
class Barrier {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST(StreamTest, BytesArriveUnchangedWhateverThePieces) {
  const auto bytes = pattern(Pipe::kCapacity * 2 + 7919);
  for (const std::size_t write : {4099u, 65537u, 1048583u, 4194301u}) {
    for (const std::size_t read : {8191u, 131071u, 2097143u}) {
      ProducedStream stream(in_pieces(bytes, write), bytes.size());
      auto got = read_all(stream, read);
      ASSERT_TRUE(got);
      EXPECT_TRUE(*got == bytes) << write << " " << read;
      const Passed passed = stream.passed();
      EXPECT_TRUE(passed.complete);
      EXPECT_EQ(passed.bytes, bytes.size());
      EXPECT_EQ(passed.sha256, digest_of(bytes));
    }
  }
}

TEST(StreamTest, SmallPrimePiecesArriveToo) {
  const auto bytes = pattern(10007);
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 13u, 251u}) {
    ProducedStream stream(in_pieces(bytes, piece), std::nullopt);
    auto got = read_all(stream, 17);
    ASSERT_TRUE(got);
    EXPECT_TRUE(*got == bytes) << piece;
  }
}

TEST(StreamTest, AnEmptyStreamIsCompleteWithTheDigestOfNothing) {
  ProducedStream stream([](OutputStream&) -> Result<> { return {}; }, 0);
  EXPECT_FALSE(stream.passed().complete) << "nobody has looked yet";
  auto got = read_all(stream, 10);
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->empty());
  EXPECT_TRUE(stream.passed().complete);
  EXPECT_EQ(stream.passed().sha256, sha256_hex(""));
}

TEST(StreamTest, TheProducersErrorComesAfterItsLastByteAndStays) {
  const auto bytes = pattern(100003);
  ProducedStream stream(
      [&](OutputStream& out) -> Result<> {
        if (auto written = out.write(bytes); !written) return written;
        return fail({.code = "source.gone", .message = "the source went away"});
      },
      std::nullopt);
  std::vector<std::byte> buffer(101);
  std::size_t total = 0;
  Result<std::size_t> got = 0;
  while ((got = stream.read(buffer)) && *got > 0) total += *got;
  EXPECT_EQ(total, bytes.size());
  for (int again = 0; again < 3; ++again) {
    got = stream.read(buffer);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, "source.gone");
  }
  EXPECT_FALSE(stream.passed().complete);
  EXPECT_EQ(stream.passed().sha256, "");
}

TEST(StreamTest, AnExceptionOfTheProducerIsAnErrorOfTheStream) {
  ProducedStream stream([](OutputStream&) -> Result<> { throw std::runtime_error("boom"); },
                        std::nullopt);
  auto got = read_all(stream, 10);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, "stream.producer_threw");
}

TEST(StreamTest, AReaderThatLeavesEarlyStopsTheProducer) {
  const auto bytes = pattern(Pipe::kCapacity * 8);
  Result<> how;
  {
    ProducedStream stream(
        [&](OutputStream& out) -> Result<> {
          how = out.write(bytes);
          return how;
        },
        std::nullopt);
    std::vector<std::byte> buffer(1);
    ASSERT_TRUE(stream.read(buffer));
  }
  ASSERT_FALSE(how) << "the producer waited for room that never came";
  EXPECT_EQ(how.error().code, "stream.closed");
}

TEST(StreamTest, AStreamThatIsNeverReadNeverStarts) {
  std::atomic<bool> started = false;
  {
    ProducedStream stream(
        [&](OutputStream&) -> Result<> {
          started = true;
          return {};
        },
        std::nullopt);
  }
  EXPECT_FALSE(started);
}

TEST(StreamTest, ASlowReaderBoundsWhatTheProducerIsAheadOf) {
  const auto bytes = pattern(4093);
  std::atomic<std::uint64_t> written = 0;
  ProducedStream stream(
      [&](OutputStream& out) -> Result<> {
        while (true) {
          if (auto done = out.write(bytes); !done) return done;
          written += bytes.size();
        }
      },
      std::nullopt);
  std::vector<std::byte> buffer(1);
  std::uint64_t read = 0;
  for (int i = 0; i < 1000; ++i) {
    read += *stream.read(buffer);
    ASSERT_LE(written, read + Pipe::kCapacity);
  }
}

TEST(StreamTest, ASlowProducerIsWaitedFor) {
  Barrier first_read;
  ProducedStream stream(
      [&](OutputStream& out) -> Result<> {
        if (auto done = out.write(pattern(3)); !done) return done;
        first_read.wait();
        return out.write(pattern(5));
      },
      std::nullopt);
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(*stream.read(buffer), 3u) << "what is there is given without waiting for more";
  first_read.open();
  EXPECT_EQ(*stream.read(buffer), 5u);
  EXPECT_EQ(*stream.read(buffer), 0u);
}

TEST(StreamTest, APrefixHandedBackCountsForTheDigestOfTheWhole) {
  const auto bytes = pattern(300007);
  for (const std::size_t cut : {std::size_t{1}, std::size_t{65536}, bytes.size()}) {
    const auto all = std::span<const std::byte>(bytes);
    ProducedStream stream(
        in_pieces({all.begin() + static_cast<std::ptrdiff_t>(cut), all.end()}, 997), bytes.size());
    for (auto prefix = all.first(cut); !prefix.empty();) {
      const auto piece = prefix.first(std::min<std::size_t>(prefix.size(), 10007));
      ASSERT_TRUE(stream.rehash(piece));
      prefix = prefix.subspan(piece.size());
    }
    ASSERT_TRUE(read_all(stream, 4096));
    EXPECT_EQ(stream.passed().sha256, digest_of(bytes)) << cut;
    EXPECT_EQ(stream.passed().bytes, bytes.size());
    auto late = stream.rehash(all.first(1));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, "stream.already_read");
  }
}

TEST(StreamTest, TheDigestOfABeginningIsKeptWhereverItEndsAndWhateverWasHandedBack) {
  const auto bytes = pattern(3000);
  const auto all = std::span(bytes);
  for (const std::size_t prefix : {0UL, 1UL, 999UL, 1000UL, 2000UL, 3000UL}) {
    for (const std::size_t mark : {1UL, 999UL, 1000UL, 1001UL, 2000UL, 2968UL, 3000UL}) {
      ProducedStream stream(
          in_pieces(std::vector(bytes.begin() + static_cast<std::ptrdiff_t>(prefix), bytes.end()),
                    500),
          bytes.size());
      ASSERT_TRUE(*stream.keep_digest(mark));
      if (prefix > 0) {
        ASSERT_TRUE(stream.rehash(all.first(prefix)));
      }
      EXPECT_EQ(stream.kept_digest().has_value(), mark <= prefix);
      std::vector<std::byte> piece(700);
      for (std::size_t read = prefix;;) {
        const auto got = stream.read(piece);
        ASSERT_TRUE(got);
        read += *got;
        const auto kept = stream.kept_digest();
        ASSERT_EQ(kept.has_value(), mark <= read) << prefix << ' ' << mark << ' ' << read;
        if (kept) {
          EXPECT_EQ(to_hex(*kept), digest_of(all.first(mark)));
        }
        if (*got == 0) break;
      }
      EXPECT_EQ(stream.passed().sha256, digest_of(all));
    }
  }
}

TEST(StreamTest, ADigestThatIsMadeBesideIsThereBeforeTheByteBehindIt) {
  const auto bytes = pattern(5 * Pipe::kCapacity + 11);
  const auto all = std::span(bytes);
  for (const std::size_t mark :
       {Pipe::kPiece - 1, Pipe::kPiece, Pipe::kCapacity + 1, bytes.size() - 32, bytes.size()}) {
    ProducedStream stream(in_pieces(bytes, 300007), bytes.size());
    ASSERT_TRUE(*stream.keep_digest(mark));
    std::vector<std::byte> piece(70001);
    for (std::size_t read = 0;;) {
      const auto got = stream.read(piece);
      ASSERT_TRUE(got);
      ASSERT_TRUE(std::equal(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got),
                             bytes.begin() + static_cast<std::ptrdiff_t>(read)));
      read += *got;
      ASSERT_EQ(stream.kept_digest().has_value(), mark <= read) << mark << ' ' << read;
      if (*got == 0) break;
    }
    EXPECT_EQ(to_hex(*stream.kept_digest()), digest_of(all.first(mark)));
    EXPECT_EQ(stream.passed().sha256, digest_of(all));
  }
}

TEST(StreamTest, ADigestIsNotKeptOfWhatIsLongerOrWasNotAskedForInTime) {
  const auto bytes = pattern(100);
  ProducedStream longer(in_pieces(bytes, 10), bytes.size());
  ASSERT_TRUE(*longer.keep_digest(101));
  ASSERT_TRUE(read_all(longer, 64));
  EXPECT_FALSE(longer.kept_digest());

  ProducedStream late(in_pieces(bytes, 10), bytes.size());
  ASSERT_TRUE(late.rehash(std::span(bytes).first(1)));
  const auto asked = late.keep_digest(50);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, "stream.already_read");

  ProducedStream nobody(in_pieces(bytes, 10), bytes.size());
  ASSERT_TRUE(read_all(nobody, 64));
  EXPECT_FALSE(nobody.kept_digest());
}

TEST(StreamTest, WhatHasPassedCanBeWatchedFromAnotherThread) {
  const auto bytes = pattern(Pipe::kCapacity * 3);
  ProducedStream stream(in_pieces(bytes, 65537), bytes.size());
  std::atomic<bool> done = false;
  std::thread watcher([&] {
    std::uint64_t before = 0;
    while (!done) {
      const std::uint64_t now = stream.passed().bytes;
      EXPECT_GE(now, before);
      before = now;
    }
  });
  EXPECT_TRUE(read_all(stream, 10007));
  done = true;
  watcher.join();
}

TEST(StreamTest, RandomAccessLeavesThePositionAlone) {
  const auto bytes = pattern(PieceCache::kBlock * 3 + 12345);
  ProducedStream stream(
      in_pieces(bytes, 65537), bytes.size(),
      [&](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
        const auto rest =
            std::span<const std::byte>(bytes).subspan(std::min<std::size_t>(offset, bytes.size()));
        const std::size_t size = std::min({rest.size(), into.size(), std::size_t{50021}});
        std::memcpy(into.data(), rest.data(), size);
        return size;
      });
  std::vector<std::byte> buffer(101);
  ASSERT_TRUE(stream.read(buffer));
  for (const std::size_t offset :
       {bytes.size() - 1, std::size_t{0}, PieceCache::kBlock, PieceCache::kBlock - 1}) {
    auto got = stream.read_at(offset, buffer);
    ASSERT_TRUE(got);
    ASSERT_GT(*got, 0u);
    EXPECT_EQ(std::memcmp(buffer.data(), bytes.data() + offset, *got), 0) << offset;
  }
  EXPECT_EQ(*stream.read_at(bytes.size(), buffer), 0u);
  EXPECT_EQ(*stream.read_at(bytes.size() + PieceCache::kBlock, buffer), 0u);
  auto rest = read_all(stream, 4096);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->size(), bytes.size() - 101);
  EXPECT_EQ(stream.passed().sha256, digest_of(bytes));
}

TEST(StreamTest, TheFileBehindItIsAskedForOnceAndClosedWithIt) {
  int asked = 0;
  int fd = -1;
  {
    ProducedStream stream([](OutputStream&) { return Result<>(); }, 0, {},
                          [&]() -> Result<int> {
                            ++asked;
                            fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
                            return fd;
                          });
    EXPECT_FALSE(stream.passed().borrowed);
    for (int i = 0; i < 3; ++i) {
      const auto file = stream.file();
      ASSERT_TRUE(file && *file);
      EXPECT_EQ((*file)->fd, fd);
      EXPECT_GT((*file)->size, 0u);
    }
    EXPECT_EQ(asked, 1);
    EXPECT_TRUE(stream.passed().borrowed);
    EXPECT_FALSE(stream.passed().complete) << "nothing of it was hashed";
  }
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST(StreamTest, NoFileIsOfferedWithoutOneOrOnceItIsRead) {
  ProducedStream plain([](OutputStream&) { return Result<>(); }, 0);
  EXPECT_FALSE(*plain.file());
  ProducedStream none([](OutputStream&) { return Result<>(); }, 0, {},
                      [] { return Result<int>(-1); });
  EXPECT_FALSE(*none.file());
  ProducedStream failing([](OutputStream&) { return Result<>(); }, 0, {},
                         []() -> Result<int> { return fail({.code = "gone", .message = "gone"}); });
  EXPECT_EQ(failing.file().error().code, "gone");
  ProducedStream reading(
      [](OutputStream&) { return Result<>(); }, 0, {},
      [] { return Result<int>(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)); });
  std::array<std::byte, 1> room{};
  EXPECT_TRUE(reading.read(room));
  EXPECT_FALSE(*reading.file());
}

TEST(StreamTest, WithoutAPieceReaderThereIsNoRandomAccess) {
  ProducedStream stream([](OutputStream&) -> Result<> { return {}; }, std::nullopt);
  std::vector<std::byte> buffer(1);
  auto got = stream.read_at(0, buffer);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, "stream.no_random_access");
}

TEST(PieceCacheTest, ABlockThatWasUsedLatelyIsNotFetchedAgain) {
  std::vector<std::uint64_t> fetched;
  PieceCache cache([&](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
    fetched.push_back(offset / PieceCache::kBlock);
    return into.size();
  });
  std::vector<std::byte> buffer(1);
  for (std::uint64_t block = 0; block < PieceCache::kBlocks; ++block) {
    ASSERT_TRUE(cache.read(block * PieceCache::kBlock, buffer));
    ASSERT_TRUE(cache.read(0, buffer)) << "keeps block 0 young";
  }
  ASSERT_TRUE(cache.read(PieceCache::kBlocks * PieceCache::kBlock, buffer));  // pushes block 1 out
  EXPECT_EQ(fetched.size(), PieceCache::kBlocks + 1);
  ASSERT_TRUE(cache.read(0, buffer));
  EXPECT_EQ(fetched.size(), PieceCache::kBlocks + 1);
  ASSERT_TRUE(cache.read(PieceCache::kBlock, buffer));
  EXPECT_EQ(fetched.size(), PieceCache::kBlocks + 2);
}

TEST(PieceCacheTest, AFailedPieceIsNotRemembered) {
  int calls = 0;
  PieceCache cache([&](std::uint64_t, std::span<std::byte> into) -> Result<std::size_t> {
    if (++calls == 1) return fail({.code = "source.gone", .message = "gone"});
    return into.size();
  });
  std::vector<std::byte> buffer(1);
  EXPECT_FALSE(cache.read(5, buffer));
  EXPECT_TRUE(cache.read(5, buffer));
}

}  // namespace
}  // namespace snapcore
