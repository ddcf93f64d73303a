// The border itself: from the C entries to typed functions and back. Nothing thrown gets past here,
// and running out of memory is reported without asking for any.
#include <exception>
#include <new>
#include <snapcore/plugin.hpp>

#include "host_function.hpp"

namespace snapcore::sdk {
namespace detail {
namespace {

constexpr std::string_view kNoMemory =
    R"({"category":"transient","code":"plugin.out_of_memory","message":"the plugin ran out of memory",)"
    R"("outcome":"nothing_happened"})";
constexpr std::string_view kNoMemoryInDoubt =
    R"({"category":"transient","code":"plugin.out_of_memory","message":"the plugin ran out of memory",)"
    R"("outcome":"may_have_happened"})";

void set_error_text(const sc_host* host, sc_call* call, std::string_view json) noexcept {
  if (SNAPCORE_HOST_HAS(host, set_error)) host->set_error(call, to_host(json));
}

std::int32_t status_of(const Error& error) {
  if (error.code == kStopped) return SC_CANCELLED;
  return error.outcome == Outcome::kMayHaveHappened ? SC_INDETERMINATE : SC_FAILED;
}

std::int32_t report(const sc_host* host, sc_call* call, const Error& error) {
  set_error_text(host, call, snapcore::to_value(error).dump());
  return status_of(error);
}

// Runs `work` and turns whatever leaves it into a status. With `acts`, an exception leaves in doubt
// what happened.
template <class Work>
std::int32_t guarded(const sc_host* host, sc_call* call, bool acts, Work work) noexcept {
  const auto out_of_memory = [&] {
    set_error_text(host, call, acts ? kNoMemoryInDoubt : kNoMemory);
    return acts ? SC_INDETERMINATE : SC_FAILED;
  };
  const auto escaped = [&](std::string_view what) -> std::int32_t {
    try {
      return report(host, call,
                    {.code = "plugin.exception",
                     .message = "the plugin let an exception escape: " + std::string(what),
                     .category = Category::kInternal,
                     .outcome = acts ? Outcome::kMayHaveHappened : Outcome::kNothingHappened});
    } catch (...) {
      return out_of_memory();
    }
  };
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::exception& exception) {
    return escaped(exception.what());
  } catch (...) {
    return escaped("not one of the standard library");
  }
}

const Handler* handler_of(const OperationSpec& operation, Entry entry) {
  switch (entry) {
    case Entry::kPlan: return &operation.plan;
    case Entry::kExecute: return &operation.execute;
    case Entry::kProbe: return &operation.probe;
    case Entry::kCompensate: return &operation.compensate;
    case Entry::kCreate: break;
  }
  return nullptr;
}

bool is_act(const OperationSpec& operation) {
  const std::string effect = operation.manifest.at("effect").text();
  return effect == "change" || effect == "destroy";
}

Error bad_call(std::string message) {
  return {
      .code = "plugin.bad_call", .message = std::move(message), .category = Category::kInternal};
}

std::int32_t run(const OperationSpec& operation, const Handler& handler, const sc_host* host,
                 void* self, sc_call* raw, sc_str args) {
  auto value = args.size == 0 ? Result<Value>(Value::object()) : Value::parse(from_host(args));
  if (!value) return report(host, raw, value.error());
  if (!self && operation.manifest.at("needs_instance").bool_or(true)) {
    return report(host, raw, bad_call(operation.manifest.at("name").text() + " needs an instance"));
  }
  Call call(host, raw);
  auto result = handler(self, call, *value);
  if (!result) return report(host, raw, result.error());
  const std::string text = result->dump();
  host->set_result(raw, to_host(text));
  return SC_OK;
}

}  // namespace

Error host_failure(const sc_host* host, sc_call* call, std::int32_t status,
                   std::string_view doing) {
  if (SNAPCORE_HOST_HAS(host, last_error)) {
    const std::string_view text = from_host(host->last_error(call));
    auto value = text.empty() ? Result<Value>(Value()) : Value::parse(text);
    if (value && value->is_object()) return error_from(*value);
  }
  const char* what = status == SC_NOT_FOUND ? ": there is no such thing"
                     : status == SC_MISUSE  ? ": not allowed here"
                                            : " failed";
  return {.code = status == SC_NOT_FOUND ? "host.not_found"
                  : status == SC_MISUSE  ? "host.misuse"
                                         : "host.failed",
          .message = std::string(doing) + what,
          .category = status == SC_MISUSE ? Category::kInternal : Category::kPermanent};
}

Error too_old(std::string_view function) {
  return {.code = "host.too_old",
          .message = "this snapcore does not offer " + std::string(function),
          .hint = "update snapcore"};
}

std::int32_t run_entry(const PluginSpec* spec, const sc_host* host, Entry entry, sc_instance* self,
                       sc_call* call, std::uint32_t operation, sc_str args) noexcept {
  if (!host || !SNAPCORE_HOST_HAS(host, set_result) || !spec) return SC_FAILED;
  const bool known = operation < spec->operations.size();
  const bool acts = known && (entry == Entry::kExecute || entry == Entry::kCompensate) &&
                    is_act(spec->operations[operation]);
  return guarded(host, call, acts, [&]() -> std::int32_t {
    const Handler* handler = known ? handler_of(spec->operations[operation], entry) : nullptr;
    if (!handler || !*handler) {
      return report(host, call,
                    bad_call("there is no such entry of operation " + std::to_string(operation)));
    }
    auto* object = reinterpret_cast<Object*>(self);
    return run(spec->operations[operation], *handler, host, object ? object->self : nullptr, call,
               args);
  });
}

std::int32_t run_create(const PluginSpec* spec, const sc_host* host, sc_call* call, sc_str config,
                        sc_instance** out) noexcept {
  if (!host || !spec || !out) return SC_FAILED;
  return guarded(host, call, false, [&]() -> std::int32_t {
    auto value =
        config.size == 0 ? Result<Value>(Value::object()) : Value::parse(from_host(config));
    if (!value) return report(host, call, value.error());
    Call creating(host, call);
    auto holder = std::make_unique<Object>();
    auto object = spec->create(creating, *value);
    if (!object) return report(host, call, object.error());
    *holder = *object;
    *out = reinterpret_cast<sc_instance*>(holder.release());
    return SC_OK;
  });
}

void run_close(sc_instance* self) noexcept {
  const std::unique_ptr<Object> object(reinterpret_cast<Object*>(self));
  if (object) object->destroy(object->self);
}

PluginSpec::PluginSpec(std::string_view id, std::string_view version, Value config)
    : manifest(Value::object({{"id", id}, {"version", version}, {"config", std::move(config)}})) {}

void PluginSpec::finish() {
  Value list = Value::array();
  for (const OperationSpec& operation : operations) list.push_back(operation.manifest);
  manifest["operations"] = std::move(list);
  manifest_json = manifest.dump();
}

Value kind_value(std::string_view name, std::uint64_t offset, std::string_view magic) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : magic) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return Value::object({{"kind", name}, {"offset", offset}, {"magic", hex}});
}

}  // namespace detail

OperationSpec::OperationSpec(std::string_view name, std::string_view effect, Value args,
                             Value result, bool needs_instance)
    : manifest(Value::object({{"name", name},
                              {"effect", effect},
                              {"args", std::move(args)},
                              {"result", std::move(result)},
                              {"needs_instance", needs_instance}})) {}

void OperationSpec::set_repeat(Repeat repeat) {
  static constexpr std::string_view kNames[] = {"safe", "keyed", "probe", "unrepeatable",
                                                "composed"};
  manifest["repeat"] = kNames[static_cast<std::size_t>(repeat)];
}

void OperationSpec::add_port(std::string_view name, std::string_view direction) {
  manifest["ports"].push_back(Value::object({{"name", name}, {"direction", direction}}));
}

}  // namespace snapcore::sdk
