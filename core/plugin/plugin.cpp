#include <set>
#include <utility>

#include "plugin/border_shapes.hpp"
#include "plugin/library.hpp"
#include "plugin/loaded.hpp"
#include "plugin/plugin_file.hpp"

namespace snapcore {
namespace {

tl::unexpected<Error> named(const PluginFile& file, Error problem) {
  problem.message = "plugin " + file.id + " (" + file.path.string() + "): " + problem.message;
  return fail(std::move(problem));
}

tl::unexpected<Error> broken_promise(const std::string& what) {
  return fail({.code = "plugin.invalid_manifest",
               .message = "invalid manifest: " + what,
               .hint = "this is a mistake in the plugin; ask whoever made it",
               .category = Category::kInternal});
}

// Entries that the manifest speaks of and the table must therefore have.
Result<> check_entries(const Manifest& manifest, const sc_plugin& table) {
  for (const Operation& operation : manifest.operations) {
    const std::string who = "the operation " + operation.name;
    if (!table.execute) return broken_promise(who + " stands in it and there is no execute");
    if (operation.needs_instance && (!table.create || !table.close)) {
      return broken_promise(who + " needs an instance and there is no create or no close");
    }
    if (operation.effect != Effect::kRead && !table.plan) {
      return broken_promise(who + " must be planned and there is no plan");
    }
    if (operation.repeat == Repeat::kProbe && !table.probe) {
      return broken_promise(who + " is to be probed and there is no probe");
    }
    if (operation.undo.kind == UndoRule::Kind::kCompensate && !table.compensate) {
      return broken_promise(who + " is to be compensated and there is no compensate");
    }
  }
  return {};
}

Result<std::vector<OperationSchemas>> compile_schemas(const Manifest& manifest) {
  std::vector<OperationSchemas> all;
  for (const Operation& operation : manifest.operations) {
    auto args = Schema::compile(operation.args);
    auto result = Schema::compile(operation.result);
    auto predicted = Schema::compile(partial_schema(operation.result));
    if (!args) return fail(args.error());
    if (!result) return fail(result.error());
    if (!predicted) return fail(predicted.error());
    std::optional<Schema> item;
    if (!operation.item.is_null()) {
      auto compiled = Schema::compile(operation.item);
      if (!compiled) return fail(compiled.error());
      item = std::move(*compiled);
    }
    all.push_back({std::move(*args), std::move(*result), std::move(*predicted), std::move(item)});
  }
  return all;
}

// Gives the plugin the host's functions, once for each library.
Result<> attach(const sc_plugin* original, const sc_plugin& table) {
  static std::mutex mutex;
  static std::set<const sc_plugin*> attached;
  const std::lock_guard lock(mutex);
  if (!table.attach || !attached.insert(original).second) return {};
  try {
    table.attach(&host_table());
    return {};
  } catch (...) {
    return fail({.code = "plugin.threw", .message = "it let an exception out while it was loaded"});
  }
}

Result<std::unique_ptr<Plugin::Loaded>> load_here(const PluginFile& file, Scan scan) {
  auto table = load_library(file.path);
  if (!table) return fail(table.error());
  auto copy = read_table(*table);
  if (!copy) return fail(copy.error());
  if (auto fine = check_entries(*scan.manifest, *copy); !fine) return fail(fine.error());
  auto schemas = compile_schemas(*scan.manifest);
  if (!schemas) return fail(schemas.error());
  auto config = Schema::compile(scan.manifest->config);
  if (!config) return fail(config.error());
  if (auto fine = attach(*table, *copy); !fine) return fail(fine.error());
  return std::make_unique<Plugin::Loaded>(Plugin::Loaded{.path = file.path,
                                                         .sha256 = std::move(scan.sha256),
                                                         .manifest = std::move(*scan.manifest),
                                                         .table = *copy,
                                                         .config = std::move(*config),
                                                         .schemas = std::move(*schemas)});
}

}  // namespace

Result<std::shared_ptr<const Plugin>> Plugin::load(const PluginFile& file) {
  Scan scan = scan_plugin(file);
  if (!scan.manifest) return fail(scan.manifest.error());
  auto loaded = load_here(file, std::move(scan));
  if (!loaded) return named(file, loaded.error());
  return std::make_shared<const Plugin>(std::move(*loaded));
}

Plugin::Plugin(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
Plugin::~Plugin() = default;

const Manifest& Plugin::manifest() const { return loaded_->manifest; }
const std::filesystem::path& Plugin::path() const { return loaded_->path; }
const std::string& Plugin::sha256() const { return loaded_->sha256; }

}  // namespace snapcore
