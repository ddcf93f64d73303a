#include "cli/last_line.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace snapcore {
namespace {

// What a child wrote: who told the last line writes nothing any more, and ends.
template <class Work>
std::string written_by(Work work) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_NONBLOCK) != 0) throw std::runtime_error("no pipe");
  EXPECT_EXIT(
      {
        work(ends[1]);
        _exit(6);
      },
      testing::ExitedWithCode(6), "");
  std::array<char, 100> piece{};
  std::string text;
  for (auto got = read(ends[0], piece.data(), piece.size()); got > 0;
       got = read(ends[0], piece.data(), piece.size()))
    text.append(piece.data(), static_cast<std::size_t>(got));
  for (const int end : ends) close(end);
  return text;
}

TEST(LastLineTest, ThatIsOwedIsTold) {
  EXPECT_EQ(written_by([](int out) {
              owe_last_line();
              { const WholeLine before; }
              tell_last_line(out, "last\n");
            }),
            "last\n");
}

TEST(LastLineTest, ThatNobodyAskedForOrThatWasToldIsNotToldOnceMore) {
  EXPECT_EQ(written_by([](int out) { tell_last_line(out, "last\n"); }), "");
  EXPECT_EQ(written_by([](int out) {
              owe_last_line();
              last_line_is_told();
              tell_last_line(out, "last\n");
            }),
            "");
}

TEST(LastLineTest, GetsNotIntoTheMiddleOfAnotherLine) {
  EXPECT_EQ(written_by([](int out) {
              owe_last_line();
              const WholeLine stuck;
              tell_last_line(out, "last\n");
            }),
            "");
}

TEST(LastLineTest, IsNotWaitedForWhereNobodyReads) {
  const std::string text = written_by([](int out) {
    owe_last_line();
    while (write(out, ".", 1) == 1) continue;
    tell_last_line(out, "last\n");
  });
  EXPECT_EQ(text.find("last"), std::string::npos);
}

}  // namespace
}  // namespace snapcore
