// The functions of the host's table that move bytes, and those that call other instances.
#include <algorithm>

#include "plugin/border_shapes.hpp"
#include "plugin/host_guard.hpp"
#include "plugin/text.hpp"

namespace snapcore {
namespace {

constexpr std::uint64_t kLargestMove = 1 << 30;

std::int32_t open_input(sc_call* call, sc_str artifact, std::uint64_t offset,
                        std::uint32_t* out_port) {
  return guarded(call, "open_input", kThread | kRunning, [&]() -> std::int32_t {
    if (!out_port) return call->misuse("open_input", "nowhere to put the port");
    auto value = parse_given(artifact, "the artifact");
    if (!value) return call->failed(value.error());
    auto stream = call->facts.context.open_input(*value, offset);
    if (!stream) return call->failed(stream.error());
    OpenPort port{.in = stream->get(), .declared = false, .owned = std::move(*stream)};
    call->ports.push_back(std::move(port));
    *out_port = static_cast<std::uint32_t>(call->ports.size() - 1);
    return call->succeeded();
  });
}

// The port with an open stream in that direction; null after an answer was put into `refused`.
OpenPort* find_port(sc_call& call, const char* function, std::uint32_t number, bool input,
                    std::int32_t& refused) {
  if (number >= call.ports.size()) {
    refused = call.misuse(function, "there is no port " + std::to_string(number));
    return nullptr;
  }
  OpenPort& port = call.ports[number];
  if (port.is_input != input) {
    refused = call.misuse(function, "port " + std::to_string(number) + " is an " +
                                        (port.is_input ? "in" : "out") + " port");
    return nullptr;
  }
  if (!port.in && !port.out) {
    refused = call.misuse(function, "declared ports are open only in execute");
    return nullptr;
  }
  return &port;
}

std::int32_t port_size(sc_call* call, std::uint32_t number, std::uint64_t* out_size) {
  return guarded(call, "port_size", kThread | kRunning, [&]() -> std::int32_t {
    std::int32_t refused = SC_OK;
    OpenPort* port = find_port(*call, "port_size", number, true, refused);
    if (!port) return refused;
    if (!out_size) return call->misuse("port_size", "nowhere to put the size");
    const auto size = port->in->size();
    if (!size) return SC_NOT_FOUND;
    *out_size = *size;
    return call->succeeded();
  });
}

std::int64_t moved(sc_call& call, const Result<std::size_t>& bytes) {
  if (!bytes) return call.failed(bytes.error());
  call.succeeded();
  return static_cast<std::int64_t>(*bytes);
}

std::span<std::byte> space(void* buffer, std::uint64_t size) {
  return {static_cast<std::byte*>(buffer), static_cast<std::size_t>(std::min(size, kLargestMove))};
}

std::span<const std::byte> bytes(const void* buffer, std::uint64_t size) {
  return {static_cast<const std::byte*>(buffer), static_cast<std::size_t>(size)};
}

constexpr char kNoBuffer[] = "a size without a buffer";

std::int64_t read(sc_call* call, std::uint32_t number, void* buffer, std::uint64_t size) {
  return guarded(call, "read", kThread | kRunning, [&]() -> std::int64_t {
    std::int32_t refused = SC_OK;
    OpenPort* port = find_port(*call, "read", number, true, refused);
    if (!port) return refused;
    if (!buffer && size > 0) return call->misuse("read", kNoBuffer);
    return moved(*call, port->in->read(space(buffer, size)));
  });
}

std::int64_t read_at(sc_call* call, std::uint32_t number, std::uint64_t offset, void* buffer,
                     std::uint64_t size) {
  return guarded(call, "read_at", kThread | kRunning, [&]() -> std::int64_t {
    std::int32_t refused = SC_OK;
    OpenPort* port = find_port(*call, "read_at", number, true, refused);
    if (!port) return refused;
    if (port->declared) return call->misuse("read_at", "the port was not made by open_input");
    if (!buffer && size > 0) return call->misuse("read_at", kNoBuffer);
    return moved(*call, port->in->read_at(offset, space(buffer, size)));
  });
}

std::int64_t write(sc_call* call, std::uint32_t number, const void* buffer, std::uint64_t size) {
  return guarded(call, "write", kThread | kRunning, [&]() -> std::int64_t {
    std::int32_t refused = SC_OK;
    OpenPort* port = find_port(*call, "write", number, false, refused);
    if (!port) return refused;
    if (!buffer && size > 0) return call->misuse("write", kNoBuffer);
    if (auto written = port->out->write(bytes(buffer, size)); !written)
      return call->failed(written.error());
    call->succeeded();
    return static_cast<std::int64_t>(size);
  });
}

std::int32_t rehash(sc_call* call, std::uint32_t number, const void* buffer, std::uint64_t size) {
  return guarded(call, "rehash", kThread | kRunning, [&]() -> std::int32_t {
    std::int32_t refused = SC_OK;
    OpenPort* port = find_port(*call, "rehash", number, true, refused);
    if (!port) return refused;
    if (!buffer && size > 0) return call->misuse("rehash", kNoBuffer);
    return answer(*call, port->in->rehash(bytes(buffer, size)));
  });
}

// The texts of a nested call, or the answer to give back.
struct NestedTexts {
  std::string instance;
  std::string operation;
  std::string label;
  Value args;
};

std::optional<NestedTexts> read_nested(sc_call& call, const char* function, sc_str instance,
                                       sc_str operation, sc_str args, sc_str label,
                                       std::int32_t& refused) {
  const auto to = view_of(instance);
  const auto what = view_of(operation);
  const auto name = view_of(label);
  if (!to || !what || !name || to->empty() || what->empty() || name->empty()) {
    refused = call.misuse(function, "a nested call needs an instance, an operation and a label");
    return std::nullopt;
  }
  auto value = parse_given(args, "the arguments of " + std::string(*to) + "." + std::string(*what));
  if (!value) {
    refused = call.failed(value.error());
    return std::nullopt;
  }
  return NestedTexts{std::string(*to), std::string(*what), std::string(*name), std::move(*value)};
}

std::int32_t give_result(sc_call& call, const Result<Value>& result, sc_str* out_result) {
  if (!result) return call.failed(result.error());
  if (out_result) *out_result = call.lend(result->dump());
  return call.succeeded();
}

std::int32_t call_nested(sc_call* call, sc_str instance, sc_str operation, sc_str args,
                         sc_str label, sc_str* out_result) {
  return guarded(call, "call", kThread | kRunning, [&]() -> std::int32_t {
    std::int32_t refused = SC_OK;
    auto nested = read_nested(*call, "call", instance, operation, args, label, refused);
    if (!nested) return refused;
    return give_result(*call,
                       call->facts.context.call(nested->instance, nested->operation,
                                                std::move(nested->args), nested->label),
                       out_result);
  });
}

std::int32_t call_open(sc_call* call, sc_str instance, sc_str operation, sc_str args, sc_str label,
                       sc_subcall** out) {
  return guarded(call, "call_open", kThread | kRunning | kNotPlanning, [&]() -> std::int32_t {
    if (!out) return call->misuse("call_open", "nowhere to put the nested call");
    std::int32_t refused = SC_OK;
    auto nested = read_nested(*call, "call_open", instance, operation, args, label, refused);
    if (!nested) return refused;
    call->subcalls.push_back(std::make_unique<sc_subcall>(
        *call, std::move(nested->instance), std::move(nested->operation), std::move(nested->args),
        std::move(nested->label)));
    *out = call->subcalls.back().get();
    return call->succeeded();
  });
}

std::int64_t sub_read(sc_subcall* subcall, void* buffer, std::uint64_t size) {
  sc_call* call = subcall ? &subcall->owner : nullptr;
  return guarded(call, "sub_read", kThread, [&]() -> std::int64_t {
    if (!buffer && size > 0) return call->misuse("sub_read", kNoBuffer);
    return moved(*call, subcall->output.read(space(buffer, size)));
  });
}

std::int64_t sub_write(sc_subcall* subcall, const void* buffer, std::uint64_t size) {
  sc_call* call = subcall ? &subcall->owner : nullptr;
  return guarded(call, "sub_write", kThread, [&]() -> std::int64_t {
    if (!buffer && size > 0) return call->misuse("sub_write", kNoBuffer);
    if (subcall->input_ended) return call->misuse("sub_write", "the input was ended");
    if (size == 0) {
      subcall->input_ended = true;
      subcall->input.end({});
    } else if (auto written = subcall->input.write(bytes(buffer, size)); !written) {
      return call->failed(written.error());
    }
    call->succeeded();
    return static_cast<std::int64_t>(size);
  });
}

std::int32_t call_finish(sc_subcall* subcall, sc_str* out_result) {
  sc_call* call = subcall ? &subcall->owner : nullptr;
  return guarded(call, "call_finish", kThread, [&]() -> std::int32_t {
    const auto result = subcall->finish();
    std::erase_if(call->subcalls, [&](const auto& one) { return one.get() == subcall; });
    return give_result(*call, result, out_result);
  });
}

}  // namespace

void fill_streams(sc_host& table) {
  table.open_input = open_input;
  table.port_size = port_size;
  table.read = read;
  table.read_at = read_at;
  table.write = write;
  table.rehash = rehash;
  table.call = call_nested;
  table.call_open = call_open;
  table.sub_read = sub_read;
  table.sub_write = sub_write;
  table.call_finish = call_finish;
}

}  // namespace snapcore
