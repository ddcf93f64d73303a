// What a snapshot is, in the words of the core.
#pragma once

#include <format/snapshot.hpp>
#include <snapcore/interfaces/target.hpp>
#include <string>

namespace etcd {

inline constexpr std::string_view kSnapshotKind = "etcd-snapshot";

using snapcore::sdk::target::Concern;
using snapcore::sdk::target::Examination;

Examination describe(const Examined& snapshot);
// Who will take the data.
struct Recipient {
  std::string version;    // empty when nobody knows
  bool has_user = false;  // one that its members can be asked as
};

// With what speaks against restoring it there.
Examination describe_for(const Recipient& recipient, const Examined& snapshot);

// The version that a server compares with its own; empty when the snapshot names none.
std::string written_version(const Examined& snapshot);

// Why the data may be wrong although it is whole: the alarm CORRUPT. Empty: it was not raised.
std::string corruption_in(const Examined& snapshot);

// That one of its meta pages is not whole; empty when both are.
std::string meta_page_in(const Examined& snapshot);

// Why somebody without a user cannot tell how the restored cluster is. Empty: it can be asked.
std::string authentication_in(const Examined& snapshot);

}  // namespace etcd
