#include "working_copy.hpp"

#include <algorithm>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>
#include <vector>

#include "data_directory.hpp"

namespace tfstate {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;
using snapcore::shown;

constexpr std::size_t kMostEntries = 20'000;
constexpr std::string_view kLockFile = ".terraform.lock.hcl";

// The states of the local backend under their usual names: beside another backend the tool would
// take them for something to be moved there.
bool is_usual_state(const std::string& name) {
  return name == "terraform.tfstate" || name == "terraform.tfstate.backup" ||
         name == "terraform.tfstate.d" || name == ".terraform.tfstate.lock.info" ||
         name == "errored.tfstate";
}

snapcore::Error cannot(const fs::path& directory, const std::error_code& why) {
  return {.code = "tfstate.no_working_copy",
          .message = "cannot make a copy of " + shown(directory.string()) +
                     " to work in: " + why.message(),
          .category = snapcore::Category::kPrecondition};
}

// Links to all that `from` holds but what `leave_out` names. Above the working directory what
// cannot be seen is not needed either.
template <class LeaveOut>
Result<> link_entries(const fs::path& from, const fs::path& to, bool strict, LeaveOut leave_out) {
  std::error_code why;
  fs::directory_iterator entries(from, why);
  if (why) return strict ? Result<>(fail(cannot(from, why))) : Result<>();
  std::size_t count = 0;
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (leave_out(name)) continue;
    if (++count > kMostEntries) {
      if (!strict) return {};
      return fail({.code = "tfstate.no_working_copy",
                   .message = shown(from.string()) + " holds more than " +
                              std::to_string(kMostEntries) + " names",
                   .category = snapcore::Category::kPrecondition});
    }
    fs::create_symlink(entry.path(), to / name, why);
    if (why && strict) return fail(cannot(from, why));
  }
  return {};
}

Result<fs::path> make_path_to(const fs::path& real, const fs::path& below) {
  fs::path from = "/", to = below;
  for (const fs::path& part : real.relative_path()) {
    if (auto linked = link_entries(from, to, false,
                                   [&](const std::string& name) { return name == part.string(); });
        !linked)
      return fail(linked.error());
    from /= part;
    to /= part;
    std::error_code why;
    fs::create_directory(to, why);
    if (why) return fail(cannot(real, why));
  }
  return to;
}

bool is_override(const std::string& name) {
  const auto dot = name.find(".t");
  if (dot == std::string::npos) return false;
  const std::string stem = name.substr(0, dot);
  return stem == "override" || stem.ends_with("_override");
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\') out += '\\';
    if ((c == '$' || c == '%') && text.substr(i + 1).starts_with('{')) out += c;
    out += c;
  }
  return out + "\"";
}

}  // namespace

Result<WorkingCopy> copy_working_directory(const fs::path& given, const fs::path& below) {
  std::error_code why;
  const fs::path real = fs::canonical(given, why);
  if (why) return fail(cannot(given, why));
  auto directory = make_path_to(real, below);
  if (!directory) return fail(directory.error());

  const fs::path name = data_directory_name();
  const fs::path real_data = data_directory(real);
  const bool inside = name.is_relative();
  const std::string hidden = inside ? name.begin()->string() : std::string();
  auto linked = link_entries(real, *directory, true, [&](const std::string& entry) {
    return entry == hidden || entry == ".terraform" || entry == kLockFile || is_usual_state(entry);
  });
  if (!linked) return fail(linked.error());

  // Modules are found by a path from the working directory: under the same name as in the real one.
  WorkingCopy copy{.directory = *directory,
                   .data = inside ? *directory / name : *directory / ".terraform"};
  fs::create_directories(copy.data, why);
  if (why) return fail(cannot(real, why));
  if (fs::exists(real_data / "modules" / "modules.json", why)) {
    fs::create_symlink(real_data / "modules", copy.data / "modules", why);
    if (why) return fail(cannot(real, why));
    copy.has_modules = true;
  }
  // The tool may write to it.
  if (fs::exists(real / kLockFile, why)) {
    fs::copy_file(real / kLockFile, *directory / kLockFile, why);
    if (why) return fail(cannot(real, why));
  }
  return copy;
}

Result<> keep_state_in(const WorkingCopy& copy, const fs::path& path, const fs::path& states) {
  const fs::path file = copy.directory / last_override(copy.directory, "preview");
  return files::replace_file(file, local_backend(path.string(), states.string()));
}

Result<fs::path> providers_of(const std::optional<std::string>& given, const fs::path& real,
                              const fs::path& scratch) {
  std::error_code why;
  if (given) {
    fs::path place = real / *given;
    if (fs::is_directory(place, why)) return place;
    return fail({.code = "tfstate.no_providers",
                 .message = "there is no directory " + shown(place.string()),
                 .hint = "the setting 'providers' names where the tool's providers are",
                 .category = snapcore::Category::kPrecondition});
  }
  fs::path there = fs::canonical(data_directory(real) / "providers", why);
  if (!why) return there;
  fs::path none = scratch / "no_providers";
  fs::create_directory(none, why);
  return none;
}

std::string last_override(const fs::path& directory, const std::string& name) {
  const std::string usual = "zz_snapcore_" + name + "_override.tf";
  std::string mine = usual;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
    const std::string other = entry.path().filename().string();
    if (other == usual || !is_override(other)) continue;
    while (other >= mine && mine.size() < 200) mine.insert(0, "z");
  }
  return mine;
}

std::string local_backend(const std::string& path, const std::string& workspace_dir) {
  return "# Made by snapcore.\nterraform {\n  backend \"local\" {\n    path          = " +
         quoted(path) + "\n    workspace_dir = " + quoted(workspace_dir) + "\n  }\n}\n";
}

}  // namespace tfstate
