#!/usr/bin/env bash
# Makes the runs and plans that are kept of this release; see README.md. As root, for a host name of its own.
#   tests/kept/make.sh BUILD_DIR
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "$1" && pwd)
place=/tmp/kept
if [ -z "${KEPT_HOST:-}" ]; then
  exec unshare --uts env KEPT_HOST=1 bash -c 'hostname db1; exec "$@"' - "$0" "$@"
fi
# Nothing of the machine it is made on.
version=$("$build/bin/snapcore" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+')
out=$here/$version
[ ! -e "$out" ] || { echo "$out is there already: it is never made again" >&2; exit 1; }
[ ! -e "$place" ] || { echo "$place is in the way" >&2; exit 1; }
trap 'rm -rf "$place"' EXIT
mkdir -p "$place/bin" "$place/plugins"
cp "$build/bin/killed_snapcore" "$place/bin/snapcore"
cp "$build/test_plugins/ledger.so" "$build/test_plugins/plain_c.so" "$place/plugins"
cp "$here/everything.lua" "$place"
cat >"$place/site.lua" <<LUA
return { instances = {
  a = { plugin = "ledger", path = "$place/world/a", other = "b" },
  b = { plugin = "ledger", path = "$place/world/b" },
  note = { plugin = "plain_c", path = "$place/world/live", file = "note" },
  store = { plugin = "plain_c", path = "$place/world/store" },
} }
LUA
chmod 600 "$place/site.lua"
cd "$place"

fresh() {
  rm -rf world state
  mkdir -p world/a world/b world/live world/store
  printf 'NOTE berlin\nnew\nEND\n' >world/store/new.note
  printf 'NOTE berlin\nold\nEND\n' >world/live/note
  printf 'add retried before 1\n' >world/a/weather
}

tool() { ./bin/snapcore --site site.lua --state state --plugin-dir plugins "$@" </dev/null >said 2>&1; }
run() { tool run everything.lua --yes --waive healthy=kept "$@"; }
exits() {
  local wanted=$1 code=0
  shift
  # A shell in between says to a file what became of it.
  ("$@") || code=$?
  [ "$code" = "$wanted" ] || { echo "exit $code instead of $wanted: $*" >&2; cat said >&2; exit 1; }
}
run_id() { ls state/runs; }
the_world() { (cd world && find . -type f ! -name calls -printf '%P\n' | LC_ALL=C sort | xargs sha256sum); }

# try NAME COMMAND...   in a copy, and what became of the world, unless the run is over
try() {
  local name=$1 code=0
  shift
  cp -a world world.before
  cp -a state state.before
  tool "$@" || code=$?
  if ! grep -q 'run.over\|is over' said; then
    { echo "exit $code" && the_world; } >"$name"
  fi
  rm -rf world state
  mv world.before world
  mv state.before state
}

keep() {
  local to=$out/$1
  rm -f after_resume after_rollback
  try after_resume resume "$(run_id)"
  try after_rollback rollback --yes "$(run_id)"
  mkdir -p "$to"
  cp -a world "$to/world"
  cp -a "state/runs/$(run_id)" "$to/run"
  rm -rf "$to/run/scratch" "$to/run/lock"
  find after_resume after_rollback -exec cp {} "$to" \; 2>/dev/null || true
  # Directories without a file are not kept by git.
  find "$to" -type d -empty -exec touch {}/.empty \;
  echo "kept $1: $(wc -l <"$to/run/journal.jsonl") records"
}

fresh && exits 0 run && keep finished
exits 0 tool accept --yes "$(run_id)" && keep accepted
fresh && exits 0 run && exits 0 tool rollback --yes "$(run_id)" && keep taken_back
fresh && exits 5 run --set last=after && keep undone
fresh && exits 7 run --set last=after --on-failure hold && keep held
for at in 12 25 33; do
  fresh && SNAPCORE_TEST_KILL_AT=$at exits 137 run && keep "killed_at_$at"
done
exits 0 tool resume "$(run_id)" && keep killed_and_resumed
for ((moment = 1; ; ++moment)); do
  fresh && LEDGER_KILL_AT=$moment exits 137 run
  ! tail -n 2 state/runs/*/journal.jsonl | grep -q '"operation":"ring"' || break
done
keep in_doubt

mkdir "$out/plans"
fresh
exits 0 tool plan everything.lua --waive healthy=kept -o "$out/plans/everything.plan"
exits 0 tool plan everything.lua --waive healthy=kept --set last=before -o "$out/plans/with_params.plan"
printf 'runbook { summary = "Nothing" }\n' >nothing.lua
exits 0 tool plan nothing.lua -o "$out/plans/nothing.plan"
