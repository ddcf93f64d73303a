#include "comparison.hpp"

#include <algorithm>
#include <format/diff.hpp>
#include <format/serial.hpp>
#include <memory>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "description.hpp"

namespace tfstate {
namespace {

namespace sdk = snapcore::sdk;
namespace files = snapcore::files;
using snapcore::fail;
using snapcore::shown;

constexpr std::size_t kMostForgotten = 20;

// A file of this machine that is not ours to close.
StateBytes bytes_in_file(const std::string& name, int fd) {
  return {.name = name,
          .read_at = [name, fd](std::uint64_t offset,
                                std::span<std::byte> into) -> Result<std::size_t> {
            files::UniqueFd borrowed(fd);
            auto got = files::read_some_at(borrowed, offset, into, name);
            (void)borrowed.release();
            return got;
          }};
}

std::string_view name_of(What what) {
  switch (what) {
    case What::kAdded: return "added";
    case What::kRemoved: return "removed";
    case What::kReplaced: return "replaced";
    case What::kMoved: return "moved";
    case What::kChanged: break;
  }
  return "changed";
}

DiffItem item_of(const Difference& difference) {
  DiffItem item{.change = std::string(name_of(difference.what)),
                .address = difference.address,
                .was = difference.was,
                .words = difference.words()};
  for (const AttributeChange& change : difference.attributes.shown)
    item.attributes.push_back({change.path, change.before, change.after, change.hidden});
  return item;
}

std::string line_of(const StateBytes& bytes, const State& state) {
  std::string text = shown(bytes.name) + ": " + summary_of(state);
  if (!state.lineage.empty()) text += ", lineage " + shown(state.lineage);
  return text;
}

std::string total(const DiffCounts& counts) {
  std::string text = std::to_string(counts.added) + " added, " + std::to_string(counts.removed) +
                     " removed, " + std::to_string(counts.changed) + " changed";
  if (counts.replaced > 0) text += ", " + std::to_string(counts.replaced) + " replaced";
  if (counts.moved > 0) text += ", " + std::to_string(counts.moved) + " moved";
  text += ", " + std::to_string(counts.unchanged) + " unchanged";
  if (counts.outputs > 0) {
    text += "; " + std::to_string(counts.outputs) +
            (counts.outputs == 1 ? " output differs" : " outputs differ");
  }
  return text;
}

Result<DiffResult> compare(sdk::Call& call, const StateBytes& a, const StateBytes& b) {
  const auto diff = compare_states(
      a, b, [&](const Difference& difference) { return call.emit(item_of(difference)); },
      [&] { return call.keep_going(); });
  if (!diff) return fail(diff.error());
  for (const auto& [state, bytes] : {std::pair(&diff->before, &a), std::pair(&diff->after, &b)}) {
    if (auto fits = is_countable(*state, shown(bytes->name)); !fits) return fail(fits.error());
  }
  const DiffCounts& counts = diff->counts;
  DiffResult result{.added = counts.added,
                    .removed = counts.removed,
                    .changed = counts.changed,
                    .replaced = counts.replaced,
                    .moved = counts.moved,
                    .unchanged = counts.unchanged,
                    .outputs = counts.outputs,
                    .a_serial = diff->before.serial,
                    .b_serial = diff->after.serial,
                    .same_lineage = diff->before.lineage == diff->after.lineage};
  result.words = {line_of(a, diff->before), line_of(b, diff->after)};
  if (!result.same_lineage)
    result.words.push_back("the lineages differ: these are states of different things");
  result.words.push_back(total(counts));
  return result;
}

}  // namespace

void fields(sdk::Fields& f, DiffArgs& args) {
  f("a", args.a, "a state");
  f("b", args.b, "another one; the live state when left out");
}
void fields(sdk::Fields& f, DiffAttribute& attribute) {
  f("path", attribute.path);
  f("before", attribute.before, "as JSON, shortened");
  f("after", attribute.after);
  f("sensitive", attribute.sensitive, "it differs, and is not shown").optional();
}
void fields(sdk::Fields& f, DiffItem& item) {
  f("change", item.change, "added, removed, changed, replaced, moved");
  f("address", item.address);
  f("was", item.was, "its address before it was moved");
  f("attributes", item.attributes).optional();
  f("words", item.words);
}
void fields(sdk::Fields& f, DiffResult& result) {
  f("added", result.added);
  f("removed", result.removed);
  f("changed", result.changed);
  f("replaced", result.replaced, "another object under the same address");
  f("moved", result.moved, "the same object under another address");
  f("unchanged", result.unchanged);
  f("outputs", result.outputs, "that differ");
  f("a_serial", result.a_serial);
  f("b_serial", result.b_serial);
  f("same_lineage", result.same_lineage);
  f("words", result.words);
}

// From the source's own file where it hands that over.
Result<StateBytes> bytes_of(sdk::Call& call, const sdk::Artifact& artifact) {
  const std::string name = artifact.name.empty() ? artifact.ref : artifact.name;
  auto opened = call.open_input(artifact);
  if (!opened) return fail(opened.error());
  auto port = std::make_shared<sdk::Port>(*opened);
  const auto borrowed = port->borrow_file();
  if (!borrowed) return fail(borrowed.error());
  if (*borrowed) return bytes_in_file(name, (*borrowed)->fd);
  return StateBytes{.name = name,
                    .read_at = [port](std::uint64_t offset, std::span<std::byte> into) {
                      return port->read_at(offset, into);
                    }};
}

Result<DiffResult> call_diff(sdk::Call& call, const DiffArgs& args) {
  if (!args.b) {
    return fail({.code = "arguments.missing",
                 .message = "b is missing: without an instance there is no live state",
                 .hint = "name a second state, or the instance: snapcore call INSTANCE.diff a=...",
                 .category = snapcore::Category::kPrecondition});
  }
  const auto a = bytes_of(call, args.a);
  if (!a) return fail(a.error());
  const auto b = bytes_of(call, *args.b);
  if (!b) return fail(b.error());
  return compare(call, *a, *b);
}

Result<DiffResult> diff_with_live(sdk::Call& call, const DiffArgs& args,
                                  const Result<StateBytes>& live) {
  if (args.b) return call_diff(call, args);
  const auto a = bytes_of(call, args.a);
  if (!a) return fail(a.error());
  if (!live) return fail(live.error());
  return compare(call, *a, *live);
}

Result<std::vector<std::string>> forgotten_by(sdk::Call& call, const StateBytes& chosen,
                                              const StateBytes& live) {
  std::vector<std::string> addresses;
  const auto diff = compare_states(
      live, chosen,
      [&](const Difference& difference) -> Result<> {
        if (difference.output || difference.what != What::kRemoved) return {};
        if (!difference.address.starts_with("data.") &&
            difference.address.find(".data.") == std::string::npos)
          addresses.push_back(difference.address);
        return {};
      },
      [&] { return call.keep_going(); });
  if (!diff) return fail(diff.error());
  return addresses;
}

std::vector<std::string> meaning_of(sdk::Call& call, const StateBytes& chosen,
                                    const StateBytes& live) {
  std::vector<std::string> forgotten;
  const auto diff = compare_states(
      live, chosen,
      [&](const Difference& difference) -> Result<> {
        if (!difference.output && difference.what == What::kRemoved)
          forgotten.push_back(shown(difference.address));
        return {};
      },
      [&] { return call.keep_going(); });
  if (!diff || diff->before.form == Form::kNothing) return {};
  std::vector<std::string> lines = {"from the live state (" + summary_of(diff->before) +
                                    ") to this one: " + total(diff->counts)};
  const std::size_t shown_ones = std::min(forgotten.size(), kMostForgotten);
  for (std::size_t i = 0; i < shown_ones; ++i)
    lines.push_back("forgets " + forgotten[i] +
                    ": what it stands for stays, and nothing manages it");
  if (forgotten.size() > shown_ones)
    lines.push_back("forgets " + std::to_string(forgotten.size() - shown_ones) + " more");
  return lines;
}

}  // namespace tfstate
