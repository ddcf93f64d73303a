#include "recorded_backend.hpp"

#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>
#include <tool/data_directory.hpp>

namespace tfstate {
namespace {

namespace fs = std::filesystem;
using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

std::optional<std::string> text_of(const Node* value) {
  if (value == nullptr || value->kind != Json::kString || value->text.empty()) return std::nullopt;
  return value->text;
}

}  // namespace

std::optional<std::string> RecordedBackend::text(std::string_view name) const {
  return text_of(config.find(name));
}

std::optional<bool> RecordedBackend::flag(std::string_view name) const {
  const Node* value = config.find(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Json::kTrue) return true;
  if (value->kind == Json::kFalse) return false;
  return std::nullopt;
}

std::optional<std::string> RecordedBackend::text_in(std::string_view name,
                                                    std::string_view inner) const {
  const Node* block = config.find(name);
  // A block stands there as an object, or as a list of one.
  if (block != nullptr && block->kind == Json::kArray)
    block = block->items.empty() ? nullptr : &block->items.front();
  return block == nullptr ? std::nullopt : text_of(block->find(inner));
}

Result<std::optional<RecordedBackend>> recorded_backend(const fs::path& directory) {
  const fs::path file = data_directory(directory) / "terraform.tfstate";
  const auto text = snapcore::files::read_file(file);
  if (!text && text.error().code == "files.not_found") return std::optional<RecordedBackend>();
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
  if (backend == nullptr || backend->kind != Json::kObject) return std::optional<RecordedBackend>();
  RecordedBackend found;
  if (const Node* type = backend->find("type")) found.type = type->text;
  if (const Node* config = backend->find("config")) found.config = *config;
  return std::optional(std::move(found));
}

Result<> check_directory(const fs::path& directory) {
  if (!directory.is_absolute()) {
    return fail({.code = "tfstate.relative_path",
                 .message = "directory '" + shown(directory.string()) + "' must begin with /",
                 .category = Category::kPrecondition});
  }
  std::error_code ignored;
  if (fs::is_directory(directory, ignored)) return {};
  return fail({.code = "tfstate.no_directory",
               .message = "there is no directory " + shown(directory.string()),
               .hint = "the member 'directory' names where the tool is run",
               .category = Category::kPrecondition});
}

Result<> check_workspace(const std::string& name) {
  const bool plain = !name.empty() && name != "." && name != ".." &&
                     name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  if (plain) return {};
  return fail({.code = "tfstate.bad_workspace",
               .message = "'" + shown(name) + "' cannot be the name of a workspace",
               .category = Category::kPrecondition});
}

}  // namespace tfstate
