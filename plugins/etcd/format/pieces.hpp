// A long range of a file from front to back, for whoever needs as long for a piece as it takes to
// read one.
#pragma once

#include <atomic>
#include <cstdint>
#include <format/bytes.hpp>
#include <format/file_bytes.hpp>
#include <functional>
#include <string_view>

namespace etcd {

// Gives `take` the bytes from `from` up to `to`, which are within the file, in order and in pieces
// of up to a megabyte; the next one is read on a thread of its own meanwhile. Ends early once
// `stopped`. Empty when all is well, else why a piece cannot be had.
std::string_view in_pieces(const FileBytes& file, std::uint64_t from, std::uint64_t to,
                           const std::atomic<bool>& stopped,
                           const std::function<void(Bytes)>& take);

}  // namespace etcd
