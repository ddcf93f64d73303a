#!/usr/bin/env bash
# A bucket in a real MinIO against curl, aws-cli, rclone and etcdctl; and the diff of two states.
#   tests/bench/s3.sh BUILD_DIR [--json] [--sizes 1000] [--only get] [--rounds 5]
set -euo pipefail
build=$(cd "$1" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")"
# Without one of them its rows say so.
for name in aws rclone; do
  if program=$(./peers.sh "$name" 2>&1); then
    export "SNAPCORE_PEER_${name^^}=${program##*$'\n'}"
  else
    echo "bench: $name is not compared with: ${program##*$'\n'}" >&2
  fi
done
exec python3 -B s3.py "$build" "$@"
