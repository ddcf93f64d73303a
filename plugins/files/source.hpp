// A source over a local directory. Every regular file in it is an artifact, whoever made it.
#pragma once

#include <memory>
#include <snapcore/interfaces/source.hpp>
#include <snapcore/plugin.hpp>
#include <string>

#include "folder.hpp"

namespace local_files {

struct Config {
  std::string path = {};
};
void fields(snapcore::sdk::Fields& f, Config& config);

class Source {
 public:
  static snapcore::Result<std::unique_ptr<Source>> create(snapcore::sdk::Call& call,
                                                          const Config& config);

  snapcore::Result<> list(snapcore::sdk::Call& call,
                          const snapcore::sdk::source::ListArgs& args) const;
  snapcore::Result<snapcore::sdk::Artifact> stat(snapcore::sdk::Call& call,
                                                 const snapcore::sdk::source::StatArgs& args) const;
  snapcore::Result<> open(snapcore::sdk::Call& call,
                          const snapcore::sdk::source::OpenArgs& args) const;

  snapcore::Result<snapcore::sdk::Planned> plan_store(
      snapcore::sdk::Call& call, const snapcore::sdk::source::StoreArgs& args) const;
  snapcore::Result<snapcore::sdk::Artifact> store(
      snapcore::sdk::Call& call, const snapcore::sdk::source::StoreArgs& args) const;
  snapcore::Result<snapcore::sdk::Undone> undo_store(
      snapcore::sdk::Call& call,
      const snapcore::sdk::Compensation<snapcore::sdk::source::StoreArgs, snapcore::sdk::Artifact>&
          what) const;

  snapcore::Result<snapcore::sdk::Planned> plan_remove(
      snapcore::sdk::Call& call, const snapcore::sdk::source::RemoveArgs& args) const;
  snapcore::Result<> remove(snapcore::sdk::Call& call,
                            const snapcore::sdk::source::RemoveArgs& args) const;

 private:
  explicit Source(std::string path) : path_(std::move(path)) {}
  std::string resource(std::string_view ref) const;
  std::string path_;
};

}  // namespace local_files
