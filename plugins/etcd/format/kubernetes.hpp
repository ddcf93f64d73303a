// What Kubernetes keeps in etcd, as far as it matters who an entry belongs to.
//
// An API server stores an object under /registry/..., as JSON, or as "k8s\0" and a protobuf
// envelope {1 {1 apiVersion, 2 kind}, 2 the object, ...}; the object's first field is its metadata,
// {1 name, 3 namespace}. Encrypted objects begin with "k8s:enc:". Where the value does not tell,
// the path does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace etcd {

struct KubernetesObject {
  std::string kind;         // "Pod"; by the path "pods", or "widgets.example.com"
  std::string api_version;  // "apps/v1"; empty by the path
  std::string name_space;   // empty: none
  std::string name;

  std::string words() const;  // "Pod kube-system/coredns"
};

// The envelope, or nothing when the value is none, or broken.
std::optional<KubernetesObject> decode_envelope(std::string_view value);
// Nothing when the key is none of an API server's.
std::optional<KubernetesObject> object_by_path(std::string_view key);
// The envelope where it tells, else the path.
std::optional<KubernetesObject> kubernetes_object(std::string_view key, std::string_view value);

// Whether this is the API server's own: an envelope under /registry/.
bool is_kubernetes_object(std::string_view key, std::string_view value);

}  // namespace etcd
