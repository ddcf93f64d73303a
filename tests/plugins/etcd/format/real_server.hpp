// Scripts with the functions of tests/servers/etcd_cluster.sh, for tests against real servers.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace etcd::test {

namespace fs = std::filesystem;

struct Output {
  int code = 0;
  std::string text;
};

// Runs a script with the functions of tests/servers/etcd_cluster.sh; stderr goes to the test's own.
inline Output shell(const std::string& script) {
  std::string pattern = (fs::temp_directory_path() / "etcd-shell-XXXXXX").string();
  const fs::path folder = ::mkdtemp(pattern.data());
  std::ofstream(folder / "script") << "set -euo pipefail\n. \"$SNAPCORE_SOURCE/tests/servers/"
                                      "etcd_cluster.sh\"\n"
                                   << script << "\n";
  const int status = std::system(
      ("bash " + (folder / "script").string() + " >" + (folder / "out").string()).c_str());
  std::ifstream out(folder / "out", std::ios::binary);
  Output output{WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                {std::istreambuf_iterator<char>(out), {}}};
  fs::remove_all(folder);
  return output;
}

inline std::string must(const std::string& script) {
  Output output = shell(script);
  EXPECT_EQ(output.code, 0) << script << "\n" << output.text;
  while (output.text.ends_with('\n')) output.text.pop_back();
  return output.text;
}

inline std::string bytes_in(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline fs::path new_folder() {
  std::string pattern = (fs::temp_directory_path() / "etcd-real-XXXXXX").string();
  return ::mkdtemp(pattern.data());
}

inline bool have_etcd() {
  return std::system("command -v etcd >/dev/null && command -v etcdctl >/dev/null") == 0;
}

}  // namespace etcd::test

#define SKIP_WITHOUT_ETCD()     \
  if (!etcd::test::have_etcd()) \
  GTEST_SKIP() << "needs etcd and etcdctl (Debian: etcd-server, etcd-client)"
