#include <array>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>

namespace snapcore {
namespace {

constexpr std::array<std::string_view, 7> kCategories = {
    "precondition", "transient", "permanent", "auth", "conflict", "corrupt", "internal"};
constexpr std::array<std::string_view, 3> kOutcomes = {"nothing_happened", "may_have_happened",
                                                       "happened"};
constexpr int kMaxCauses = 16;

Error read_error(const Value& value, int depth) {
  Error error{.code = value.at("code").string_or("plugin.unnamed_error"),
              .message = value.at("message").string_or("the plugin gave no message"),
              .hint = value.at("hint").text(),
              .category = category_from(value.at("category").text()),
              .outcome = outcome_from(value.at("outcome").text())};
  if (value.at("cause").is_object() && depth < kMaxCauses) {
    error.cause = std::make_shared<const Error>(read_error(value.at("cause"), depth + 1));
  }
  return error;
}

}  // namespace

Error caused_by(Error wrapper, Error cause) {
  wrapper.category = cause.category;
  wrapper.outcome = cause.outcome;
  wrapper.cause = std::make_shared<const Error>(std::move(cause));
  return wrapper;
}

std::string_view to_text(Category category) {
  const auto index = static_cast<std::size_t>(category);
  return index < kCategories.size() ? kCategories[index] : "internal";
}

std::string_view to_text(Outcome outcome) {
  const auto index = static_cast<std::size_t>(outcome);
  return index < kOutcomes.size() ? kOutcomes[index] : "may_have_happened";
}

Category category_from(std::string_view text) {
  for (std::size_t i = 0; i < kCategories.size(); ++i) {
    if (kCategories[i] == text) return static_cast<Category>(i);
  }
  return Category::kInternal;
}

Outcome outcome_from(std::string_view text) {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    if (kOutcomes[i] == text) return static_cast<Outcome>(i);
  }
  return Outcome::kMayHaveHappened;
}

Value to_value(const Error& error) {
  Value value = Value::object({{"code", error.code},
                               {"category", to_text(error.category)},
                               {"message", error.message},
                               {"outcome", to_text(error.outcome)}});
  if (!error.hint.empty()) value["hint"] = error.hint;
  if (error.cause) value["cause"] = to_value(*error.cause);
  return value;
}

Error error_from(const Value& value) { return read_error(value, 0); }

}  // namespace snapcore
