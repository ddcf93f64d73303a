#include "config.hpp"

namespace etcd {

using snapcore::sdk::Fields;

void fields(Fields& f, MemberConfig& member) {
  f("name", member.name, "the member's --name").not_empty();
  f("peer", member.peer, "its --initial-advertise-peer-urls: one URL or a list");
  f("client", member.client, "its --advertise-client-urls: one URL or a list");
  f("data_dir", member.data_dir, "its --data-dir").not_empty();
  f("wal_dir", member.wal_dir, "its --wal-dir, when it has one");
  f("start", member.start, "command that starts it and returns, as a list of words").not_empty();
  f("stop", member.stop, "command that stops it, as a list of words").not_empty();
  f("owner", member.owner,
    "user name or UID:GID of the new data directory; default: that of the present one");
}

void fields(Fields& f, Config& config) {
  f("members", config.members, "all members of the cluster").not_empty();
  f("ca", config.ca, "file with the authority of the servers' certificates");
  f("cert", config.cert, "file with the client certificate");
  f("key", config.key, "file with the key of the client certificate");
  f("user", config.user,
    "whom the members know us as, where authentication is on: one with the role root, since they "
    "tell nobody else whether they hold the same data");
  f("password", config.password,
    "of that user, as secret.env \"NAME\" or secret.file \"/PATH\"; after a restore, the password "
    "of "
    "the time the snapshot was taken");
  f("token", config.token, "cluster token of a restored cluster; default: a fresh one each time");
  f("server_version", config.server_version,
    "version of etcd that will be started; default: what the members answer");
  f("start_timeout", config.start_timeout, "how long a start command may take").optional();
  f("stop_timeout", config.stop_timeout, "how long a member may take to stop").optional();
  f("health_timeout", config.health_timeout, "how long the cluster may take to become healthy")
      .optional();
}

}  // namespace etcd

namespace snapcore::sdk {

Value Codec<etcd::UrlList>::schema() {
  const Value url = Value::object({{"type", "string"}});
  return Value::object(
      {{"anyOf",
        Value::array({url, Value::object({{"type", "array"}, {"items", url}, {"minItems", 1}})})}});
}

Value Codec<etcd::UrlList>::write(const etcd::UrlList& value) {
  if (value.urls.size() == 1) return value.urls.front();
  return Codec<std::vector<std::string>>::write(value.urls);
}

void Codec<etcd::UrlList>::read(const Value& value, etcd::UrlList& out, Reading& reading) {
  if (value.is_string()) {
    out.urls = {value.text()};
    return;
  }
  if (!value.is_array() || value.items().empty()) return reading.expected("a URL or a list", value);
  Codec<std::vector<std::string>>::read(value, out.urls, reading);
}

}  // namespace snapcore::sdk
