#include "format/state.hpp"

#include <algorithm>
#include <charconv>
#include <format/address.hpp>
#include <format/json_node.hpp>
#include <format/output_type.hpp>
#include <format/sensitive.hpp>
#include <set>
#include <snapcore/utf8.hpp>
#include <utility>

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

constexpr std::size_t kMostProblems = 20;
constexpr std::size_t kLongestText = 1 << 16;
constexpr std::size_t kLargestText = 16 << 20;
constexpr std::size_t kLargestNode = 48 << 20;  // in memory, of what is looked at as a whole

Print first_half(const snapcore::Sha256::Digest& digest) {
  Print print;
  std::copy_n(digest.begin(), print.size(), print.begin());
  return print;
}

// As Go decodes it: line breaks do not count, padding does.
bool is_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  const auto is_inside = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  const auto padding = std::find_if_not(text.begin(), text.end(), is_inside);
  return text.size() % 4 == 0 && text.end() - padding <= 2 &&
         std::all_of(padding, text.end(), [](char c) { return c == '='; });
}

std::optional<std::uint64_t> whole_number(std::string_view raw) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (error != std::errc() || end != raw.data() + raw.size()) return std::nullopt;
  return number;
}

// What an object was found to hold, by the folded names of its members: a member that stands there
// twice is read twice by the tools, and the second one wins or is mixed with the first.
class Seen {
 public:
  bool again(const std::string& name) { return !names_.insert(name).second; }

 private:
  std::set<std::string> names_;
};

class StateReader {
 public:
  StateReader(JsonReader& reader, std::string name, const Visitor& visitor)
      : reader_(reader), name_(std::move(name)), visitor_(visitor) {}

  Result<State> read() {
    if (reader_.next() == Json::kNone && reader_.finish() && reader_.passed() == 0) return state_;
    read_document();
    if (!reader_.failure()) reader_.finish();
    if (reader_.failure()) return fail(why_stopped());
    state_.size = reader_.passed();
    if (auto decided = decide(); !decided) return fail(decided.error());
    if (reader_.found_bad_utf8())
      state_.oddities.push_back("some text in it is not UTF-8; the tools replace it");
    return std::move(state_);
  }

 private:
  // --- what is wrong

  void problem(std::string words) {
    ++problems_found_;
    if (problems_.size() < kMostProblems) problems_.push_back(std::move(words));
  }

  // Our own stop is an error as it is; anything else is bad JSON.
  Error why_stopped() const {
    const Error& why = *reader_.failure();
    if (!why.code.starts_with("json.")) return why;
    if (why.code == "json.too_large" || why.code == "json.too_long") {
      return {.code = "tfstate.too_large",
              .message = shown(name_) + " cannot be checked: " + why.message,
              .category = Category::kCorrupt};
    }
    return {.code = "tfstate.not_json",
            .message = shown(name_) + " is not JSON: " + why.message,
            .hint = why.code == "json.cut_off" ? "it was cut off; look for another version of it"
                                               : "no tool can read it; look for another version",
            .category = Category::kCorrupt};
  }

  Error refused(std::string code, const std::string& words, std::string hint = {}) const {
    return {.code = std::move(code),
            .message = shown(name_) + " " + words,
            .hint = std::move(hint),
            .category = Category::kCorrupt};
  }

  Result<> decide() {
    if (encrypted_) {
      state_.form = Form::kEncrypted;
      state_.counts = {};
      return {};
    }
    if (!version_) {
      return fail(refused("tfstate.not_a_state", "is JSON, but no state: it names no version",
                          "was it saved by the tool itself?"));
    }
    state_.version = *version_;
    if (state_.version == 3 && working_directory_) {
      state_.form = Form::kWorkingDirectory;
      return {};
    }
    if (state_.version == 0 || state_.version > 4) {
      return fail(refused(
          state_.version == 0 ? "tfstate.not_a_state" : "tfstate.too_new",
          "has the format version " + std::to_string(state_.version) + "; states have 1 to 4"));
    }
    state_.form = state_.version == 4 ? Form::kState : Form::kOldState;
    if (state_.form == Form::kOldState) {
      state_.counts = {};
      return {};
    }
    return problems_found_ == 0 ? Result<>() : fail(told_problems());
  }

  Error told_problems() const {
    std::string words = "is a state that no tool reads: " + problems_.front();
    for (std::size_t i = 1; i < problems_.size(); ++i) words += "; " + problems_[i];
    if (problems_found_ > problems_.size())
      words += "; and " + std::to_string(problems_found_ - problems_.size()) + " more";
    return refused("tfstate.broken", words, "choose another version of it");
  }

