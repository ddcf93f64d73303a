#include "runbook/check.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "lua/globals.hpp"
#include "runbook/check_gate.hpp"
#include "runbook/nearest.hpp"

namespace snapcore {
namespace {

// Wrong whatever the live systems say.
constexpr std::array<std::string_view, 11> kAlwaysWrong = {"runbook.syntax",
                                                           "runbook.bad_declaration",
                                                           "runbook.bad_parameter",
                                                           "runbook.no_module",
                                                           "runbook.unknown_parameter",
                                                           "runbook.bad_argument",
                                                           "runbook.nested_step",
                                                           "runbook.unreadable",
                                                           "runbook.bad_condition",
                                                           "runbook.unknown_operation",
                                                           "runbook.unknown_field"};

bool is_always_wrong(const Error& error) {
  return std::find(kAlwaysWrong.begin(), kAlwaysWrong.end(), error.code) != kAlwaysWrong.end();
}

// "dr.lua:12: what is wrong" as its line and its message.
Checking::Finding with_its_line(Error error, const std::string& file) {
  const std::string& message = error.message;
  Line line{file, 1};
  const auto colon = message.find(':');
  if (colon == std::string::npos) return {line, std::move(error)};
  auto end = colon + 1;
  int number = 0;
  while (end < message.size() && end < colon + 9 &&
         std::isdigit(static_cast<unsigned char>(message[end])) != 0)
    number = number * 10 + (message[end++] - '0');
  const bool has_line = end > colon + 1 && message.compare(end, 2, ": ") == 0;
  // "dr.lua: ..." stands for the whole of it.
  if (!has_line && message.compare(0, colon, file) != 0) return {line, std::move(error)};
  if (has_line) line = {message.substr(0, colon), number};
  error.message.erase(0, has_line ? end + 2 : std::min(colon + 2, message.size()));
  return {line, std::move(error)};
}

class Check {
 public:
  Check(const Runbook& runbook, Instances* instances,
        const std::map<std::string, std::string>& set_params)
      : runbook_(runbook), instances_(instances), set_params_(set_params) {}

  std::vector<Checking::Finding> run() {
    read_texts();
    if (!main_is_broken_) {
      for (const bool says : {true, false}) walk_through(says);
    }
    arrange();
    return std::move(findings_);
  }

 private:
  const std::string& main_name() const { return runbook_.sources().front().name; }

  // The name that lines give a text: of a module its file.
  std::string shown_name(std::size_t index) const {
    const std::string& name = runbook_.sources()[index].name;
    return index == 0 ? name : name + ".lua";
  }

  void add(const Line& line, Error error) { findings_.push_back({line, std::move(error)}); }

  // Each text that is required by a literal name is read in its turn.
  void read_texts() {
    CheckGate gate(instances_, true);
    const auto globals = Runbook::words(gate);
    for (std::size_t i = 0; i < runbook_.sources().size(); ++i) {
      const std::string file = shown_name(i);
      const auto uses = global_uses(file, runbook_.sources()[i].text);
      if (uses) {
        for (const GlobalUse& use : *uses) look_at(use, {file, use.line}, globals, gate);
        continue;
      }
      Error error = uses.error();
      if (error.code == "lua.syntax") error.code = "runbook.syntax";
      findings_.push_back(with_its_line(std::move(error), file));
      main_is_broken_ = main_is_broken_ || i == 0;
    }
    take(gate);
  }

  void look_at(const GlobalUse& use, const Line& line, const std::vector<std::string>& globals,
               CheckGate& gate) {
    if (use.written) return add(line, set_global(use.name));
    if (std::find(globals.begin(), globals.end(), use.name) == globals.end())
      return add(line, no_global(use.name, globals));
    if (!use.text) return;
    if (use.name == "require") {
      if (auto found = runbook_.read_module(*use.text); !found) add(line, found.error());
    }
    if (use.name == "source") (void)gate.open(*use.text, Role::kSource, line);
    if (use.name == "target") (void)gate.open(*use.text, Role::kTarget, line);
    if (use.name == "instance") (void)gate.open(*use.text, std::nullopt, line);
  }

  // In the words of the sandbox, so that both looks at one line say the same.
  static Error no_global(const std::string& name, const std::vector<std::string>& globals) {
    const std::string meant = nearest(name, globals);
    return {.code = "runbook.unknown_global",
            .message = "there is no global '" + name + "' here",
            .hint = meant.empty() ? "" : "did you mean " + meant + "?"};
  }
  static Error set_global(const std::string& name) {
    return {.code = "runbook.set_global",
            .message = "'" + name + "' cannot be set: globals are fixed; write 'local " + name +
                       " = ...'"};
  }

  void walk_through(bool says) {
    CheckGate gate(instances_, says);
    const auto ended = runbook_.run(gate, set_params_);
    const bool guessed = gate.checking()->guessed;
    take(gate);
    if (!ended && ended.error().code == kCheckedFarEnough) return;
    if (!ended && (!guessed || is_always_wrong(ended.error())))
      findings_.push_back(with_its_line(ended.error(), main_name()));
  }

  void take(CheckGate& gate) {
    for (Checking::Finding& finding : gate.checking()->findings) {
      if (finding.line.file.empty()) finding.line = {main_name(), 1};
      findings_.push_back(std::move(finding));
    }
  }

  std::size_t order_of(const std::string& file) const {
    for (std::size_t i = 0; i < runbook_.sources().size(); ++i) {
      if (shown_name(i) == file) return i;
    }
    return runbook_.sources().size();
  }

  // Both looks may have found the same; the first has the better hint.
  void arrange() {
    std::stable_sort(findings_.begin(), findings_.end(), [&](const auto& a, const auto& b) {
      const auto one = order_of(a.line.file), other = order_of(b.line.file);
      return one != other ? one < other : a.line.number < b.line.number;
    });
    std::vector<Checking::Finding> once;
    for (Checking::Finding& finding : findings_) {
      const bool known = std::any_of(once.begin(), once.end(), [&](const auto& other) {
        return other.line.file == finding.line.file && other.line.number == finding.line.number &&
               other.error.message == finding.error.message;
      });
      if (!known) once.push_back(std::move(finding));
    }
    findings_ = std::move(once);
  }

  const Runbook& runbook_;
  Instances* instances_;
  const std::map<std::string, std::string>& set_params_;
  std::vector<Checking::Finding> findings_;
  bool main_is_broken_ = false;
};

}  // namespace

std::vector<Checking::Finding> check_runbook(const Runbook& runbook, Instances* instances,
                                             const std::map<std::string, std::string>& set_params) {
  return Check(runbook, instances, set_params).run();
}

}  // namespace snapcore
