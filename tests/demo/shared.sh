# shellcheck shell=bash disable=SC2034
# What every demo needs, to be sourced with the folder of the build: $root, $work, and how things are shown.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/snapcore-demo.XXXXXX")

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }

snapcore() { "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" "$@"; }