  // --- values as Go takes them: null leaves things as they are, another type is refused

  bool expect(Json kind, const std::string& what, std::string_view wanted) {
    const Json found = reader_.next();
    if (found == kind) return true;
    if (found != Json::kNull && found != Json::kNone)
      problem(what + " is not " + std::string(wanted));
    reader_.skip();
    return false;
  }

  void take_text(std::string& out, const std::string& what) {
    if (expect(Json::kString, what, "a text")) reader_.text(out, kLongestText);
  }

  void take_flag(bool& out, const std::string& what) {
    const Json found = reader_.next();
    if (found == Json::kTrue || found == Json::kFalse) {
      reader_.boolean(out);
    } else {
      expect(Json::kTrue, what, "true or false");
    }
  }

  void take_number(std::uint64_t& out, const std::string& what) {
    std::string raw;
    if (!expect(Json::kNumber, what, "a number") || !reader_.number(raw)) return;
    if (const auto number = whole_number(raw)) {
      out = *number;
    } else {
      problem(what + " is " + shown(raw.substr(0, 40)) + ", not a whole number below 2^64");
    }
  }

  // Members of an object by folded name; `take` must take the value.
  template <class Take>
  void members(Take take) {
    if (!reader_.enter_object()) return;
    for (std::string name; reader_.member(name);) take(folded(name));
  }

  // Both halves of what stands there twice would be mixed by the tools.
  bool mixed(Seen& seen, const std::string& name, const std::string& where) {
    if (!seen.again(name)) return false;
    problem("'" + name + "' stands twice in " + where + ", and the tools would mix the two");
    reader_.skip();
    return true;
  }

  // --- the document

  void read_document() {
    if (reader_.next() != Json::kObject) {
      reader_.skip();  // a text, a list: JSON, but no state
      return;
    }
    reader_.enter_object();
    state_.body = reader_.passed();
    Seen seen;
    for (std::string name; reader_.member(name);) read_member(folded(name), seen);
    check_version();
  }

  void read_member(const std::string& name, Seen& seen) {
    if (name == "version") {
      std::uint64_t number = 0;
      const bool there = reader_.next() == Json::kNumber;
      take_number(number, "'version'");
      if (there) version_ = number;
    } else if (name == "serial") {
      read_serial();
    } else if (name == "lineage") {
      take_text(state_.lineage, "'lineage'");
    } else if (name == "terraform_version") {
      take_text(state_.terraform_version, "'terraform_version'");
    } else if (name == "resources") {
      if (!mixed(seen, name, "the state")) read_resources();
    } else if (name == "outputs") {
      if (!mixed(seen, name, "the state")) read_outputs();
    } else if (name == "check_results") {
      if (!mixed(seen, name, "the state")) read_checks();
    } else if (name == "encryption_version") {
      std::string text;
      take_text(text, "'encryption_version'");
      encrypted_ = !text.empty();
    } else if (name == "meta") {
      read_key_providers();
    } else if (name == "backend" || name == "state_store") {
      working_directory_ = working_directory_ || reader_.next() == Json::kObject;
      reader_.skip();
    } else {
      reader_.skip();
    }
  }

  void read_serial() {
    const std::uint64_t offset = reader_.offset();
    take_number(state_.serial, "'serial'");
    state_.serial_token = Span{offset, reader_.passed() - offset};
  }

  void read_key_providers() {
    if (reader_.next() != Json::kObject) {
      reader_.skip();
      return;
    }
    reader_.enter_object();
    for (std::string name; reader_.member(name); reader_.skip()) {
      if (state_.key_providers.size() < kMostProblems) state_.key_providers.push_back(name);
    }
  }

  // --- outputs

  void read_outputs() {
    if (!expect(Json::kObject, "'outputs'", "an object")) return;
    reader_.enter_object();
    std::set<std::string> names;
    for (std::string name; reader_.member(name);) {
      if (!names.insert(name).second) problem("the output " + shown(name) + " stands there twice");
      read_output(std::move(name));
      name = {};
      if (!go_on()) return;
    }
  }

  void read_output(std::string name) {
    Output output{.name = std::move(name)};
    const std::string where = "the output " + shown(output.name);
    begin_part(output.bytes);
    std::optional<Node> value, type;
    if (expect(Json::kObject, where, "an object")) {
      members([&](const std::string& member) {
        if (member == "value") {
          value = read_node(reader_, kLargestNode);
        } else if (member == "type") {
          type = read_node(reader_, kLargestNode);
        } else if (member == "sensitive") {
          take_flag(output.sensitive, "'sensitive' of " + where);
        } else {
          reader_.skip();
        }
      });
    }
    output.content = end_part(output.bytes);
    if (!reader_.ok()) return;
    check_output(where, value, type);
    ++state_.counts.outputs;
    hand_over(visitor_.output, output);
  }

