#include "bucket.hpp"

#include "source.hpp"
#include "store_test.hpp"

namespace s3 {

using snapcore::fail;
using snapcore::Result;

namespace {

std::string shown_bucket(const Session& session) {
  return "s3://" + session.store().settings().bucket;
}

// The region of a new bucket is said in the body; that of us-east-1 must not be.
std::string where(const std::string& region) {
  if (region.empty() || region == "us-east-1") return "";
  return "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
         "<LocationConstraint>" +
         region + "</LocationConstraint></CreateBucketConfiguration>";
}

Result<> create(Session& session) {
  auto answer = session.send({.method = "PUT", .body = where(session.settings().region)});
  if (!answer) return fail(answer.error());
  if (answer->ok()) return {};
  const Refusal refusal = refusal_of(*answer);
  // The answer to an earlier try was lost.
  if (refusal.code == "BucketAlreadyOwnedByYou") return {};
  return fail(error_of(refusal, "cannot make the bucket " + shown_bucket(session)));
}

Result<> set_versioning(Session& session, std::string_view status) {
  auto answer = session.demand(
      {.method = "PUT",
       .query = {{"versioning", ""}},
       .body =
           "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>" +
           std::string(status) + "</Status></VersioningConfiguration>"},
      "cannot set the versioning of " + shown_bucket(session));
  if (!answer) return fail(answer.error());
  return {};
}

}  // namespace

void fields(snapcore::sdk::Fields& f, BucketResult& result) {
  f("made", result.made, "it was not there");
  f("versioning", result.versioning);
  f("words", result.words);
}
void fields(snapcore::sdk::Fields& f, BucketTraces& traces) {
  f("made", traces.made);
  f("versioned", traces.versioned);
}

Result<bool> bucket_is_there(Session& session) {
  auto answer = session.send({.method = "HEAD"});
  if (!answer) return fail(answer.error());
  if (answer->ok()) return true;
  const Refusal refusal = refusal_of(*answer);
  if (refusal.status == 404) return false;
  return fail(error_of(refusal, "cannot look at the bucket " + shown_bucket(session)));
}

Result<BucketResult> make_bucket(Session& session, BucketTraces traces,
                                 const std::function<Result<>(const BucketTraces&)>& keep) {
  auto there = bucket_is_there(session);
  if (!there) return fail(there.error());
  if (!*there) {
    traces.made = true;
    if (auto kept = keep(traces); !kept) return fail(kept.error());
    if (auto created = create(session); !created) return fail(created.error());
  }
  auto versioning = versioning_of(session);
  if (!versioning) return fail(versioning.error());
  if (*versioning != objects::Versioning::kOn) {
    traces.versioned = true;
    if (auto kept = keep(traces); !kept) return fail(kept.error());
    if (auto set = set_versioning(session, "Enabled"); !set) return fail(set.error());
    versioning = versioning_of(session);
    if (!versioning) return fail(versioning.error());
  }
  if (*versioning != objects::Versioning::kOn) {
    return fail({.code = "s3.no_versions",
                 .message = "the store took the order to keep versions in " +
                            shown_bucket(session) + ", and keeps none",
                 .category = snapcore::Category::kPermanent});
  }
  BucketResult result{.made = traces.made, .versioning = *versioning};
  result.words.push_back(shown_bucket(session) + (traces.made ? " was made" : " was there"));
  result.words.emplace_back(traces.versioned ? "versions are kept from now on"
                                             : "versions are kept");
  return result;
}

Result<std::vector<std::string>> take_back_bucket(Session& session, const BucketTraces& traces) {
  using Words = std::vector<std::string>;
  const std::string shown = shown_bucket(session);
  if (!traces.made && !traces.versioned) return Words{shown + " was there as it is"};
  auto there = bucket_is_there(session);
  if (!there) return fail(there.error());
  if (!*there) return Words{shown + " is not there"};
  if (!traces.made) {
    if (auto set = set_versioning(session, "Suspended"); !set) return fail(set.error());
    return Words{shown + " keeps no new versions"};
  }
  auto answer = session.send({.method = "DELETE"});
  if (!answer) return fail(answer.error());
  if (answer->ok() || answer->status == 404) return Words{"removed the bucket " + shown};
  const Refusal refusal = refusal_of(*answer);
  if (refusal.code == "BucketNotEmpty") return Words{shown + " stays: it is not empty"};
  return fail(error_of(refusal, "cannot remove the bucket " + shown));
}

// --- the operation

Result<sdk::Planned> Source::plan_make_bucket(sdk::Call& call, const sdk::Nothing&) {
  // The store itself is not asked: it may be what an earlier act of the run brings up.
  auto store = connect(call);
  if (!store) return fail(store.error());
  sdk::Planned planned("make the bucket s3://" + (*store)->settings().bucket +
                       " if it is not there, and have it keep versions");
  return planned.resource(resource(**store, ""))
      .undo("remove the bucket if it was made here and is empty");
}

Result<BucketResult> Source::make_bucket(sdk::Call& call, const sdk::Nothing&) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  auto before = sdk::from_value<BucketTraces>(call.facts().checkpoint);
  return s3::make_bucket(
      session, before ? *before : BucketTraces(), [&call](const BucketTraces& traces) -> Result<> {
        const snapcore::Value data = sdk::to_value(traces);
        if (auto kept = call.record_undo({.data = data, .words = {"remove the bucket again"}});
            !kept) {
          return kept;
        }
        return call.checkpoint(data);
      });
}

Result<sdk::Undone> Source::undo_make_bucket(
    sdk::Call& call, const sdk::Compensation<sdk::Nothing, BucketResult>& what) {
  if (!what.recorded) return sdk::Undone{{"nothing had been changed"}};
  auto traces = sdk::from_value<BucketTraces>(what.undo);
  if (!traces) return fail(traces.error());
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  auto words = take_back_bucket(session, *traces);
  if (!words) return fail(words.error());
  return sdk::Undone{std::move(*words)};
}

}  // namespace s3
