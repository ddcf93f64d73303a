// Reading a journal from an open file, or without making values of what nobody looks at;
// read_journal() of journal.hpp is the way in for everybody else.
#pragma once

#include "journal/journal.hpp"
#include "journal/record_line.hpp"

namespace snapcore {

// Whether a record is looked at or not, its line is verified all the same. `path` is for messages.
Result<JournalExtent> read_journal_from(File& file, const Path& path, const VisitRecord& visitor,
                                        const WantsBody& wants_body = {});
Result<JournalExtent> read_journal(FileSystem& fs, const Path& path, const VisitRecord& visitor,
                                   const WantsBody& wants_body);

}  // namespace snapcore
