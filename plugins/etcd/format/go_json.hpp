// Text as Go's JSON encoder writes it, so that what we write is what etcd would have written.
#pragma once

#include <string>
#include <string_view>

namespace etcd {

// Appends `text` in quotes. <, >, & and the two line separators of Unicode become \u escapes; bytes
// that are not UTF-8 become \ufffd.
void append_go_json(std::string& out, std::string_view text);

}  // namespace etcd
