#!/usr/bin/env bash
# peers.sh NAME   prints the path of a program that a benchmark compares with: aws (from PyPI), rclone (from Debian). Taken once
# for a machine, into the cache beside the servers of the tests.
#
# Exit code 77 with the reason as the last line: it cannot be had here.
set -euo pipefail
name=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/snapcore/peers
readonly aws=1.45.11

cannot() {
  echo "$*" >&2
  exit 77
}

get_aws() {
  echo "installing aws-cli $aws" >&2
  python3 -m venv "$1" >&2 || cannot "python3 -m venv does not work here"
  "$1/bin/pip" install --quiet --disable-pip-version-check "awscli==$aws" >&2 || cannot "aws-cli $aws cannot be downloaded"
}

get_rclone() {
  echo "getting rclone" >&2
  mkdir "$1"
  (cd "$1" && apt-get download -qq rclone >&2) || cannot "the Debian package rclone cannot be downloaded"
  dpkg-deb -x "$1"/*.deb "$1"
  rm "$1"/*.deb
}

case $name in
  aws) dir=$cache/aws-$aws program=bin/aws ;;
  rclone) dir=$cache/rclone program=usr/bin/rclone ;;
  *)
    echo "nobody is compared with '$name'" >&2
    exit 1
    ;;
esac
if [[ ! -x $dir/$program ]]; then
  mkdir -p "$cache"
  rm -rf "$dir"
  trap 'rm -rf "$dir"' EXIT # a half of it
  "get_$name" "$dir"
  trap - EXIT
fi
echo "$dir/$program"
