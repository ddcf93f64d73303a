#include "verbs.hpp"

#include <algorithm>

namespace tfstate {

bool StageArgs::is_waived(std::string_view guard) const {
  return std::find(waived.begin(), waived.end(), guard) != waived.end();
}

void fields(sdk::Fields& f, StageArgs& args) {
  fields(f, static_cast<roles::StageArgs&>(args));
  f("destroys", args.destroys, "what the next apply would destroy, as preview says: a guard")
      .optional();
  f("waived", args.waived, "guards that were waived").optional();
  f("replaces", args.replaces, "the live state that the plan was made for");
}

void fields(sdk::Fields& f, ActivateArgs& args) {
  fields(f, static_cast<roles::ActivateArgs<Staged>&>(args));
  f("from", args.from, "what was staged is made of it, where it is an object");
}

std::string name_of(const sdk::Artifact& artifact) {
  return artifact.name.empty() ? artifact.ref : artifact.name;
}

}  // namespace tfstate
