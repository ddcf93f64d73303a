#include "replacement.hpp"

#include <snapcore/utf8.hpp>

#include "refusal.hpp"

namespace tfstate {
namespace {

using snapcore::fail;
using snapcore::shown;

bool is_sealed(const State& state) { return state.form == Form::kEncrypted; }

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

Result<NewSerial> new_serial(const State& chosen, std::uint64_t live) {
  const std::string was = std::to_string(chosen.serial);
  if (is_sealed(chosen)) {
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
