// The comfortable way to write a plugin: a class with typed operations. The author never sees the
// table of plugin.h; sdk/doc/writing-a-plugin.md is the manual, sdk/example/ holds two small ones.
//
//   sdk::Plugin<Notes> describe() {
//     return sdk::Plugin<Notes>("notes", "1.0.0").license("Apache-2.0").summary("notes in a
//     folder")
//         .source()
//         .operation(sdk::source::list(&Notes::list))
//         .operation(...);
//   }
//   SNAPCORE_PLUGIN(describe)
//
// The class is made from the instance's configuration by its own
//   static Result<std::unique_ptr<Notes>> create(Call&, const Config&);
// where Config is any struct with a field list; without create() there are no settings. Errors are
// returned; an exception that escapes from a function becomes an error of category internal.
#pragma once

#include <snapcore/plugin.h>

#include <atomic>
#include <memory>
#include <snapcore/sdk/operation.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapcore::sdk {

namespace detail {

struct Object {
  void* self = nullptr;
  void (*destroy)(void*) noexcept = nullptr;
};

// A plugin without its types.
struct PluginSpec {
  Value manifest;
  std::vector<OperationSpec> operations;
  std::function<Result<Object>(Call& call, const Value& config)> create;
  std::string manifest_json;  // by finish()

  PluginSpec(std::string_view id, std::string_view version, Value config);
  void finish();
};

template <class F>
struct Creator;
template <class C, class S>
struct Creator<Result<std::unique_ptr<C>> (*)(Call&, const S&)> {
  using Config = S;
};

template <class C>
concept Created = requires {
  &C::create;
};
template <class C>
concept Configured = !Created<C> && std::is_constructible_v<C, const typename C::Config&>;

template <class C>
struct ConfigOf {
  using Type = Nothing;
};
template <Created C>
struct ConfigOf<C> {
  using Type = typename Creator<decltype(&C::create)>::Config;
};
template <Configured C>
struct ConfigOf<C> {
  using Type = typename C::Config;
};

template <class C, class S>
Result<std::unique_ptr<C>> make(Call& call, const S& config) {
  if constexpr (Created<C>) {
    return C::create(call, config);
  } else if constexpr (Configured<C>) {
    return std::make_unique<C>(config);
  } else {
    return std::make_unique<C>();
  }
}

template <class C>
Object own(std::unique_ptr<C> object) {
  return {object.release(), [](void* self) noexcept { delete static_cast<C*>(self); }};
}

std::int32_t run_entry(const PluginSpec* spec, const sc_host* host, Entry entry, sc_instance* self,
                       sc_call* call, std::uint32_t operation, sc_str args) noexcept;
std::int32_t run_create(const PluginSpec* spec, const sc_host* host, sc_call* call, sc_str config,
                        sc_instance** out) noexcept;
void run_close(sc_instance* self) noexcept;

}  // namespace detail

template <class C>
class Plugin : public detail::PluginSpec {
  using Config = typename detail::ConfigOf<C>::Type;

 public:
  Plugin(std::string_view id, std::string_view version)
      : PluginSpec(id, version, schema_of<Config>()) {
    create = [](Call& call, const Value& value) -> Result<detail::Object> {
      Reading reading;
      Config config{};
      Codec<Config>::read(value, config, reading);
      if (reading.failed()) return fail(reading.error());
      auto object = detail::make<C>(call, config);
      if (!object) return fail(object.error());
      return detail::own(std::move(*object));
    };
  }

  Plugin& license(std::string_view text) { return set("license", text); }
  Plugin& summary(std::string_view text) { return set("summary", text); }
  Plugin& source() { return add("roles", "source"); }
  Plugin& target() { return add("roles", "target"); }
  Plugin& offers(std::string_view interface_id) { return add_interface("offers", interface_id); }
  Plugin& needs(std::string_view interface_id) { return add_interface("needs", interface_id); }
  // A kind of artifact that examine understands; the bytes by which the core knows it.
  Plugin& kind(std::string_view name, std::uint64_t offset, std::string_view magic);

  template <class O, class A, class R>
  Plugin& operation(const Operation<O, A, R>& operation) {
    static_assert(std::is_void_v<O> || std::is_same_v<O, C>,
                  "the functions of an operation are members of the plugin's class, or free");
    operations.push_back(operation);
    return *this;
  }

 private:
  Plugin& set(std::string_view member, const Value& value) {
    manifest[member] = value;
    return *this;
  }
  Plugin& add(std::string_view member, const Value& value) {
    manifest[member].push_back(value);
    return *this;
  }
  Plugin& add_interface(std::string_view member, std::string_view id) {
    manifest["interfaces"][member].push_back(id);
    return *this;
  }
};

namespace detail {
Value kind_value(std::string_view name, std::uint64_t offset, std::string_view magic);

// The static table of the plugin that Describe describes.
template <auto Describe>
class Table {
 public:
  static const sc_plugin* get() noexcept {
    static sc_plugin table = make();
    return &table;
  }

 private:
  static sc_plugin make() noexcept {
    sc_plugin table = {};
    table.struct_size = sizeof(sc_plugin);
    table.abi_minor = 0;
    table.create = &create;
    table.close = &close;
    table.plan = &entry<Entry::kPlan>;
    table.execute = &entry<Entry::kExecute>;
    table.probe = &entry<Entry::kProbe>;
    table.compensate = &entry<Entry::kCompensate>;
    table.attach = &attach;
    // A description that cannot be made leaves the manifest empty, which the host refuses.
    if (const PluginSpec* made = spec()) {
      table.manifest_json = {made->manifest_json.data(), made->manifest_json.size()};
    }
    return table;
  }

  static const PluginSpec* spec() noexcept {
    static const std::unique_ptr<const PluginSpec> made = [] {
      try {
        auto described = std::make_unique<PluginSpec>(Describe());
        described->finish();
        return std::unique_ptr<const PluginSpec>(std::move(described));
      } catch (...) {
        return std::unique_ptr<const PluginSpec>();
      }
    }();
    return made.get();
  }

  template <Entry Which>
  static std::int32_t entry(sc_instance* self, sc_call* call, std::uint32_t operation,
                            sc_str args) {
    return run_entry(spec(), host.load(), Which, self, call, operation, args);
  }
  static std::int32_t create(const sc_host* given, sc_call* call, sc_str config,
                             sc_instance** out) {
    host.store(given);
    return run_create(spec(), given, call, config, out);
  }
  static void close(sc_instance* self) { run_close(self); }
  static void attach(const sc_host* given) { host.store(given); }

  static inline std::atomic<const sc_host*> host = nullptr;
};

}  // namespace detail

template <class C>
Plugin<C>& Plugin<C>::kind(std::string_view name, std::uint64_t offset, std::string_view magic) {
  return add("kinds", detail::kind_value(name, offset, magic));
}

}  // namespace snapcore::sdk

// Exports the plugin that `describe`, a function without arguments, describes.
// NOLINTBEGIN(bugprone-macro-parentheses): the name of a function, as a template argument
#define SNAPCORE_PLUGIN(describe)                                  \
  extern "C" SC_EXPORT const sc_plugin* snapcore_plugin_v1(void) { \
    return ::snapcore::sdk::detail::Table<&describe>::get();       \
  }                                                                \
  static_assert(true, "a semicolon may follow")
// NOLINTEND(bugprone-macro-parentheses)
