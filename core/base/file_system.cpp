#include "base/file_system.hpp"

#include <cerrno>
#include <system_error>

#include "base/random.hpp"

namespace snapcore {
namespace {

struct Meaning {
  std::string_view code;
  Category category;
  std::string_view hint;
};

Meaning meaning_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: return {"file.not_found", Category::kPrecondition, ""};
    case EEXIST:
    case ENOTEMPTY: return {"file.exists", Category::kConflict, ""};
    case ENOSPC:
    case EDQUOT:
      return {"file.no_space", Category::kPrecondition,
              "free space on that file system and try again"};
    case EACCES:
    case EPERM:
      return {"file.not_permitted", Category::kAuth,
              "check owner and mode of the path and of its directories"};
    case EROFS:
      return {"file.read_only", Category::kPrecondition, "the file system is mounted read-only"};
    case EIO:
      return {"file.io_error", Category::kPermanent,
              "look into the kernel log: the device may be failing"};
    default: return {"file.failed", Category::kPermanent, ""};
  }
}

Path parent_of(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

Result<> write_new(FileSystem& fs, const Path& path, std::string_view bytes, Mode mode) {
  auto file = fs.open(path, OpenFor::kCreate, mode);
  if (!file) return fail(file.error());
  if (auto written = (*file)->write_all(as_bytes(bytes)); !written) return written;
  return (*file)->sync();
}

using Rename = Result<> (FileSystem::*)(const Path&, const Path&);

Result<> write_beside_and(FileSystem& fs, Rename rename, const Path& path, std::string_view bytes,
                          Mode mode) {
  const auto suffix = random_hex(8);
  if (!suffix) return fail(suffix.error());
  const Path temporary = parent_of(path) / ("." + path.filename().string() + ".tmp-" + *suffix);
  auto done = write_new(fs, temporary, bytes, mode);
  if (done) done = (fs.*rename)(temporary, path);
  if (!done) {
    // The first error is the one to tell; a temporary that was never made is no second one.
    if (auto removed = fs.remove(temporary); !removed && removed.error().code != "file.not_found") {
      done.error().hint += (done.error().hint.empty() ? "" : "; ") +
                           ("the incomplete copy " + temporary.string() + " is still there");
    }
    return done;
  }
  if (auto synced = fs.sync_directory(parent_of(path)); !synced) {
    synced.error().outcome = Outcome::kMayHaveHappened;
    return synced;
  }
  return {};
}

}  // namespace

Error file_error(std::string_view doing, const Path& path, int error_number) {
  const Meaning meaning = meaning_of(error_number);
  return {.code = std::string(meaning.code),
          .message = "cannot " + std::string(doing) + " " + path.string() + ": " +
                     std::generic_category().message(error_number),
          .hint = std::string(meaning.hint),
          .category = meaning.category};
}

Result<std::string> read_file(FileSystem& fs, const Path& path, std::uint64_t limit) {
  auto file = fs.open(path, OpenFor::kRead);
  if (!file) return fail(file.error());
  const auto size = (*file)->size();
  if (!size) return fail(size.error());
  std::string bytes;
  std::size_t room = *size > limit ? 0 : static_cast<std::size_t>(*size) + 1;
  // One byte more than there should be, so that a file that grows meanwhile is read to its end.
  while (room > 0) {
    const std::size_t before = bytes.size();
    bytes.resize(before + room);
    const auto got =
        (*file)->read_at(before, std::as_writable_bytes(std::span(bytes.data() + before, room)));
    if (!got) return fail(got.error());
    bytes.resize(before + *got);
    if (*got < room) return bytes;
    room = bytes.size() > limit ? 0 : 4096;
  }
  return fail({.code = "file.too_large",
               .message = path.string() + " has more than " + std::to_string(limit) +
                          " bytes, more than such a file may have",
               .category = Category::kPrecondition});
}

Result<> create_file(FileSystem& fs, const Path& path, std::string_view bytes, Mode mode) {
  if (auto written = write_new(fs, path, bytes, mode); !written) return written;
  return fs.sync_directory(parent_of(path));
}

Result<> replace_file(FileSystem& fs, const Path& path, std::string_view bytes, Mode mode) {
  return write_beside_and(fs, &FileSystem::rename, path, bytes, mode);
}

Result<> publish_file(FileSystem& fs, const Path& path, std::string_view bytes, Mode mode) {
  return write_beside_and(fs, &FileSystem::rename_no_replace, path, bytes, mode);
}

Result<> make_directories(FileSystem& fs, const Path& path, Mode mode) {
  std::vector<Path> missing;
  for (Path at = path.lexically_normal(); !at.empty() && at != at.root_path();) {
    if (at.filename().empty()) {  // "a/b/" names a/b
      at = at.parent_path();
      continue;
    }
    // What is there is not looked at any closer: making the next one inside tells.
    const auto there = fs.status(at);
    if (!there) return fail(there.error());
    if (*there) {
      // Its maker may have been killed before making its name durable; a parent that is not ours to
      // read is not one that snapcore made something in.
      if (auto synced = fs.sync_directory(parent_of(at));
          !synced && synced.error().code != "file.not_permitted") {
        return synced;
      }
      break;
    }
    missing.push_back(at);
    at = at.parent_path();
  }
  while (!missing.empty()) {
    const Path at = std::move(missing.back());
    missing.pop_back();
    // Somebody else may have made it meanwhile; its name must be durable all the same.
    if (auto made = fs.make_directory(at, mode); !made && made.error().code != "file.exists")
      return made;
    if (auto synced = fs.sync_directory(parent_of(at)); !synced) return synced;
  }
  return {};
}

Result<> remove_tree(FileSystem& fs, const Path& path) {
  const auto there = fs.status(path);
  if (!there) return fail(there.error());
  if (!*there) return {};
  if ((*there)->kind == FileKind::kDirectory) {
    const auto names = fs.list(path);
    if (!names) return fail(names.error());
    for (const std::string& name : *names) {
      if (auto removed = remove_tree(fs, path / name); !removed) return removed;
    }
  }
  return fs.remove(path);
}

}  // namespace snapcore
