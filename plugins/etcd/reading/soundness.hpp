// What a reading finds out about the file's wholeness on its way. The whole of it is for examine(),
// format/snapshot.hpp.
#pragma once

#include <atomic>
#include <format/file_bytes.hpp>
#include <format/key_space.hpp>
#include <future>
#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <string>
#include <vector>

namespace etcd {

struct Soundness {
  bool verified = false;  // its SHA-256 was computed, and is the one at its end
  std::optional<std::vector<std::string>> problems = {};  // sentences; set when there are any

  void add(std::string problem);
  // Of an answer that rests on both files.
  void add(const Soundness& other);
  // What else was seen of the same file.
  void add_problems(const Soundness& other);
};
void add_fields(snapcore::sdk::Fields& f, Soundness& soundness);

// What costs nothing: length, meta pages, the buckets every etcd has.
Soundness look_over(const FileBytes& file, const KeySpace& space);

// Compares the SHA-256 on a thread of its own, for readings that go through all of the file anyway.
// A file without one has nothing to compare.
class DigestBeside {
 public:
  DigestBeside(const FileBytes& file, const std::string& name);
  ~DigestBeside() { stopped_ = true; }

  // Once, when the reading is done; what came of it goes into `soundness`, and its problem is the
  // answer.
  std::optional<std::string> finish(Soundness& soundness);

 private:
  snapcore::Result<> compare() const;

  const FileBytes& file_;
  const std::string& name_;
  std::atomic<bool> stopped_ = false;
  std::future<snapcore::Result<>> compared_;  // waited for last
};

}  // namespace etcd
