// JSON Schema (draft 7) with snapcore's marks, compiled once and used both ways over the border.
//
// A keyword that draft 7 does not know, or a mark that sdk/doc/abi.md does not name, is an error: a
// typing mistake must not turn a check off. `format` is an annotation; the marks x-type are what is
// checked.
#pragma once

#include <memory>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

class Schema {
 public:
  // "schema.invalid" when the text is not a schema.
  static Result<Schema> compile(const Value& schema);

  // "schema.mismatch" with the path of the first member that does not fit ("members[1].peer: ...").
  // `what` begins the message: "notes.stage". Secrets may stand as references or as {"$secret":
  // reference}.
  Result<> validate(const Value& value, std::string_view what) const;

  // The same for arguments while planning: a member at the top that is a {"$later": ...} object
  // stands for a value of the type it names, and only that type is compared.
  Result<> validate_planned(const Value& value, std::string_view what) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

// A misfit of an operation's arguments, with the command that shows what they should be.
Result<> with_help_of(std::string_view operation, Result<> fits);

// The type a property has: "string", "integer", ..., or "" when the schema leaves it open.
std::string property_type(const Value& schema, std::string_view property);
// JSON pointers of all members marked x-secret that `value` holds.
std::vector<std::string> secret_pointers(const Value& schema, const Value& value);
// Names of the top-level properties: those that must be there first, in the order `required` gives
// them, then the others by name.
std::vector<std::string> property_names(const Value& schema);
bool is_required(const Value& schema, std::string_view property);

// `value` with each {"$secret": "env:NAME"} that stands where the schema marks a secret replaced by
// its reference, as plugins receive it.
Value with_secret_references(const Value& schema, Value value);

}  // namespace snapcore
