#include "base/text.hpp"
#include "catalog/age.hpp"
#include "catalog/artifact.hpp"
#include "cli/command.hpp"
#include "cli/open_site.hpp"
#include "cli/text/words.hpp"
#include "engine/source_reads.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kLabel = 12;

std::string artifact_text(const Artifact& artifact, Time now, const Style& style) {
  Page page(style);
  page.verbatim(0, artifact.source + ":" + artifact.ref, Tone::kBold);
  page.field(
      2, "kind", kLabel,
      artifact.kind.empty() ? "not known: no manifest, and no target knows it" : artifact.kind);
  page.field(2, "size", kLabel,
             describe_bytes(artifact.size) + " (" + describe_number(artifact.size) + " bytes)");
  if (const auto time = artifact.chosen_time()) {
    page.field(2, artifact.created ? "created" : "modified", kLabel,
               to_rfc3339(*time) + ", " + age_in_words(now - *time));
  }
  page.field(2, "SHA-256", kLabel,
             artifact.sha256.empty() ? "not recorded; a plan computes it" : artifact.sha256);
  if (!artifact.version_id.empty()) page.field(2, "version", kLabel, artifact.version_id);
  if (!artifact.etag.empty()) page.field(2, "ETag", kLabel, artifact.etag);
  if (!artifact.manifest.members().empty()) page.line(2, "manifest", Tone::kDim);
  for (const auto& [name, value] : artifact.manifest.members()) {
    page.field(4, name, kLabel, plain_text(value));
  }
  if (artifact.problem) {
    page.heading("What is wrong with it", Tone::kBad);
    error_lines(page, 2, *artifact.problem);
  }
  return page.text();
}

Result<ExitCode> show(Invocation& invocation) {
  auto site = open_site(invocation.globals);
  if (!site) return fail(site.error());
  SourceReads reads{(*site)->instances, &invocation.cancelled};
  auto artifact = reads.stat(invocation.words()[0], invocation.words()[1]);
  if (artifact) artifact = reads.with_kind(std::move(*artifact));
  if (!artifact) return fail(artifact.error());
  invocation.output.add_to_result("artifact", *artifact);
  if (!invocation.output.json()) {
    const auto known = Artifact::from(*artifact);
    if (!known) return fail(known.error());
    invocation.output.print(
        artifact_text(*known, invocation.clock.now(), invocation.output.out_style()));
  }
  return ExitCode::kDone;
}

}  // namespace

const Command kShowCommand = {.name = "show",
                              .words = "SOURCE REF",
                              .summary = "show what is known of one artifact",
                              .group = CommandGroup::kLook,
                              .min_words = 2,
                              .max_words = 2,
                              .run = show};

}  // namespace snapcore
