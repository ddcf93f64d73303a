// The names of arguments and answers, as people and programs see them.
#include "reading/reading.hpp"

namespace etcd {

using snapcore::sdk::Fields;

namespace {

constexpr std::string_view kSnapshot = "a snapshot, or a copy of a member's database";
constexpr std::string_view kAsBase64 = "the same in base64, when it is no text";
constexpr std::string_view kRevision = "as of this revision; default: the last";

}  // namespace

void fields(Fields& f, KeysArgs& args) {
  f("artifact", args.artifact, kSnapshot);
  f("prefix", args.prefix, "only keys that begin with this").optional();
  f("prefix_base64", args.prefix_base64, kAsBase64).optional();
  f("revision", args.revision, kRevision).at_least(1);
}

void fields(Fields& f, GetArgs& args) {
  f("artifact", args.artifact, kSnapshot);
  f("key", args.key, "the key").optional();
  f("key_base64", args.key_base64, kAsBase64).optional();
  f("revision", args.revision, kRevision).at_least(1);
}

void fields(Fields& f, KeyItem& item) {
  f("key", item.key, "when it is UTF-8");
  f("key_base64", item.key_base64, "when it is not, or holds a zero byte");
  f("value", item.value, "when it is UTF-8");
  f("value_base64", item.value_base64, "when it is not");
  f("part", item.part, "of a large value, which comes in several items, from 1 on");
  f("parts", item.parts, "how many parts there are");
  f("create_revision", item.create_revision, "of its latest creation");
  f("mod_revision", item.mod_revision, "of its latest change");
  f("version", item.version, "changes since its creation");
  f("lease", item.lease, "the lease it hangs on, in hex");
  f("size", item.size, "bytes of the value");
  f("object", item.object, "what Kubernetes calls it");
  f("words", item.words, "the same for people");
}

void fields(Fields& f, HistoryItem& item) {
  f("revision", item.revision, "of the change");
  f("sub", item.sub, "its place within the transaction");
  f("change", item.change, "what happened").one_of({"put", "delete"});
  f("version", item.version, "changes since its creation");
  f("create_revision", item.create_revision, "of its latest creation");
  f("lease", item.lease, "the lease it hangs on, in hex");
  f("size", item.size, "bytes of the value");
  f("words", item.words, "the same for people");
}

void fields(Fields& f, Counted& counted) {
  f("revision", counted.revision, "as of which this is");
  f("count", counted.count, "how many were found");
  add_fields(f, counted.soundness);
  f("words", counted.words, "the same for people");
}

void fields(Fields& f, Exported& exported) {
  f("revision", exported.revision, "as of which this is");
  f("count", exported.count, "how many were written");
  add_fields(f, exported.soundness);
}

void fields(Fields& f, HashArgs& args) {
  f("artifact", args.artifact, kSnapshot);
  f("revision", args.revision, kRevision).at_least(1);
}

void fields(Fields& f, Hashed& hashed) {
  f("hash", hashed.hash, "as a member answers to HashKV");
  f("revision", hashed.revision, "up to which it sums");
  f("compact_revision", hashed.compact_revision, "up to which history is compacted; -1: never");
  add_fields(f, hashed.soundness);
  f("words", hashed.words, "the same for people");
}

void fields(Fields& f, StatsArgs& args) {
  f("artifact", args.artifact, kSnapshot);
  f("depth", args.depth, "how many parts of a path make a prefix").optional().range(1, 16);
  f("top", args.top, "how many prefixes and kinds to show").optional().range(1, 1000);
}

void fields(Fields& f, Share& share) {
  f("by", share.by, "whose share").one_of({"bucket", "kind", "prefix"});
  f("name", share.name, "of the bucket, kind or prefix");
  f("live_keys", share.live_keys, "keys that are there now");
  f("live_bytes", share.live_bytes, "bytes of their entries");
  f("history_entries", share.history_entries, "older values and deletions, until compacted");
  f("history_bytes", share.history_bytes, "bytes of these");
  f("entries", share.entries, "of a bucket");
  f("pages", share.pages, "of a bucket");
  f("words", share.words, "the same for people");
}

void fields(Fields& f, Stats& stats) {
  f("database_bytes", stats.database_bytes, "of all pages");
  f("free_bytes", stats.free_bytes, "of pages that hold nothing");
  f("live_keys", stats.live_keys, "keys that are there now");
  f("live_bytes", stats.live_bytes, "bytes of their entries");
  f("history_entries", stats.history_entries, "older values and deletions");
  f("history_bytes", stats.history_bytes, "bytes of these");
  add_fields(f, stats.soundness);
  f("words", stats.words, "the same for people");
}

void fields(Fields& f, DiffArgs& args) {
  f("a", args.a, "the earlier snapshot");
  f("b", args.b, "the later snapshot");
  f("prefix", args.prefix, "only keys that begin with this").optional();
  f("prefix_base64", args.prefix_base64, kAsBase64).optional();
  f("by", args.by, "a line for each key, or for each prefix").optional();
  f("depth", args.depth, "how many parts of a path make a prefix").optional().range(1, 16);
  f("a_revision", args.a_revision, kRevision).at_least(1);
  f("b_revision", args.b_revision, kRevision).at_least(1);
}

void fields(Fields& f, Difference& difference) {
  f("change", difference.change, "from a to b").one_of({"added", "removed", "changed"});
  f("key", difference.key, "when it is UTF-8");
  f("key_base64", difference.key_base64, "when it is not, or holds a zero byte");
  f("kind", difference.kind, "of a Kubernetes object");
  f("api_version", difference.api_version, "of a Kubernetes object");
  f("namespace", difference.name_space, "of a Kubernetes object");
  f("name", difference.name, "of a Kubernetes object");
  f("mod_revision", difference.mod_revision, "of its latest change, where it still is");
  f("prefix", difference.prefix, "whose keys are counted");
  f("added", difference.added, "keys under the prefix");
  f("removed", difference.removed, "keys under the prefix");
  f("changed", difference.changed, "keys under the prefix");
  f("words", difference.words, "the same for people");
}

void fields(Fields& f, Diff& diff) {
  f("added", diff.added, "keys that b alone has");
  f("removed", diff.removed, "keys that a alone has");
  f("changed", diff.changed, "keys with another value or lease");
  f("unchanged", diff.unchanged, "keys that are the same in both");
  f("a_revision", diff.a_revision, "as of which a was taken");
  f("b_revision", diff.b_revision, "as of which b was taken");
  add_fields(f, diff.soundness);
  f("words", diff.words, "the same for people");
}

}  // namespace etcd
