// What a stranger's program sees of an installed snapcore.
#include <cstdio>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/files.hpp>
#include <snapcore/support/http.hpp>
#include <snapcore/support/process.hpp>
#include <snapcore/utf8.hpp>
#include <snapcore/value.hpp>

int main() {
  const auto value = snapcore::Value::parse(R"({"b": 1, "a": [true]})");
  if (!value || !snapcore::is_utf8(value->dump())) return 1;
  std::puts(value->dump().c_str());
  std::puts(snapcore::sha256_hex(value->dump()).c_str());
  return 0;
}
