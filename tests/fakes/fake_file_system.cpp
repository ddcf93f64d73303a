#include "fakes/fake_file_system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

namespace snapcore {

using Guard = std::lock_guard<std::recursive_mutex>;

struct FakeFileSystem::Node {
  bool directory = false;
  Mode mode = 0;
  std::uint64_t inode = 0;
  std::string bytes = {}, synced_bytes = {};
  std::map<std::string, NodePtr> names = {}, synced_names = {};
  bool locked = false;

  void keep_after(const PowerLoss& loss);
};

void FakeFileSystem::Node::keep_after(const PowerLoss& loss) {
  locked = false;
  if (!loss.names_survive) names = synced_names;
  synced_names = names;
  if (bytes.starts_with(synced_bytes)) {
    const std::size_t kept = std::min(bytes.size(), synced_bytes.size() + loss.bytes_survive);
    const std::size_t lost = bytes.size() - kept;
    bytes.resize(kept);
    if (loss.rest_reads_as_zeros) bytes.append(lost, '\0');
  } else {
    bytes = synced_bytes;
  }
  synced_bytes = bytes;
  for (auto& [name, node] : names) node->keep_after(loss);
}

class FakeFileSystem::OpenFile final : public File {
 public:
  OpenFile(FakeFileSystem& fs, NodePtr node, Path path, bool writable)
      : fs_(fs),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        born_(fs.lives_) {}

  Result<> write_all(Bytes bytes) override {
    const Guard guard(fs_.mutex_);
    bool is_short = false;
    const auto fault = change(true, &is_short);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (fault && is_short) node_->bytes += text.substr(0, text.size() / 2);
    if (fault) return fail(file_error("write", path_, *fault));
    node_->bytes += text;
    return {};
  }

  Result<> sync() override {
    const Guard guard(fs_.mutex_);
    if (const auto fault = change(false)) return fail(file_error("sync", path_, *fault));
    node_->synced_bytes = node_->bytes;
    return {};
  }

  Result<> truncate(std::uint64_t size) override {
    const Guard guard(fs_.mutex_);
    if (const auto fault = change(false)) return fail(file_error("cut", path_, *fault));
    node_->bytes.resize(size);
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    const Guard guard(fs_.mutex_);
    if (!alive()) return fail(file_error("read", path_, EIO));
    if (offset >= node_->bytes.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), node_->bytes.size() - offset);
    std::memcpy(into.data(), node_->bytes.data() + offset, count);
    return count;
  }

  Result<std::uint64_t> size() override {
    const Guard guard(fs_.mutex_);
    if (!alive()) return fail(file_error("look at", path_, EIO));
    return node_->bytes.size();
  }

 private:
  bool alive() const { return born_ == fs_.lives_; }

  std::optional<int> change(bool needs_space, bool* is_short = nullptr) {
    if (!alive()) return EIO;
    if (!writable_) return EBADF;
    return fs_.next_operation(needs_space, is_short);
  }

  FakeFileSystem& fs_;
  NodePtr node_;
  Path path_;
  bool writable_;
  std::uint64_t born_;
};

class FakeFileSystem::HeldLock final : public FileLock {
 public:
  HeldLock(FakeFileSystem& fs, NodePtr node) : fs_(fs), node_(std::move(node)), born_(fs.lives_) {}
  ~HeldLock() override {
    const Guard guard(fs_.mutex_);
    if (born_ == fs_.lives_) node_->locked = false;
  }
  Result<> write(std::string_view text) override {
    const Guard guard(fs_.mutex_);
    if (const auto fault = fs_.next_operation(true))
      return fail(file_error("write", "the lock", *fault));
    node_->bytes = text;
    return {};
  }

 private:
  FakeFileSystem& fs_;
  NodePtr node_;
  std::uint64_t born_;
};

FakeFileSystem::FakeFileSystem() : root_(std::make_shared<Node>()) {
  root_->directory = true;
  root_->mode = 0755;
}

FakeFileSystem::~FakeFileSystem() = default;

Result<FakeFileSystem::Place> FakeFileSystem::find(const Path& path, std::string_view doing) const {
  Place place{nullptr, "", root_};
  for (const Path& part : (Path("/") / path).lexically_normal().relative_path()) {
    if (part.empty() || part == ".") continue;
    if (!place.node || !place.node->directory) {
      return fail(file_error(doing, path, place.node ? ENOTDIR : ENOENT));
    }
    place.directory = place.node;
    place.name = part.string();
    const auto found = place.directory->names.find(place.name);
    place.node = found == place.directory->names.end() ? nullptr : found->second;
  }
  return place;
}

