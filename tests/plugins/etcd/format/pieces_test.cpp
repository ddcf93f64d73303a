// A range of a file that is read while the piece before is worked on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <format/pieces.hpp>
#include <stdexcept>
#include <string>

#include "bolt_file.hpp"

namespace etcd {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

std::string numbers(std::size_t size) {
  std::string bytes;
  for (std::uint64_t i = 0; bytes.size() < size; ++i) append_le(bytes, i * 0x9e3779b97f4a7c15);
  bytes.resize(size);
  return bytes;
}

struct PiecesTest : testing::Test {
  const std::string bytes = numbers(3 * kPiece + 17);
  const test::TemporaryFile on_disk{bytes};
  const FileBytes in_memory{bytes_of(bytes)};
  const FileBytes on_descriptor{on_disk.fd(), bytes.size()};
  std::atomic<bool> stopped = false;
  std::string got;

  std::string_view collect(const FileBytes& file, std::size_t from, std::size_t to) {
    got.clear();
    return in_pieces(file, from, to, stopped, [&](Bytes piece) { got += text_of(piece); });
  }
};

TEST_F(PiecesTest, EveryByteComesOnceAndInOrderWhereverTheRangeBeginsAndEnds) {
  const std::size_t borders[] = {0,          1,          kPiece - 1,     kPiece,
                                 kPiece + 1, 2 * kPiece, 3 * kPiece + 1, bytes.size()};
  for (const std::size_t from : borders) {
    for (const std::size_t to : borders) {
      const std::string_view wanted =
          from < to ? std::string_view(bytes).substr(from, to - from) : std::string_view();
      EXPECT_EQ(collect(on_descriptor, from, to), "");
      EXPECT_TRUE(got == wanted) << from << " to " << to;
      EXPECT_EQ(collect(in_memory, from, to), "");
      EXPECT_TRUE(got == wanted) << from << " to " << to;
    }
  }
}

TEST_F(PiecesTest, AFileThatWasCutIsAProblemBehindWhatIsLeft) {
  for (const std::size_t left : {std::size_t{0}, kPiece - 1, kPiece, 2 * kPiece, 3 * kPiece}) {
    ASSERT_EQ(::ftruncate(on_disk.fd(), static_cast<off_t>(left)), 0);
    EXPECT_EQ(collect(on_descriptor, 0, bytes.size()), "the file was cut while it was read");
    EXPECT_TRUE(got == bytes.substr(0, left / kPiece * kPiece)) << left;
    ASSERT_EQ(::ftruncate(on_disk.fd(), 0), 0);
    ASSERT_EQ(::pwrite(on_disk.fd(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }
}

TEST_F(PiecesTest, WhatIsStoppedGetsNoFurtherPiece) {
  for (std::size_t last = 1; last <= 3; ++last) {
    stopped = false;
    std::size_t count = 0;
    in_pieces(on_descriptor, 0, bytes.size(), stopped, [&](Bytes) { stopped = ++count == last; });
    EXPECT_EQ(count, last);
  }
}

TEST_F(PiecesTest, AnExceptionOfTheTakerEndsTheReading) {
  for (int last = 1; last <= 3; ++last) {
    int count = 0;
    const auto take = [&](Bytes) {
      if (++count == last) throw std::runtime_error("no more");
    };
    EXPECT_THROW(in_pieces(on_descriptor, 0, bytes.size(), stopped, take), std::runtime_error);
    EXPECT_EQ(count, last);
  }
}

}  // namespace
}  // namespace etcd
