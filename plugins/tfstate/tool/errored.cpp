#include "errored.hpp"

#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "description.hpp"
#include "live_state.hpp"

namespace tfstate {

std::optional<std::string> errored_words(const std::filesystem::path& directory) {
  if (directory.empty()) return std::nullopt;
  const auto file = directory / "errored.tfstate";
  const auto there = snapcore::files::look_at(file);
  if (there && !*there) return std::nullopt;
  const std::string name = snapcore::shown(file.string());
  const auto left = read_live(file);
  if (!left)
    return name + " is there, which the tool leaves when it cannot write its state: " +
           left.error().message;
  std::string words =
      name + " (" + summary_of(left->state) + ") is what the tool could not write: ";
  if (!left->state.lineage.empty())
    words += "with the lineage " + snapcore::shown(left->state.lineage) + ", ";
  return words +
         "it may be the newest state there is. To bring it back: a source of the plugin "
         "files with this directory as its path, and ref errored.tfstate";
}

}  // namespace tfstate
