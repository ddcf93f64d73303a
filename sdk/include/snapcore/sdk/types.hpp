// The types of arguments, results and settings that mean more than their JSON does.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <string>
#include <string_view>

namespace snapcore::sdk {

// For operations without arguments, without a result, and plugins without settings.
struct Nothing {};
inline void fields(Fields&, Nothing&) {}

// "90s", "5m", "26h", "7d", "2w".
struct Duration {
  std::chrono::seconds length{};

  std::string text() const;  // in the largest unit that leaves no rest
  static std::optional<Duration> parse(std::string_view text);
  auto operator<=>(const Duration&) const = default;
};

// A moment in UTC, to the second: "2026-01-02T03:04:05Z". Offsets and fractions are understood when
// read.
struct Time {
  std::chrono::sys_seconds point{};

  std::string text() const;
  std::string stamp() const;  // 20260102T030405Z, for names
  static std::optional<Time> parse(std::string_view text);
  auto operator<=>(const Time&) const = default;
};

// A number of bytes.
struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

// The name of another instance of the site; Field::interface_of says what it must offer.
struct Instance {
  std::string name = {};
  bool operator==(const Instance&) const = default;
};

// A secret stands as its reference ("env:NAME"); Call::secret gives the text. It does not print,
// compare or turn into a text by accident.
class Secret {
 public:
  bool given() const { return !reference_.empty(); }
  const std::string& reference() const { return reference_; }

  friend bool operator==(const Secret&, const Secret&) = delete;
  template <class Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  friend struct Codec<Secret>;
  friend class Call;
  std::string reference_;
  std::string pointer_;  // where it stands, for the host
};

// One restorable thing in a source. As an argument it keeps what it was given, so that it can be
// handed back to the host whole.
struct Artifact {
  std::string ref = {};
  std::string name = {};
  std::uint64_t size = 0;
  std::optional<std::string> kind = {};
  std::optional<std::string> sha256 = {};
  std::optional<Time> created = {};
  std::optional<Time> modified = {};
  std::optional<std::string> version_id = {};
  std::optional<std::string> etag = {};
  std::optional<bool> local = {};        // reading it costs nothing worth mentioning
  std::optional<std::string> path = {};  // the file of this machine that holds its bytes
  Value manifest = {};  // as it stands beside the artifact; null when there is none

  Value given = {};  // all of it, when it came in as an argument
};

template <>
struct Codec<Duration> {
  static Value schema();
  static Value write(const Duration& value) { return value.text(); }
  static void read(const Value& value, Duration& out, Reading& reading);
};
template <>
struct Codec<Time> {
  static Value schema();
  static Value write(const Time& value) { return value.text(); }
  static void read(const Value& value, Time& out, Reading& reading);
};
template <>
struct Codec<Bytes> {
  static Value schema();
  static Value write(const Bytes& value) { return value.count; }
  static void read(const Value& value, Bytes& out, Reading& reading);
};
template <>
struct Codec<Instance> {
  static Value schema();
  static Value write(const Instance& value) { return value.name; }
  static void read(const Value& value, Instance& out, Reading& reading);
};
template <>
struct Codec<Secret> {
  static Value schema();
  static Value write(const Secret& value) { return value.reference(); }
  static void read(const Value& value, Secret& out, Reading& reading);
};
template <>
struct Codec<Artifact> {
  static Value schema();
  static Value write(const Artifact& value);
  static void read(const Value& value, Artifact& out, Reading& reading);
};

}  // namespace snapcore::sdk
