#include "source.hpp"

namespace web {

using snapcore::fail;
using snapcore::Result;

Result<std::unique_ptr<Source>> Source::create(sdk::Call&, const Config& config) {
  auto settings = settle(config);
  if (!settings) return fail(settings.error());
  return std::make_unique<Source>(std::move(*settings), snapcore::Surroundings::real());
}

Result<> Source::list(sdk::Call& call, const source::ListArgs& args) {
  Visit visit(web_, call);
  for (const Entry& entry : web_.settings().config.artifacts) {
    const std::string ref = entry.name ? *entry.name : entry.url.value_or("");
    if (args.prefix && !ref.starts_with(*args.prefix)) continue;
    if (auto going = call.keep_going(); !going) return going;
    auto place = place_of(visit, entry);
    if (!place) return fail(place.error());
    auto artifact = artifact_at(visit, *place);
    if (!artifact && artifact.error().code == "http.not_found") {
      call.log(sdk::Level::kWarning, artifact.error().message);
      continue;
    }
    // A server that does not answer may have the newest of all.
    if (!artifact) return fail(artifact.error());
    if (auto told = call.emit(*artifact); !told) return told;
  }
  return {};
}

Result<sdk::Artifact> Source::stat(sdk::Call& call, const source::StatArgs& args) {
  Visit visit(web_, call);
  auto place = place_of(visit, args.ref);
  if (!place) return fail(place.error());
  return artifact_at(visit, *place);
}

Result<> Source::open(sdk::Call& call, const source::OpenArgs& args) {
  Visit visit(web_, call);
  auto place = place_of(visit, args.ref);
  if (!place) return fail(place.error());
  sdk::Port content = call.port(source::kContent);
  return read(visit, place->url,
              {.version = args.version_id, .offset = args.offset, .length = args.length},
              [&](std::string_view piece) { return content.write(piece); });
}

Result<Seen> Source::status(sdk::Call& call, const StatusArgs& args) {
  Visit visit(web_, call);
  return probe(visit, args);
}

Result<Seen> Source::body(sdk::Call& call, const BodyArgs& args) {
  Visit visit(web_, call);
  return probe(visit, args);
}

Result<Seen> Source::json(sdk::Call& call, const JsonArgs& args) {
  Visit visit(web_, call);
  return probe(visit, args);
}

Result<Seen> Source::tls(sdk::Call& call, const TlsArgs& args) {
  Visit visit(web_, call);
  return probe(visit, args, web_.options(), surroundings_.now());
}

Result<Seen> Source::tcp(sdk::Call& call, const TcpArgs& args) {
  Visit visit(web_, call);
  return probe(visit, args, web_.options());
}

}  // namespace web
