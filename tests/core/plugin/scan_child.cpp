// Serves `PROGRAM plugin scan FILE` for tests, which are not snapcore itself.
#include <cstring>

#include "plugin/search.hpp"

int main(int argc, char** argv) {
  if (argc != 4 || std::strcmp(argv[1], "plugin") != 0 || std::strcmp(argv[2], "scan") != 0)
    return 64;
  return snapcore::scan_plugin_in_this_process(argv[3]);
}
