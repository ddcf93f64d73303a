#include "base/text.hpp"
#include "catalog/artifact.hpp"
#include "cli/audiences.hpp"
#include "cli/command.hpp"
#include "cli/open_site.hpp"
#include "engine/source_reads.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {
    Option{"prefix", "P", "only artifacts whose names begin with this"}};

std::string column(const std::string& text, std::size_t width, bool right = false) {
  const std::size_t fill = text.size() < width ? width - text.size() : 0;
  return right ? std::string(fill, ' ') + text : text + std::string(fill, ' ');
}

std::string row(const Value& value) {
  const auto artifact = Artifact::from(value);
  if (!artifact) return "?  " + value.at("ref").text() + "  " + artifact.error().message;
  const auto time = artifact->chosen_time();
  std::string text = column(time ? to_rfc3339(*time) : "-", 22) +
                     column(describe_bytes(artifact->size), 10, true) + "  " +
                     column(artifact->kind.empty() ? "-" : artifact->kind, 18) + " " +
                     artifact->ref;
  if (!artifact->name.empty() && artifact->name != artifact->ref) text += "  " + artifact->name;
  if (artifact->problem) text += "  BROKEN: " + artifact->problem->message;
  return text;
}

Result<ExitCode> list(Invocation& invocation) {
  auto site = open_site(invocation.globals);
  if (!site) return fail(site.error());
  Output& output = invocation.output;
  const std::string& source = invocation.words().front();
  LogAudience audience(output);
  SourceReads reads{(*site)->instances, &invocation.cancelled, &audience};
  auto artifacts = reads.list(source, invocation.options.get("prefix").value_or(""));
  if (!artifacts) return fail(artifacts.error());
  if (!output.json() && !artifacts->empty()) {
    output.print(painted(output.out_style(), Tone::kBold,
                         column("TIME", 22) + column("SIZE", 10, true) + "  " + column("KIND", 18) +
                             " REF") +
                 "\n");
  }
  std::uint64_t bytes = 0;
  for (Value& found : *artifacts) {
    auto artifact = reads.with_kind(std::move(found));
    if (!artifact) return fail(artifact.error());
    bytes += artifact->at("size").uint_or(0);
    if (output.json()) {
      output.event("artifact", Value::object({{"artifact", *artifact}}));
    } else {
      output.print(shown(output.out_style(), row(*artifact)) + "\n");
    }
  }
  output.add_to_result("artifacts", artifacts->size());
  if (!output.json()) {
    output.say(describe_count(artifacts->size(), "artifact") + " in " +
               shown(output.err_style(), source) + ", " + describe_bytes(bytes) + "\n");
  }
  return ExitCode::kDone;
}

}  // namespace

const Command kListCommand = {.name = "list",
                              .words = "SOURCE",
                              .summary = "list what can be restored from a source",
                              .group = CommandGroup::kLook,
                              .min_words = 1,
                              .max_words = 1,
                              .options = kOptions,
                              .run = list};

}  // namespace snapcore
