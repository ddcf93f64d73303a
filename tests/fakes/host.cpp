#include "host.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace snapcore::fakes {

// What sc_call points to.
struct Host::Running {
  Host& host;
  std::string entry;
  std::thread::id thread = std::this_thread::get_id();
  std::string info_text = {};
  std::string last_error = {};
  Answer answer = {};
  std::vector<std::unique_ptr<std::string>> lent = {};  // texts that must live as long as the call
  struct Stream {
    std::string bytes = {};
    std::uint64_t at = 0;
    std::uint64_t base = 0;
    bool random = false;
    bool started = false;
  };
  std::map<std::uint32_t, Stream> streams = {};
  std::uint32_t next_port = 100;
  int open_subcalls = 0;

  std::int32_t fail_with(Error error) {
    last_error = to_value(error).dump();
    return SC_ERROR;
  }
  std::int32_t misuse(const std::string& what) {
    host.misuses_.push_back(what);
    fail_with({.code = "host.misuse", .message = what, .category = Category::kInternal});
    return SC_MISUSE;
  }
  sc_str lend(std::string text) {
    lent.push_back(std::make_unique<std::string>(std::move(text)));
    return {lent.back()->data(), lent.back()->size()};
  }
};

namespace {

std::string text_of(sc_str text) { return std::string(text.data ? text.data : "", text.size); }

Host::Running& running(sc_call* call) { return *reinterpret_cast<Host::Running*>(call); }

bool are_sentences(const Value& value) {
  const auto& items = value.items();
  return std::all_of(items.begin(), items.end(),
                     [](const Value& item) { return !item.text().empty(); });
}

bool is_undo_record(const Value& value) {
  for (const auto& [name, ignored] : value.members()) {
    if (name != "data" && name != "words" && name != "shell") return false;
  }
  return value.at("words").is_array() && are_sentences(value.at("words")) &&
         are_sentences(value.at("shell"));
}

struct Nested {
  Host::Running& call;
  std::string name;
  Value args;
  std::string out = {};
  std::size_t at = 0;
  Result<Value> result = Value::object();
};
Nested& nested(sc_subcall* subcall) { return *reinterpret_cast<Nested*>(subcall); }

}  // namespace

struct HostTable {
  static bool on_thread(sc_call* call, const char* function) {
    if (running(call).thread == std::this_thread::get_id()) return true;
    running(call).misuse(std::string(function) + " called from a foreign thread");
    return false;
  }
  static bool acting(sc_call* call, const char* function) {
    if (running(call).entry == "execute") return on_thread(call, function);
    running(call).misuse(std::string(function) + " called in " + running(call).entry);
    return false;
  }