FakeFileSystem::NodePtr FakeFileSystem::look_up(const Path& path) const {
  const auto place = find(path, "look at");
  return place ? place->node : nullptr;
}

std::optional<int> FakeFileSystem::next_operation(bool needs_space, bool* is_short) {
  const auto planned = faults_.find(operations_);
  ++operations_;
  if (dead_) return EIO;
  if (read_only_) return EROFS;
  if (planned != faults_.end()) {
    switch (planned->second) {
      case Fault::kNoSpace: return ENOSPC;
      case Fault::kIoError: return EIO;
      case Fault::kShortWrite:
        if (is_short) *is_short = true;
        return ENOSPC;
      case Fault::kDiskFull: full_ = true; break;
      case Fault::kDead: dead_ = true; return EIO;
    }
  }
  if (full_ && needs_space) return ENOSPC;
  return std::nullopt;
}

Result<std::unique_ptr<File>> FakeFileSystem::open(const Path& path, OpenFor purpose, Mode mode) {
  const Guard guard(mutex_);
  const std::string_view doing = purpose == OpenFor::kCreate ? "create" : "open";
  auto place = find(path, doing);
  if (!place) return fail(place.error());
  if (purpose == OpenFor::kCreate) {
    if (place->node) return fail(file_error(doing, path, EEXIST));
    if (const auto fault = next_operation(true)) return fail(file_error(doing, path, *fault));
    place->node = std::make_shared<Node>(Node{.mode = mode, .inode = next_inode_++});
    place->directory->names[place->name] = place->node;
  } else if (!place->node) {
    return fail(file_error(doing, path, ENOENT));
  } else if (purpose == OpenFor::kAppend && read_only_) {
    return fail(file_error(doing, path, EROFS));
  }
  if (place->node->directory) return fail(file_error(doing, path, EISDIR));
  return std::make_unique<OpenFile>(*this, place->node, path, purpose != OpenFor::kRead);
}

Result<> FakeFileSystem::move(const Path& from, const Path& to, bool replace) {
  const Guard guard(mutex_);
  const std::string doing = "rename " + from.string() + " to";
  auto source = find(from, doing), target = find(to, doing);
  if (!source || !target) return fail(source ? target.error() : source.error());
  if (!source->node) return fail(file_error(doing, to, ENOENT));
  if (target->node && !replace) return fail(file_error(doing, to, EEXIST));
  if (target->node && target->node->directory) return fail(file_error(doing, to, EISDIR));
  if (const auto fault = next_operation(false)) return fail(file_error(doing, to, *fault));
  source->directory->names.erase(source->name);
  target->directory->names[target->name] = source->node;
  return {};
}

Result<> FakeFileSystem::rename(const Path& from, const Path& to) { return move(from, to, true); }

Result<> FakeFileSystem::rename_no_replace(const Path& from, const Path& to) {
  return move(from, to, false);
}

Result<> FakeFileSystem::remove(const Path& path) {
  const Guard guard(mutex_);
  const auto place = find(path, "remove");
  if (!place) return fail(place.error());
  if (!place->node || !place->directory) return fail(file_error("remove", path, ENOENT));
  if (!place->node->names.empty()) return fail(file_error("remove", path, ENOTEMPTY));
  if (const auto fault = next_operation(false)) return fail(file_error("remove", path, *fault));
  place->directory->names.erase(place->name);
  return {};
}

Result<> FakeFileSystem::make_directory(const Path& path, Mode mode) {
  const Guard guard(mutex_);
  const auto place = find(path, "make directory");
  if (!place) return fail(place.error());
  if (place->node) return fail(file_error("make directory", path, EEXIST));
  if (const auto fault = next_operation(true))
    return fail(file_error("make directory", path, *fault));
  place->directory->names[place->name] =
      std::make_shared<Node>(Node{.directory = true, .mode = mode, .inode = next_inode_++});
  return {};
}

Result<> FakeFileSystem::sync_directory(const Path& path) {
  const Guard guard(mutex_);
  const NodePtr node = look_up(path);
  if (!node || !node->directory)
    return fail(file_error("sync directory", path, node ? ENOTDIR : ENOENT));
  if (const auto fault = next_operation(false))
    return fail(file_error("sync directory", path, *fault));
  node->synced_names = node->names;
  return {};
}

