// States made here, and what their readers say of them.
#pragma once

#include <format/diff.hpp>
#include <format/state.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tfstate::test {

// A state of version 4 with these resources and outputs, JSON texts both.
inline std::string state_with(std::string_view resources, std::string_view outputs = "{}",
                              std::uint64_t serial = 7) {
  return "{\n  \"version\": 4,\n  \"terraform_version\": \"1.9.0\",\n  \"serial\": " +
         std::to_string(serial) +
         ",\n  \"lineage\": \"6b1c77a0-2c5e-4a6e-9f0e-0d2f3c1b4a59\",\n  \"outputs\": " +
         std::string(outputs) + ",\n  \"resources\": [" + std::string(resources) +
         "],\n  \"check_results\": null\n}\n";
}

// A managed resource of the root module with these instances.
inline std::string resource(std::string_view type, std::string_view name,
                            std::string_view instances, std::string_view module = "") {
  std::string text = "{";
  if (!module.empty()) text += R"("module": ")" + std::string(module) + R"(", )";
  return text + R"("mode": "managed", "type": ")" + std::string(type) + R"(", "name": ")" +
         std::string(name) +
         R"(", "provider": "provider[\"registry.opentofu.org/acme/cloud\"]", "instances": [)" +
         std::string(instances) + "]}";
}

inline std::string instance(std::string_view attributes, std::string_view more = "") {
  return R"({"schema_version": 0, "attributes": )" + std::string(attributes) +
         (more.empty() ? "" : ", ") + std::string(more) + "}";
}

// Gives `piece` bytes at a time.
inline JsonReader::Read in_pieces(std::string_view text, std::size_t piece) {
  return [text, piece](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t size = std::min({piece, into.size(), text.size()});
    std::copy_n(reinterpret_cast<const std::byte*>(text.data()), size, into.begin());
    text.remove_prefix(size);
    return size;
  };
}

inline Result<State> read(std::string_view text, const Visitor& visitor = {}) {
  JsonReader reader(text);
  return read_state(reader, "it", visitor);
}

// "ok", or code and message.
inline std::string verdict(std::string_view text) {
  const auto state = read(text);
  return state ? "ok" : state.error().code + ": " + state.error().message;
}

inline StateBytes bytes_of(const std::string& text, std::string name) {
  return {
      .name = std::move(name),
      .read_at = [&text](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
        if (offset >= text.size()) return 0;
        const std::size_t size = std::min<std::size_t>(into.size(), text.size() - offset);
        std::copy_n(reinterpret_cast<const std::byte*>(text.data()) + offset, size, into.begin());
        return size;
      }};
}

struct Told {
  std::vector<std::string> lines;
  DiffCounts counts;
  std::string problem;
};

inline Told diff(const std::string& before, const std::string& after) {
  Told told;
  const auto found = compare_states(bytes_of(before, "before"), bytes_of(after, "after"),
                                    [&](const Difference& difference) -> Result<> {
                                      for (std::string& line : difference.words())
                                        told.lines.push_back(std::move(line));
                                      return {};
                                    });
  if (found) {
    told.counts = found->counts;
  } else {
    told.problem = found.error().code + ": " + found.error().message;
  }
  return told;
}

}  // namespace tfstate::test
