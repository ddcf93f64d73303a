#include <exception>
#include <utility>

#include "plugin/call.hpp"

namespace snapcore {
namespace {

Error bad_config(const std::string& name, const Error& mismatch) {
  return {.code = "plugin.bad_config",
          .message = "the settings of " + mismatch.message,
          .hint = "correct the instance " + name + " in the site",
          .category = Category::kPrecondition};
}

Error create_failed(sc_call& call, const std::string& name, const std::string& plugin) {
  if (call.error) return *call.error;
  if (call.last_error) return *call.last_error;
  return {.code = "plugin.unnamed_error",
          .message = "the plugin " + plugin + " refused to make the instance " + name +
                     " and did not say why",
          .hint = "this is a mistake in the plugin; ask whoever made it",
          .category = Category::kInternal};
}

Result<sc_instance*> enter_create(const sc_plugin& table, sc_call& call, const std::string& name,
                                  const std::string& config) {
  sc_instance* self = nullptr;
  std::int32_t status = SC_FAILED;
  std::string thrown;
  try {
    status = table.create(&host_table(), &call, {config.data(), config.size()}, &self);
  } catch (const std::exception& problem) {
    thrown = problem.what();
  } catch (...) {
    thrown = "an exception of an unknown type";
  }
  if (!thrown.empty()) {
    return fail({.code = "plugin.threw",
                 .message = "the plugin " + call.facts.plugin.manifest.id +
                            " let an exception out while it made " + name + ": " + thrown,
                 .category = Category::kInternal});
  }
  if (status == SC_OK && self) return self;
  if (status == SC_OK) {
    return fail(
        {.code = "plugin.no_instance",
         .message = "the plugin " + call.facts.plugin.manifest.id + " made no instance for " + name,
         .category = Category::kInternal});
  }
  return fail(create_failed(call, name, call.facts.plugin.manifest.id));
}

}  // namespace

Result<std::shared_ptr<Instance>> Instance::create(std::shared_ptr<const Plugin> plugin,
                                                   std::string name, Value config,
                                                   CallContext& context) {
  const Plugin::Loaded& loaded = plugin->loaded();
  if (config.is_null()) config = Value::object();
  if (auto fits = loaded.config.validate(config, name); !fits)
    return fail(bad_config(name, fits.error()));
  if (!loaded.table.create) {
    return fail({.code = "plugin.no_instance",
                 .message = "the plugin " + loaded.manifest.id + " has no instances",
                 .hint = "call its operations as " + loaded.manifest.id + ".OPERATION",
                 .category = Category::kPrecondition});
  }
  const Value given = with_secret_references(loaded.manifest.config, config);
  auto opened = std::make_unique<Opened>();
  {
    sc_call call({.context = context, .plugin = loaded, .who = name, .config = given});
    auto self = enter_create(loaded.table, call, name, given.dump());
    if (!self) return fail(self.error());
    opened->self = *self;
  }
  return std::make_shared<Instance>(std::move(plugin), std::move(name), std::move(config),
                                    std::move(opened));
}

Instance::Instance(std::shared_ptr<const Plugin> plugin, std::string name, Value config,
                   std::unique_ptr<Opened> opened)
    : plugin_(std::move(plugin)),
      name_(std::move(name)),
      config_(std::move(config)),
      opened_(std::move(opened)) {}

Instance::~Instance() {
  const auto close = plugin_->loaded().table.close;
  if (!close || !opened_->self) return;
  try {
    close(opened_->self);
  } catch (...) {
    // Nobody is left who could act on it.
  }
}

}  // namespace snapcore
