// Digests of the beginning of an input, for readers whose format holds one.
#include <cstring>

#include "plugin/host_guard.hpp"

namespace snapcore {
namespace {

// Null after an answer was put into `refused`.
InputStream* opened(sc_call& call, const char* function, std::uint32_t number,
                    std::int32_t& refused) {
  const bool there =
      number < call.ports.size() && !call.ports[number].declared && call.ports[number].in;
  if (there) return call.ports[number].in;
  refused = call.misuse(function, "the port was not made by open_input");
  return nullptr;
}

std::int32_t mark(sc_call* call, std::uint32_t number, std::uint64_t size) {
  return guarded(call, "mark", kThread | kRunning, [&]() -> std::int32_t {
    std::int32_t refused = SC_OK;
    InputStream* stream = opened(*call, "mark", number, refused);
    if (!stream) return refused;
    if (size == 0) return call->misuse("mark", "nothing has no digest");
    const auto kept = stream->keep_digest(size);
    if (!kept) return call->failed(kept.error());
    if (!*kept) return SC_NOT_FOUND;
    return call->succeeded();
  });
}

std::int32_t marked(sc_call* call, std::uint32_t number, std::uint8_t* out_sha256) {
  return guarded(call, "marked", kThread | kRunning, [&]() -> std::int32_t {
    std::int32_t refused = SC_OK;
    const InputStream* stream = opened(*call, "marked", number, refused);
    if (!stream) return refused;
    if (!out_sha256) return call->misuse("marked", "nowhere to put the digest");
    const auto digest = stream->kept_digest();
    if (!digest) return SC_NOT_FOUND;
    std::memcpy(out_sha256, digest->data(), digest->size());
    return call->succeeded();
  });
}

}  // namespace

const sc_port_digest& port_digest_table() {
  static const sc_port_digest table = {sizeof(sc_port_digest), mark, marked};
  return table;
}

}  // namespace snapcore
