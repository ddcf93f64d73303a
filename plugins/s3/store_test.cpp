#include "store_test.hpp"

#include <functional>
#include <snapcore/support/digest.hpp>
#include <snapcore/utf8.hpp>
#include <vector>

#include "listing.hpp"
#include "removing.hpp"
#include "sending.hpp"
#include "source.hpp"
#include "writing.hpp"
#include "xml.hpp"

namespace s3 {

using snapcore::fail;
using snapcore::Result;
using snapcore::Value;

namespace {

constexpr std::size_t kLargestTraits = 64 << 10;
// SHA-256 of other bytes than those that are sent.
constexpr char kWrongChecksum[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

std::string server_of(const http::Response& answer, const Store& store) {
  const std::string server(answer.header("server"));
  return store.identity() + (server.empty() ? "" : " (" + snapcore::shown(server) + ")");
}

class Trial {
 public:
  Trial(Session& session, const std::string& mark)
      : session_(session),
        key_(session.settings().prefix + ".snapcore-store-test-" + mark.substr(0, 16)) {}

  Result<objects::Traits> run() {
    objects::Traits traits;
    auto tried = conditions(traits);
    session_.tidy_up();
    auto gone = remove_all();
    if (!tried) return fail(tried.error());
    if (!gone) return fail(gone.error());
    return traits;
  }

  // Also what one that was killed had written. False: there was nothing.
  Result<bool> remove_all() {
    const auto ids = versions();
    if (!ids) return fail(ids.error());
    for (const std::string& id : *ids) {
      const auto gone = take_away(session_, key_, id);
      if (!gone) return fail(gone.error());
      protected_ = protected_ || *gone == Gone::kHidden;
    }
    if (!ids->empty()) return true;
    const auto there = find(session_, key_);
    if (!there) return fail(there.error());
    if (!*there) return false;
    if (auto removed = remove_version(session_, key_, {}); !removed) return fail(removed.error());
    return true;
  }

  // Of what it found, and left, besides.
  std::vector<std::string> words() const {
    std::vector<std::string> words;
    if (protected_) {
      words.push_back(
          "the bucket protects what is written to it: what the test wrote stays as "
          "hidden versions of " +
          session_.store().shown(key_));
    }
    if (refuses_behind_deletions_)
      words.emplace_back("a new object is refused where one was deleted");
    return words;
  }

 private:
  Result<http::Response> put(std::string body, http::Headers headers) {
    return session_.send(
        {.method = "PUT", .key = key_, .headers = std::move(headers), .body = std::move(body)});
  }

  // Whether a write that must be refused is, and for that reason: any other refusal tells nothing.
  Result<objects::Honoured> refused(std::string body, http::Headers headers, int status) {
    auto answer = put(std::move(body), std::move(headers));
    if (!answer) return fail(answer.error());
    if (answer->ok() || answer->status == 501) return objects::Honoured::kNo;
    if (answer->status == status) return objects::Honoured::kYes;
    return fail(error_of(refusal_of(*answer), "cannot test " + session_.store().shown(key_)));
  }

  Result<> conditions(objects::Traits& traits) {
    auto versioning = versioning_of(session_);
    if (!versioning) return fail(versioning.error());
    traits.versioning = *versioning;
    auto first = session_.demand({.method = "PUT", .key = key_, .body = "first"},
                                 "cannot write " + session_.store().shown(key_));
    if (!first) return fail(first.error());
    traits.store = server_of(*first, session_.store());
    struct Question {
      objects::Honoured* answer;
      const char* body;
      http::Headers headers;
      int status;
    };
    const Question questions[] = {
        {&traits.if_absent, "second", {{"if-none-match", "*"}}, 412},
        {&traits.if_match, "third", {{"if-match", "\"00000000000000000000000000000000\""}}, 412},
        {&traits.checksums,
         "fourth",
         {{"x-amz-checksum-sha256", kWrongChecksum}, {"x-amz-sdk-checksum-algorithm", "SHA256"}},
         400}};
    for (const Question& question : questions) {
      auto answer = refused(question.body, question.headers, question.status);
      if (!answer) return fail(answer.error());
      *question.answer = *answer;
    }
    if (traits.if_absent == objects::Honoured::kYes) {
      const auto again = made_again();
      if (!again) return fail(again.error());
      if (!*again) traits.if_absent = objects::Honoured::kNo;
    }
    traits.tested = snapcore::sdk::Time{session_.store().surroundings().now()};
    return {};
  }

  // Whether what was deleted counts as absent: a lock is made, removed, and made again.
  Result<bool> made_again() {
    if (auto removed = remove_version(session_, key_, {}); !removed) return fail(removed.error());
    auto answer = put("fifth", {{"if-none-match", "*"}});
    if (!answer) return fail(answer.error());
    if (answer->ok()) return true;
    if (answer->status != 412)
      return fail(error_of(refusal_of(*answer), "cannot test " + session_.store().shown(key_)));
    refuses_behind_deletions_ = true;
    return false;
  }

  Result<std::vector<std::string>> versions() {
    std::vector<std::string> ids;
    auto listed = list_versions_of(session_, key_, [&](objects::Version& version) -> Result<bool> {
      ids.push_back(version.version_id);
      return true;
    });
    if (!listed && listed.error().code != "s3.unsupported") return fail(listed.error());
    return ids;
  }

  Session& session_;
  std::string key_;
  bool protected_ = false;
  bool refuses_behind_deletions_ = false;
};

const char* word(objects::Honoured honoured) {
  switch (honoured) {
    case objects::Honoured::kYes: return "yes";
    case objects::Honoured::kNo: return "NO";
    default: return "not tested";
  }
}

std::vector<std::string> words_of(const objects::Traits& traits) {
  std::string versions = "versions are kept: ";
  for (const auto& [value, name] : objects::enum_names(objects::Versioning{})) {
    if (value == traits.versioning) versions += name;
  }
  return {
      traits.store,
      std::move(versions),
      std::string("a second writer is refused (If-None-Match): ") + word(traits.if_absent),
      std::string("a writer who read something else is refused (If-Match): ") +
          word(traits.if_match),
      std::string("bytes that do not fit their checksum are refused: ") + word(traits.checksums),
      traits.tested ? "tested " + traits.tested->text()
                    : "never tested: 'snapcore call INSTANCE.test_store' does"};
}

}  // namespace

Result<objects::Versioning> versioning_of(Session& session) {
  auto answer = session.send({.query = {{"versioning", ""}}});
  if (!answer) return fail(answer.error());
  if (!answer->ok()) {
    const Refusal refusal = refusal_of(*answer);
    // Those who may use a bucket often may not ask about it.
    if (refusal.status == 403) return objects::Versioning::kUnknown;
    if (refusal.status == 501 || refusal.status == 405) return objects::Versioning::kOff;
    return fail(
        error_of(refusal, "cannot ask whether " + session.store().shown("") + " keeps versions"));
  }
  auto body = xml::parse(answer->body);
  if (!body) return fail(body.error());
  const std::string_view status = body->text_of("Status");
  if (status == "Enabled") return objects::Versioning::kOn;
  return status == "Suspended" ? objects::Versioning::kSuspended : objects::Versioning::kOff;
}

std::string traits_key(const Settings& settings) {
  return settings.prefix + ".snapcore-store-test.json";
}

Result<objects::Traits> known_traits(Session& session) {
  auto versioning = versioning_of(session);
  if (!versioning) return fail(versioning.error());
  objects::Traits traits{.store = session.store().identity()};
  auto text = read_text(session, traits_key(session.settings()), kLargestTraits);
  if (text) {
    auto value = Value::parse(*text);
    auto kept = value ? snapcore::sdk::from_value<objects::Traits>(*value)
                      : Result<objects::Traits>(fail(value.error()));
    // What somebody else wrote there says nothing.
    if (kept) traits = std::move(*kept);
  } else if (text.error().code != "s3.not_found" && text.error().code != "s3.deleted" &&
             text.error().code != "s3.too_large") {
    return fail(text.error());
  }
  // A test of conditions holds for the bucket as it was: some stores honour them only while they
  // keep no versions.
  if (traits.versioning != *versioning) {
    traits = {.store = std::move(traits.store)};
    traits.versioning = *versioning;
  }
  traits.bucket = session.settings().bucket;
  traits.prefix = session.settings().prefix;
  traits.words = words_of(traits);
  return traits;
}

Result<objects::Traits> test_traits(Session& session, const std::string& mark) {
  Trial trial(session, mark);
  auto traits = trial.run();
  if (!traits) return traits;
  traits->words = words_of(*traits);
  for (std::string& more : trial.words()) traits->words.push_back(std::move(more));
  const NewObject kept{
      .key = traits_key(session.settings()), .mark = mark, .content_type = "application/json"};
  auto written = put_whole(session, kept, snapcore::sdk::to_value(*traits).pretty() + "\n");
  if (!written) return fail(written.error());
  return traits;
}

Result<sdk::Planned> Source::plan_test_store(sdk::Call& call, const sdk::Nothing&) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  const std::string key = traits_key((*store)->settings());
  sdk::Planned planned("write, and remove again, a small object in " +
                       (*store)->shown((*store)->settings().prefix) +
                       ", to see which conditions the store looks at");
  planned.effect("keep the answer as " + (*store)->shown(key));
  return planned.resource(resource(**store, key)).undo("remove the answer");
}

Result<objects::Traits> Source::test_store(sdk::Call& call, const sdk::Nothing&) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const Traces traces{.key = traits_key((*store)->settings()), .mark = mark_of(call)};
  if (auto kept = call.record_undo(
          {.data = sdk::to_value(traces), .words = {"remove the answer of the test"}});
      !kept) {
    return fail(kept.error());
  }
  return test_traits(session, traces.mark);
}

Result<sdk::Undone> Source::undo_test_store(
    sdk::Call& call, const sdk::Compensation<sdk::Nothing, objects::Traits>& what) {
  if (!what.recorded) return sdk::Undone{{"nothing had been tested"}};
  auto traces = sdk::from_value<Traces>(what.undo);
  if (!traces) return fail(traces.error());
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  auto words = withdraw(session, *traces);
  if (!words) return fail(words.error());
  // What it tried things with is there only when it was killed.
  const auto left = Trial(session, traces->mark).remove_all();
  if (!left) return fail(left.error());
  if (*left) words->emplace_back("removed what the test had written");
  return sdk::Undone{std::move(*words)};
}

}  // namespace s3
