#include "killing_journal.hpp"

#include <signal.h>
#include <unistd.h>

namespace snapcore::test {
namespace {

void end_here() { ::kill(::getpid(), SIGKILL); }

}  // namespace

// Holds back what is written until it is synced.
class KillingFileSystem::LosingFile final : public File {
 public:
  LosingFile(KillingFileSystem& fs, std::unique_ptr<File> file) : fs_(fs), file_(std::move(file)) {}

  Result<> write_all(Bytes bytes) override {
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<> sync() override {
    const bool now = fs_.count();
    if (now && fs_.when_ == Kill::kBeforeTheSync) end_here();
    if (auto written = write_out(); !written) return written;
    if (now) end_here();
    return {};
  }
  Result<> truncate(std::uint64_t size) override {
    if (auto written = write_out(); !written) return written;
    return file_->truncate(size);
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    return file_->read_at(offset, into);
  }
  Result<std::uint64_t> size() override { return file_->size(); }

 private:
  Result<> write_out() {
    auto written = file_->write_all(waiting_);
    waiting_.clear();
    return written;
  }

  KillingFileSystem& fs_;
  std::unique_ptr<File> file_;
  std::vector<std::byte> waiting_;
};

Result<std::unique_ptr<File>> KillingFileSystem::open(const Path& path, OpenFor purpose,
                                                      Mode mode) {
  auto file = real_.open(path, purpose, mode);
  if (!file) return file;
  return std::make_unique<LosingFile>(*this, std::move(*file));
}

}  // namespace snapcore::test
