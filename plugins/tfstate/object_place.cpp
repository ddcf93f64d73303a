#include "object_place.hpp"

#include <cstdlib>
#include <filesystem>
#include <snapcore/utf8.hpp>

#include "recorded_backend.hpp"

namespace tfstate {
namespace {

namespace fs = std::filesystem;
using snapcore::Category;
using snapcore::fail;
using Text = std::optional<std::string>;

Result<RecordedBackend> recorded_s3(const std::string& directory) {
  if (directory.empty()) return RecordedBackend{};
  if (auto there = check_directory(directory); !there) return fail(there.error());
  auto recorded = recorded_backend(directory);
  if (!recorded) return fail(recorded.error());
  if (!*recorded) return RecordedBackend{};
  if ((*recorded)->type == "s3") return std::move(**recorded);
  return fail({.code = "tfstate.other_backend",
               .message = snapcore::shown(directory) + " keeps its state in the backend '" +
                          snapcore::shown((*recorded)->type) +
                          "', and the site says that it is in a store",
               .hint = "leave store out for a state of the backend local",
               .category = Category::kPrecondition});
}

Text environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? Text() : Text(value);
}

Text first_of(std::initializer_list<Text> texts) {
  for (const Text& text : texts) {
    if (text && !text->empty()) return text;
  }
  return std::nullopt;
}

std::string key_in_workspace(const std::string& key, const std::string& workspace,
                             const std::string& prefix) {
  if (workspace == "default") return key;
  // As Go joins paths: no empty and no dotted parts.
  return (fs::path(prefix) / workspace / fs::path(key).relative_path()).lexically_normal().string();
}

std::optional<TablePlace> table_of(const Config& config, const RecordedBackend& recorded) {
  const Text table = first_of({config.dynamodb_table, recorded.text("dynamodb_table")});
  if (!table) return std::nullopt;
  TablePlace place{.table = *table};
  place.region = first_of({config.region, recorded.text("region"), environment("AWS_REGION"),
                           environment("AWS_DEFAULT_REGION")})
                     .value_or("us-east-1");
  place.endpoint =
      first_of({config.dynamodb_endpoint, recorded.text_in("endpoints", "dynamodb"),
                recorded.text("dynamodb_endpoint"), environment("AWS_ENDPOINT_URL_DYNAMODB"),
                environment("AWS_DYNAMODB_ENDPOINT"), environment("AWS_ENDPOINT_URL")})
          .value_or("https://dynamodb." + place.region + ".amazonaws.com");
  return place;
}

}  // namespace

std::string ObjectPlace::resource() const {
  return "tfstate-object:" + (bucket ? *bucket : store.name) + "/" + key;
}

std::string ObjectPlace::shown() const { return snapcore::shown(store.name + ":" + key); }

Result<ObjectPlace> locate_object(const Config& config) {
  const std::string workspace = config.chosen_workspace();
  if (auto checked = check_workspace(workspace); !checked) return fail(checked.error());
  const auto recorded = recorded_s3(config.directory);
  if (!recorded) return fail(recorded.error());
  const Text key = first_of({config.key, recorded->text("key")});
  if (!key) {
    return fail(
        {.code = "tfstate.no_key",
         .message = "nothing says which object of '" + config.store->name + "' the state is",
         .hint = "set key, or a directory in which the tool's init was run",
         .category = Category::kPrecondition});
  }
  ObjectPlace place{.store = *config.store,
                    .bucket = first_of({config.bucket, recorded->text("bucket")}),
                    .lineage = config.lineage};
  const Text given = config.workspace_key_prefix;
  place.key = key_in_workspace(
      *key, workspace, given ? *given : recorded->text("workspace_key_prefix").value_or("env:"));
  place.table = table_of(config, *recorded);
  const auto asked = config.use_lockfile ? config.use_lockfile : recorded->flag("use_lockfile");
  // Without a table the object is all that keeps another restore out.
  place.lock_file = !place.table || asked.value_or(false);
  return place;
}

}  // namespace tfstate