  static void log(sc_call* call, std::int32_t level, sc_str message) {
    running(call).host.logs.emplace_back(level, text_of(message));
  }
  static void progress(sc_call* call, std::uint64_t done, std::uint64_t total, sc_str) {
    running(call).host.progress.emplace_back(done, total);
  }
  static std::int32_t cancelled(sc_call* call) {
    const auto& when = running(call).host.cancel_when;
    return when && when() ? 1 : 0;
  }
  static sc_str info(sc_call* call) {
    auto& c = running(call);
    return {c.info_text.data(), c.info_text.size()};
  }
  static void set_result(sc_call* call, sc_str json) {
    auto value = Value::parse(text_of(json));
    if (!value) running(call).misuse("set_result: not JSON");
    running(call).answer.result = value.value_or(Value());
  }
  static void set_error(sc_call* call, sc_str json) {
    running(call).answer.error_json = text_of(json);
  }
  static std::int32_t emit(sc_call* call, sc_str json) {
    auto& c = running(call);
    auto value = Value::parse(text_of(json));
    if (!value) return c.misuse("emit: not JSON");
    if (c.host.items.size() >= c.host.items_wanted) {
      return c.fail_with({.code = "host.enough", .message = "enough"});
    }
    c.host.items.push_back(std::move(*value));
    return SC_OK;
  }
  static std::int32_t secret(sc_call* call, sc_str pointer, sc_str* out) {
    auto& c = running(call);
    const auto found = c.host.secrets.find(text_of(pointer));
    if (found == c.host.secrets.end()) return SC_NOT_FOUND;
    *out = c.lend(found->second);
    return SC_OK;
  }
  static std::int32_t scratch(sc_call* call, sc_str* out) {
    auto& c = running(call);
    if (c.entry == "plan") return c.misuse("scratch called in plan");
    *out = c.lend(c.host.scratch_directory);
    return SC_OK;
  }
  static std::int32_t checkpoint(sc_call* call, sc_str json) {
    if (!acting(call, "checkpoint")) return SC_MISUSE;
    auto value = Value::parse(text_of(json));
    if (!value) return running(call).misuse("checkpoint: not JSON");
    running(call).host.checkpoints.push_back(std::move(*value));
    return SC_OK;
  }
  static std::int32_t record_undo(sc_call* call, sc_str json) {
    if (!acting(call, "record_undo")) return SC_MISUSE;
    auto value = Value::parse(text_of(json));
    if (!value) return running(call).misuse("record_undo: not JSON");
    if (!is_undo_record(*value)) return running(call).misuse("record_undo: " + value->dump());
    running(call).host.undos.push_back(std::move(*value));
    return SC_OK;
  }
  static std::int32_t open_input(sc_call* call, sc_str artifact, std::uint64_t offset,
                                 std::uint32_t* out) {
    auto& c = running(call);
    const auto value = Value::parse(text_of(artifact));
    if (!value) return c.misuse("open_input: not JSON");
    const auto found = c.host.artifacts.find(value->at("ref").text());
    if (found == c.host.artifacts.end()) {
      return c.fail_with({.code = "source.not_found", .message = "no such artifact"});
    }
    *out = c.next_port++;
    c.streams[*out] = {.bytes = found->second, .at = offset, .base = offset, .random = true};
    return SC_OK;
  }
  static Host::Running::Stream* input(sc_call* call, std::uint32_t port) {
    auto& c = running(call);
    if (const auto found = c.streams.find(port); found != c.streams.end()) return &found->second;
    const auto prepared = c.host.inputs.find(port);
    if (prepared == c.host.inputs.end()) return nullptr;
    return &(c.streams[port] = {.bytes = prepared->second});
  }
  static std::int32_t port_size(sc_call* call, std::uint32_t port, std::uint64_t* out) {
    const auto* stream = input(call, port);
    if (!stream) return SC_NOT_FOUND;
    *out = stream->bytes.size();
    return SC_OK;
  }
  static std::int64_t copy(Host& host, const std::string& bytes, std::uint64_t at, void* buffer,
                           std::uint64_t size) {
    if (at >= bytes.size()) return 0;
    const std::uint64_t count = std::min({size, host.piece, bytes.size() - at});
    std::memcpy(buffer, bytes.data() + at, count);
    return static_cast<std::int64_t>(count);
  }
  static std::int64_t read(sc_call* call, std::uint32_t port, void* buffer, std::uint64_t size) {
    auto& c = running(call);
    if (!on_thread(call, "read")) return SC_MISUSE;
    auto* stream = input(call, port);
    if (!stream) return SC_NOT_FOUND;
    if (c.host.break_input) {
      if (auto alive = c.host.break_input(stream->at); !alive) return c.fail_with(alive.error());
    }
    stream->started = true;
    const auto count = copy(c.host, stream->bytes, stream->at, buffer, size);
    if (count > 0) stream->at += static_cast<std::uint64_t>(count);
    return count;
  }
  static std::int64_t read_at(sc_call* call, std::uint32_t port, std::uint64_t offset, void* buffer,
                              std::uint64_t size) {
    auto* stream = input(call, port);
    if (!stream) return SC_NOT_FOUND;
    if (!stream->random) return running(call).misuse("read_at on a port without random access");
    return copy(running(call).host, stream->bytes, offset, buffer, size);
  }
  static std::int64_t write(sc_call* call, std::uint32_t port, const void* buffer,
                            std::uint64_t size) {
    auto& c = running(call);
    if (!on_thread(call, "write")) return SC_MISUSE;
    auto& out = c.host.outputs[port];
    if (c.host.break_output) {
      if (auto alive = c.host.break_output(out.size()); !alive) return c.fail_with(alive.error());
    }
    out.append(static_cast<const char*>(buffer), size);
    return static_cast<std::int64_t>(size);
  }
  static std::int32_t rehash(sc_call* call, std::uint32_t port, const void*, std::uint64_t size) {
    auto* stream = input(call, port);
    if (!stream) return SC_NOT_FOUND;
    if (stream->started) return running(call).misuse("rehash after the first read");
    stream->at += size;
    return SC_OK;
  }
  static std::int32_t call(sc_call* call, sc_str instance, sc_str operation, sc_str args,
                           sc_str label, sc_str* out) {
    auto& c = running(call);
    c.host.labels.push_back(text_of(label));
    const auto found = c.host.instances.find(text_of(instance) + "." + text_of(operation));
    if (found == c.host.instances.end()) {
      return c.fail_with({.code = "host.unknown_instance", .message = text_of(instance)});
    }
    auto value = Value::parse(text_of(args));
    if (!value) return c.misuse("call: not JSON");
    auto result = found->second(*value);
    if (!result) return c.fail_with(result.error());
    *out = c.lend(result->dump());
    return SC_OK;
  }
  static std::int32_t call_open(sc_call* call, sc_str instance, sc_str operation, sc_str args,
                                sc_str label, sc_subcall** out) {
    auto& c = running(call);
    c.host.labels.push_back(text_of(label));
    auto opened = std::make_unique<Nested>(Nested{c, text_of(instance) + "." + text_of(operation),
                                                  Value::parse(text_of(args)).value_or(Value())});
    const auto found = c.host.instances.find(opened->name);
    if (found == c.host.instances.end()) {
      return c.fail_with({.code = "host.unknown_instance", .message = opened->name});
    }
    opened->result = found->second(opened->args);
    opened->out = opened->result ? opened->result->at("bytes").text() : "";
    if (opened->result) opened->result->erase("bytes");
    ++c.open_subcalls;
    *out = reinterpret_cast<sc_subcall*>(opened.release());
    return SC_OK;
  }
  static std::int64_t sub_read(sc_subcall* subcall, void* buffer, std::uint64_t size) {
    auto& n = nested(subcall);
    const auto count = copy(n.call.host, n.out, n.at, buffer, size);
    n.at += static_cast<std::size_t>(count);
    return count;
  }
  static std::int64_t sub_write(sc_subcall* subcall, const void* buffer, std::uint64_t size) {
    if (size > 0)
      nested(subcall).call.host.nested_input.append(static_cast<const char*>(buffer), size);
    return static_cast<std::int64_t>(size);
  }
  static std::int32_t call_finish(sc_subcall* subcall, sc_str* out) {
    const std::unique_ptr<Nested> done(&nested(subcall));
    --done->call.open_subcalls;
    if (!done->result) return done->call.fail_with(done->result.error());
    *out = done->call.lend(done->result->dump());
    return SC_OK;
  }
  static sc_str last_error(sc_call* call) {
    auto& c = running(call);
    return {c.last_error.data(), c.last_error.size()};
  }
  static const void* get_extension(const char* id) {
    static constexpr char kTable[] = "an extension";
    return std::strcmp(id, "test.known/1") == 0 ? kTable : nullptr;
  }
};

