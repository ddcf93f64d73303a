// Reading a journal from an open file; read_journal() of journal.hpp is the way in for everybody
// else.
#pragma once

#include "journal/journal.hpp"

namespace snapcore {

// `path` is for messages.
Result<JournalExtent> read_journal_from(File& file, const Path& path, const VisitRecord& visitor);

}  // namespace snapcore
