#!/usr/bin/env bash
# The offline half of the etcd plugin against etcd's own tools and against a floor.
#   tests/bench/etcd.sh BUILD_DIR [--json] [--sizes 100,1000,3000] [--rounds 5]
set -euo pipefail
build=$(cd "$1" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")"
exec python3 etcd.py "$build" "$@"
