// Memory runs out at every allocation, one after the other: the plugin must answer each time, and
// must not need memory to do so.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <snapcore/plugin.hpp>

namespace {
long allocations_left = -1;  // negative: as many as one likes
}

// Not inlined: the compiler would take what is freed here for memory of another allocator.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (allocations_left == 0) throw std::bad_alloc();
  if (allocations_left > 0) --allocations_left;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace hungry {

namespace sdk = snapcore::sdk;
using snapcore::Result;

struct Args {
  std::vector<std::string> names;
  std::map<std::string, int> table;
};
void fields(sdk::Fields& f, Args& a) {
  f("names", a.names);
  f("table", a.table);
}

class Hungry {
 public:
  using Config = Args;
  explicit Hungry(const Config& config) : config_(config) {}
  Result<sdk::Planned> plan(sdk::Call&, const Args&) { return sdk::Planned("eat"); }
  Result<Args> eat(sdk::Call& call, const Args& args) {
    if (auto kept = call.record_undo({.words = {"give it back"}}); !kept) {
      return snapcore::fail(kept.error());
    }
    return args;
  }

 private:
  Config config_;
};

sdk::Plugin<Hungry> describe() {
  return sdk::Plugin<Hungry>("hungry", "1.0.0")
      .operation(sdk::read("look", &Hungry::eat).summary("looks"))
      .operation(sdk::change("eat", &Hungry::plan, &Hungry::eat)
                     .summary("eats")
                     .repeat(sdk::Repeat::kSafe)
                     .undo_none("eaten"));
}

// A host that needs no memory itself.
char error_text[4096];
std::size_t error_size = 0;
bool has_result = false;

constexpr char kInfo[] = R"({"entry": "execute", "instance": "hungry", "attempt": 1})";
constexpr char kArgs[] =
    R"({"names": ["a name that is too long for the small buffer of a string", "b"], "table": {"x": 1}})";

sc_host quiet_host() {
  sc_host host = {};
  host.struct_size = sizeof host;
  host.info = [](sc_call*) { return sc_str{kInfo, sizeof kInfo - 1}; };
  host.set_result = [](sc_call*, sc_str) { has_result = true; };
  host.set_error = [](sc_call*, sc_str json) {
    error_size = std::min<std::size_t>(json.size, sizeof error_text);
    std::memcpy(error_text, json.data, error_size);
  };
  host.record_undo = [](sc_call*, sc_str) -> std::int32_t { return SC_OK; };
  return host;
}

// Runs `work` with ever more memory until it succeeds; returns in how many cases it ran out.
template <class Work>
int starve(std::int32_t expected_status, Work work) {
  int failures = 0;
  for (long allowed = 0; allowed < 100000; ++allowed) {
    error_size = 0;
    has_result = false;
    allocations_left = allowed;
    const std::int32_t status = work();
    allocations_left = -1;
    if (status == SC_OK) return failures;
    ++failures;
    const std::string_view error(error_text, error_size);
    EXPECT_EQ(status, expected_status) << allowed;
    EXPECT_NE(error.find("plugin.out_of_memory"), std::string_view::npos) << error;
  }
  ADD_FAILURE() << "it never succeeded";
  return failures;
}

TEST(OutOfMemoryTest, EveryFailedAllocationIsAnAnswer) {
  const sc_plugin* table = sdk::detail::Table<&describe>::get();
  const sc_host host = quiet_host();
  const sc_str args = {kArgs, sizeof kArgs - 1};
  sc_instance* self = nullptr;
  EXPECT_GT(starve(SC_FAILED, [&] { return table->create(&host, nullptr, args, &self); }), 5);
  ASSERT_NE(self, nullptr);
  EXPECT_GT(starve(SC_FAILED, [&] { return table->execute(self, nullptr, 0, args); }), 5);
  EXPECT_TRUE(has_result);
  EXPECT_GT(starve(SC_INDETERMINATE, [&] { return table->execute(self, nullptr, 1, args); }), 5);
  EXPECT_GT(starve(SC_FAILED, [&] { return table->plan(self, nullptr, 1, args); }), 5);
  table->close(self);
}

}  // namespace hungry
