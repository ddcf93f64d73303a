#include "three_states.hpp"

#include <algorithm>
#include <format/diff.hpp>
#include <format/serial.hpp>
#include <snapcore/utf8.hpp>

#include "description.hpp"
#include "fallback_files.hpp"
#include "refusal.hpp"

namespace tfstate {

namespace fs = std::filesystem;
using snapcore::Category;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::shown;

namespace {

constexpr std::size_t kMostNamed = 20;

Result<State> state_in(const std::string& text, const std::string& name) {
  JsonReader reader{std::string_view(text)};
  return read_state(reader, name);
}

StateBytes bytes_of(std::string name, const std::string& text) {
  return {
      .name = std::move(name),
      .read_at = [&text](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
        if (offset >= text.size()) return 0;
        const std::size_t size =
            std::min<std::size_t>(into.size(), text.size() - static_cast<std::size_t>(offset));
        std::copy_n(reinterpret_cast<const std::byte*>(text.data()) + offset, size, into.begin());
        return size;
      }};
}

// Addresses of what is another in `after`; nothing where the two are the same.
Result<std::vector<std::string>> differences(const std::string& before, const std::string& after) {
  std::vector<std::string> list;
  const auto diff = compare_states(bytes_of("the one", before), bytes_of("the other", after),
                                   [&](const Difference& difference) -> Result<> {
                                     const std::string what = difference.output ? "output." : "";
                                     list.push_back(what + shown(difference.address));
                                     return {};
                                   });
  if (!diff) return fail(diff.error());
  return list;
}

std::string some_of(const std::vector<std::string>& list) {
  std::string text;
  for (std::size_t i = 0; i < std::min(list.size(), kMostNamed); ++i)
    text += (i == 0 ? "" : ", ") + list[i];
  if (list.size() > kMostNamed)
    text += " and " + std::to_string(list.size() - kMostNamed) + " more";
  return text;
}

}  // namespace

Result<Three> compare_three(const Elsewhere& store, const WorkPlace& place) {
  const FallbackFiles names(place.directory);
  Three three;
  auto record = active_fallback(place);
  if (!record) return fail(record.error());
  three.record = std::move(*record);
  auto base = state_text(names.base), here = state_text(names.state(place.workspace));
  if (!base) return fail(base.error());
  if (!here) return fail(here.error());
  if (auto used = use_the_store(store, place); !used) return fail(used.error());
  auto there = pull(store);
  if (!there) return fail(there.error());
  three.base = std::move(*base), three.here = std::move(*here), three.there = std::move(*there);

  auto here_state = state_in(three.here, "the local state");
  auto there_state = state_in(three.there, "the state in the store");
  if (!here_state) return fail(here_state.error());
  if (!there_state) return fail(there_state.error());
  three.here_state = std::move(*here_state), three.there_state = std::move(*there_state);
  if (three.there_state.form == Form::kNothing) {
    return fail(refused("tfstate.store_lost", "the store answers, and has no state",
                        "bring a version of it back there first, so that it keeps its lineage"));
  }
  auto changed_here = differences(three.base, three.here);
  if (!changed_here) return fail(changed_here.error());
  auto changed_there = differences(three.base, three.there);
  if (!changed_there) return fail(changed_there.error());
  const auto apart = differences(three.here, three.there);
  if (!apart) return fail(apart.error());
  three.changed_here = std::move(*changed_here), three.changed_there = std::move(*changed_there);
  three.moved_on = !three.changed_there.empty() ||
                   three.there_state.serial != three.record.serial ||
                   three.there_state.lineage != three.record.lineage;
  three.pushed = apart->empty() && three.there_state.lineage == three.here_state.lineage;
  return three;
}

std::vector<std::string> words_of(const Three& three) {
  std::vector<std::string> words = {
      "it began with serial " + std::to_string(three.record.serial) + ", from " +
          shown(three.record.from) + ", at " + shown(three.record.since),
      "here: " + summary_of(three.here_state) +
          (three.changed_here.empty() ? ", as it began"
                                      : "; changed since: " + some_of(three.changed_here)),
      "in the store: " + summary_of(three.there_state)};
  if (!three.moved_on) words.back() += ", as it began";
  if (three.moved_on && three.changed_there.empty())
    words.back() += "; written since, with the same content";
  if (!three.changed_there.empty())
    words.back() += "; differs from where it began: " + some_of(three.changed_there);
  return words;
}

Result<> may_return(const Three& three) {
  if (!three.moved_on || three.pushed || three.changed_here.empty()) return {};
  // Written again with the same content: nothing of it would be lost.
  if (three.changed_there.empty() && three.there_state.lineage == three.record.lineage) return {};
  std::string message = "both states went on, and one of them would be lost";
  for (const std::string& words : words_of(three)) message += "; " + words;
  return fail({.code = "tfstate.both_changed",
               .message = std::move(message),
               .hint = "nothing was touched; bring what was changed here into the store by hand "
                       "(import, state mv), or the other way round",
               .category = Category::kConflict});
}

// With the serial right above the one that the store had: when somebody writes there before the
// tool has its lock, the tool refuses this one.
Result<std::uint64_t> push(const Elsewhere& store, const Three& three) {
  const auto serial = next_serial(three.there_state.serial, 0);
  if (!serial) return fail(serial.error());
  const auto edit = serial_edit(three.here_state, *serial);
  std::string text = three.here;
  text.replace(static_cast<std::size_t>(edit.offset), static_cast<std::size_t>(edit.removed),
               edit.text);
  const fs::path file = store.scratch.path() / "push.tfstate";
  if (auto written = put(file, text); !written) return fail(written.error());
  const auto finished =
      store.tool.run({"state", "push", "-no-color", "-lock-timeout=30s", file.string()});
  if (!finished) return fail(finished.error());
  if (!finished->succeeded()) {
    snapcore::Error error = store.tool.failed("state push", *finished);
    error.outcome = Outcome::kMayHaveHappened;
    return fail(std::move(error));
  }
  const auto now = pull(store);
  const auto apart =
      now ? differences(three.here, *now) : Result<std::vector<std::string>>(fail(now.error()));
  if (apart && apart->empty()) {
    const auto state = state_in(*now, "the state in the store");
    if (state) return state->serial;
    return fail(state.error());
  }
  snapcore::Error error = {.code = "tfstate.not_as_pushed",
                           .message = "the store does not hold what was pushed",
                           .category = Category::kConflict,
                           .outcome = Outcome::kMayHaveHappened};
  return fail(apart ? std::move(error) : snapcore::caused_by(std::move(error), apart.error()));
}

Result<bool> lost_with(const FallbackFiles& names, const WorkPlace& place) {
  // After a return that was taken back the copy is another one than that of the last comparison.
  const auto first = text_if_there(names.first_base);
  const auto base = first && *first ? Result<std::string>(**first) : state_text(names.base);
  const auto here = text_if_there(names.state(place.workspace));
  if (!first) return fail(first.error());
  if (!base) return fail(base.error());
  if (!here) return fail(here.error());
  if (!*here || **here == *base) return false;
  const auto apart = differences(*base, **here);
  return !apart || !apart->empty();
}

}  // namespace tfstate
