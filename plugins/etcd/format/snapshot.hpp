// Looks through an etcd snapshot (or a bare database file) to the last byte.
//
// A snapshot is a bbolt file followed by its SHA-256. examine() accepts one only when everything an
// etcd server will ever read from it is in order. What it refuses it has still read to the end: the
// message names all that is wrong, with the place, and the hint what could be read.
#pragma once

#include <cstdint>
#include <format/bolt.hpp>
#include <format/bytes.hpp>
#include <format/file_bytes.hpp>
#include <format/key_value.hpp>
#include <format/mapped_file.hpp>
#include <format/membership.hpp>
#include <format/revision.hpp>
#include <functional>
#include <optional>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

namespace etcd {

struct ExamineOptions {
  // false: a file without the digest behind it, a copy of a server's own db file, is accepted too.
  bool require_trailer = true;
  // false: a digest that is there is not compared; the structure and all entries still are.
  bool check_hash = true;
  // false: status_hash and backend_hash stay 0.
  bool sum_entries = true;
  // Asked now and then; true ends the examination with "etcd.canceled".
  std::function<bool()> canceled = {};
};

struct BucketCount {
  std::string name;
  std::uint64_t entries = 0;
};

struct Examined {
  std::uint64_t file_size = 0;
  std::uint64_t database_size = 0;  // pages in use x page size; `totalSize` of etcd's status
  std::uint32_t page_size = 0;
  bool has_trailer = false;
  bool both_metas_valid = true;  // bbolt, and so etcd, is content with one
  bool sha_ok = false;           // the digest was compared and fits
  std::string sha256;            // hex, of the database; only when computed

  std::int64_t revision = 0;          // of the last change, as etcd's status shows it
  std::int64_t current_revision = 1;  // at which a server that starts from it will be
  std::int64_t compact_revision = 0;  // history up to here is compacted; 0: never
  std::optional<Revision> scheduled_compact;
  std::optional<Revision> finished_compact;

  std::uint64_t total_entries = 0;  // of all buckets: `totalKey` of etcd 3.4 and 3.5
  std::uint64_t revisions = 0;      // entries of bucket `key`
  std::uint64_t live_keys = 0;      // that are there at the last revision
  // A raised revision left an entry without a key, which `totalKey` of etcd 3.6 takes for one.
  bool has_raising_entry = false;
  bool kubernetes = false;  // holds objects as Kubernetes stores them
  std::vector<BucketCount> buckets;

  std::vector<Member> members;  // the old cluster, ascending by id
  std::vector<std::uint64_t> removed_members;
  std::vector<Alarm> alarms;
  std::uint64_t leases = 0;
  bool auth_enabled = false;
  std::uint64_t users = 0;
  std::uint64_t roles = 0;

  std::string cluster_version;  // "3.4.0"; empty when not recorded
  std::string storage_version;  // from 3.6 on
  std::optional<std::uint64_t> consistent_index;
  std::optional<std::uint64_t> term;                 // from 3.5 on
  std::optional<std::vector<std::uint64_t>> voters;  // of meta/confState, from 3.5 on
  std::vector<std::uint64_t> learners;               // of the same

  std::uint32_t status_hash = 0;   // `hash` of etcd's status
  std::uint32_t backend_hash = 0;  // what a member answers to Maintenance.Hash
};

// Codes, each with what and where in the message:
//   etcd.snapshot_empty          no bytes at all
//   etcd.not_a_snapshot          not bbolt, or bbolt without the buckets every etcd has
//   etcd.snapshot_truncated      ends before its pages or its digest do
//   etcd.snapshot_no_trailer     whole, but without the digest that require_trailer wants
//   etcd.snapshot_hash_mismatch  the digest does not fit
//   etcd.snapshot_damaged        anything else wrong, down to single entries; more bytes than there
//                                should be
//   etcd.canceled
// `name` is what messages call the file. Takes two bits for each page and 32 bytes for each key.
Result<Examined> examine(const FileBytes& file, std::string_view name,
                         const ExamineOptions& options = {});

// Members that the file names although raft no longer counts them: etcd 3.4 and early 3.5 left them
// there, and etcd 3.6 takes them for members again. Nobody can tell in files of 3.4.
std::vector<Member> zombies_of(const Examined& examined);
// Members recorded as learners that raft counts as voters: etcd 3.5 before 3.5.20 forgot to write
// their promotion down, and etcd 3.6 refuses to start on that.
std::vector<Member> forgotten_promotions_of(const Examined& examined);

// What is wrong with the length, the meta pages and the space behind the last page, as far as that
// can be seen without reading anything between: each a sentence without its beginning ("one of
// its two meta pages is not whole"). None of it is wrong with a copy of a server's own file.
std::vector<std::string> problems_at_ends(const FileBytes& file, const bolt::Database& database);

// Whether the length says that a SHA-256 stands behind the pages.
constexpr bool has_trailer(std::uint64_t file_size) { return file_size % 512 == 32; }

}  // namespace etcd
