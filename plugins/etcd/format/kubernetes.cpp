#include "format/kubernetes.hpp"

#include <array>
#include <format/protobuf.hpp>
#include <vector>

namespace etcd {
namespace {

using namespace std::string_view_literals;
using protobuf::FieldReader;

constexpr std::string_view kEnvelope = "k8s\0"sv;
// Kubernetes' default, and what OpenShift uses.
constexpr std::array kRoots = {"/registry/"sv, "/kubernetes.io/"sv, "/openshift.io/"sv};

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

std::string_view path_within(std::string_view key) {
  for (const std::string_view root : kRoots) {
    if (key.starts_with(root)) return key.substr(root.size());
  }
  return {};
}

// The two fields of a message that are texts, by number; false when it is no message.
bool read_texts(Bytes message, std::uint32_t first, std::string& one, std::uint32_t second,
                std::string& two) {
  FieldReader fields(message);
  while (fields.next()) {
    if (fields.number() == first) one = fields.text();
    if (fields.number() == second) two = fields.text();
  }
  return fields.problem().empty();
}

bool read_object(Bytes object, KubernetesObject& into) {
  FieldReader fields(object);
  while (fields.next()) {
    if (fields.number() != 1) continue;
    return read_texts(fields.bytes(), 1, into.name, 3, into.name_space);
  }
  return fields.problem().empty();
}

}  // namespace

std::string KubernetesObject::words() const {
  std::string text = kind;
  if (!name_space.empty() || !name.empty()) text += " ";
  if (!name_space.empty()) text += name_space + "/";
  return text + name;
}

std::optional<KubernetesObject> decode_envelope(std::string_view value) {
  if (!value.starts_with(kEnvelope)) return std::nullopt;
  KubernetesObject object;
  FieldReader fields(bytes_of(value.substr(kEnvelope.size())));
  bool right = true;
  while (right && fields.next()) {
    if (fields.number() == 1)
      right = read_texts(fields.bytes(), 1, object.api_version, 2, object.kind);
    if (fields.number() != 2 || read_object(fields.bytes(), object)) continue;
    object.name.clear();
    object.name_space.clear();
  }
  if (!right || !fields.problem().empty() || object.kind.empty()) return std::nullopt;
  return object;
}

// RESOURCE/NAME, RESOURCE/NAMESPACE/NAME, or the same behind the group of a custom resource.
std::optional<KubernetesObject> object_by_path(std::string_view key) {
  const auto parts = parts_of(path_within(key));
  if (parts.empty()) return std::nullopt;
  std::size_t at = 0;
  KubernetesObject object;
  if (parts.size() > 1 && parts[0].find('.') != std::string_view::npos) {
    object.kind = std::string(parts[1]) + "." + std::string(parts[0]);
    at = 2;
  } else {
    object.kind = parts[0];
    at = 1;
    // /registry/services/specs/NAMESPACE/NAME
    if (parts[0] == "services" && parts.size() > 2) {
      object.kind = parts[1] == "specs" ? "services" : parts[1];
      at = 2;
    }
  }
  if (parts.size() - at > 1) object.name_space = parts[at++];
  for (; at < parts.size(); ++at) {
    object.name += (object.name.empty() ? "" : "/") + std::string(parts[at]);
  }
  return object;
}

std::optional<KubernetesObject> kubernetes_object(std::string_view key, std::string_view value) {
  auto object = decode_envelope(value);
  if (object && !object->name.empty()) return object;
  auto by_path = object_by_path(key);
  if (!object) return by_path;
  // Lists and ranges have no metadata of their own.
  if (by_path) {
    object->name = by_path->name;
    object->name_space = by_path->name_space;
  }
  return object;
}

bool is_kubernetes_object(std::string_view key, std::string_view value) {
  return !path_within(key).empty() && value.starts_with(kEnvelope);
}

}  // namespace etcd
