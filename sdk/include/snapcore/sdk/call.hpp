// A running call: everything a plugin may ask of the host.
#pragma once

#include <snapcore/plugin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <snapcore/sdk/types.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapcore::sdk {

enum class Level : std::int32_t { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

// Facts of a call. The only source of fresh values: `key` and `started` are the same when it is
// repeated, and empty while planning.
struct Facts {
  std::string entry = {};  // create, plan, execute, probe, compensate
  std::string instance = {};
  std::string run = {};
  std::string call = {};
  std::string key = {};
  std::uint32_t attempt = 1;
  std::optional<Time> started = {};
  Value checkpoint = {};  // what checkpoint() recorded last, in this attempt or an earlier one
};

// What compensate() will get, recorded before the act. `data` is an object, to_value() of a struct
// for instance; secrets that it holds are masked.
struct Undo {
  Value data = {};
  std::vector<std::string> words = {};
  std::vector<std::string> shell = {};  // what a person pastes, one quoted command each
};

// A file that a source handed over, for reading with pread() until the call returns.
struct BorrowedFile {
  int fd = -1;
  std::uint64_t size = 0;
};

// A stream of bytes of the running call. Valid as long as the Call is.
class Port {
 public:
  // 0 at the end; a short read is normal.
  Result<std::size_t> read(std::span<std::byte> into);
  // Until `into` is full or the stream ends.
  Result<std::size_t> read_full(std::span<std::byte> into);
  // All of a small stream, "stream.too_large" above the limit.
  Result<std::string> read_all(std::size_t limit);
  // Random access, on ports of open_input alone; does not move read().
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into);
  Result<> write(std::span<const std::byte> bytes);
  Result<> write(std::string_view text);
  // All bytes of it from offset 0 on; empty when nobody knows.
  Result<std::optional<std::uint64_t>> size();
  // Source, in `open` and before the first write: the port's bytes are those of this regular file,
  // open for reading alone. True: it is wanted, nothing is to be written. port_file.h has the
  // rules.
  Result<bool> offer_file(int fd);
  // The file behind a port of open_input, before the first read; nothing when the source has none
  // to offer.
  Result<std::optional<BorrowedFile>> borrow_file();
  // Hands back a prefix that an earlier attempt already has; before the first read.
  Result<> rehash(std::span<const std::byte> prefix);
  // The host is to keep the SHA-256 of the first `size` bytes, one or more; before the first of
  // them is read or handed back. False: hash them yourself. port_digest.h has the rules.
  Result<bool> keep_digest(std::uint64_t size);
  // Once so many have been read; nothing before.
  Result<std::optional<std::array<std::byte, 32>>> kept_digest();

 private:
  friend class Call;
  Port(const sc_host* host, sc_call* call, std::uint32_t number)
      : host_(host), call_(call), number_(number) {}
  const sc_host* host_;
  sc_call* call_;
  std::uint32_t number_;
};

// A nested call with bytes. finish() waits for it and gives its result; the destructor does so,
// too, when an error kept the caller from it.
class Subcall {
 public:
  Subcall(Subcall&& other) noexcept;
  Subcall& operator=(Subcall&&) = delete;
  ~Subcall();

  Result<std::size_t> read(std::span<std::byte> into);
  Result<> write(std::span<const std::byte> bytes);
  Result<> end_input();
  Result<Value> finish();

 private:
  friend class Call;
  Subcall(const sc_host* host, sc_call* call, sc_subcall* subcall)
      : host_(host), call_(call), subcall_(subcall) {}
  const sc_host* host_;
  sc_call* call_;
  sc_subcall* subcall_;
};

class Call {
 public:
  Call(const sc_host* host, sc_call* call);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // From any thread, as long as the operation has not returned:
  void log(Level level, std::string_view message) const noexcept;
  void progress(std::uint64_t amount, std::uint64_t total,
                std::string_view message = {}) const noexcept;
  bool cancelled() const noexcept;
  const Facts& facts() const { return facts_; }
  const void* extension(const char* id) const noexcept;

  // The rest from the thread of the call alone.

  // Fails once the operator asked to stop: return its error. Poll at least once a second.
  Result<> keep_going() const;

  template <class T>
  Result<> emit(const T& item) {
    return emit_value(sdk::to_value(item));
  }
  Result<std::string> secret(const Secret& secret);
  Result<std::string> scratch();  // a private directory, gone after the call
  Result<> checkpoint(const Value& position);
  Result<> record_undo(const Undo& undo);

  Result<Port> open_input(const Artifact& artifact, std::uint64_t offset = 0);
  Port port(std::uint32_t number) { return Port(host_, call_, number); }  // declared ones, from 0

  // An operation of another instance that the configuration names; `label` is the same in plan and
  // execute.
  Result<Value> call(const Instance& instance, std::string_view operation, const Value& args,
                     std::string_view label);
  Result<Subcall> open_call(const Instance& instance, std::string_view operation, const Value& args,
                            std::string_view label);
  // With structs of an interface on both sides.
  template <class R, class A>
  Result<R> call_as(const Instance& instance, std::string_view operation, const A& args,
                    std::string_view label) {
    auto result = call(instance, operation, sdk::to_value(args), label);
    if (!result) return fail(result.error());
    return from_value<R>(*result);
  }

  // While planning: true when the argument is not known yet and stands at its default. A path as in
  // "members[1].peer"; unknown("members") is also true when anything inside is.
  bool unknown(std::string_view field) const;

  // For the table.
  void set_unknowns(std::vector<std::string> unknowns) { unknowns_ = std::move(unknowns); }
  const sc_host* host() const { return host_; }
  sc_call* raw() const { return call_; }

 private:
  Result<> emit_value(const Value& item);
  const sc_host* host_;
  sc_call* call_;
  Facts facts_;
  std::vector<std::string> unknowns_;
};

// The error that tells the host that the call stopped because it was asked to.
Error stopped(std::string message = "stopped as asked");

}  // namespace snapcore::sdk