  void check_output(const std::string& where, const std::optional<Node>& value,
                    const std::optional<Node>& type) {
    if (!type || !is_output_type(*type)) {
      problem(where + " has no type that a tool knows");
    } else if (!value) {
      problem(where + " has no value");
    } else if (!fits_output_type(*value, *type)) {
      problem(where + " has a value that is not of its type");
    }
  }

  // --- resources

  void read_resources() {
    if (!expect(Json::kArray, "'resources'", "a list")) return;
    reader_.enter_array();
    while (reader_.element()) {
      if (expect(Json::kObject, "a resource", "an object")) read_resource();
      if (!go_on()) return;
    }
  }

  void read_resource() {
    Resource resource;
    std::string mode;
    Seen seen;
    members([&](const std::string& member) {
      if (member == "module") {
        take_text(resource.module, "'module' of a resource");
      } else if (member == "mode") {
        take_text(mode, "'mode' of a resource");
      } else if (member == "type") {
        take_text(resource.type, "'type' of a resource");
      } else if (member == "name") {
        take_text(resource.name, "'name' of a resource");
      } else if (member == "provider") {
        take_text(resource.provider, "'provider' of a resource");
      } else if (member == "instances") {
        if (!mixed(seen, member, "a resource")) read_instances(resource);
      } else {
        reader_.skip();
      }
    });
    if (!reader_.ok()) return;
    resource.data = mode == "data";
    check_resource(resource, mode);
    count(resource);
    hand_over(visitor_.resource, resource);
  }

  void check_resource(const Resource& resource, const std::string& mode) {
    const std::string address = shown(resource.address());
    if (mode != "managed" && mode != "data")
      problem(address + " has the mode '" + shown(mode) + "'");
    if (!is_module(resource.module)) problem(address + " is in a module with a broken address");
    const bool each_has_one =
        !resource.instances.empty() &&
        std::none_of(resource.instances.begin(), resource.instances.end(),
                     [](const Instance& instance) { return instance.provider.empty(); });
    const bool none = resource.provider.empty() && each_has_one;
    if (!none && !is_provider(resource.provider))
      problem(address + " has a broken provider address");
    for (const Instance& instance : resource.instances) {
      if (!objects_
               .insert(print_of(resource.address() + '\n' + instance.key + '\n' + instance.deposed))
               .second)
        problem(shown(object_address(resource.address(), instance)) + " stands there twice");
    }
  }

  void count(const Resource& resource) {
    ++(resource.data ? state_.counts.data : state_.counts.resources);
    for (const Instance& instance : resource.instances) {
      ++(instance.deposed.empty() ? state_.counts.instances : state_.counts.deposed);
      if (instance.tainted) ++state_.counts.tainted;
    }
  }

  void read_instances(Resource& resource) {
    if (!expect(Json::kArray, "'instances' of a resource", "a list")) return;
    reader_.enter_array();
    while (reader_.element()) {
      const std::string where = "object " + std::to_string(resource.instances.size() + 1) + " of " +
                                shown(resource.address());
      Instance instance;
      begin_part(instance.bytes);
      if (expect(Json::kObject, where, "an object")) read_instance(instance, where);
      instance.content = end_part(instance.bytes);
      resource.instances.push_back(std::move(instance));
      if (!go_on()) return;
    }
  }

  void read_instance(Instance& instance, const std::string& where) {
    members([&](const std::string& member) {
      if (member == "attributes") {
        read_attributes(instance, where);
      } else if (member == "index_key") {
        read_key(instance, where);
      } else if (member == "status") {
        std::string status;
        take_text(status, "'status' of " + where);
        instance.tainted = status == "tainted";
        if (!status.empty() && !instance.tainted)
          problem(where + " has the status '" + shown(status) + "'");
      } else if (member == "deposed") {
        instance.deposed.clear();
        take_text(instance.deposed, "'deposed' of " + where);
        if (!instance.deposed.empty() && instance.deposed.size() != 8)
          problem(where + " has a deposed key that is not 8 characters long");
      } else if (member == "provider") {
        take_text(instance.provider, "'provider' of " + where);
        if (!instance.provider.empty() && !is_provider(instance.provider))
          problem(where + " has a broken provider address");
      } else {
        read_rest_of_instance(member, where);
      }
    });
  }

