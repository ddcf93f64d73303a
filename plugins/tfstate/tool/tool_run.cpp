#include "tool_run.hpp"

#include <sys/stat.h>

#include <snapcore/support/files.hpp>

namespace tfstate {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;

// Where the JSON begins: a tool may say something else before it, on lines of their own.
Result<std::uint64_t> begin_of_json(const files::UniqueFd& fd, const fs::path& file) {
  std::string text(64 * 1024, '\0');
  const auto got =
      files::read_some_at(fd, 0, std::as_writable_bytes(std::span(text.data(), text.size())), file);
  if (!got) return fail(got.error());
  text.resize(*got);
  if (text.starts_with('{')) return 0;
  const auto at = text.find("\n{");
  return at == std::string::npos ? 0 : at + 1;
}

}  // namespace

Result<snapcore::process::Finished> ToolRun::run(const std::vector<std::string>& arguments) const {
  return program_.run(arguments, {.directory = where_.directory,
                                  .output = output(),
                                  .environment = where_.environment,
                                  .cancelled = where_.cancelled,
                                  .started = where_.started});
}

Result<> ToolRun::init(const fs::path& providers, bool modules_are_there) const {
  std::vector<std::string> arguments = {"init", "-input=false", "-no-color",
                                        "-plugin-dir=" + providers.string()};
  if (modules_are_there) arguments.emplace_back("-get=false");
  const auto finished = run(arguments);
  if (!finished) return fail(finished.error());
  if (!finished->succeeded()) return fail(failed("init", *finished));
  return {};
}

Result<> ToolRun::plan(const std::vector<std::string>& more) const {
  if (auto removed = files::remove_file(plan_file()); !removed) return removed;
  std::vector<std::string> arguments = {"plan", "-input=false", "-lock=false", "-json",
                                        "-out=" + plan_file().string()};
  for (const std::string& file : settings_.var_files) arguments.push_back("-var-file=" + file);
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto finished = run(arguments);
  if (!finished) return fail(finished.error());
  if (!finished->succeeded()) return fail(failed("plan", *finished));
  return {};
}

Result<PlannedTotals> ToolRun::show(
    const std::function<Result<>(const PlannedChange&)>& report) const {
  const auto finished = run({"show", "-json", plan_file().string()});
  if (!finished) return fail(finished.error());
  if (!finished->succeeded()) return fail(failed("show", *finished));
  auto fd = files::open_for_reading(output());
  if (!fd) return fail(fd.error());
  const auto begin = begin_of_json(*fd, output());
  if (!begin) return fail(begin.error());
  std::uint64_t at = *begin;
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    auto got = files::read_some_at(*fd, at, into, output());
    if (got) at += *got;
    return got;
  });
  return read_planned(reader, report);
}

}  // namespace tfstate
