#!/usr/bin/env bash
# The offline half of the etcd plugin against etcd's own tools and against a floor.
#   tests/bench/etcd.sh BUILD_DIR [--json] [--sizes 100,1000,3000] [--rounds 5]
set -euo pipefail
build=$(cd "$1" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")"
# Without a Go that can build it, its rows are missing, and say so.
if newest=$(../servers/build.sh etcd-3.6); then
  export SNAPCORE_ETCDUTL_36=$newest/etcdutl
else
  echo "bench: etcdutl 3.6 is not compared with: ${newest##*$'\n'}" >&2
fi
exec python3 -B etcd.py "$build" "$@"