Host::Host() {
  table_ = {.struct_size = sizeof(sc_host),
            .abi_minor = SNAPCORE_ABI_MINOR,
            .log = HostTable::log,
            .progress = HostTable::progress,
            .cancelled = HostTable::cancelled,
            .info = HostTable::info,
            .set_result = HostTable::set_result,
            .set_error = HostTable::set_error,
            .emit = HostTable::emit,
            .secret = HostTable::secret,
            .scratch = HostTable::scratch,
            .checkpoint = HostTable::checkpoint,
            .record_undo = HostTable::record_undo,
            .open_input = HostTable::open_input,
            .port_size = HostTable::port_size,
            .read = HostTable::read,
            .read_at = HostTable::read_at,
            .write = HostTable::write,
            .rehash = HostTable::rehash,
            .call = HostTable::call,
            .call_open = HostTable::call_open,
            .sub_read = HostTable::sub_read,
            .sub_write = HostTable::sub_write,
            .call_finish = HostTable::call_finish,
            .last_error = HostTable::last_error,
            .get_extension = HostTable::get_extension};
}

Host::~Host() = default;

namespace {

template <class Enter>
Answer enter(Host& host, std::string_view entry, Enter enter_plugin) {
  Host::Running call{.host = host, .entry = std::string(entry)};
  Value info = host.info;
  info["entry"] = entry;
  call.info_text = info.dump();
  host.outputs.clear();
  call.answer.status = enter_plugin(reinterpret_cast<sc_call*>(&call));
  if (call.open_subcalls != 0) call.misuse("a nested call was not finished");
  if (call.answer.status != SC_OK) {
    const std::string text =
        call.answer.error_json.empty() ? call.last_error : call.answer.error_json;
    call.answer.error = error_from(Value::parse(text).value_or(Value()));
  }
  return call.answer;
}

}  // namespace

