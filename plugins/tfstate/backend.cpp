#include "backend.hpp"

#include <pwd.h>
#include <unistd.h>

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;

std::string who_we_are() {
  char host[256] = "", space[4096];
  (void)::gethostname(host, sizeof host - 1);
  struct passwd entry = {};
  struct passwd* found = nullptr;
  const bool known = ::getpwuid_r(::geteuid(), &entry, space, sizeof space, &found) == 0 && found;
  return (known ? std::string(entry.pw_name) : std::to_string(::geteuid())) + "@" + host;
}

}  // namespace

Result<std::string> suffix_of(const sdk::Call& call, std::string_view what) {
  const sdk::Facts& facts = call.facts();
  if (facts.started && facts.key.size() >= 32) {
    return "." + std::string(what) + "-" + facts.started->stamp() + "-" + facts.key.substr(0, 8);
  }
  return fail({.code = "tfstate.no_run",
               .message = "the host told neither when the run started nor the call's key",
               .category = Category::kInternal});
}

LockInfo lock_of(const sdk::Call& call, std::string operation, std::string path) {
  const sdk::Facts& facts = call.facts();
  return {.id = uuid_from(facts.key),
          .operation = std::move(operation),
          .info = "run " + facts.run,
          .who = who_we_are(),
          .version = "snapcore " + std::string(kVersion),
          .created = facts.started ? facts.started->text() : "",
          .path = std::move(path)};
}

}  // namespace tfstate
