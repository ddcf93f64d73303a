// The site as a run carries it: resolved, secrets as references.
#pragma once

#include <snapcore/value.hpp>

#include "site/site.hpp"

namespace snapcore {

Value to_value(const Site& site);
// "site.invalid" when the text is not what to_value() made.
Result<Site> site_from(const Value& value);

}  // namespace snapcore
