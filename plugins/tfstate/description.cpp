#include "description.hpp"

#include <snapcore/utf8.hpp>

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::shown;
using snapcore::Value;
using snapcore::sdk::Guard;
using snapcore::sdk::target::Examination;

std::string counted(std::uint64_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& one : texts) text += (text.empty() ? "" : ", ") + shown(one);
  return text.empty() ? "none" : text;
}

void describe_state(const State& state, Examination& found) {
  const Counts& counts = state.counts;
  found.contents["resources"] = std::to_string(counts.resources);
  found.contents["data sources"] = std::to_string(counts.data);
  found.contents["objects"] = std::to_string(counts.instances);
  found.contents["outputs"] = std::to_string(counts.outputs);
  if (counts.deposed > 0) found.contents["deposed objects"] = std::to_string(counts.deposed);
  if (counts.tainted > 0) found.contents["tainted objects"] = std::to_string(counts.tainted);
  if (counts.checks > 0) found.contents["check results"] = std::to_string(counts.checks);
  if (counts.resources + counts.data + counts.outputs == 0)
    found.evidence.push_back("it holds nothing: the state of what was destroyed, or never made");
  for (const std::string& oddity : state.oddities) found.evidence.push_back(oddity);
}

void describe_old(const State& state, Examination& found) {
  found.concerns.push_back(
      {Guard::kVersion,
       "it is in version " + std::to_string(state.version) +
           " of the format, which the tools change into version 4 as they read it; "
           "what it holds was not checked"});
}

void describe_envelope(const State& state, Examination& found) {
  found.contents["encrypted by"] = listed(state.key_providers);
  found.unseen = "encrypted: nobody but the tool can look into it, or tell whether it is whole";
  found.evidence.push_back(
      "it is encrypted: it can only be put back as it is, with its old serial, and be read by who "
      "has the key it was encrypted with");
}

}  // namespace

Value identity_of(const State& state) {
  if (state.lineage.empty()) return {};
  return Value::object({{"lineage", shown(state.lineage)}});
}

std::string summary_of(const State& state) {
  if (state.form == Form::kNothing) return "no state";
  std::string text = "serial " + std::to_string(state.serial);
  if (state.form == Form::kEncrypted) return text + ", encrypted";
  if (state.form == Form::kOldState) return text + ", version " + std::to_string(state.version);
  text += ", " + counted(state.counts.resources, "resource");
  if (state.counts.data > 0) text += ", " + counted(state.counts.data, "data source");
  return text + ", " + counted(state.counts.instances + state.counts.deposed, "object");
}

Result<Examination> describe(const State& state, const std::string& name) {
  if (state.form == Form::kNothing) {
    return fail({.code = "tfstate.empty",
                 .message = shown(name) + " has no bytes: the tools take that for no state",
                 .category = Category::kCorrupt});
  }
  if (state.form == Form::kWorkingDirectory) {
    return fail({.code = "tfstate.not_a_state",
                 .message = shown(name) +
                            " is what a working directory remembers of its backend "
                            "(.terraform/terraform.tfstate), and no state; it may hold secrets",
                 .hint = "the state lies where that backend keeps it",
                 .category = Category::kCorrupt});
  }
  Examination found{.kind = std::string(kStateKind), .identity = identity_of(state)};
  if (!state.terraform_version.empty()) found.version = state.terraform_version;
  found.contents["serial"] = std::to_string(state.serial);
  if (state.form == Form::kState) describe_state(state, found);
  if (state.form == Form::kOldState) describe_old(state, found);
  if (state.form == Form::kEncrypted) describe_envelope(state, found);
  if (state.lineage.empty())
    found.evidence.push_back("it has no lineage: nobody can tell whose state it is");
  return found;
}

}  // namespace tfstate
