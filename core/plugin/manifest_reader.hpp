// Reads members of a manifest strictly and remembers the first thing that is wrong, with its path.
#pragma once

#include <initializer_list>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapcore {

bool is_version(std::string_view text);         // "1.0.0", "1.2.0-rc1"
bool is_interface_name(std::string_view text);  // "vendor.name/1"

// `path` is where the owner of a member stands and ends in a dot, or is empty.
class ManifestReader {
 public:
  const std::string& problem() const { return problem_; }
  void wrong(const std::string& path, const std::string& problem);

  // `owner` is an object and has no other members than these.
  void closed(const Value& owner, const std::string& path,
              std::initializer_list<std::string_view> members);

  std::string text(const Value& owner, std::string_view member,
                   const std::string& path);  // not empty
  std::string text_or(const Value& owner, std::string_view member, const std::string& path);
  std::string name(const Value& owner, std::string_view member,
                   const std::string& path);  // [a-z][a-z0-9_-]*
  bool flag(const Value& owner, std::string_view member, const std::string& path, bool otherwise);
  std::vector<std::string> texts(const Value& owner, std::string_view member,
                                 const std::string& path);
  // The objects of a list, each with its path.
  std::vector<std::pair<const Value*, std::string>> objects(const Value& owner,
                                                            std::string_view member,
                                                            const std::string& path);

 private:
  const Value::Array& list(const Value& owner, std::string_view member, const std::string& path);

  std::string problem_;
};

}  // namespace snapcore
