// Appends to a file and syncs it after each line: as the journal does, and as its floor.
//
//   records journal FILE COUNT   records of an act through the journal
//   records floor FILE COUNT     lines of the same length, write and fdatasync
//
// FILE must not be there yet. Prints the seconds it took, and the bytes of a line.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "base/real_file_system.hpp"
#include "journal/journal.hpp"

namespace snapcore {
namespace {

// As the intent of an act has it.
Value intent(int number) {
  return Value::object({{"call", "root#" + std::to_string(number)},
                        {"scope", "root"},
                        {"seq", std::to_string(number)},
                        {"instance", "q"},
                        {"operation", "act"},
                        {"effect", "change"},
                        {"args", Value::object({{"number", number}})},
                        {"args_digest", std::string(64, 'a')},
                        {"key", std::string(64, 'b')},
                        {"attempt", 1}});
}

int complain(const Error& error) {
  std::cerr << error.code << ": " << error.message << '\n';
  return 1;
}

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

int journal(const char* path, int count) {
  RealFileSystem fs;
  const SystemClock clock;
  auto journal = Journal::create(fs, path, clock);
  if (!journal) return complain(journal.error());
  const Stopwatch watch;
  for (int i = 1; i <= count; ++i) {
    if (auto written = (*journal)->append(record::kIntent, intent(i)); !written)
      return complain(written.error());
  }
  std::cout << watch.seconds() << '\n';
  return 0;
}

int floor(const char* path, int count) {
  const int file = ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  // With what stands around a body: the time, the hash, the number and the type.
  const std::string line = intent(count).dump() + std::string(140, 'x') + "\n";
  const Stopwatch watch;
  for (int i = 0; i < count; ++i) {
    if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 1;
    if (::fdatasync(file) != 0) return 1;
  }
  std::cout << watch.seconds() << '\n';
  ::close(file);
  return 0;
}

}  // namespace
}  // namespace snapcore

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string_view what = argv[1];
  const int count = std::atoi(argv[3]);
  if (what == "journal") return snapcore::journal(argv[2], count);
  return what == "floor" ? snapcore::floor(argv[2], count) : 2;
}
