#include "format/lock_info.hpp"

#include <format/address.hpp>
#include <format/json_node.hpp>

namespace tfstate {

std::string LockInfo::to_json() const {
  std::string out;
  const auto member = [&](std::string_view name, const std::string& value) {
    out += out.empty() ? '{' : ',';
    append_json_text(out, name);
    out += ':';
    append_json_text(out, value);
  };
  member("ID", id);
  member("Operation", operation);
  member("Info", info);
  member("Who", who);
  member("Version", version);
  member("Created", created);
  member("Path", path);
  return out + "}";
}

std::optional<LockInfo> LockInfo::from_json(std::string_view text) {
  JsonReader reader(text);
  const auto node = read_node(reader, 1 << 20);
  if (!node || node->kind != Json::kObject || !reader.finish()) return std::nullopt;
  LockInfo info;
  for (const auto& [name, value] : node->members) {
    const std::string field = folded(name);
    std::string* const place = field == "id"          ? &info.id
                               : field == "operation" ? &info.operation
                               : field == "info"      ? &info.info
                               : field == "who"       ? &info.who
                               : field == "version"   ? &info.version
                               : field == "created"   ? &info.created
                               : field == "path"      ? &info.path
                                                      : nullptr;
    if (place == nullptr || value.kind == Json::kNull) continue;
    if (value.kind != Json::kString) return std::nullopt;
    *place = value.text;
  }
  return info;
}

std::string uuid_from(std::string_view hex) {
  std::string id(hex.substr(0, 32));
  id.resize(32, '0');
  id[12] = '4';  // the version: random
  id[16] = "89ab"[static_cast<unsigned char>(id[16]) & 3];
  for (const std::size_t at : {20u, 16u, 12u, 8u}) id.insert(at, 1, '-');
  return id;
}

}  // namespace tfstate
