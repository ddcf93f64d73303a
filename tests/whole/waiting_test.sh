#!/usr/bin/env bash
# Runs that wait for others: for their leases, and for what they leave.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

tool() { snapcore --plugin-dir "$build/test_plugins" "$@"; }
entries() { find "$1" -type f ! -name calls ! -name '*.heard' -printf '%f\n' | sort | tr '\n' ' '; }

# A ledger in which `hear ring` waits until somebody writes to the pipe.
make_site() {
  mkdir -p "$work/a"
  mkfifo "$work/pipe"
  ln -s "$work/pipe" "$work/a/ring"
  cat >"$work/site.lua" <<LUA
return { instances = { a = { plugin = "ledger", path = "$work/a" } } }
LUA
}

# The tool itself, so that a signal reaches it: OUT is where it writes to.
begin() {
  local out=$1
  shift
  "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" --plugin-dir "$build/test_plugins" "$@" \
    </dev/null >"$out.out" 2>"$out.err" &
}

case_a_signal_while_it_waits_for_a_lease_says_that_nothing_began() {
  make_site
  local first second code=0
  begin "$work/first" call a.hear name=ring --yes
  first=$!
  wait_for 60 grep -qs 'hear ring' "$work/a/calls"
  begin "$work/second" call a.add name=one --yes --lock-wait 10m
  second=$!
  wait_for 60 grep -q 'Plan digest' "$work/second.err"
  kill -INT "$second"
  wait "$second" || code=$?
  expect_equal "$code" 6 "exit code"
  cp "$work/second.err" "$work/err" && cp "$work/second.out" "$work/out"
  expect_said 'interrupted while waiting for leases; nothing was begun'
  expect_equal "$(find "$work/state/runs" -mindepth 1 -maxdepth 1 | wc -l)" 1 "runs"
  echo ring >"$work/pipe"
  wait "$first" || fail_case "the first one failed: $(cat "$work/first.err")"
}

# The second of two signals in a moment is taken for the first.
stopped_by_more_signals() { ! kill -INT "$pid" 2>/dev/null; }

case_a_signal_that_comes_twice_in_a_moment_is_one() {
  make_site
  local pid code=0
  begin "$work/it" call a.hear name=ring --yes
  pid=$!
  wait_for 60 grep -qs 'hear ring' "$work/a/calls"
  kill -TERM "$pid" "$pid"
  wait_for 60 grep -q 'once more stops at once' "$work/it.err"
  echo ring >"$work/pipe"
  wait "$pid" || code=$?
  expect_equal "$code" 0 "exit code" # it was the last call
  ! grep -q 'in the middle of what it was doing' "$work/it.err" || fail_case "cut off: $(cat "$work/it.err")"
}

case_a_second_signal_before_a_run_begins_says_that_none_did() {
  make_site
  local pid code=0
  # A password that somebody is still asked for.
  cat >"$work/site.lua" <<LUA
return { instances = { a = { plugin = "etcd", user = "root",
  password = secret.command { "sh", "-c", "touch '$work/asked'; cat '$work/pipe'" },
  members = { { name = "m1", peer = "http://127.0.0.1:1", client = "http://127.0.0.1:2", data_dir = "$work/data",
    start = { "true" }, stop = { "true" } } } } } }
LUA
  begin "$work/it" call a.inspect --json
  pid=$!
  wait_for 60 test -e "$work/asked"
  kill -INT "$pid"
  wait_for 60 grep -q 'once more stops at once' "$work/it.err"
  wait_for 60 stopped_by_more_signals
  echo >"$work/pipe"
  wait "$pid" || code=$?
  expect_equal "$code" 6 "exit code"
  cp "$work/it.err" "$work/err" && cp "$work/it.out" "$work/out"
  expect_said 'no run had begun, so no target was changed' '"cut_off":true,"exit":6'
}

case_a_second_signal_ends_the_lines_for_programs_with_a_result_as_well() {
  make_site
  local pid code=0
  begin "$work/it" call a.hear name=ring --yes --json
  pid=$!
  wait_for 60 grep -qs 'hear ring' "$work/a/calls"
  kill -INT "$pid"
  wait_for 60 grep -q 'once more stops at once' "$work/it.err"
  wait_for 60 stopped_by_more_signals
  wait "$pid" || code=$?
  expect_equal "$code" 6 "exit code"
  cp "$work/it.err" "$work/err" && cp "$work/it.out" "$work/out"
  expect_said "what run $(newest_run) has begun may be half done" "state $work/state .*runs $(newest_run)"
  python3 - "$work/it.out" <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) > 1 and [line["type"] for line in lines].count("result") == 1, lines
assert lines[-1]["type"] == "result" and lines[-1]["exit"] == 6 and lines[-1]["cut_off"], lines[-1]
PY
}

case_a_rollback_waits_for_a_newer_run_that_still_goes_on() {
  make_site
  local older newer back
  expect_exit 0 tool call a.add name=one --yes
  older=$(newest_run)
  cat >"$work/book.lua" <<'LUA'
local a = instance "a"
a:add { name = "two" }
a:hear { name = "ring" }
a:add { name = "three", fails = "before" }
LUA
  begin "$work/newer" run "$work/book.lua" --yes
  newer=$!
  wait_for 60 grep -qs 'hear ring' "$work/a/calls"
  expect_exit 3 tool rollback "$older" --yes
  expect_said 'run.newer_run' 'still goes on' '--lock-wait'
  begin "$work/back" rollback "$older" --yes --lock-wait 10m
  back=$!
  wait_for 60 grep -q 'still goes on: waits for it' "$work/back.err"
  echo ring >"$work/pipe"
  wait "$newer" && fail_case "the newer one did not fail"
  wait "$back" || fail_case "not taken back: $(cat "$work/back.err")"
  rm "$work/a/ring"
  expect_equal "$(entries "$work/a")" "" "entries"
}

case_a_plan_beside_a_killed_run_names_that_run_before_any_waiver() {
  make_site
  local killed before
  LEDGER_KILL_AT=2 tool call a.add name=one --yes >"$work/killed.out" 2>&1 && fail_case "it was not killed"
  killed=$(newest_run)
  before=$(find "$work/state" -type f -exec sha256sum {} + | sort)
  cat >"$work/book.lua" <<'LUA'
local a = instance "a"
a:add { name = "two" }
a:burn { name = "one" }
LUA
  expect_exit 3 tool run "$work/book.lua" --yes
  expect_said "^run $killed stands half way" 'is gone' " resume $killed " " rollback $killed " '--break-lease 1$'
  expect_exit 0 tool run "$work/book.lua" --dry-run --accept-loss a
  expect_said "^run $killed stands half way"
  expect_equal "$(find "$work/state" -type f -exec sha256sum {} + | sort)" "$before" "the state directory"
  expect_exit 0 tool rollback "$killed" --yes
  expect_exit 3 tool run "$work/book.lua" --yes
  expect_equal "$(grep -c "$killed" "$work/err")" 0 "lines about a run that was taken back"
}

run_cases
