// How a new artifact comes to be, and how it goes.
//
//   .NAME.KEY.part   written and synced
//   NAME.sha256, NAME.snapcore.json   replaced durably
//   .NAME.KEY.part   renamed to NAME, which must not exist; the folder is synced
//
// A crash at any point leaves no NAME, or a whole one with its companions. A lock on the folder
// makes the last two lines one step for every snapcore on this machine, so that companions always
// belong to the artifact that won the name.
#pragma once

#include <snapcore/error.hpp>
#include <snapcore/sdk/fields.hpp>
#include <snapcore/support/digest.hpp>
#include <string>
#include <vector>

#include "folder.hpp"

namespace local_files {

// Which file it is, whatever its name: what the undo and a repeated store recognise it by.
struct Traces {
  std::string name = {};
  std::string temporary = {};             // file name in the folder of `name`
  std::vector<std::string> folders = {};  // made on the way, outermost first
  std::uint64_t inode = 0;                // 0: not renamed yet
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::string sha256 = {};
};
void fields(snapcore::sdk::Fields& f, Traces& t);

// The name of the temporary file of `name` for the call with this key.
std::string temporary_name(std::string_view name, std::string_view key);

// A file that is being stored. What it made is removed again by the destructor, unless publish()
// was reached.
class Publication {
 public:
  static snapcore::Result<Publication> begin(const Folder& folder, Traces traces);
  Publication(Publication&&) noexcept;
  Publication& operator=(Publication&&) = delete;
  ~Publication();

  snapcore::Result<> write(std::span<const std::byte> bytes);
  // Syncs what was written; traces() then says which file it is.
  snapcore::Result<> finish();
  const Traces& traces() const { return traces_; }

  // Gives it its name and its companions; `manifest` may be null. "files.exists": the name is
  // taken.
  snapcore::Result<> publish(const snapcore::Value& manifest);

 private:
  Publication(const Folder& folder, Traces traces) : folder_(&folder), traces_(std::move(traces)) {}
  snapcore::Result<> open();
  std::string full_temporary() const;

  const Folder* folder_;
  Traces traces_;
  UniqueFd parent_;
  UniqueFd file_;
  snapcore::Sha256 hash_;
  bool published_ = false;
};

// True when NAME is exactly the file of these traces.
bool is_published(const Folder& folder, const Traces& traces);

// Takes back what a store with these traces did or half did; says what was removed.
snapcore::Result<std::vector<std::string>> withdraw(const Folder& folder, const Traces& traces);

// Removes an artifact and its companions. "files.not_found", "files.not_regular" (a link, too).
snapcore::Result<> remove_artifact(const Folder& folder, std::string_view ref);

}  // namespace local_files
