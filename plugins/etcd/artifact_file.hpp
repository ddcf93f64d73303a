// The bytes of an artifact, to be read anywhere in them.
#pragma once

#include <sys/stat.h>

#include <format/file_bytes.hpp>
#include <memory>
#include <optional>
#include <snapcore/sdk/call.hpp>
#include <string>

#include "port_bytes.hpp"

namespace etcd {

// Where the source hands over its file, that is read where it lies; else all bytes are taken into
// memory.
class ArtifactFile {
 public:
  static Result<ArtifactFile> open(snapcore::sdk::Call& call,
                                   const snapcore::sdk::Artifact& artifact);

  const std::string& name() const { return name_; }
  const FileBytes& bytes() const { return bytes_; }

  // After the last byte was read: "etcd.snapshot_changed" when somebody has written to the file
  // since it was opened, so that what was read may never have been one snapshot.
  Result<> finish() const;

 private:
  ArtifactFile(std::string name, FileBytes bytes) : name_(std::move(name)), bytes_(bytes) {}

  std::string name_;
  FileBytes bytes_;
  std::shared_ptr<PortBytes> memory_;
  int fd_ = -1;  // borrowed until the call returns
  struct stat opened_ = {};
};

}  // namespace etcd
