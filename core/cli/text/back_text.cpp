#include "cli/text/back_text.hpp"

#include <algorithm>

#include "cli/text/words.hpp"

namespace snapcore {
namespace {

using Steps = std::vector<BackStep>;

// Behind the sign of a comment, so that all of it can be pasted.
std::string title(const BackStep& step) {
  if (!step.no_way_back.empty())
    return "# " + step.name + ": cannot be taken back: " + step.no_way_back;
  if (!step.shell.empty()) return "# " + step.name;
  if (step.words.empty()) return "# " + step.name + ": no command; its plugin alone knows how";
  return "# " + step.name + ": no command; " + joined(step.words, "; ");
}

std::string names(Steps::const_iterator begin, Steps::const_iterator end) {
  std::vector<std::string> list;
  for (; begin != end; ++begin) {
    if (!begin->added) list.push_back(begin->name);
  }
  return joined(list);
}

Steps::const_iterator end_of(const Steps& steps) {
  return std::find_if(steps.begin(), steps.end(),
                      [](const BackStep& step) { return !step.no_way_back.empty(); });
}

}  // namespace

void by_hand(Page& page, const Steps& steps, bool loud) {
  if (steps.empty()) return;
  page.heading(
      loud ? "To put the old back by hand, do this in this order" : "To put the old back by hand",
      loud ? Tone::kLoud : Tone::kBold);
  for (const BackStep& step : steps) {
    page.verbatim(2, title(step), step.shell.empty() ? Tone::kPlain : Tone::kDim);
    for (const std::string& command : step.shell) page.verbatim(2, command);
  }
}

std::string words_of_resume(bool half_back) {
  return half_back ? "forward again: what was taken back is made again" : "go on";
}

std::string words_of_rollback(bool half_back) {
  return half_back ? "go on with the way back" : "take it back";
}

bool any_way_back(const Steps& steps) { return end_of(steps) != steps.begin() || steps.empty(); }

void offer_rollback(Page& page, std::size_t indent, const Steps& steps, const std::string& command,
                    const std::string& words) {
  const auto end = end_of(steps);
  if (end == steps.end()) return page.verbatim(indent, command + "   # " + words);
  if (end != steps.begin())
    page.verbatim(indent,
                  command + "   # take back " + names(steps.begin(), end) + ", and no more");
  page.line(indent,
            end->name + " cannot be taken back (" + end->no_way_back + "), and there a rollback " +
                "ends" +
                (std::next(end) == steps.end()
                     ? "."
                     : ": " + names(std::next(end), steps.end()) + " stays as it is."),
            Tone::kLoud);
}

}  // namespace snapcore
