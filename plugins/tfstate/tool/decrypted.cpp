#include "decrypted.hpp"

#include <algorithm>
#include <memory>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "elsewhere.hpp"
#include "fallback_files.hpp"

namespace tfstate {
namespace {

namespace sdk = snapcore::sdk;
namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;

Result<bool> is_encrypted(const StateBytes& bytes) {
  std::uint64_t at = 0;
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    auto got = bytes.read_at(at, into);
    if (got) at += *got;
    return got;
  });
  const auto state = read_state(reader, bytes.name);
  if (!state) return fail(state.error());
  return state->form == Form::kEncrypted;
}

Result<> write_to(const fs::path& file, const StateBytes& bytes) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  auto fd = files::create_file(file);
  if (!fd) return fail(fd.error());
  std::vector<std::byte> piece(256 * 1024);
  for (std::uint64_t at = 0;;) {
    const auto got = bytes.read_at(at, piece);
    if (!got) return fail(got.error());
    if (*got == 0) return {};
    if (auto put = files::write_all(*fd, std::span(piece).first(*got), file); !put) return put;
    at += *got;
  }
}

// Of what the tool says; it has no other way of telling it.
bool speaks_of_the_key(const std::string& message) {
  std::string lower = message;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.find("crypt") != std::string::npos;
}

Result<std::string> decrypt(sdk::Call& call, const WorkPlace& place, const StateBytes& bytes) {
  auto there = elsewhere(call, place);
  if (!there) return fail(there.error());
  const fs::path root_state = there->scratch.path() / "state" / "terraform.tfstate";
  const fs::path states = there->scratch.path() / "state" / "workspaces";
  if (auto kept = keep_state_in(there->copy, root_state, states); !kept) return fail(kept.error());
  const fs::path file =
      place.workspace == "default" ? root_state : states / place.workspace / "terraform.tfstate";
  if (auto written = write_to(file, bytes); !written) return fail(written.error());
  const auto providers = providers_of(place.tool.providers, place.directory, there->scratch.path());
  if (!providers) return fail(providers.error());
  const auto ready = there->tool.init(*providers, there->copy.has_modules);
  // That it then lacks a provider is no matter.
  auto text = !ready && speaks_of_the_key(ready.error().message)
                  ? Result<std::string>(fail(ready.error()))
                  : pull(*there);
  if (text) return text;
  if (auto going = call.keep_going(); !going) return fail(going.error());
  snapcore::Error error = text.error();
  if (speaks_of_the_key(error.message)) {
    error.code = "tfstate.cannot_decrypt";
  } else if (!ready) {
    error = ready.error();
  }
  return fail(std::move(error));
}

}  // namespace

Result<StateBytes> readable(sdk::Call& call, const WorkPlace& place, StateBytes bytes) {
  const auto encrypted = is_encrypted(bytes);
  if (!encrypted) return fail(encrypted.error());
  if (!*encrypted) return bytes;
  auto text = decrypt(call, place, bytes);
  if (!text) return fail(text.error());
  auto plain = std::make_shared<const std::string>(std::move(*text));
  return StateBytes{
      .name = bytes.name,
      .read_at = [plain](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
        if (offset >= plain->size()) return 0;
        const std::size_t size =
            std::min<std::size_t>(into.size(), plain->size() - static_cast<std::size_t>(offset));
        std::copy_n(reinterpret_cast<const std::byte*>(plain->data()) + offset, size, into.begin());
        return size;
      }};
}

}  // namespace tfstate
