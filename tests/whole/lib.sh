# shellcheck shell=bash
# For tests of the whole tool, to be sourced. A case is a function named `case_...`; `run_cases` runs each in a
# subshell with a directory of its own ($work) and prints one line for it. Output is shown when it fails. CASES, an
# extended regular expression, picks some of them.
set -uo pipefail
root=${SNAPCORE_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
build=${SNAPCORE_BUILD:-$root/build/dev}
# shellcheck source=../servers/etcd_cluster.sh
. "$root/tests/servers/etcd_cluster.sh"
suite_dir=$(mktemp -d "${TMPDIR:-/tmp}/snapcore-test.XXXXXX")
trap 'rm -rf "$suite_dir"' EXIT

# The tool under test, with the case's own site and state.
snapcore() { "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" "$@" </dev/null; }
# The same with the plugins that the tests brought.
tool() { snapcore --plugin-dir "$build/test_plugins" "$@"; }

fail_case() {
  echo "$*" >&2
  exit 1
}

# expect_exit CODE COMMAND...   runs it with its output in $work/out and $work/err; CODE may be a set like '[23]'
expect_exit() {
  local wanted=$1 code=0
  shift
  "$@" >"$work/out" 2>"$work/err" || code=$?
  # shellcheck disable=SC2053  # a pattern on purpose
  [[ $code == $wanted ]] || {
    echo "exit $code instead of $wanted: $*" >&2
    echo "--- stdout" >&2
    cat "$work/out" >&2
    echo "--- stderr" >&2
    cat "$work/err" >&2
    exit 1
  }
}

# expect_said PATTERN...   extended regular expressions, each somewhere in stdout or stderr of the last command, or in
# their text without its line breaks: where a line is broken depends on the length of the paths in it
expect_said() {
  # Never `... | grep -q`: it ends at the first match, and what writes to it then ends by a signal.
  local pattern
  for pattern in "$@"; do
    grep -qE -- "$pattern" "$work/out" "$work/err" ||
      grep -qE -- "$pattern" <(cat "$work/out" "$work/err" | tr -s ' \n' '  ' | tr -s ' ') || {
      echo "nothing said matches: $pattern" >&2
      echo "--- stdout" >&2
      cat "$work/out" >&2
      echo "--- stderr" >&2
      cat "$work/err" >&2
      exit 1
    }
  done
}

expect_equal() { [ "$1" = "$2" ] || fail_case "${3:-values differ}: '$1' instead of '$2'"; }

# Of two that began within one second, that which was written last.
newest_run() {
  find "$work/state/runs" -mindepth 1 -maxdepth 1 -printf '%f %T@\n' | sort -k 1.1,1.16 -k 2,2n | sed -n '$ s/ .*//p'
}
# The first one named on stdout.
run_said() { grep -ohE '[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}' "$work/out" | head -n 1; }
# entries DIRECTORY   what stands in a ledger, sorted
entries() { find "$1" -type f ! -name calls -printf '%f\n' | sort | tr '\n' ' '; }

# wait_for SECONDS COMMAND...
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || fail_case "in vain waited for: $*"
    sleep 0.05
  done
}

journal() { echo "$work/state/runs/$(newest_run)/journal.jsonl"; }

# killed_at N ARGUMENT...   the tool, killed right after record N of its journal; fails when it was not
killed_at() {
  local at=$1 code=0
  shift
  # A shell in between says to the file what became of it.
  SNAPCORE_TEST_KILL_AT=$at bash -c '"$@"; exit $?' - "$build/bin/killed_snapcore" --site "$work/site.lua" \
    --state "$work/state" --plugin-dir "$build/plugins" "$@" </dev/null >"$work/killed.out" 2>&1 || code=$?
  [ "$code" = 137 ]
}

# How many calls of the newest run have begun and not answered.
calls_in_doubt() {
  python3 - "$(journal)" <<'PY'
import json, sys
begun = set()
for record in map(json.loads, open(sys.argv[1])):
    if record["type"] == "intent":
        begun.add(record["body"]["call"])
    elif record["type"] in ("result", "error"):
        begun.discard(record["body"]["call"])
print(len(begun))
PY
}

# killed_at_every_record WHAT ARGUMENT...   the tool with these arguments, killed right after each record of its journal in
# turn. What is left is gone on with; at every other point it is also taken back instead, and at those between after it
# was gone on with. A suite brings what there is to begin with (`fresh_world`), and what comes of it as text (`world
# done`, `world back`), which must be that of a run that nobody disturbed, and that of none. Where that takes too long
# for every day, KILL_EVERY=N takes every Nth record.
killed_at_every_record() {
  local what=$1 every=${KILL_EVERY:-1} at points=0 backs=0 settled=0 began=$SECONDS undisturbed none
  shift
  fresh_world
  none=$(world back)
  expect_exit '[01]' snapcore "$@"
  undisturbed=$(world 'done')
  for ((at = 1; ; at += every)); do
    fresh_world
    killed_at "$at" "$@" || break
    if grep -q '"type":"end"' "$(journal)"; then break; fi
    points=$((points + 1))
    if ! grep -q '"type":"run"' "$(journal)"; then
      expect_equal "$(world back)" "$none" "after a kill at record $at, before the run began"
      continue
    fi
    settled=$((settled + $(calls_in_doubt)))
    expect_exit '[01]' snapcore resume "$(newest_run)"
    expect_equal "$(world 'done')" "$undisturbed" "after a kill at record $at and resume"
    if ((points % 2)); then
      fresh_world
      killed_at "$at" "$@" || fail_case "not killed at record $at: $(cat "$work/killed.out")"
      backs=$((backs + 1))
    fi
    expect_exit '[0125]' snapcore rollback "$(newest_run)" --yes
    expect_equal "$(world back)" "$none" "after a kill at record $at$( ((points % 2)) || echo ', resume') and rollback"
  done
  grep -q '"type":"end"' "$(journal)" || fail_case "no run has ended: $(cat "$work/killed.out")"
  expect_equal "$(world 'done')" "$undisturbed" "after a kill at the last record, or none"
  [ "$points" -ge 5 ] || fail_case "only $points points"
  tell "kill matrix, $what: killed at $points records$( ((every == 1)) || echo " (one in $every)"), resumed at each," \
    "taken back at every other ($backs) and behind the resume at those between; $settled calls were in doubt and settled;" \
    "all equal ($((SECONDS - began)) s)"
}

