#include <snapcore/port_digest.h>
#include <snapcore/port_file.h>

#include <cstddef>
#include <snapcore/sdk/call.hpp>

#include "host_function.hpp"

namespace snapcore::sdk {
namespace {

using detail::from_host;
using detail::host_failure;
using detail::to_host;

// A count of bytes moved, or the host's error.
Result<std::size_t> moved(const sc_host* host, sc_call* call, std::int64_t count,
                          std::string_view doing) {
  if (count < 0) return fail(host_failure(host, call, static_cast<std::int32_t>(count), doing));
  return static_cast<std::size_t>(count);
}

Result<> done(const sc_host* host, sc_call* call, std::int32_t status, std::string_view doing) {
  if (status != SC_OK) return fail(host_failure(host, call, status, doing));
  return {};
}

Result<Value> parsed(sc_str text, std::string_view operation) {
  if (text.size == 0) return Value::object();
  auto value = Value::parse(from_host(text));
  if (value) return value;
  return fail(caused_by({.code = "host.bad_result",
                         .message = "the result of " + std::string(operation) + " is not JSON"},
                        value.error()));
}

bool lies_in(std::string_view path, std::string_view field) {
  return path.starts_with(field) &&
         (path.size() == field.size() || path[field.size()] == '.' || path[field.size()] == '[');
}

Facts read_facts(const sc_host* host, sc_call* call) {
  if (!SNAPCORE_HOST_HAS(host, info)) return {};
  const auto value = Value::parse(from_host(host->info(call)));
  if (!value) return {};
  Facts facts;
  facts.entry = value->at("entry").text();
  facts.instance = value->at("instance").text();
  facts.run = value->at("run").text();
  facts.call = value->at("call").text();
  facts.key = value->at("key").text();
  facts.attempt = static_cast<std::uint32_t>(value->at("attempt").uint_or(1));
  facts.started = Time::parse(value->at("started").text());
  facts.checkpoint = value->at("checkpoint");
  return facts;
}

}  // namespace

// --- Port
// ------------------------------------------------------------------------------------------------

Result<std::size_t> Port::read(std::span<std::byte> into) {
  if (!SNAPCORE_HOST_HAS(host_, read)) return fail(detail::too_old("read"));
  return moved(host_, call_, host_->read(call_, number_, into.data(), into.size()),
               "reading the stream");
}

Result<std::size_t> Port::read_full(std::span<std::byte> into) {
  std::size_t total = 0;
  while (total < into.size()) {
    auto got = read(into.subspan(total));
    if (!got) return got;
    if (*got == 0) break;
    total += *got;
  }
  return total;
}

Result<std::string> Port::read_all(std::size_t limit) {
  std::string text;
  std::byte piece[16384];
  for (;;) {
    auto got = read(piece);
    if (!got) return fail(got.error());
    if (*got == 0) return text;
    if (text.size() + *got > limit) {
      return fail({.code = "stream.too_large",
                   .message = "the stream holds more than " + std::to_string(limit) + " bytes",
                   .category = Category::kPrecondition});
    }
    text.append(reinterpret_cast<const char*>(piece), *got);
  }
}

Result<std::size_t> Port::read_at(std::uint64_t offset, std::span<std::byte> into) {
  if (!SNAPCORE_HOST_HAS(host_, read_at)) return fail(detail::too_old("read_at"));
  return moved(host_, call_, host_->read_at(call_, number_, offset, into.data(), into.size()),
               "reading the stream");
}

Result<> Port::write(std::span<const std::byte> bytes) {
  if (!SNAPCORE_HOST_HAS(host_, write)) return fail(detail::too_old("write"));
  while (!bytes.empty()) {
    auto put = moved(host_, call_, host_->write(call_, number_, bytes.data(), bytes.size()),
                     "writing the stream");
    if (!put) return fail(put.error());
    if (*put == 0) return fail(host_failure(host_, call_, SC_ERROR, "writing the stream"));
    bytes = bytes.subspan(std::min(*put, bytes.size()));
  }
  return {};
}

Result<> Port::write(std::string_view text) {
  return write(std::as_bytes(std::span(text.data(), text.size())));
}

Result<std::optional<std::uint64_t>> Port::size() {
  if (!SNAPCORE_HOST_HAS(host_, port_size)) return std::nullopt;
  std::uint64_t size = 0;
  const std::int32_t status = host_->port_size(call_, number_, &size);
  if (status == SC_NOT_FOUND) return std::nullopt;
  if (status != SC_OK) return fail(host_failure(host_, call_, status, "asking for the size"));
  return size;
}

namespace {

// Null when the host has no such extension.
template <class Table>
const Table* extension_of(const sc_host* host, const char* id) {
  if (!SNAPCORE_HOST_HAS(host, get_extension)) return nullptr;
  const auto* table = static_cast<const Table*>(host->get_extension(id));
  return table && table->struct_size >= sizeof(Table) ? table : nullptr;
}

const sc_port_file* port_file_of(const sc_host* host) {
  return extension_of<sc_port_file>(host, SC_PORT_FILE);
}

const sc_port_digest* port_digest_of(const sc_host* host) {
  return extension_of<sc_port_digest>(host, SC_PORT_DIGEST);
}

}  // namespace

Result<bool> Port::offer_file(int fd) {
  const sc_port_file* table = port_file_of(host_);
  if (!table) return false;
  const std::int32_t status = table->offer(call_, number_, fd);
  if (status == SC_NOT_FOUND) return false;
  if (status != SC_OK) return fail(host_failure(host_, call_, status, "offering the file"));
  return true;
}

Result<std::optional<BorrowedFile>> Port::borrow_file() {
  const sc_port_file* table = port_file_of(host_);
  if (!table) return std::nullopt;
  BorrowedFile file;
  const std::int32_t status = table->borrow(call_, number_, &file.fd, &file.size);
  if (status == SC_NOT_FOUND) return std::nullopt;
  if (status != SC_OK) return fail(host_failure(host_, call_, status, "borrowing the file"));
  return file;
}

Result<> Port::rehash(std::span<const std::byte> prefix) {
  if (!SNAPCORE_HOST_HAS(host_, rehash)) return fail(detail::too_old("rehash"));
  return done(host_, call_, host_->rehash(call_, number_, prefix.data(), prefix.size()),
              "handing the prefix back");
}

Result<bool> Port::keep_digest(std::uint64_t size) {
  const sc_port_digest* table = port_digest_of(host_);
  if (!table) return false;
  const std::int32_t status = table->mark(call_, number_, size);
  if (status == SC_NOT_FOUND) return false;
  if (status != SC_OK) return fail(host_failure(host_, call_, status, "asking for a digest"));
  return true;
}

Result<std::optional<std::array<std::byte, 32>>> Port::kept_digest() {
  const sc_port_digest* table = port_digest_of(host_);
  if (!table) return std::nullopt;
  std::array<std::byte, 32> digest{};
  const std::int32_t status =
      table->marked(call_, number_, reinterpret_cast<std::uint8_t*>(digest.data()));
  if (status == SC_NOT_FOUND) return std::nullopt;
  if (status != SC_OK) return fail(host_failure(host_, call_, status, "asking for the digest"));
  return digest;
}

// --- Subcall
// ---------------------------------------------------------------------------------------------

Subcall::Subcall(Subcall&& other) noexcept
    : host_(other.host_), call_(other.call_), subcall_(std::exchange(other.subcall_, nullptr)) {}

Subcall::~Subcall() {
  sc_str ignored = {};
  if (subcall_) host_->call_finish(subcall_, &ignored);
}

Result<std::size_t> Subcall::read(std::span<std::byte> into) {
  return moved(host_, call_, host_->sub_read(subcall_, into.data(), into.size()),
               "reading from the nested call");
}

Result<> Subcall::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    auto put = moved(host_, call_, host_->sub_write(subcall_, bytes.data(), bytes.size()),
                     "writing to the nested call");
    if (!put) return fail(put.error());
    if (*put == 0) return fail(host_failure(host_, call_, SC_ERROR, "writing to the nested call"));
    bytes = bytes.subspan(std::min(*put, bytes.size()));
  }
  return {};
}

