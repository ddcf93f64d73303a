#include "replacement.hpp"

#include <snapcore/support/digest.hpp>
#include <snapcore/utf8.hpp>

#include "refusal.hpp"

namespace tfstate {
namespace {

using snapcore::fail;
using snapcore::shown;

bool is_sealed(const State& state) { return state.form == Form::kEncrypted; }

const std::string& no_bytes() {
  static const std::string digest = snapcore::sha256_hex("");
  return digest;
}

}  // namespace

Result<> may_replace(const Replacement& wanted) {
  const State& chosen = wanted.chosen;
  const State& live = wanted.live;
  if (live.form == Form::kNothing) return {};
  const std::string name = shown(wanted.name), here = shown(wanted.here);
  if (is_sealed(chosen) != is_sealed(live)) {
    return fail(
        refused("tfstate.encryption_differs",
                name + (is_sealed(chosen) ? " is encrypted, and " : " is not encrypted, and ") +
                    here + (is_sealed(live) ? " is" : " is not"),
                "the tool would not read it with the settings it has now"));
  }
  const bool known = !chosen.lineage.empty() && !live.lineage.empty();
  if (known && chosen.lineage != live.lineage && !wanted.other_lineage) {
    return fail(refused("tfstate.other_lineage",
                        name + " has the lineage " + shown(chosen.lineage) + ", and " + here +
                            " has " + shown(live.lineage) + ": they are states of different things",
                        "waive 'identity' if it shall take its place all the same"));
  }
  return {};
}

Replaced replaced_by(const LiveState& live) {
  const State& state = live.deleted ? *live.deleted : live.state;
  return {.sha256 = live.sha256,
          .serial = state.serial,
          .lineage = shown(state.lineage),
          .version_id = live.version_id};
}

Replaced replaced_by(const Base& base, const std::string& lineage) {
  return {.sha256 = base.sha256,
          .serial = base.serial,
          .lineage = shown(lineage),
          .version_id = base.version_id};
}

std::string words_of(const Replaced& replaced) {
  if (replaced.sha256 == no_bytes()) return "none";
  std::string text = "serial " + std::to_string(replaced.serial);
  if (!replaced.lineage.empty()) text += ", lineage " + replaced.lineage;
  if (replaced.version_id) text += ", version " + shown(*replaced.version_id);
  return text;
}

Result<> is_as_planned(const std::optional<Replaced>& planned, const LiveState& live,
                       const std::string& here) {
  if (!planned || planned->sha256 == live.sha256) return {};
  return fail(written_since(here, *planned, replaced_by(live)));
}

snapcore::Error written_since(const std::string& here, const Replaced& planned,
                              const Replaced& now) {
  return {.code = "tfstate.changed_since",
          .message = here + " was written by somebody else meanwhile: the plan was made for " +
                     words_of(planned) + ", and now it is " + words_of(now),
          .hint =
              "nothing was touched; what was written since would be lost, and nobody has "
              "approved that: plan the restore again, and read what it would forget now",
          .category = snapcore::Category::kConflict};
}

Result<NewSerial> new_serial(const State& chosen, std::uint64_t live) {
  const std::string was = std::to_string(chosen.serial);
  if (is_sealed(chosen)) {
    if (auto fits = is_countable(chosen, "the copy"); !fits) return fail(fits.error());
    return NewSerial{.serial = chosen.serial,
                     .words = "encrypted, so it stays as it is, with serial " + was};
  }
  const auto serial = next_serial(live, chosen.serial);
  if (!serial) return fail(serial.error());
  return NewSerial{.serial = *serial,
                   .edit = serial_edit(chosen, *serial),
                   .words = "serial " + std::to_string(*serial) + " instead of " + was +
                            ", every other byte as it was"};
}

}  // namespace tfstate