  void read_rest_of_instance(const std::string& member, const std::string& where) {
    std::uint64_t number = 0;
    bool flag = false;
    const std::string what = "'" + member + "' of " + where;
    if (member == "schema_version" || member == "identity_schema_version") {
      take_number(number, what);
    } else if (member == "create_before_destroy") {
      take_flag(flag, what);
    } else if (member == "private") {
      read_private(what);
    } else if (member == "dependencies") {
      read_dependencies(where);
    } else if (member == "sensitive_attributes") {
      const auto written = read_node(reader_, kLargestNode);
      if (reader_.ok() && written && !sensitive_paths(*written))
        problem(where + " has sensitive_attributes that are no paths");
    } else {
      reader_.skip();
    }
  }

  void read_private(const std::string& what) {
    std::string text;
    if (!expect(Json::kString, what, "a text")) return;
    if (reader_.text(text, kLargestText) && !is_base64(std::move(text)))
      problem(what + " is not base64");
  }

  void read_key(Instance& instance, const std::string& where) {
    const Json kind = reader_.next();
    std::string text;
    if (kind == Json::kString) {
      if (reader_.text(text, kLongestText)) instance.key = key_address(text);
    } else if (kind == Json::kNumber) {
      if (!reader_.number(text)) return;
      const bool minus = text.starts_with('-');
      if (!whole_number(std::string_view(text).substr(minus ? 1 : 0)))
        problem(where + " has a key that is not a whole number");
      instance.key = "[" + text + "]";
    } else {
      if (kind != Json::kNull && kind != Json::kNone)
        problem(where + " has a key that is neither a text nor a number");
      reader_.skip();
    }
  }

  void read_attributes(Instance& instance, const std::string& where) {
    instance.id.reset();
    if (!expect(Json::kObject, "'attributes' of " + where, "an object")) return;
    reader_.enter_object();
    for (std::string name; reader_.member(name);) {
      if (name == "id" && reader_.next() == Json::kString) {
        std::string id;
        if (reader_.text(id, kLargestText)) instance.id = std::move(id);
      } else {
        reader_.skip();
      }
    }
  }

  void read_dependencies(const std::string& where) {
    if (!expect(Json::kArray, "'dependencies' of " + where, "a list")) return;
    reader_.enter_array();
    while (reader_.element()) {
      std::string address;
      take_text(address, "a dependency of " + where);
      if (reader_.ok() && !is_resource(address)) problem(where + " depends on a broken address");
    }
  }

  // --- check results

  void read_checks() {
    if (!expect(Json::kArray, "'check_results'", "a list")) return;
    reader_.enter_array();
    while (reader_.element()) {
      ++state_.counts.checks;
      if (!expect(Json::kObject, "a check result", "an object")) continue;
      members([&](const std::string& member) {
        std::string text;
        if (member == "object_kind" || member == "config_addr" || member == "status") {
          take_text(text, "'" + member + "' of a check result");
        } else {
          reader_.skip();
        }
      });
    }
  }

  // --- parts

  void begin_part(Span& span) {
    span.offset = reader_.offset();
    reader_.begin_tap(part_.emplace());
  }
  Print end_part(Span& span) {
    reader_.end_tap();
    span.length = reader_.passed() - span.offset;
    return first_half(part_->finish());
  }

  template <class Hand, class T>
  void hand_over(const Hand& hand, const T& found) {
    if (!hand) return;
    if (auto taken = hand(found); !taken) reader_.refuse(taken.error());
  }

  bool go_on() {
    if (visitor_.keep_going && (++steps_ & 255) == 0) {
      if (auto going = visitor_.keep_going(); !going) reader_.refuse(going.error());
    }
    return reader_.ok();
  }

  void check_version() {
    if (!state_.terraform_version.empty() && !is_version(state_.terraform_version))
      problem("'terraform_version' is '" + shown(state_.terraform_version.substr(0, 80)) +
              "', which is no version");
  }

  JsonReader& reader_;
  std::string name_;
  const Visitor& visitor_;
  State state_;
  std::optional<std::uint64_t> version_;
  bool encrypted_ = false;
  bool working_directory_ = false;
  std::optional<snapcore::Sha256> part_;
  std::set<Print> objects_;
  std::vector<std::string> problems_;
  std::size_t problems_found_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace

Print print_of(std::string_view text) {
  snapcore::Sha256 hash;
  hash.update(text);
  return first_half(hash.finish());
}

std::string Resource::address() const { return resource_address(module, data, type, name); }

std::string object_address(const std::string& resource, const Instance& instance) {
  std::string text = resource + instance.key;
  if (!instance.deposed.empty()) text += " (deposed " + instance.deposed + ")";
  return text;
}

Result<State> read_state(JsonReader& reader, const std::string& name, const Visitor& visitor) {
  return StateReader(reader, name, visitor).read();
}

}  // namespace tfstate
