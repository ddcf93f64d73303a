// The directory of a source, opened: everything below is reached through its descriptor, and the
// kernel itself refuses a path or a symbolic link that leads out of it.
#pragma once

#include <sys/stat.h>

#include <snapcore/error.hpp>
#include <snapcore/support/files.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace local_files {

using snapcore::files::UniqueFd;

class Folder {
 public:
  static snapcore::Result<Folder> open(const std::string& path);

  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }
  std::string full(std::string_view ref) const { return path_ + "/" + std::string(ref); }

  // A folder below, "" for the directory itself.
  snapcore::Result<UniqueFd> open_folder(std::string_view relative) const;
  // A regular file below; links that stay inside are followed. "files.not_found", "files.outside",
  // "files.not_regular".
  snapcore::Result<UniqueFd> open_file(std::string_view ref) const;

  // What does not exist yet of the folders on the way to `relative`, outermost first.
  std::vector<std::string> missing_folders(std::string_view relative) const;
  // Makes what is missing of the folders on the way to `relative` and syncs them; `made` gets their
  // relative paths, outermost first.
  snapcore::Result<UniqueFd> make_folders(std::string_view relative,
                                          std::vector<std::string>& made) const;

 private:
  Folder(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  snapcore::Result<UniqueFd> open_beneath(std::string_view relative, int flags) const;
  UniqueFd fd_;
  std::string path_;
};

}  // namespace local_files
