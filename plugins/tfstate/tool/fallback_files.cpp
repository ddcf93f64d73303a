#include "fallback_files.hpp"

#include <snapcore/support/files.hpp>
#include <snapcore/support/process.hpp>
#include <snapcore/utf8.hpp>

#include "data_directory.hpp"
#include "refusal.hpp"
#include "working_copy.hpp"

namespace tfstate {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;
using snapcore::shown;

namespace {

constexpr std::uint64_t kLargestState = 1ULL << 30;

}  // namespace

Result<std::string> state_text(const fs::path& file) {
  return files::read_file(file, kLargestState);
}

Result<std::optional<std::string>> text_if_there(const fs::path& file) {
  auto text = state_text(file);
  if (!text && text.error().code == "files.not_found") return std::optional<std::string>();
  if (!text) return fail(text.error());
  return std::optional<std::string>(std::move(*text));
}

Result<> put(const fs::path& file, const std::string& text, mode_t mode) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  return files::replace_file(file, text, mode);
}

Result<> put_as_it_was(const fs::path& file, const std::string& text) {
  const auto there = files::look_at(file);
  return put(file, text, there && *there ? (*there)->st_mode & 0777 : 0600);
}

fs::path live_record(const WorkPlace& place) {
  return data_directory(place.directory) / "terraform.tfstate";
}

std::string override_text() {
  return "# Made by snapcore: the store of this directory is away, and its state lies in\n"
         "# .snapcore/ for a while. tfstate-return.lua brings it back, and removes this file.\n" +
         local_backend(FallbackFiles::relative_state(), FallbackFiles::relative_states());
}

Result<FallbackRecord> active_fallback(const WorkPlace& place) {
  auto record = read_fallback(place.directory);
  if (!record) return fail(record.error());
  if (!*record) {
    return fail(refused("tfstate.no_fallback",
                        shown(place.directory) + " is in no fallback: it works with its store"));
  }
  if ((*record)->workspace != place.workspace) {
    return fail(refused("tfstate.another_workspace",
                        "the fallback is of the workspace " + shown((*record)->workspace) +
                            ", and this is " + shown(place.workspace)));
  }
  return **record;
}

Result<> look_to_the_store(const WorkPlace& place) {
  const FallbackFiles names(place.directory);
  const auto before = text_if_there(names.backend);
  if (!before) return fail(before.error());
  if (*before) {
    if (auto back = put_as_it_was(live_record(place), **before); !back) return back;
  } else if (auto removed = files::remove_file(live_record(place)); !removed) {
    return removed;
  }
  if (auto removed = files::remove_file(names.override_); !removed) return removed;
  return files::fsync_directory(place.directory);
}

std::string way_back_by_hand(const FallbackFiles& names, const WorkPlace& place, bool had_backend) {
  const std::string live = live_record(place).string();
  const std::string home = names.home.string();
  using snapcore::process::shell_line;
  const std::string record = had_backend ? shell_line({"cp", "--", names.backend.string(), live})
                                         : shell_line({"rm", "-f", "--", live});
  return shell_line({"cmp", "--", names.base.string(), names.state(place.workspace).string()}) +
         " && " + record + " && " + shell_line({"rm", "-f", "--", names.override_.string()}) +
         " && " + shell_line({"mv", "--", home, home + "-taken-back"});
}

}  // namespace tfstate
