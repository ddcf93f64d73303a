// Whatever bytes stand where a database keeps its pages, and where a log and a .snap file are
// expected.
//
// The meta pages are made here, since no fuzzer guesses their checksum; the input is all pages from
// 2 on, the last one being the root.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <format/bolt.hpp>
#include <format/bolt_rewrite.hpp>
#include <format/snap_file.hpp>
#include <format/snapshot.hpp>
#include <format/wal.hpp>
#include <string>

namespace {

constexpr std::uint32_t kPageSize = 1024;

std::string database_around(std::string pages) {
  pages.resize((pages.size() + kPageSize - 1) / kPageSize * kPageSize);
  const std::uint64_t count = 2 + pages.size() / kPageSize;
  etcd::bolt::Meta meta{.page_size = kPageSize,
                        .flags = 0,
                        .root = count - 1,
                        .sequence = 0,
                        .freelist = etcd::bolt::kNoFreelist,
                        .high_water_mark = count,
                        .transaction = 8};
  std::string file = etcd::bolt::write_meta_page(0, meta);
  meta.transaction = 7;
  return file + etcd::bolt::write_meta_page(1, meta) + pages;
}

// What restore_database() does before it writes.
void rewrite(const etcd::bolt::Database& database) {
  auto rewrite = etcd::bolt::Rewrite::begin(database);
  if (!rewrite) return;
  auto meta = rewrite->entries("meta");
  if (meta) (void)rewrite->replace_bucket("meta", std::move(*meta));
  (void)rewrite->append_entry("key", {std::string(17, '\x7f'), "", false});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  (void)etcd::wal::read_segment(etcd::bytes_of(input));
  (void)etcd::snap::read(etcd::bytes_of(input));
  (void)etcd::parse_member(input);
  (void)etcd::examine(etcd::bytes_of(input), "input");
  if (input.empty()) return 0;

  const std::string file = database_around(input);
  const auto database = etcd::bolt::Database::open(etcd::bytes_of(file));
  if (!database) std::abort();  // its meta pages are right
  const bool clean = database->check().clean();
  const etcd::ExamineOptions raw{.require_trailer = false, .check_hash = false, .canceled = {}};
  const auto examined = etcd::examine(etcd::bytes_of(file), "input", raw);
  if (examined && !clean) std::abort();
  rewrite(*database);
  return 0;
}