Answer run_entry(const sc_plugin* plugin, Host& host, sc_entry* entry, std::string_view entry_name,
                 sc_instance* self, std::uint32_t operation, std::string_view args_json) {
  if (plugin->attach) plugin->attach(host.table());
  return enter(host, entry_name, [&](sc_call* call) {
    return entry(self, call, operation, {args_json.data(), args_json.size()});
  });
}

Instance::Instance(const sc_plugin* plugin, Host& host, const Value& config)
    : plugin_(plugin), host_(host) {
  if (plugin->attach) plugin->attach(host.table());
  const std::string text = config.dump();
  creation_ = enter(host, "create", [&](sc_call* call) {
    return plugin->create(host.table(), call, {text.data(), text.size()}, &self_);
  });
}

Instance::~Instance() {
  if (self_) plugin_->close(self_);
}

Answer Instance::plan(std::string_view operation, const Value& args) {
  return run_entry(plugin_, host_, plugin_->plan, "plan", self_, index_of(plugin_, operation),
                   args.dump());
}
Answer Instance::execute(std::string_view operation, const Value& args) {
  return run_entry(plugin_, host_, plugin_->execute, "execute", self_, index_of(plugin_, operation),
                   args.dump());
}
Answer Instance::probe(std::string_view operation, const Value& args) {
  return run_entry(plugin_, host_, plugin_->probe, "probe", self_, index_of(plugin_, operation),
                   args.dump());
}
Answer Instance::compensate(std::string_view operation, const Value& args, const Value& result,
                            const Value& undo) {
  const Value all = Value::object({{"args", args}, {"result", result}, {"undo", undo}});
  return run_entry(plugin_, host_, plugin_->compensate, "compensate", self_,
                   index_of(plugin_, operation), all.dump());
}

Value manifest_of(const sc_plugin* plugin) {
  auto parsed = Value::parse(text_of(plugin->manifest_json));
  return parsed ? std::move(*parsed) : Value();
}

std::uint32_t index_of(const sc_plugin* plugin, std::string_view operation) {
  const Value manifest = manifest_of(plugin);
  const auto& operations = manifest.at("operations").items();
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    if (operations[i].at("name").text() == operation) return i;
  }
  return UINT32_MAX;
}

const sc_plugin* load_plugin(const std::string& name) {
  return load_plugin_at(std::string(SNAPCORE_TEST_PLUGINS) + "/" + name + ".so");
}

const sc_plugin* load_plugin_at(const std::string& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    std::fprintf(stderr, "%s\n", ::dlerror());
    return nullptr;
  }
  auto* entry = reinterpret_cast<const sc_plugin* (*)()>(::dlsym(library, "snapcore_plugin_v1"));
  return entry ? entry() : nullptr;
}

}  // namespace snapcore::fakes
