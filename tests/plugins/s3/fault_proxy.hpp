// tests/servers/s3_fault_proxy.py, which goes when its stdin does.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace s3 {

class FaultProxy {
 public:
  // `faults` as it takes them, separated by spaces.
  FaultProxy(const std::string& tree, const std::string& upstream, const std::string& faults) {
    int in[2] = {};
    int out[2] = {};
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return;
    std::vector<std::string> argv = {"python3", "-B", tree + "/tests/servers/s3_fault_proxy.py",
                                     upstream};
    for (std::size_t at = 0; at < faults.size();) {
      const auto end = std::min(faults.find(' ', at), faults.size());
      argv.push_back(faults.substr(at, end - at));
      at = end + 1;
    }
    std::vector<char*> pointers;
    for (std::string& word : argv) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::execvp(pointers[0], pointers.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    stdin_ = in[1];
    char text[16] = {};
    const auto got = ::read(out[0], text, sizeof text - 1);
    stdout_ = out[0];  // it may write the end of the line by itself
    if (got > 0) port_ = std::atoi(text);
  }
  ~FaultProxy() {
    ::close(stdin_);
    ::close(stdout_);
    if (pid_ > 0) (void)::waitpid(pid_, nullptr, 0);
  }
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  bool runs() const { return port_ > 0; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Nothing is broken any more.
  bool mend() const { return ::write(stdin_, "\n", 1) == 1; }

 private:
  pid_t pid_ = -1;
  int stdin_ = -1;
  int stdout_ = -1;
  int port_ = 0;
};

}  // namespace s3