Result<> Subcall::end_input() {
  auto put = moved(host_, call_, host_->sub_write(subcall_, nullptr, 0), "ending the input");
  if (!put) return fail(put.error());
  return {};
}

Result<Value> Subcall::finish() {
  sc_str result = {};
  const std::int32_t status = host_->call_finish(std::exchange(subcall_, nullptr), &result);
  if (status != SC_OK) return fail(host_failure(host_, call_, status, "finishing the nested call"));
  return parsed(result, "the nested call");
}

// --- Call
// ------------------------------------------------------------------------------------------------

Call::Call(const sc_host* host, sc_call* call)
    : host_(host), call_(call), facts_(read_facts(host, call)) {}

void Call::log(Level level, std::string_view message) const noexcept {
  if (SNAPCORE_HOST_HAS(host_, log)) {
    host_->log(call_, static_cast<std::int32_t>(level), to_host(message));
  }
}

void Call::progress(std::uint64_t amount, std::uint64_t total,
                    std::string_view message) const noexcept {
  if (SNAPCORE_HOST_HAS(host_, progress)) {
    host_->progress(call_, amount, total, to_host(message));
  }
}

bool Call::cancelled() const noexcept {
  return SNAPCORE_HOST_HAS(host_, cancelled) && host_->cancelled(call_) != 0;
}

