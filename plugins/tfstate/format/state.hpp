// The state of Terraform and OpenTofu, version 4, read from front to back in memory that does not
// grow with it: checked by the rules of the tools' own reader, and told piece by piece.
#pragma once

#include <array>
#include <cstdint>
#include <format/json_reader.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tfstate {

// What a file is that may be taken for a state.
enum class Form {
  kNothing,           // 0 bytes: what the tools take for "no state"
  kState,             // version 4
  kOldState,          // version 1 to 3, which the tools still read
  kEncrypted,         // an envelope of OpenTofu
  kWorkingDirectory,  // what a working directory remembers of its backend; no state at all
};

// Bytes of a file.
struct Span {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// 128 bits of the SHA-256 of something, to compare it by.
using Print = std::array<std::byte, 16>;
Print print_of(std::string_view text);

struct Instance {
  std::string key = {};      // "", [0], ["a"]
  std::string deposed = {};  // the 8 characters, for an object that waits to be destroyed
  bool tainted = false;
  std::string provider = {};           // its own, where it is not that of the resource
  std::optional<std::string> id = {};  // attributes.id, when it is a text
  Span bytes = {};
  Print content = {};  // of the bytes
};

struct Resource {
  std::string module = {};
  bool data = false;
  std::string type = {};
  std::string name = {};
  std::string provider = {};
  std::vector<Instance> instances = {};

  std::string address() const;
};
// What one object of a resource is called: its address, key, and " (deposed 1a2b3c4d)".
std::string object_address(const std::string& resource, const Instance& instance);

struct Output {
  std::string name = {};
  bool sensitive = false;
  Span bytes = {};
  Print content = {};
};

struct Counts {
  std::uint64_t resources = 0;  // managed
  std::uint64_t data = 0;
  std::uint64_t instances = 0;  // current objects of both
  std::uint64_t deposed = 0;
  std::uint64_t tainted = 0;
  std::uint64_t outputs = 0;
  std::uint64_t checks = 0;
};

struct State {
  Form form = Form::kNothing;
  std::uint64_t size = 0;
  std::uint64_t version = 0;
  std::string terraform_version = {};
  std::uint64_t serial = 0;
  std::string lineage = {};
  Counts counts = {};
  std::vector<std::string> key_providers = {};  // of an envelope
  std::vector<std::string> oddities = {};       // what the tools read, but not as it stands there

  std::optional<Span> serial_token = {};  // where the number stands; none: there is none
  std::uint64_t body = 0;                 // behind the first bracket
};

// What is found is told in the order in which it stands there. `keep_going` is asked now and then.
struct Visitor {
  std::function<Result<>(const Resource&)> resource = {};
  std::function<Result<>(const Output&)> output = {};
  std::function<Result<>()> keep_going = {};
};

// `name` is what messages call the file. Refused is what the tools refuse:
//   "tfstate.not_json"    not JSON, or cut off
//   "tfstate.not_a_state" JSON of something else
//   "tfstate.too_new"     a version of the format that nobody knew when this was written
//   "tfstate.broken"      a state that no tool would read, with all that is wrong, up to a limit
//   "tfstate.too_large"   a single value of it is larger than what is looked at here
Result<State> read_state(JsonReader& reader, const std::string& name, const Visitor& visitor = {});

}  // namespace tfstate
