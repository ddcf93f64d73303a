// The one file that knows Boost.DLL.
#include "plugin/library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <cstddef>
#include <cstring>
#include <deque>
#include <mutex>

namespace snapcore {
namespace {

using boost::dll::shared_library;

constexpr char kEntry[] = "snapcore_plugin_v1";
constexpr int kMajorsToTry = 9;
constexpr std::size_t kLargestManifest = std::size_t{4} << 20;

// Libraries outlive every thread: destructors of thread-local objects of a plugin run when its
// threads end, and need its code. So this storage is never destroyed.
shared_library& keep_for_ever(shared_library library) {
  static std::mutex& mutex = *new std::mutex;
  static auto& libraries = *new std::deque<shared_library>;
  const std::lock_guard lock(mutex);
  libraries.push_back(std::move(library));
  return libraries.back();
}

tl::unexpected<Error> refused(std::string code, std::string message, std::string hint) {
  return fail({.code = std::move(code),
               .message = std::move(message),
               .hint = std::move(hint),
               .category = Category::kPrecondition});
}

// Boost wraps the loader's words in its own: "... (dlerror system message: WORDS): Bad file
// descriptor".
std::string words_of_loader(std::string_view message) {
  constexpr std::string_view kBefore = "system message: ";
  const auto begin = message.find(kBefore);
  const auto end = message.rfind("): ");
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::string(message);
  const auto from = begin + kBefore.size();
  return end > from ? std::string(message.substr(from, end - from)) : std::string(message);
}

tl::unexpected<Error> no_entry(const shared_library& library) {
  for (int major = 2; major <= kMajorsToTry; ++major) {
    if (!library.has("snapcore_plugin_v" + std::to_string(major))) continue;
    return refused("plugin.wrong_abi",
                   "it speaks version " + std::to_string(major) +
                       " of the plugin contract, this snapcore version 1",
                   "install the plugin and snapcore from the same release");
  }
  return refused("plugin.missing_symbol", std::string("it does not export ") + kEntry,
                 "this file is not a snapcore plugin, or it was built without the SDK's flags");
}

}  // namespace

Result<const sc_plugin*> load_library(const std::filesystem::path& path) {
  try {
    shared_library& library = keep_for_ever(
        shared_library(path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local));
    if (!library.has(kEntry)) return no_entry(library);
    const sc_plugin* table = library.get<const sc_plugin*()>(kEntry)();
    if (!table) return refused("plugin.wrong_abi", std::string(kEntry) + " gave no table", "");
    return table;
  } catch (const std::system_error& problem) {
    return refused("plugin.load_failed", "the loader says: " + words_of_loader(problem.what()), "");
  } catch (const std::exception& problem) {
    return refused("plugin.crashed", std::string("it threw while it was loaded: ") + problem.what(),
                   "");
  } catch (...) {
    return refused("plugin.crashed", "it threw while it was loaded", "");
  }
}

Result<sc_plugin> read_table(const sc_plugin* table) {
  // These two numbers are all that every table has.
  if (table->abi_minor > SNAPCORE_ABI_MINOR) {
    return refused("plugin.wrong_abi",
                   "it needs version 1." + std::to_string(table->abi_minor) +
                       " of the plugin contract, this snapcore has 1." +
                       std::to_string(SNAPCORE_ABI_MINOR),
                   "install a newer snapcore");
  }
  if (table->struct_size < offsetof(sc_plugin, attach)) {
    return refused("plugin.wrong_abi",
                   "its table of " + std::to_string(table->struct_size) +
                       " bytes is too small to hold its entries",
                   "");
  }
  sc_plugin copy{};
  std::memcpy(&copy, table, std::min<std::size_t>(table->struct_size, sizeof copy));
  return copy;
}

Result<std::string> manifest_text(const sc_plugin& table) {
  const sc_str& text = table.manifest_json;
  if (!text.data || text.size == 0 || text.size > kLargestManifest) {
    return refused("plugin.invalid_manifest",
                   "invalid manifest: there is none, or it is larger than 4 MiB", "");
  }
  return std::string(text.data, static_cast<std::size_t>(text.size));
}

}  // namespace snapcore