Result<std::vector<std::string>> FakeFileSystem::list(const Path& path) {
  const Guard guard(mutex_);
  const NodePtr node = look_up(path);
  if (!node || !node->directory) return fail(file_error("list", path, node ? ENOTDIR : ENOENT));
  std::vector<std::string> names;
  for (const auto& [name, child] : node->names) names.push_back(name);
  return names;
}

Result<std::optional<FileStatus>> FakeFileSystem::status(const Path& path) {
  const Guard guard(mutex_);
  const NodePtr node = look_up(path);
  if (!node) return std::nullopt;
  return FileStatus{.kind = node->directory ? FileKind::kDirectory : FileKind::kFile,
                    .size = node->bytes.size(),
                    .mode = node->mode,
                    .inode = node->inode};
}

Result<std::unique_ptr<FileLock>> FakeFileSystem::lock(const Path& path, Mode mode) {
  const Guard guard(mutex_);
  auto place = find(path, "lock");
  if (!place) return fail(place.error());
  if (!place->node) {
    auto made = open(path, OpenFor::kCreate, mode);
    if (!made) return fail(made.error());
    place->node = look_up(path);
  }
  if (place->node->locked) {
    return fail({.code = "file.locked",
                 .message = path.string() + " is locked by another process",
                 .category = Category::kConflict});
  }
  place->node->locked = true;
  return std::make_unique<HeldLock>(*this, place->node);
}

Result<std::uint64_t> FakeFileSystem::free_space(const Path&) {
  const Guard guard(mutex_);
  return full_ ? 0 : free_space_;
}

void FakeFileSystem::lose_power(PowerLoss loss) {
  const Guard guard(mutex_);
  root_->keep_after(loss);
  end_life();
}

void FakeFileSystem::restart_process() {
  const Guard guard(mutex_);
  const std::function<void(Node&)> unlock = [&](Node& node) {
    node.locked = false;
    for (auto& [name, child] : node.names) unlock(*child);
  };
  unlock(*root_);
  end_life();
}

void FakeFileSystem::end_life() {
  ++lives_;
  faults_.clear();
  full_ = dead_ = false;
}

std::size_t FakeFileSystem::operations() const {
  const Guard guard(mutex_);
  return operations_;
}

void FakeFileSystem::fail_operation(std::size_t after, Fault fault) {
  const Guard guard(mutex_);
  faults_[operations_ + after] = fault;
}

void FakeFileSystem::fill_disk() { full_ = true; }
void FakeFileSystem::empty_disk() { full_ = false; }
void FakeFileSystem::set_read_only(bool read_only) { read_only_ = read_only; }
void FakeFileSystem::set_free_space(std::uint64_t bytes) { free_space_ = bytes; }

void FakeFileSystem::put(const Path& path, std::string bytes) {
  const Guard guard(mutex_);
  NodePtr at = root_;
  const Path relative = (Path("/") / path).lexically_normal().relative_path();
  for (const Path& part : relative.parent_path()) {
    NodePtr& next = at->names[part.string()];
    if (!next) next = std::make_shared<Node>(Node{.directory = true, .mode = kPrivateDirectory});
    at->synced_names[part.string()] = next;
    at = next;
  }
  const std::string name = relative.filename().string();
  NodePtr& file = at->names[name];
  if (!file) file = std::make_shared<Node>(Node{.mode = kPrivateFile, .inode = next_inode_++});
  at->synced_names[name] = file;
  file->bytes = std::move(bytes);
  file->synced_bytes = file->bytes;
}

void FakeFileSystem::truncate(const Path& path, std::size_t size) {
  put(path, contents(path).substr(0, size));
}

std::string FakeFileSystem::contents(const Path& path) const {
  const Guard guard(mutex_);
  const NodePtr node = look_up(path);
  return node ? node->bytes : std::string();
}

bool FakeFileSystem::exists(const Path& path) const {
  const Guard guard(mutex_);
  return look_up(path) != nullptr;
}

std::vector<std::string> FakeFileSystem::tree() const {
  const Guard guard(mutex_);
  std::vector<std::string> paths;
  const std::function<void(const Node&, const std::string&)> add = [&](const Node& node,
                                                                       const std::string& path) {
    for (const auto& [name, child] : node.names) {
      paths.push_back(path + name + (child->directory ? "/" : ""));
      add(*child, path + name + "/");
    }
  };
  add(*root_, "/");
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace snapcore
