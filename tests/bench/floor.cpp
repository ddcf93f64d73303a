// The least work that can do the same: what the benchmarks compare with.
//
//   floor copy FILE DESTINATION...   reads once, hashes, writes each destination, syncs them
//   floor hash FILE                  reads and hashes
//   floor touch FILE                 maps the file and touches every entry of bucket `key`
//   floor warm MEGABYTES             takes so much memory, touches it, and gives it back
//
// Prints the seconds it took.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <format/bolt.hpp>
#include <format/mapped_file.hpp>
#include <iostream>
#include <snapcore/support/digest.hpp>
#include <vector>

namespace {

int copy(const char* from, std::span<char*> to) {
  const int in = ::open(from, O_RDONLY | O_CLOEXEC);
  std::vector<int> outs;
  for (const char* path : to)
    outs.push_back(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  snapcore::Sha256 hash;
  std::vector<std::byte> piece(std::size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(in, piece.data(), piece.size());
    if (got < 0) return 1;
    if (got == 0) break;
    const auto bytes = std::span(piece).first(static_cast<std::size_t>(got));
    hash.update(bytes);
    for (const int out : outs) {
      if (::write(out, bytes.data(), bytes.size()) != got) return 1;
    }
  }
  hash.finish();
  for (const int out : outs) {
    if (::fsync(out) != 0) return 1;
    ::close(out);
  }
  return 0;
}

int touch(const char* path) {
  const auto file = etcd::MappedFile::open(path);
  if (!file) return 1;
  const auto database = etcd::bolt::Database::open(file->bytes());
  if (!database) return 1;
  const auto bucket = database->find_bucket("key");
  if (!bucket || !*bucket) return 1;
  etcd::bolt::Cursor cursor(*database, **bucket);
  etcd::bolt::LeafElement entry;
  unsigned sum = 0;
  while (cursor.next(entry)) sum += std::to_integer<unsigned>(entry.value[2]);
  std::cerr << sum << '\n';  // so that the touching is not left out
  return cursor.finished() ? 0 : 1;
}

// A virtual machine hands memory that is free back to its host, and whoever takes it next waits for
// it: several seconds for a gigabyte. This one waits, so that no measurement does.
int warm(std::string_view megabytes) {
  std::size_t wanted = 0;
  std::from_chars(megabytes.data(), megabytes.data() + megabytes.size(), wanted);
  void* memory = ::mmap(nullptr, wanted << 20, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return memory == MAP_FAILED ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 2 ? argv[1] : "";
  const auto began = std::chrono::steady_clock::now();
  int status = 2;
  if (what == "copy" || what == "hash")
    status = copy(argv[2], std::span(argv + 3, argv + argc));
  else if (what == "touch")
    status = touch(argv[2]);
  else if (what == "warm")
    status = warm(argv[2]);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << took.count() << '\n';
  return status;
}