const void* Call::extension(const char* id) const noexcept {
  return SNAPCORE_HOST_HAS(host_, get_extension) ? host_->get_extension(id) : nullptr;
}

Error stopped(std::string message) {
  return {.code = std::string(detail::kStopped),
          .message = std::move(message),
          .category = Category::kTransient};
}

Result<> Call::keep_going() const {
  if (cancelled()) return fail(stopped());
  return {};
}

Result<> Call::emit_value(const Value& item) {
  if (!SNAPCORE_HOST_HAS(host_, emit)) return fail(detail::too_old("emit"));
  const std::string text = item.dump();
  return done(host_, call_, host_->emit(call_, to_host(text)), "handing over an item");
}

Result<std::string> Call::secret(const Secret& secret) {
  if (!SNAPCORE_HOST_HAS(host_, secret)) return fail(detail::too_old("secret"));
  sc_str text = {};
  const std::int32_t status = host_->secret(call_, to_host(secret.pointer_), &text);
  if (status != SC_OK) {
    return fail(host_failure(host_, call_, status, "reading the secret " + secret.reference_));
  }
  return std::string(from_host(text));
}

Result<std::string> Call::scratch() {
  if (!SNAPCORE_HOST_HAS(host_, scratch)) return fail(detail::too_old("scratch"));
  sc_str path = {};
  const std::int32_t status = host_->scratch(call_, &path);
  if (status != SC_OK)
    return fail(host_failure(host_, call_, status, "making a scratch directory"));
  return std::string(from_host(path));
}

Result<> Call::checkpoint(const Value& position) {
  if (!SNAPCORE_HOST_HAS(host_, checkpoint)) return fail(detail::too_old("checkpoint"));
  const std::string text = position.dump();
  if (auto kept =
          done(host_, call_, host_->checkpoint(call_, to_host(text)), "recording a checkpoint");
      !kept) {
    return kept;
  }
  facts_.checkpoint = position;
  return {};
}

Result<> Call::record_undo(const Undo& undo) {
  if (!SNAPCORE_HOST_HAS(host_, record_undo)) return fail(detail::too_old("record_undo"));
  Value record = Value::object({{"words", sdk::to_value(undo.words)}});
  if (!undo.data.is_null()) record["data"] = undo.data;
  if (!undo.shell.empty()) record["shell"] = sdk::to_value(undo.shell);
  const std::string text = record.dump();
  return done(host_, call_, host_->record_undo(call_, to_host(text)), "recording the undo");
}

Result<Port> Call::open_input(const Artifact& artifact, std::uint64_t offset) {
  if (!SNAPCORE_HOST_HAS(host_, open_input)) return fail(detail::too_old("open_input"));
  const std::string text =
      (artifact.given.is_object() ? artifact.given : sdk::to_value(artifact)).dump();
  std::uint32_t number = 0;
  const std::int32_t status = host_->open_input(call_, to_host(text), offset, &number);
  if (status != SC_OK) return fail(host_failure(host_, call_, status, "opening " + artifact.ref));
  return port(number);
}

Result<Value> Call::call(const Instance& instance, std::string_view operation, const Value& args,
                         std::string_view label) {
  if (!SNAPCORE_HOST_HAS(host_, call)) return fail(detail::too_old("call"));
  const std::string text = args.dump();
  sc_str result = {};
  const std::int32_t status = host_->call(call_, to_host(instance.name), to_host(operation),
                                          to_host(text), to_host(label), &result);
  if (status != SC_OK) {
    return fail(host_failure(host_, call_, status,
                             "calling " + instance.name + "." + std::string(operation)));
  }
  return parsed(result, instance.name + "." + std::string(operation));
}

Result<Subcall> Call::open_call(const Instance& instance, std::string_view operation,
                                const Value& args, std::string_view label) {
  if (!SNAPCORE_HOST_HAS(host_, call_open) || !SNAPCORE_HOST_HAS(host_, call_finish)) {
    return fail(detail::too_old("call_open"));
  }
  const std::string text = args.dump();
  sc_subcall* subcall = nullptr;
  const std::int32_t status = host_->call_open(call_, to_host(instance.name), to_host(operation),
                                               to_host(text), to_host(label), &subcall);
  if (status != SC_OK) {
    return fail(host_failure(host_, call_, status,
                             "calling " + instance.name + "." + std::string(operation)));
  }
  return Subcall(host_, call_, subcall);
}

bool Call::unknown(std::string_view field) const {
  for (const auto& path : unknowns_) {
    if (lies_in(path, field)) return true;
  }
  return false;
}

}  // namespace snapcore::sdk
