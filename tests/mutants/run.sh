#!/usr/bin/env bash
# Plants a mistake into a copy of the tree, one after another, and runs the test that must find it.
#   tests/mutants/run.sh [NAME...]
#
# A mutant is a patch whose first line says what is wrong with it, and whose second one names the test: SUITE FILTER.
# Exit code 1 when a test does not find its mutant, or a patch does not fit any more.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
root=$PWD
tree=$root/build/mutants/tree
build=$root/build/mutants/build
log=$root/build/mutants/log
mkdir -p "$tree" "$build"

# What changed since the last time, and nothing else: the build goes on where it was.
while IFS= read -r -d '' file; do
  if [ ! -f "$file" ] || cmp -s "$file" "$tree/$file"; then continue; fi
  mkdir -p "$(dirname "$tree/$file")"
  cp "$file" "$tree/$file"
done < <(git ls-files -z --cached --others --exclude-standard)
export CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1

build_suite() { cmake --build "$build" --target "test_$1" >>"$log" 2>&1; }

run_suite() {
  SNAPCORE_SOURCE=$tree SNAPCORE_BUILD=$build timeout 600 "$build/tests/$1" --gtest_filter="$2" >>"$log" 2>&1
}

# plant PATCH [--reverse]   the copy is no repository of its own, and none of ours
plant() { (cd "$tree" && GIT_CEILING_DIRECTORIES=$(dirname "$tree") git apply "${@:2}" "$1") >>"$log" 2>&1; }

# Red is good: the test found it.
try_mutant() {
  local patch=$1 suite filter verdict=0
  read -r _ suite filter < <(sed -n 2p "$patch")
  if ! build_suite "$suite" || ! run_suite "$suite" "$filter"; then
    verdict="the test is red without it"
  elif ! plant "$patch"; then
    verdict="the patch does not fit any more"
  else
    if ! build_suite "$suite"; then
      verdict="does not build"
    elif run_suite "$suite" "$filter"; then
      verdict="NOT FOUND"
    else
      verdict=red
    fi
    plant "$patch" --reverse
  fi
  printf '%-30s %-42s %s\n' "$(basename "$patch" .patch)" "$suite $filter" "$verdict"
  [ "$verdict" = red ]
}

: >"$log"
cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS="-O0 -g1" \
  -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >>"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  exit 1
}
failed=0
for patch in "$root"/tests/mutants/*.patch; do
  if [ $# = 0 ] || [[ " $* " == *" $(basename "$patch" .patch) "* ]]; then
    try_mutant "$patch" || failed=$((failed + 1))
  fi
done
[ "$failed" = 0 ] || {
  echo "$failed not found; $log has what was said" >&2
  exit 1
}
