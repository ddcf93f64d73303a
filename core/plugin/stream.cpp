#include "plugin/stream.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <snapcore/support/digest.hpp>
#include <system_error>
#include <thread>

#include "plugin/call_chain.hpp"
#include "plugin/piece_cache.hpp"
#include "plugin/pipe.hpp"

namespace snapcore {
namespace {

constexpr std::uint64_t kWorthAThread = std::uint64_t{4} << 20;

Result<> run_guarded(const ProducedStream::Produce& produce, OutputStream& out) {
  try {
    return produce(out);
  } catch (const std::exception& problem) {
    return fail({.code = "stream.producer_threw",
                 .message = std::string("the producer of a stream failed: ") + problem.what(),
                 .category = Category::kInternal});
  }
}

}  // namespace

struct ProducedStream::State final : OutputStream {
  State(Produce make, std::optional<std::uint64_t> total, ReadPiece read_piece, AskFile ask)
      : produce(std::move(make)),
        size(total),
        has_random_access(read_piece != nullptr),
        cache(std::move(read_piece)),
        ask_file(std::move(ask)) {}
  ~State() override {
    if (fd >= 0) ::close(fd);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The producer's side. The hash belongs to its thread, or to the one beside it, until the pipe
  // has ended.
  Result<> write(std::span<const std::byte> bytes) override {
    if (!beside.joinable()) digest_more(bytes);
    return pipe.write(bytes);
  }

  // The digest up to the mark is there before the reader gets the byte behind it.
  void digest_more(std::span<const std::byte> bytes) {
    if (mark > hashed && mark - hashed <= bytes.size()) {
      const auto before = bytes.first(static_cast<std::size_t>(mark - hashed));
      hash.update(before);
      at_mark = hash.so_far();
      hash.update(bytes.subspan(before.size()));
    } else {
      hash.update(bytes);
    }
    hashed += bytes.size();
  }

  Result<> start() {
    if (producer.joinable()) return {};
    try {
      producer = std::thread([this] {
        const ChainScope scope(chain);
        if (!size || *size >= kWorthAThread) digest_beside();
        Result<> how = run_guarded(produce, *this);
        pipe.no_more();
        if (beside.joinable()) beside.join();
        digest = to_hex(hash.finish());
        pipe.end(std::move(how));
      });
      return {};
    } catch (const std::system_error& problem) {
      return fail({.code = "stream.no_thread",
                   .message = std::string("cannot start a thread: ") + problem.what(),
                   .category = Category::kTransient});
    }
  }

  // The digest takes longer than reading and writing together. Without a thread it is made in turn.
  void digest_beside() {
    pipe.hold_back(true);
    try {
      beside = std::thread([this] {
        for (auto bytes = pipe.held(); !bytes.empty(); bytes = pipe.held()) {
          digest_more(bytes);
          pipe.let_through(bytes.size());
        }
      });
    } catch (const std::system_error&) {
      pipe.hold_back(false);
    }
  }

  Produce produce;
  std::optional<std::uint64_t> size;
  bool has_random_access;
  PieceCache cache;
  AskFile ask_file;
  int fd = -1;
  std::atomic<bool> borrowed = false;
  CallChain chain = current_chain();
  Pipe pipe;
  Sha256 hash;
  std::uint64_t hashed = 0;
  std::uint64_t mark = 0;  // 0: nobody asked
  StreamDigest at_mark{};
  std::string digest;  // written before the pipe ends, read after
  std::atomic<std::uint64_t> prefix_bytes = 0;
  std::thread producer;
  std::thread beside;  // of the producer's making
};

ProducedStream::ProducedStream(Produce produce, std::optional<std::uint64_t> size,
                               ReadPiece read_piece, AskFile ask_file)
    : state_(std::make_unique<State>(std::move(produce), size, std::move(read_piece),
                                     std::move(ask_file))) {}

ProducedStream::~ProducedStream() {
  state_->pipe.close();
  if (state_->producer.joinable()) state_->producer.join();
}

Result<std::size_t> ProducedStream::read(std::span<std::byte> into) {
  if (auto started = state_->start(); !started) return fail(started.error());
  return state_->pipe.read(into);
}

Result<std::size_t> ProducedStream::read_at(std::uint64_t offset, std::span<std::byte> into) {
  if (!state_->has_random_access) {
    return fail({.code = "stream.no_random_access",
                 .message = "this stream can only be read from front to back",
                 .category = Category::kPermanent});
  }
  return state_->cache.read(offset, into);
}

std::optional<std::uint64_t> ProducedStream::size() const { return state_->size; }

Result<std::optional<SharedFile>> ProducedStream::file() {
  if (!state_->ask_file || state_->producer.joinable()) return std::nullopt;
  if (state_->fd < 0) {
    const auto fd = state_->ask_file();
    if (!fd) return fail(fd.error());
    if (*fd < 0) return std::nullopt;
    state_->fd = *fd;
  }
  struct stat found = {};
  if (::fstat(state_->fd, &found) != 0) return std::nullopt;
  state_->borrowed = true;
  return SharedFile{.fd = state_->fd, .size = static_cast<std::uint64_t>(found.st_size)};
}

Result<> ProducedStream::rehash(std::span<const std::byte> prefix) {
  if (state_->producer.joinable()) {
    return fail({.code = "stream.already_read",
                 .message = "a prefix can be handed back only before the first read",
                 .category = Category::kInternal});
  }
  state_->digest_more(prefix);
  state_->prefix_bytes += prefix.size();
  return {};
}

Result<bool> ProducedStream::keep_digest(std::uint64_t size) {
  if (state_->producer.joinable() || state_->hashed > 0) {
    return fail({.code = "stream.already_read",
                 .message = "a digest can be asked for only before the first byte",
                 .category = Category::kInternal});
  }
  state_->mark = size;
  return true;
}

std::optional<StreamDigest> ProducedStream::kept_digest() const {
  const std::uint64_t read = state_->prefix_bytes + state_->pipe.bytes_read();
  if (state_->mark == 0 || read < state_->mark) return std::nullopt;
  return state_->at_mark;
}

Passed ProducedStream::passed() const {
  Passed passed{.bytes = state_->prefix_bytes + state_->pipe.bytes_read(),
                .sha256 = "",
                .complete = false,
                .borrowed = state_->borrowed};
  passed.complete = state_->pipe.complete();
  if (passed.complete) passed.sha256 = state_->digest;
  return passed;
}

}  // namespace snapcore
