// A private directory to write sites and secrets into, with the rights they must have.
#pragma once

#include <fstream>
#include <string>

#include "fakes/scratch.hpp"
#include "site/site.hpp"

namespace snapcore::test {

class SiteFiles {
 public:
  const std::filesystem::path& root() const { return scratch_.path(); }

  std::filesystem::path write(const std::string& name, const std::string& text,
                              mode_t mode = 0600) const {
    const auto path = root() / name;
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  Result<Site> load(const std::string& text) const { return load_site(write("site.lua", text)); }

  // The message without the directory; "" when the site is fine.
  std::string problem(const std::string& text) const {
    const auto site = load(text);
    return site ? "" : site.error().message;
  }

 private:
  fakes::Scratch scratch_;
};

}  // namespace snapcore::test
