#!/usr/bin/env bash
# The engine and its journal against fdatasync and sha256sum.
#   tests/bench/engine.sh BUILD_DIR [--json] [--only plan] [--rounds 5] [--calls 100000]
set -euo pipefail
build=$(cd "$1" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")"
exec python3 -B engine.py "$build" "$@"