# normal   what differs from run to run in texts and names: times, ids of runs, keys and objects
normal() {
  sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g; s/[0-9]{8}T[0-9]{6}Z(-[0-9a-f]+)?/TIME/g
    s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UUID/g'
}
# Everything below a directory but that: names, kinds, modes, contents.
tree() {
  local file
  (cd "$1" && find . -printf '%p %y %m %l\n' | normal | LC_ALL=C sort &&
    find . -type f -print0 | LC_ALL=C sort -z | while IFS= read -r -d '' file; do
      echo "$(normal <"$file" | sha256sum | head -c 64) $(normal <<<"$file")"
    done)
}

# Everything below a directory: names, kinds, modes, owners, contents.
fingerprint() {
  (cd "$1" && find . -printf '%p %y %m %U %G %l\n' | LC_ALL=C sort &&
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum) | sha256sum
}

# tell LINE   what a case has seen and counted, shown above its result also when it passed
tell() { echo "$*" | tee -a "$work.told"; }

run_cases() {
  local name code
  for name in $(declare -F | sed -n 's/^declare -f \(case_.*\)/\1/p' | grep -E -- "${CASES:-.}"); do
    work=$suite_dir/$name
    mkdir -p "$work"
    code=0
    (
      set -e
      trap 'tear_down' EXIT
      "$name"
    ) >"$work.log" 2>&1 || code=$?
    [ ! -e "$work.told" ] || sed 's/^/  /' "$work.told"
    if [ "$code" = 0 ]; then
      echo "ok ${name#case_}"
    elif [ "$code" = 77 ]; then
      echo "skip ${name#case_}: $(tail -n 1 "$work.log")"
    else
      echo "not ok ${name#case_}"
      sed 's/^/    /' "$work.log"
    fi
    rm -rf "$work"
  done
}

# Ends what the case started; a suite may add to it.
tear_down() {
  if [ -f "$work/members" ]; then cluster_kill "$work" 2>/dev/null || true; fi
}

skip_case() {
  echo "$*"
  exit 77
}

need_etcd() {
  if ! command -v etcd etcdctl >/dev/null; then
    skip_case "the packages etcd-server and etcd-client are not installed"
  fi
}

need_strace() {
  command -v strace >/dev/null || skip_case "strace is not installed"
  strace -o /dev/null true 2>/dev/null || skip_case "this machine does not allow strace"
}

# A healthy cluster of COUNT members with 200 keys under /k/, a snapshot of it in $work/backups, then 50 keys more.
# CHANGE is called before its members are started.
make_cluster_with_snapshot() {
  local count=${1:-3} change=${2:-:}
  need_etcd
  cluster_create "$work" "$count"
  mkdir -p "$work/backups"
  cluster_site "$work" "$work/backups" "$work/site.lua"
  "$change"
  cluster_start "$work"
  cluster_put "$work" /k/ 1 200
  take_snapshot snap.db
  cluster_put "$work" /k/ 201 250
}

# Each member keeps its WAL in a directory beside its data.
with_separate_wal() {
  local member name
  for member in "$work"/m*/; do
    name=$(basename "$member")
    sed -i "s|--data-dir \"$work/$name/data\"|& --wal-dir \"$work/$name/wal\"|" "$work/$name/ctl"
    sed -i "s|data_dir = \"$work/$name/data\",|& wal_dir = \"$work/$name/wal\",|" "$work/site.lua"
  done
}

take_snapshot() {
  local first etcdctl
  etcdctl=$(cat "$work/programs")etcdctl
  first=$(cluster_endpoints "$work")
  first=${first%%,*}
  "$etcdctl" --endpoints "$first" "${@:2}" get /k/000200 >/dev/null # linearizable: this member has it all
  "$etcdctl" --endpoints "$first" "${@:2}" snapshot save "$work/backups/$1" >/dev/null 2>&1
}

destroy_cluster() {
  cluster_kill "$work"
  rm -rf "$work"/m*/data
}

hashkv() {
  cluster_ctl "$1" endpoint hashkv --write-out=json | grep -o '"hash":[0-9]*' | sort -u
}

revision() { cluster_ctl "$1" endpoint status --write-out=json | grep -oE '"revision":[0-9]+' | sort -u | tr -dc '0-9\n'; }

# shellcheck disable=SC2034  # used by the suites
etcd_restore="$root/scripts/lua/etcd-restore.lua"
