#include "plugin/manifest.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "plugin/manifest_reader.hpp"
#include "plugin/roles.hpp"
#include "plugin/schema.hpp"

namespace snapcore {
namespace {

constexpr std::array<std::string_view, 4> kEffects = {"read", "verify", "change", "destroy"};
constexpr std::array<std::string_view, 5> kRepeats = {"safe", "keyed", "probe", "unrepeatable",
                                                      "composed"};
constexpr std::array<std::string_view, 2> kRoles = {"source", "target"};
constexpr std::size_t kLargestManifest = std::size_t{4} << 20;

using Reader = ManifestReader;

// A schema of an object. Nothing given, or nothing said, is the object without members.
Value read_schema(Reader& reader, const Value& owner, std::string_view member,
                  const std::string& path) {
  const Value* schema = owner.find(member);
  if (!schema || *schema == Value::object()) {
    return Value::object(
        {{"type", "object"}, {"properties", Value::object()}, {"additionalProperties", false}});
  }
  const std::string here = path + std::string(member);
  if (schema->at("type").text() != "object") reader.wrong(here, "is not the schema of an object");
  if (auto compiled = Schema::compile(*schema); !compiled)
    reader.wrong(here, compiled.error().message);
  return *schema;
}

// Arguments and settings are closed: a name that does not exist is a mistake of the one who wrote
// it.
Value closed(Value schema) {
  if (!schema.has("additionalProperties")) schema["additionalProperties"] = false;
  return schema;
}

template <std::size_t Size>
std::size_t read_word(Reader& reader, const Value& value,
                      const std::array<std::string_view, Size>& words, const std::string& path) {
  const std::string text = value.text();
  const auto found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string list;
  for (const std::string_view word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  reader.wrong(path, "is none of: " + list);
  return 0;
}

void refuse_twice(Reader& reader, std::set<std::string>& seen, const std::string& name,
                  const std::string& path) {
  if (!seen.insert(name).second) reader.wrong(path, "\"" + name + "\" stands twice");
}

std::vector<Port> read_ports(Reader& reader, const Value& owner, const std::string& path) {
  std::vector<Port> ports;
  std::set<std::string> seen;
  for (const auto& [port, here] : reader.objects(owner, "ports", path)) {
    reader.closed(*port, here, {"name", "direction"});
    const std::string name = reader.name(*port, "name", here);
    const std::string direction = reader.text(*port, "direction", here);
    if (direction != "in" && direction != "out")
      reader.wrong(here + "direction", "is neither in nor out");
    refuse_twice(reader, seen, name, here + "name");
    ports.push_back({name, direction == "in"});
  }
  return ports;
}

UndoRule read_undo(Reader& reader, const Value& owner, Effect effect, const std::string& path) {
  const Value* undo = owner.find("undo");
  const std::string here = path + "undo";
  if (!is_act(effect)) {
    if (undo) reader.wrong(here, "stands on something that changes nothing");
    return {};
  }
  if (!undo) {
    reader.wrong(here, "is missing: compensate, nested, or {\"none\": reason}");
    return {};
  }
  if (undo->is_object()) {
    reader.closed(*undo, here + ".", {"none"});
    return {UndoRule::Kind::kNone, reader.text(*undo, "none", here + ".")};
  }
  if (effect == Effect::kDestroy) reader.wrong(here, "promises to take back a destroy");
  if (undo->text() == "compensate") return {UndoRule::Kind::kCompensate, {}};
  if (undo->text() == "nested") return {UndoRule::Kind::kNested, {}};
  reader.wrong(here, "is none of: compensate, nested, {\"none\": reason}");
  return {};
}

Repeat read_repeat(Reader& reader, const Value& owner, Effect effect, const std::string& path) {
  const Value* repeat = owner.find("repeat");
  if (!repeat && !is_act(effect)) return Repeat::kSafe;
  return static_cast<Repeat>(
      read_word(reader, repeat ? *repeat : Value(), kRepeats, path + "repeat"));
}

Operation read_operation(Reader& reader, const Value& value, const std::string& path) {
  reader.closed(value, path,
                {"name", "summary", "since", "effect", "args", "result", "item", "ports", "repeat",
                 "undo", "secrets", "commit_point", "concurrent", "needs_instance"});
  Operation operation;
  operation.name = reader.name(value, "name", path);
  if (operation.name.find('-') != std::string::npos) {
    reader.wrong(path + "name", "has a hyphen, which runbooks cannot write");
  }
  operation.summary = reader.text(value, "summary", path);
  operation.since = reader.text_or(value, "since", path);
  operation.effect =
      static_cast<Effect>(read_word(reader, value.at("effect"), kEffects, path + "effect"));
  operation.repeat = read_repeat(reader, value, operation.effect, path);
  operation.undo = read_undo(reader, value, operation.effect, path);
  operation.args = closed(read_schema(reader, value, "args", path));
  operation.result = read_schema(reader, value, "result", path);
  if (value.has("item")) operation.item = read_schema(reader, value, "item", path);
  operation.ports = read_ports(reader, value, path);
  operation.secrets = reader.texts(value, "secrets", path);
  operation.commit_point = reader.flag(value, "commit_point", path, false);
  operation.concurrent = reader.flag(value, "concurrent", path, false);
  operation.needs_instance = reader.flag(value, "needs_instance", path, true);
  if (operation.commit_point && !is_act(operation.effect)) {
    reader.wrong(path + "commit_point", "stands on something that changes nothing");
  }
  return operation;
}

std::string read_magic(Reader& reader, const Value& kind, const std::string& path) {
  const std::string hex = reader.text(kind, "magic", path);
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  std::string magic;
  for (std::size_t i = 0; i + 1 < hex.size() && digit(hex[i]) >= 0 && digit(hex[i + 1]) >= 0;
       i += 2) {
    magic += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  if (magic.empty() || magic.size() * 2 != hex.size() || magic.size() > 256) {
    reader.wrong(path + "magic", "is not 1 to 256 bytes in lower-case hex");
  }
  return magic;
}

std::vector<Kind> read_kinds(Reader& reader, const Value& root) {
  std::vector<Kind> kinds;
  for (const auto& [kind, path] : reader.objects(root, "kinds", "")) {
    reader.closed(*kind, path, {"kind", "offset", "magic"});
    const Value& offset = kind->at("offset");
    if (!offset.is_null() &&
        (!offset.is_integer() || offset.int_or(0) < 0 || offset.int_or(0) > 1 << 20)) {
      reader.wrong(path + "offset", "is not a number from 0 to 1048576");
    }
    kinds.push_back(
        {reader.text(*kind, "kind", path), offset.uint_or(0), read_magic(reader, *kind, path)});
  }
  return kinds;
}

void read_interfaces(Reader& reader, const Value& root, Manifest& manifest) {
  const Value& interfaces = root.at("interfaces");
  if (interfaces.is_null()) return;
  reader.closed(interfaces, "interfaces.", {"offers", "needs"});
  manifest.offers = reader.texts(interfaces, "offers", "interfaces.");
  manifest.needs = reader.texts(interfaces, "needs", "interfaces.");
  for (const auto* list : {&manifest.offers, &manifest.needs}) {
    for (const std::string& name : *list) {
      if (!is_interface_name(name))
        reader.wrong("interfaces", "\"" + name + "\" is not vendor.name/1");
    }
  }
}

Manifest read_manifest(Reader& reader, const Value& root) {
  reader.closed(root, "",
                {"id", "version", "license", "summary", "roles", "interfaces", "config", "kinds",
                 "operations"});
  Manifest manifest;
  manifest.id = reader.name(root, "id", "");
  manifest.version = reader.text(root, "version", "");
  if (!is_version(manifest.version)) reader.wrong("version", "is not three numbers such as 1.0.0");
  manifest.license = reader.text_or(root, "license", "");
  manifest.summary = reader.text_or(root, "summary", "");
  for (const std::string& role : reader.texts(root, "roles", "")) {
    manifest.roles.push_back(static_cast<Role>(read_word(reader, role, kRoles, "roles")));
  }
  read_interfaces(reader, root, manifest);
  manifest.config = closed(read_schema(reader, root, "config", ""));
  manifest.kinds = read_kinds(reader, root);
  if (!manifest.kinds.empty() && !manifest.has_role(Role::kTarget)) {
    reader.wrong("kinds", "is for targets, which examine artifacts");
  }
  std::set<std::string> seen;
  for (const auto& [value, path] : reader.objects(root, "operations", "")) {
    Operation operation = read_operation(reader, *value, path);
    operation.index = static_cast<std::uint32_t>(manifest.operations.size());
    refuse_twice(reader, seen, operation.name, path + "name");
    manifest.operations.push_back(std::move(operation));
  }
  return manifest;
}

tl::unexpected<Error> invalid(const std::string& problem) {
  return fail({.code = "plugin.invalid_manifest",
               .message = "invalid manifest: " + problem,
               .hint = "this is a mistake in the plugin; ask whoever made it",
               .category = Category::kInternal});
}

}  // namespace

std::string_view to_text(Effect effect) { return kEffects[static_cast<std::size_t>(effect)]; }
std::string_view to_text(Repeat repeat) { return kRepeats[static_cast<std::size_t>(repeat)]; }
std::string_view to_text(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

const Operation* Manifest::find(std::string_view operation) const {
  const auto found = std::find_if(operations.begin(), operations.end(),
                                  [&](const Operation& one) { return one.name == operation; });
  return found == operations.end() ? nullptr : &*found;
}

bool Manifest::has_role(Role role) const {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

Result<Manifest> parse_manifest(std::string_view json) {
  if (json.size() > kLargestManifest) return invalid("it is larger than 4 MiB");
  auto root = Value::parse(json);
  if (!root) return invalid(root.error().message);
  if (!root->is_object()) return invalid("it is not a JSON object");
  Reader reader;
  Manifest manifest = read_manifest(reader, *root);
  if (!reader.problem().empty()) return invalid(reader.problem());
  if (auto problem = find_role_problem(manifest)) return invalid(*problem);
  return manifest;
}

}  // namespace snapcore
