// Whatever bytes stand where a value, an object of Kubernetes or a key is expected: all decoders of
// the messages in etcd's buckets, and what is shown of them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <format/key_table.hpp>
#include <format/key_value.hpp>
#include <format/kubernetes.hpp>
#include <format/membership.hpp>
#include <format/revision.hpp>
#include <reading/text.hpp>
#include <snapcore/utf8.hpp>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const etcd::Bytes bytes = etcd::bytes_of(input);
  (void)etcd::decode_lease(bytes);
  (void)etcd::decode_alarm(bytes);
  (void)etcd::decode_auth_user(bytes);
  (void)etcd::decode_auth_role(bytes);
  (void)etcd::decode_revision(bytes);
  (void)etcd::parse_member(input);
  (void)etcd::decode_envelope(input);
  const auto kv = etcd::decode_key_value(bytes);
  const std::string_view key = kv ? kv->key : std::string_view(input);
  const std::string_view value = kv ? kv->value : std::string_view(input);
  if (const auto object = etcd::kubernetes_object(key, value)) {
    if (!snapcore::is_utf8(etcd::shown(object->words()))) std::abort();
  }
  const etcd::Written written = etcd::write_bytes(value);
  if (written.text.has_value() == written.base64.has_value()) std::abort();
  if (written.text && *written.text != value) std::abort();
  etcd::KeyTable table;
  if (!table.add(bytes) || table.add(bytes)) std::abort();
  return 0;
}
