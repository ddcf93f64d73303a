#include <charconv>
#include <snapcore/sdk/types.hpp>

namespace snapcore::sdk {
namespace detail {

Value typed(std::string_view type) { return Value::object({{"type", type}}); }

Value integer_schema(std::int64_t least, std::uint64_t most, bool bounded_below,
                     bool bounded_above) {
  Value schema = typed("integer");
  if (bounded_below) schema["minimum"] = least;
  if (bounded_above) schema["maximum"] = most;
  return schema;
}

std::optional<std::int64_t> read_signed(const Value& value, Reading& reading) {
  if (!value.is_integer()) {
    reading.expected("a whole number", value);
    return std::nullopt;
  }
  // Above the signed range only the unsigned reader gives a number.
  if (value.int_or(-1) < 0 && value.uint_or(0) > 0) {
    out_of_range(reading);
    return std::nullopt;
  }
  return value.int_or(0);
}

std::optional<std::uint64_t> read_unsigned(const Value& value, Reading& reading) {
  if (!value.is_integer()) {
    reading.expected("a whole number", value);
    return std::nullopt;
  }
  if (value.int_or(0) < 0) {
    out_of_range(reading);
    return std::nullopt;
  }
  return value.uint_or(0);
}

void out_of_range(Reading& reading) { reading.problem("is out of range"); }

Value list_schema(Value items) {
  Value schema = typed("array");
  schema["items"] = std::move(items);
  return schema;
}

Value map_schema(Value items) {
  Value schema = typed("object");
  schema["additionalProperties"] = std::move(items);
  return schema;
}

namespace {

Value marked(std::string_view type, std::string_view mark) {
  Value schema = typed(type);
  schema["x-type"] = mark;
  return schema;
}

bool read_text(const Value& value, std::string& out, Reading& reading) {
  if (!value.is_string()) {
    reading.expected("a text", value);
    return false;
  }
  out = value.text();
  return true;
}

}  // namespace
}  // namespace detail

void Codec<bool>::read(const Value& value, bool& out, Reading& reading) {
  if (!value.is_bool()) return reading.expected("true or false", value);
  out = value.bool_or(false);
}

void Codec<double>::read(const Value& value, double& out, Reading& reading) {
  if (!value.is_number()) return reading.expected("a number", value);
  out = value.number_or(0);
}

void Codec<std::string>::read(const Value& value, std::string& out, Reading& reading) {
  detail::read_text(value, out, reading);
}

Value Codec<Duration>::schema() {
  Value schema = detail::marked("string", "duration");
  schema["pattern"] = "^[0-9]{1,9}[smhdw]$";
  return schema;
}

void Codec<Duration>::read(const Value& value, Duration& out, Reading& reading) {
  std::string text;
  if (!detail::read_text(value, text, reading)) return;
  const auto parsed = Duration::parse(text);
  if (!parsed) return reading.problem("must be a duration such as 90s, 5m, 26h, 7d or 2w");
  out = *parsed;
}

Value Codec<Time>::schema() { return detail::marked("string", "time"); }

void Codec<Time>::read(const Value& value, Time& out, Reading& reading) {
  std::string text;
  if (!detail::read_text(value, text, reading)) return;
  const auto parsed = Time::parse(text);
  if (!parsed) return reading.problem("must be a time such as 2026-01-02T03:04:05Z");
  out = *parsed;
}

Value Codec<Bytes>::schema() {
  Value schema = detail::marked("integer", "bytes");
  schema["minimum"] = 0;
  return schema;
}

void Codec<Bytes>::read(const Value& value, Bytes& out, Reading& reading) {
  if (const auto number = detail::read_unsigned(value, reading)) out.count = *number;
}

Value Codec<Instance>::schema() { return detail::marked("string", "instance"); }

void Codec<Instance>::read(const Value& value, Instance& out, Reading& reading) {
  detail::read_text(value, out.name, reading);
}

Value Codec<Secret>::schema() {
  Value schema = detail::typed("string");
  schema["x-secret"] = true;
  return schema;
}

void Codec<Secret>::read(const Value& value, Secret& out, Reading& reading) {
  if (detail::read_text(value, out.reference_, reading)) out.pointer_ = reading.pointer();
}

namespace {

// What snapcore itself says of an artifact.
struct Known {
  Artifact& artifact;
};

void fields(Fields& f, Known& known) {
  Artifact& a = known.artifact;
  f("ref", a.ref, "what open and remove take").not_empty();
  f("name", a.name, "what people call it");
  f("size", a.size, "bytes");
  f("kind", a.kind, "what it is, when the source knows");
  f("sha256", a.sha256, "digest of the stored bytes, in hex");
  f("created", a.created, "when the state that it holds was taken");
  f("modified", a.modified, "when the source last changed it");
  f("version_id", a.version_id, "the source's own version");
  f("etag", a.etag, "the source's own mark of this content");
  f("local", a.local, "reading it costs nothing worth mentioning");
  f("path", a.path, "the file on this machine that holds its bytes");
  f("manifest", a.manifest, "what stands beside it").optional();
}

}  // namespace

Value Codec<Artifact>::schema() {
  Artifact blank;
  Known known{blank};
  Fields f = Fields::describing();
  fields(f, known);
  Value schema = f.take_schema();
  // The core adds what it needs to find the artifact again.
  schema["additionalProperties"] = true;
  schema["x-type"] = "artifact";
  return schema;
}

Value Codec<Artifact>::write(const Artifact& value) {
  Artifact copy = value;
  Known known{copy};
  Fields f = Fields::writing();
  fields(f, known);
  Value written = f.take_value();
  for (const auto& [name, member] : value.given.members()) {
    if (!written.has(name)) written[name] = member;
  }
  return written;
}

void Codec<Artifact>::read(const Value& value, Artifact& out, Reading& reading) {
  if (!value.is_object()) return reading.expected("an artifact", value);
  Value known_members = Value::object();
  for (const char* name : {"ref", "name", "size", "kind", "sha256", "created", "modified",
                           "version_id", "etag", "local", "path", "manifest"}) {
    if (const Value* member = value.find(name)) known_members[name] = *member;
  }
  Known known{out};
  Fields f = Fields::reading(known_members, reading);
  fields(f, known);
  f.finish_reading();
  out.given = value;
}

}  // namespace snapcore::sdk
