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
// With what speaks against restoring it. `running` is the version that will read it; empty when
// nobody knows.
Examination describe_for(const std::string& running, const Examined& snapshot);

// The version that a server compares with its own; empty when the snapshot names none.
std::string written_version(const Examined& snapshot);

// Why the data may be wrong although it is whole: the alarm CORRUPT. Empty: it was not raised.
std::string corruption_in(const Examined& snapshot);

// Why nobody will be able to tell how the restored cluster is. Empty: it can be asked.
// That one of its meta pages is not whole; empty when both are.
std::string meta_page_in(const Examined& snapshot);
std::string authentication_in(const Examined& snapshot);

}  // namespace etcd
