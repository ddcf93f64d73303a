// Bytes fetched through a descriptor.
#include <gtest/gtest.h>

#include <algorithm>
#include <format/file_bytes.hpp>
#include <fstream>
#include <string>

#include "bolt_file.hpp"

namespace etcd {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPages = 600;

std::string numbered_pages() {
  std::string bytes;
  for (std::size_t page = 0; page < kPages; ++page) {
    bytes += std::to_string(page);
    bytes.resize((page + 1) * kPage, static_cast<char>('a' + page % 26));
  }
  return bytes;
}

// What this thread has read of files.
std::uint64_t bytes_read() {
  std::ifstream io("/proc/thread-self/io");
  std::string name;
  std::uint64_t count = 0;
  io >> name >> count;  // rchar
  return count;
}

struct FileBytesTest : testing::Test {
  const std::string bytes = numbered_pages();
  const test::TemporaryFile on_disk{bytes};
  const FileBytes file{on_disk.fd(), bytes.size()};
  Room room;

  void expect_pages(std::size_t first, std::size_t count) {
    Bytes fetched;
    ASSERT_EQ(file.fetch(first * kPage, count * kPage, room, fetched), "");
    ASSERT_TRUE(text_of(fetched) == std::string_view(bytes).substr(first * kPage, count * kPage))
        << first;
  }
};

// A page is asked for first, then again with those that it overflows into.
TEST_F(FileBytesTest, GoneThroughBackwardNothingIsReadTwice) {
  const std::uint64_t before = bytes_read();
  for (std::size_t end = kPages; end > 0;) {
    const std::size_t count = std::min(end, 1 + end % 3);
    end -= count;
    expect_pages(end, 1);
    expect_pages(end, count);
  }
  EXPECT_LT(bytes_read() - before, bytes.size() + 4 * kPage);
}

TEST_F(FileBytesTest, GoneThroughForwardNothingIsReadTwice) {
  const std::uint64_t before = bytes_read();
  for (std::size_t at = 0; at < kPages;) {
    const std::size_t count = std::min(kPages - at, 1 + at % 3);
    expect_pages(at, 1);
    expect_pages(at, count);
    at += count;
  }
  EXPECT_LT(bytes_read() - before, bytes.size() + 4 * kPage);
}

TEST_F(FileBytesTest, AfterJumpsOfAnyLengthTheBytesAreThoseOfThePlace) {
  std::size_t at = kPages / 2;
  for (std::size_t step = 1; step < kPages; ++step) {
    at = (at + step * step) % kPages;
    expect_pages(at, std::min(kPages - at, 1 + step % 40));
    if (at > 0) expect_pages(at - 1, 2);
  }
}

}  // namespace
}  // namespace etcd
