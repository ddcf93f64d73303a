#include "edited_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tfstate {
namespace {

// All of it, read in pieces of `room` bytes from a source that gives `most` at a time.
std::string edited(std::string_view text, const std::optional<StagedEdit>& edit, std::size_t room,
                   std::size_t most) {
  EditedBytes bytes(
      [&](std::span<std::byte> into) -> Result<std::size_t> {
        const std::size_t size = std::min({into.size(), text.size(), most});
        std::copy_n(reinterpret_cast<const std::byte*>(text.data()), size, into.begin());
        text.remove_prefix(size);
        return size;
      },
      edit);
  std::string made;
  std::string piece(room, '\0');
  for (;;) {
    const auto got = bytes.read(std::as_writable_bytes(std::span(piece)));
    if (!got || *got == 0) return made;
    made += piece.substr(0, *got);
  }
}

TEST(EditedBytesTest, OneTokenChangesAndEveryOtherByteStays) {
  const std::string text = R"({"serial": 7, "rest": [1, 2, 3]})";
  for (const std::size_t room : {1u, 3u, 100u}) {
    for (const std::size_t most : {1u, 5u, 100u}) {
      EXPECT_EQ(edited(text, StagedEdit{11, 1, "1234"}, room, most),
                R"({"serial": 1234, "rest": [1, 2, 3]})");
      EXPECT_EQ(edited(text, StagedEdit{1, 0, "new"}, room, most), "{new" + text.substr(1));
      EXPECT_EQ(edited(text, StagedEdit{0, 1, ""}, room, most), text.substr(1));
      EXPECT_EQ(edited(text, StagedEdit{text.size(), 0, "end"}, room, most), text + "end");
      EXPECT_EQ(edited(text, std::nullopt, room, most), text);
    }
  }
}

}  // namespace
}  // namespace tfstate
