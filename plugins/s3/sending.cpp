#include "sending.hpp"

#include <algorithm>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/process.hpp>
#include <span>
#include <utility>

#include "removing.hpp"

namespace s3 {

using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::Result;
namespace sdk = snapcore::sdk;

namespace {

// Of the parts that are under way and the one that is read; two of any size are.
constexpr std::uint64_t kMemory = std::uint64_t{64} << 20;

std::vector<std::string> by_hand(const Settings& settings, std::vector<std::string> arguments) {
  std::vector<std::string> line = {"aws", "s3api"};
  line.insert(line.end(), std::make_move_iterator(arguments.begin()),
              std::make_move_iterator(arguments.end()));
  line.insert(line.end(), {"--bucket", settings.bucket});
  if (settings.endpoint) line.insert(line.end(), {"--endpoint-url", *settings.endpoint});
  return line;
}

sdk::Undo undo_of(Session& session, const Traces& traces) {
  sdk::Undo undo{.data = sdk::to_value(traces),
                 .words = {"remove " + session.store().shown(traces.key) + " as it was written"}};
  const auto add = [&](std::vector<std::string> arguments) {
    undo.shell.push_back(
        snapcore::process::shell_line(by_hand(session.settings(), std::move(arguments))));
  };
  if (!traces.upload.empty()) {
    add({"abort-multipart-upload", "--key", traces.key, "--upload-id", traces.upload});
  }
  // Whether it is there, and is this one, stands in its metadata: snapcore-call.
  add({"head-object", "--key", traces.key});
  return undo;
}

Result<> remember(Session& session, const Traces& traces) {
  if (auto kept = session.call().record_undo(undo_of(session, traces)); !kept) return kept;
  return session.call().checkpoint(sdk::to_value(traces));
}

class Sending {
 public:
  Sending(Session& session, const Content& content, const NewObject& object, Traces traces,
          const BeforeVisible& before_visible)
      : session_(session),
        content_(content.port),
        hashed_by_host_(content.hashed_by_host),
        object_(object),
        traces_(std::move(traces)),
        before_visible_(before_visible) {
    traces_.part_size = session.settings().part_size;
  }

  Result<Found> run() {
    std::optional<Traces> earlier;
    if (session_.call().facts().attempt > 1) {
      auto done = find_marked(session_, object_.key, object_.mark);
      if (!done) return fail(done.error());
      if (*done) return std::move(**done);
      if (auto traces = sdk::from_value<Traces>(session_.call().facts().checkpoint)) {
        if (traces->key == traces_.key) earlier = std::move(*traces);
      }
    }
    if (earlier && !earlier->upload.empty()) {
      if (auto taken = take_up(*earlier); !taken) return fail(taken.error());
    }
    if (auto kept = remember(session_, traces_); !kept) return fail(kept.error());
    auto sent = send();
    if (sent) return sent;
    return fail(cleaned_up(sent.error()));
  }

 private:
  // What the process that ended had sent is not sent again.
  Result<> take_up(const Traces& earlier) {
    if (earlier.part_size != traces_.part_size) {
      return Upload::abort(session_, object_.key, earlier.upload);
    }
    auto upload = Upload::go_on(session_, object_, earlier.upload);
    if (upload) {
      upload_ = std::move(*upload);
      traces_.upload = earlier.upload;
      return {};
    }
    if (upload.error().code == "s3.no_upload") return {};
    return fail(upload.error());
  }

