#!/usr/bin/env bash
# build_etcd.sh VERSION   builds etcd, etcdctl and etcdutl of the module in etcd-VERSION (3.5, 3.6, 3.7) and prints
# the folder they lie in. They are built once for a machine, not once for a tree, and again when the module changes.
#
# Exit code 77 with the reason as the last line: Go is missing or the modules cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
module=$here/etcd-$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/snapcore/servers
bin=$cache/etcd-$1-$(cat "$module/go.mod" "$module/go.sum" "$here/build_etcd.sh" | sha256sum | head -c 16)
readonly toolchain=1.26.8 # taken when the Go that is installed is older than the module wants

cannot() {
  echo "$*" >&2
  exit 77
}

# What Go downloads is checked against its own sums; nothing of the caller's Go settings but where to download from
# has a say.
export GOTOOLCHAIN=local GOFLAGS='' GOWORK=off GO111MODULE=on CGO_ENABLED=0

# Debian 12 has Go 1.19, which neither builds these nor knows how to get what does. But a toolchain is a module too.
choose_go() {
  local wanted installed place
  command -v go >/dev/null || cannot "go is not installed"
  wanted=$(sed -n 's/^go //p' "$module/go.mod")
  installed=$(cd / && go env GOVERSION)
  go=go
  [[ $(printf '%s\n' "go$wanted" "$installed" | sort -V | tail -n 1) != "$installed" ]] || return 0
  place=$(cd / && go mod download -json "golang.org/toolchain@v0.0.1-go$toolchain.$(go env GOOS)-$(go env GOARCH)") ||
    cannot "etcd $1 needs Go $wanted, $installed is installed, and Go $toolchain cannot be downloaded"
  place=$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$place")
  # A module holds no programs and no module: what newer versions of Go do to a toolchain once they have it.
  chmod -R u+w,a+rX "$place"
  chmod 755 "$place"/bin/* "$place"/pkg/tool/*/*
  cp "$place/src/_go.mod" "$place/src/go.mod"
  unset GOROOT
  go=$place/bin/go
}

build() {
  local new
  choose_go "$1"
  cd "$module"
  "$go" mod download >&2 || cannot "the modules of etcd $1 cannot be downloaded"
  new=$(mktemp -d "$cache/new.XXXXXX")
  echo "building etcd $1" >&2
  # -s -w: without what a debugger needs they link in half the time.
  "$go" build -trimpath -ldflags='-s -w' -o "$new/" \
    go.etcd.io/etcd/server/v3 go.etcd.io/etcd/etcdctl/v3 go.etcd.io/etcd/etcdutl/v3 >&2
  mv "$new/server" "$new/etcd"
  mv -T "$new" "$bin"
}

mkdir -p "$cache"
if [[ ! -d $bin ]]; then
  # Suites run side by side: the second one waits for what the first one builds.
  exec 9>"$cache/lock"
  flock 9
  [[ -d $bin ]] || build "$1" 9>&-
fi
echo "$bin"
