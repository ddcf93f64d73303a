// What is behind a Plugin and an Instance, for the files of this folder alone.
#pragma once

#include <snapcore/plugin.h>

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/call_watch.hpp"
#include "plugin/host.hpp"
#include "plugin/instance_turn.hpp"
#include "plugin/schema.hpp"

namespace snapcore {

struct OperationSchemas {
  Schema args;
  Schema result;
  Schema predicted;  // a result of which nothing has to be there
  std::optional<Schema> item;
};

struct Plugin::Loaded {
  std::filesystem::path path;
  std::string sha256;
  Manifest manifest;
  sc_plugin table{};
  Schema config;
  std::vector<OperationSchemas> schemas;  // by index of the operation
};

struct Instance::Opened {
  sc_instance* self = nullptr;
  InstanceTurn turn;  // of the one call that runs, unless the operation is `concurrent`
  CallWatch watch;
};

// The functions of the host, one table for all plugins and the whole process.
const sc_host& host_table();

}  // namespace snapcore
