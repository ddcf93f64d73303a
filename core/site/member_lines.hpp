// Where the members of a table constructor stand in the text, for messages.
//
// Lua forgets the lines of what it builds, so the text is read once more, by its brackets only.
// What is computed is not found; then there is no line.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace snapcore {

// Of the table that the text returns: "instances.web.members[2].name" -> 14.
using MemberLines = std::map<std::string, int, std::less<>>;
MemberLines member_lines(std::string_view text);

// The line of the member, else of the nearest table around it, else 0.
int line_of(const MemberLines& lines, std::string_view path);

}  // namespace snapcore