  Result<std::string> next_part() {
    std::string bytes;
    if (!spare_.empty()) {
      // Fresh memory of this size costs more than reading into it.
      bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    bytes.resize(static_cast<std::size_t>(traces_.part_size));
    auto got = content_.read_full(std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
    if (!got) return fail(got.error());
    bytes.resize(*got);
    size_ += bytes.size();
    if (!hashed_by_host_) hash_.update(bytes);
    return bytes;
  }

  Result<> all_is_sent() {
    if (!before_visible_) return {};
    auto sha256 = digest_of_all();
    if (!sha256) return fail(sha256.error());
    return before_visible_(size_, *sha256);
  }

  Result<std::string> digest_of_all() {
    if (!hashed_by_host_) return snapcore::to_hex(hash_.so_far());
    auto digest = content_.kept_digest();
    if (!digest) return fail(digest.error());
    if (*digest && size_ == *hashed_by_host_) return snapcore::to_hex(**digest);
    return fail({.code = "s3.digest_mismatch",
                 .message = "not stored as " + session_.store().shown(object_.key) +
                            ": there should be " + std::to_string(*hashed_by_host_) +
                            " bytes, and " + std::to_string(size_) + " came",
                 .category = snapcore::Category::kCorrupt});
  }

  Result<Found> send() {
    auto first = next_part();
    if (!first) return fail(first.error());
    const bool small = first->size() < traces_.part_size;
    if (small && !upload_) {
      if (auto ready = all_is_sent(); !ready) return fail(ready.error());
      return put_whole(session_, object_, std::move(*first));
    }
    if (!upload_) {
      if (auto begun = begin_upload(); !begun) return fail(begun.error());
    }
    if (auto sent = send_parts(std::move(*first)); !sent) return fail(sent.error());
    if (auto ready = all_is_sent(); !ready) return fail(ready.error());
    completing_ = true;
    return upload_->complete();
  }

  Result<> begin_upload() {
    auto begun = Upload::begin(session_, object_);
    if (!begun) return fail(begun.error());
    upload_ = std::move(*begun);
    traces_.upload = upload_->id();
    if (auto kept = remember(session_, traces_); !kept) return kept;
    return upload_->parts().find_out_about_digests();
  }

  // A full part may be followed by none; an upload has at least one.
  Result<> send_parts(std::string part) {
    Parts& parts = upload_->parts();
    const std::uint64_t most = std::clamp<std::uint64_t>(kMemory / traces_.part_size, 2, 4) - 1;
    for (bool last = false; !last;) {
      last = part.size() < traces_.part_size;
      if (auto begun = parts.begin(std::move(part)); !begun) return begun;
      if (last) break;
      if (parts.under_way() == most) {
        if (auto ended = end_part(); !ended) return ended;
      }
      auto next = next_part();
      if (!next) return fail(next.error());
      part = std::move(*next);
      last = part.empty();
    }
    while (parts.under_way() > 0) {
      if (auto ended = end_part(); !ended) return ended;
    }
    return {};
  }

  Result<> end_part() {
    auto bytes = upload_->parts().end();
    if (!bytes) return fail(bytes.error());
    sent_ += bytes->size();
    session_.call().progress(sent_, 0);
    spare_.push_back(std::move(*bytes));
    return {};
  }

  Error cleaned_up(Error error) {
    if (traces_.upload.empty()) return error;
    const bool broken_off = upload_ && upload_->parts().break_off();
    session_.tidy_up();
    auto gone = Upload::abort(session_, object_.key, traces_.upload);
    // A part whose answer nobody waited for may have come behind the end of the upload.
    if (gone && broken_off) gone = Upload::abort(session_, object_.key, traces_.upload);
    if (gone && !completing_) error.outcome = Outcome::kNothingHappened;
    if (gone) return error;
    error.message += "; an unfinished upload is left behind (" + gone.error().message + ")";
    if (error.outcome == Outcome::kNothingHappened) error.outcome = Outcome::kMayHaveHappened;
    return error;
  }

  Session& session_;
  sdk::Port content_;
  std::optional<std::uint64_t> hashed_by_host_;
  const NewObject& object_;
  Traces traces_;
  const BeforeVisible& before_visible_;
  std::optional<Upload> upload_;
  std::vector<std::string> spare_;
  snapcore::Sha256 hash_;
  std::uint64_t size_ = 0;  // of what was read
  std::uint64_t sent_ = 0;
  bool completing_ = false;
};

Result<> withdraw_one(Session& session, const std::string& key, const std::string& mark,
                      std::vector<std::string>& words) {
  auto found = find_marked(session, key, mark);
  if (!found) return fail(found.error());
  if (!*found) return {};
  const auto& version = (*found)->object.version_id;
  if (!version) {
    if (auto removed = remove_version(session, key, {}); !removed) return removed;
    words.push_back("removed " + session.store().shown(key));
    return {};
  }
  const auto gone = take_away(session, key, *version);
  if (!gone) return fail(gone.error());
  words.push_back(*gone == Gone::kRemoved
                      ? "removed " + session.store().shown(key)
                      : session.store().shown(key) + " is hidden by what is newer; its version " +
                            *version + " stays, since the bucket protects it");
  return {};
}

}  // namespace

void fields(sdk::Fields& f, Traces& t) {
  f("key", t.key);
  f("beside", t.beside);
  f("mark", t.mark);
  f("upload", t.upload);
  f("part_size", t.part_size);
}

std::string mark_of(const sdk::Call& call) { return call.facts().key.substr(0, 32); }

Result<Content> open_content(sdk::Call& call, const sdk::Artifact& artifact) {
  auto port = call.open_input(artifact);
  if (!port) return fail(port.error());
  Content content{.port = *port, .sha256 = artifact.sha256};
  const auto size = content.port.size();
  if (!size) return fail(size.error());
  if (!*size || **size == 0) return content;
  const auto kept = content.port.keep_digest(**size);
  if (!kept) return fail(kept.error());
  if (*kept) content.hashed_by_host = *size;
  return content;
}

Result<Found> send_from(Session& session, const Content& content, const NewObject& object,
                        Traces traces, const BeforeVisible& before_visible) {
  return Sending(session, content, object, std::move(traces), before_visible).run();
}

Result<Found> send_port(Session& session, const NewObject& object, Traces traces,
                        const BeforeVisible& before_visible) {
  return send_from(session, {session.call().port(0)}, object, std::move(traces), before_visible);
}

Result<std::vector<std::string>> withdraw(Session& session, const Traces& traces) {
  std::vector<std::string> words;
  if (!traces.upload.empty()) {
    if (auto gone = Upload::abort(session, traces.key, traces.upload); !gone) {
      return fail(gone.error());
    }
  }
  // The object goes first, so that no artifact is ever without its companions.
  if (auto gone = withdraw_one(session, traces.key, traces.mark, words); !gone) {
    return fail(gone.error());
  }
  for (const std::string& key : traces.beside) {
    if (auto gone = withdraw_one(session, key, traces.mark, words); !gone) {
      return fail(gone.error());
    }
  }
  if (words.empty()) words.push_back("nothing was left of it");
  return words;
}

}  // namespace s3
