#include "fallback_record.hpp"

#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>
#include <snapcore/value.hpp>

namespace tfstate {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;
using snapcore::shown;
using snapcore::Value;

constexpr std::string_view kOverride = "zz_snapcore_backend_override.tf";

}  // namespace

FallbackFiles::FallbackFiles(const fs::path& directory)
    : home(directory / ".snapcore"),
      record(home / "fallback.json"),
      base(home / "base.tfstate"),
      first_base(home / "first_base.tfstate"),
      backend(home / "backend.json"),
      local(home / "local.json"),
      states(directory / relative_states()),
      override_(directory / kOverride) {}

fs::path FallbackFiles::state(const std::string& workspace) const {
  return workspace == "default" ? home / "fallback.tfstate"
                                : states / workspace / "terraform.tfstate";
}
std::string FallbackFiles::relative_state() { return ".snapcore/fallback.tfstate"; }
std::string FallbackFiles::relative_states() { return ".snapcore/workspaces"; }

std::string FallbackRecord::to_json() const {
  return Value::object({{"since", since},
                        {"run", run},
                        {"workspace", workspace},
                        {"from", from},
                        {"lineage", lineage},
                        {"serial", serial}})
             .pretty() +
         "\n";
}

std::optional<FallbackRecord> FallbackRecord::from_json(std::string_view text) {
  const auto value = Value::parse(text);
  if (!value || !value->is_object()) return std::nullopt;
  FallbackRecord record{.since = value->at("since").text(),
                        .run = value->at("run").text(),
                        .workspace = value->at("workspace").text(),
                        .from = value->at("from").text(),
                        .lineage = value->at("lineage").text(),
                        .serial = value->at("serial").uint_or(0)};
  if (record.workspace.empty() || !value->at("serial").is_integer()) return std::nullopt;
  return record;
}

Result<std::optional<FallbackRecord>> read_fallback(const fs::path& directory) {
  if (directory.empty()) return std::optional<FallbackRecord>();
  const FallbackFiles place(directory);
  const auto text = files::read_file(place.record);
  if (!text && text.error().code == "files.not_found") return std::optional<FallbackRecord>();
  if (!text) return fail(text.error());
  auto record = FallbackRecord::from_json(*text);
  if (record) return record;
  return fail({.code = "tfstate.bad_fallback",
               .message = shown(place.record.string()) + " is not what a fallback leaves",
               .category = snapcore::Category::kCorrupt});
}

std::optional<std::string> fallback_warning(const fs::path& directory) {
  const auto record = read_fallback(directory);
  if (!record) return "FALLBACK: " + record.error().message;
  if (!*record) return std::nullopt;
  return "FALLBACK since " + shown((*record)->since) + ": " + shown(directory.string()) +
         " works with a local state, and not with its store, where serial " +
         std::to_string((*record)->serial) +
         " was the last one known; tfstate-return.lua brings it back";
}

}  // namespace tfstate
