#include "reading/soundness.hpp"

#include <format/pieces.hpp>
#include <format/snapshot.hpp>

#include "trailer.hpp"

namespace etcd {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

}  // namespace

void Soundness::add(std::string problem) {
  if (!problems) problems.emplace();
  problems->push_back(std::move(problem));
}

void Soundness::add(const Soundness& other) {
  verified = verified && other.verified;
  add_problems(other);
}

void Soundness::add_problems(const Soundness& other) {
  if (!other.problems) return;
  for (const std::string& problem : *other.problems) add(problem);
}

void add_fields(snapcore::sdk::Fields& f, Soundness& soundness) {
  f("verified", soundness.verified, "the SHA-256 of the file was computed, and is that at its end");
  f("problems", soundness.problems, "what is wrong with the file, as far as this reading saw");
}

Soundness look_over(const FileBytes& file, const KeySpace& space) {
  Soundness sound;
  const std::string is_damaged = space.name() + " is damaged: ";
  for (const std::string& problem : problems_at_ends(file, space.database()))
    sound.add(is_damaged + problem);
  for (const char* wanted : {"meta", "members"}) {
    const auto bucket = space.database().find_bucket(wanted);
    if (!bucket) {
      sound.add(is_damaged + bucket.error().message);
    } else if (!*bucket) {
      sound.add(is_damaged + "it has no bucket '" + wanted + "'");
    }
  }
  return sound;
}

DigestBeside::DigestBeside(const FileBytes& file, const std::string& name)
    : file_(file), name_(name) {
  if (has_trailer(file.size())) {
    compared_ = std::async(file.size() > kPiece ? std::launch::async : std::launch::deferred,
                           [this] { return compare(); });
  }
}

std::optional<std::string> DigestBeside::finish(Soundness& soundness) {
  if (!compared_.valid()) return std::nullopt;
  const auto compared = compared_.get();
  soundness.verified = compared.has_value();
  if (compared) return std::nullopt;
  soundness.add(compared.error().message);
  return compared.error().message;
}

snapcore::Result<> DigestBeside::compare() const {
  TrailerCheck check;
  const auto problem =
      in_pieces(file_, 0, file_.size(), stopped_, [&](Bytes piece) { check.update(piece); });
  if (!problem.empty()) {
    return snapcore::fail({.code = "etcd.snapshot_damaged",
                           .message = name_ + " is damaged: " + std::string(problem)});
  }
  if (stopped_) return {};
  return check.finish(name_, true);
}

}  // namespace etcd
