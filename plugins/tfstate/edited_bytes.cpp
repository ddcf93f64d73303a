#include "edited_bytes.hpp"

#include <algorithm>

namespace tfstate {

Result<> EditedBytes::pass_over(std::span<std::byte> room) {
  std::uint64_t left = edit_->removed;
  while (left > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), left));
    const auto got = read_(room.first(wanted));
    if (!got) return snapcore::fail(got.error());
    if (*got == 0) break;
    left -= *got;
  }
  return {};
}

Result<std::size_t> EditedBytes::read(std::span<std::byte> into) {
  if (into.empty()) return 0;
  if (edit_ && at_ < edit_->offset) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), edit_->offset - at_));
    auto got = read_(into.first(wanted));
    if (got) at_ += *got;
    return got;
  }
  if (edit_ && told_ < edit_->text.size()) {
    const std::size_t size = std::min(into.size(), edit_->text.size() - told_);
    std::copy_n(reinterpret_cast<const std::byte*>(edit_->text.data()) + told_, size, into.begin());
    told_ += size;
    return size;
  }
  if (edit_) {
    if (auto passed = pass_over(into); !passed) return snapcore::fail(passed.error());
    edit_.reset();
  }
  return read_(into);
}

}  // namespace tfstate
