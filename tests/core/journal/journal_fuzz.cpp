// Any bytes at all may stand in a journal's place: reading them crashes nothing, and opening leaves
// a journal that reads the same afterwards.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fakes/fake_file_system.hpp"
#include "journal/journal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace snapcore;
  const FakeClock clock{Time()};
  FakeFileSystem fs;
  fs.put("/journal", std::string(reinterpret_cast<const char*>(data), size));
  const auto seen = read_journal(fs, "/journal", {});
  const auto opened = Journal::open(fs, "/journal", clock);
  if (seen.has_value() != opened.has_value()) std::abort();
  if (!opened) return 0;
  if ((*opened)->head().hash != seen->head.hash) std::abort();
  if (!(*opened)->append(record::kNote, "after")) std::abort();
  fs.lose_power();
  const auto again = read_journal(fs, "/journal", {});
  if (!again || again->head.seq != seen->head.seq + 1) std::abort();
  return 0;
}
