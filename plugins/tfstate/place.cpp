#include "place.hpp"

#include <unistd.h>

#include <snapcore/utf8.hpp>

#include "recorded_backend.hpp"

namespace tfstate {
namespace {

namespace fs = std::filesystem;
using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

constexpr std::string_view kStateName = "terraform.tfstate";

Result<> take_recorded(const fs::path& directory, Config& config) {
  const auto recorded = recorded_backend(directory);
  if (!recorded) return fail(recorded.error());
  if (!*recorded) return {};
  if ((*recorded)->type != "local") {
    return fail(
        {.code = "tfstate.other_backend",
         .message = shown(directory.string()) + " keeps its state in the backend '" +
                    shown((*recorded)->type) + "', and the site says nothing of where that is",
         .hint =
             (*recorded)->type == "s3"
                 ? "name the store: store = \"INSTANCE\", an instance of the plugin s3"
                 : "states of the backends local and s3 can be restored; a copy of this one can "
                   "be examined and compared: snapcore call tfstate.diff",
         .category = Category::kPrecondition});
  }
  if (!config.path) config.path = (*recorded)->text("path");
  if (!config.workspace_dir) config.workspace_dir = (*recorded)->text("workspace_dir");
  return {};
}

}  // namespace

Result<Place> locate(const Config& given) {
  Config config = given;
  const fs::path directory = config.directory;
  if (auto there = check_directory(directory); !there) return fail(there.error());
  const std::string workspace = config.chosen_workspace();
  if (auto checked = check_workspace(workspace); !checked) return fail(checked.error());
  if (auto taken = take_recorded(directory, config); !taken) return fail(taken.error());
  const fs::path relative =
      workspace == "default"
          ? fs::path(config.path.value_or(std::string(kStateName)))
          : fs::path(config.workspace_dir.value_or(std::string(kStateName) + ".d")) / workspace /
                kStateName;
  return Place{.file = (directory / relative).lexically_normal(),
               .shown_path = relative.string(),
               .lineage = config.lineage};
}

fs::path Place::lock_info() const {
  std::string name = file.filename().string();
  if (name.starts_with('.')) name.erase(0, 1);
  return file.parent_path() / ("." + name + ".lock.info");
}

std::string Place::resource() const { return resource_of("tfstate-file", file); }

std::string resource_of(std::string_view kind, const fs::path& path) {
  char host[256] = "";
  (void)::gethostname(host, sizeof host - 1);
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(path, ignored);
  return std::string(kind) + ":" + std::string(host) + ":" + (ignored ? path : real).string();
}

}  // namespace tfstate
