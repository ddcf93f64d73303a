#!/usr/bin/env bash
# build.sh OUTPUT   builds bbolt-check from Debian's golang-github-coreos-bbolt-dev, without network.
# Exit code 77: Go or the package is missing.
set -euo pipefail
output=$1
command -v go >/dev/null || { echo "go is not installed" >&2; exit 77; }
[[ -d /usr/share/gocode/src/go.etcd.io/bbolt ]] || { echo "golang-github-coreos-bbolt-dev is not installed" >&2; exit 77; }
cd "$(dirname "$0")"
GOCACHE="${GOCACHE:-$(dirname "$output")/go-cache}" GO111MODULE=off GOFLAGS='' GOPROXY=off GOPATH=/usr/share/gocode \
  go build -o "$output" .
