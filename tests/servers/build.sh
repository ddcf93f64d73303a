#!/usr/bin/env bash
# build.sh NAME   builds a real server or tool and prints the folder it lies in: etcd-3.5, etcd-3.6, etcd-3.7 (etcd,
# etcdctl, etcdutl), minio, versitygw, opentofu (tofu), dynalite. Each is pinned by the folder of its name, built
# once for a machine, not once for a tree, and again when that folder changes.
#
# Exit code 77 with the reason as the last line: what builds it is missing, or its parts cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
name=$1
pinned=$here/$name
cache=${XDG_CACHE_HOME:-$HOME/.cache}/snapcore/servers
readonly toolchain=1.26.8 # taken when the Go that is installed is older than the module wants

cannot() {
  echo "$*" >&2
  exit 77
}

# ---- from Go modules ------------------------------------------------------------------------------------------------

# What Go downloads is checked against its own sums; nothing of the caller's Go settings but where to download from
# has a say.
export GOTOOLCHAIN=local GOFLAGS='' GOWORK=off GO111MODULE=on CGO_ENABLED=0

# Debian 12 has Go 1.19, which neither builds these nor knows how to get what does. But a toolchain is a module too.
choose_go() {
  local wanted installed place
  command -v go >/dev/null || cannot "go is not installed"
  wanted=$(sed -n 's/^go //p' "$pinned/go.mod")
  installed=$(cd / && go env GOVERSION)
  go=go
  [[ $(printf '%s\n' "go$wanted" "$installed" | sort -V | tail -n 1) != "$installed" ]] || return 0
  place=$(cd / && go mod download -json "golang.org/toolchain@v0.0.1-go$toolchain.$(go env GOOS)-$(go env GOARCH)") ||
    cannot "$name needs Go $wanted, $installed is installed, and Go $toolchain cannot be downloaded"
  place=$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$place")
  # A module holds no programs and no module: what newer versions of Go do to a toolchain once they have it.
  chmod -R u+w,a+rX "$place"
  chmod 755 "$place"/bin/* "$place"/pkg/tool/*/*
  cp "$place/src/_go.mod" "$place/src/go.mod"
  unset GOROOT
  go=$place/bin/go
}

# The programs are what the module names as its tools.
build_go() {
  # -s -w: without what a debugger needs they link in half the time.
  local flags='-s -w'
  choose_go
  cd "$pinned"
  "$go" mod download >&2 || cannot "the modules of $name cannot be downloaded"
  # A release calls itself one.
  [[ $name != opentofu ]] || flags+=' -X github.com/opentofu/opentofu/version.dev=no'
  echo "building $name" >&2
  "$go" build -trimpath -ldflags="$flags" -o "$1/" tool >&2
  [[ $name != etcd-* ]] || mv "$1/server" "$1/etcd"
}

# ---- from npm -------------------------------------------------------------------------------------------------------

build_npm() {
  command -v node npm >/dev/null || cannot "node and npm are not installed"
  cp "$pinned/package.json" "$pinned/package-lock.json" "$1/"
  echo "installing $name" >&2
  npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
    cannot "the packages of $name cannot be downloaded"
}

# ---------------------------------------------------------------------------------------------------------------------

# key FILE...   names what is built from these
key() { { cat "$@" && [[ $1 != *.mod ]] || echo "$toolchain"; } | sha256sum | head -c 16; }

case $name in
  dynalite) how=build_npm parts=("$pinned/package.json" "$pinned/package-lock.json") ;;
  *) how=build_go parts=("$pinned/go.mod" "$pinned/go.sum") ;;
esac
[[ -f ${parts[0]} ]] || {
  echo "nothing here is called '$name'" >&2
  exit 1
}
bin=$cache/$name-$(key "${parts[@]}")
mkdir -p "$cache"
if [[ ! -d $bin ]]; then
  # Suites run side by side: the second one waits for what the first one builds.
  exec 9>"$cache/lock"
  flock 9
  if [[ ! -d $bin ]]; then
    new=$(mktemp -d "$cache/new.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    "$how" "$new" 9>&-
    mv -T "$new" "$bin"
  fi
fi
echo "$bin"
