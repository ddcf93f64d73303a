#include "place.hpp"

#include <unistd.h>

#include <format/json_node.hpp>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

namespace tfstate {
namespace {

namespace fs = std::filesystem;
using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

constexpr std::string_view kStateName = "terraform.tfstate";

Result<> check_workspace(const std::string& name) {
  // The tools take no name that would change when it is put into a URL.
  const bool plain = !name.empty() && name != "." && name != ".." &&
                     name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  if (plain) return {};
  return fail({.code = "tfstate.bad_workspace",
               .message = "'" + shown(name) + "' cannot be the name of a workspace",
               .category = Category::kPrecondition});
}

// What `init` wrote down of the backend; nothing when there is no such file.
Result<std::optional<Node>> recorded_backend(const fs::path& directory) {
  const fs::path file = directory / ".terraform" / kStateName;
  const auto text = snapcore::files::read_file(file);
  if (!text && text.error().code == "files.not_found") return std::optional<Node>();
  if (!text) return fail(text.error());
  JsonReader reader{std::string_view(*text)};
  auto record = read_node(reader, 8 << 20);
  if (!record || !reader.finish()) {
    return fail(
        {.code = "tfstate.bad_record",
         .message = shown(file.string()) + ", where the tool remembers its backend, is not JSON",
         .hint = "run the tool's init in that directory again",
         .category = Category::kPrecondition});
  }
  const Node* backend = record->find("backend");
  if (const Node* store = record->find("state_store");
      store != nullptr && store->kind == Json::kObject)
    backend = store;
  if (backend == nullptr || backend->kind != Json::kObject) return std::optional<Node>();
  return std::optional<Node>(*backend);
}

std::optional<std::string> setting(const Node& backend, std::string_view name) {
  const Node* config = backend.find("config");
  const Node* value = config == nullptr ? nullptr : config->find(name);
  if (value == nullptr || value->kind != Json::kString || value->text.empty()) return std::nullopt;
  return value->text;
}

Result<> take_recorded(const fs::path& directory, Config& config) {
  const auto backend = recorded_backend(directory);
  if (!backend) return fail(backend.error());
  if (!*backend) return {};
  const Node* type = (*backend)->find("type");
  const std::string name = type == nullptr ? "" : type->text;
  if (name != "local") {
    return fail(
        {.code = "tfstate.other_backend",
         .message = shown(directory.string()) + " keeps its state in the backend '" + shown(name) +
                    "', and only local states can be restored",
         .hint = "a copy of that state can be examined and compared: snapcore call tfstate.diff",
         .category = Category::kPrecondition});
  }
  if (!config.path) config.path = setting(**backend, "path");
  if (!config.workspace_dir) config.workspace_dir = setting(**backend, "workspace_dir");
  return {};
}

}  // namespace

void fields(snapcore::sdk::Fields& f, Config& config) {
  f("directory", config.directory, "the working directory of OpenTofu or Terraform")
      .not_empty()
      .example("/srv/infrastructure");
  f("workspace", config.workspace, "the workspace").optional();
  f("path", config.path,
    "the state of the default workspace, from the directory; default: as init left it, else "
    "terraform.tfstate");
  f("workspace_dir", config.workspace_dir,
    "where the states of other workspaces are; default: as init left it, else terraform.tfstate.d");
  f("lineage", config.lineage,
    "whose state this is, for when it is lost: then nothing else can tell");
}

Result<Place> locate(const Config& given) {
  Config config = given;
  const fs::path directory = config.directory;
  if (!directory.is_absolute()) {
    return fail({.code = "tfstate.relative_path",
                 .message = "directory '" + shown(config.directory) + "' must begin with /",
                 .category = Category::kPrecondition});
  }
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) {
    return fail({.code = "tfstate.no_directory",
                 .message = "there is no directory " + shown(directory.string()),
                 .hint = "the member 'directory' names where the tool is run",
                 .category = Category::kPrecondition});
  }
  if (auto checked = check_workspace(config.workspace); !checked) return fail(checked.error());
  if (auto taken = take_recorded(directory, config); !taken) return fail(taken.error());
  const fs::path relative =
      config.workspace == "default"
          ? fs::path(config.path.value_or(std::string(kStateName)))
          : fs::path(config.workspace_dir.value_or(std::string(kStateName) + ".d")) /
                config.workspace / kStateName;
  return Place{.file = (directory / relative).lexically_normal(),
               .shown_path = relative.string(),
               .lineage = config.lineage};
}

fs::path Place::lock_info() const {
  std::string name = file.filename().string();
  if (name.starts_with('.')) name.erase(0, 1);
  return file.parent_path() / ("." + name + ".lock.info");
}

std::string Place::resource() const {
  char host[256] = "";
  (void)::gethostname(host, sizeof host - 1);
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(file, ignored);
  return "tfstate-file:" + std::string(host) + ":" + (ignored ? file : real).string();
}

}  // namespace tfstate
