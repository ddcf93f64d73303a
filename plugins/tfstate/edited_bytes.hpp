// Bytes with one edit, read from front to back.
#pragma once

#include <functional>
#include <optional>
#include <snapcore/error.hpp>
#include <span>

#include "handles.hpp"

namespace tfstate {

using snapcore::Result;

class EditedBytes {
 public:
  using Read = std::function<Result<std::size_t>(std::span<std::byte>)>;
  EditedBytes(Read read, std::optional<StagedEdit> edit)
      : read_(std::move(read)), edit_(std::move(edit)) {}

  // 0 at the end.
  Result<std::size_t> read(std::span<std::byte> into);

 private:
  Result<> pass_over(std::span<std::byte> room);

  Read read_;
  std::optional<StagedEdit> edit_;  // until it was made
  std::uint64_t at_ = 0;            // in the bytes that are read
  std::size_t told_ = 0;            // of the text of the edit
};

}  // namespace tfstate
