#!/usr/bin/env bash
# A replan that is killed at each of its records, one of them between the approval and the plan that it approves.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

tool() { snapcore --plugin-dir "$build/test_plugins" "$@"; }
entries() { find "$1" -type f ! -name calls -printf '%f\n' | sort | tr '\n' ' '; }
plan_of() { sha256sum <"$work/state/runs/$1/plan.json"; }

# What is spilt is in b, which nobody can know while planning: the run stops before its second act.
stopped_run() {
  rm -rf "$work"/[ab] "$work/state"
  mkdir -p "$work/a" "$work/b"
  cat >"$work/site.lua" <<LUA
return {
  instances = {
    a = { plugin = "ledger", path = "$work/a", other = "b" },
    b = { plugin = "ledger", path = "$work/b" },
  },
}
LUA
  cat >"$work/book.lua" <<'LUA'
runbook { summary = "Spill and add" }
local a, b = instance "a", instance "b"
a:spill { name = "one" }
a:add { name = b:count {}.count == 0 and "two" or "three" }
LUA
  expect_exit 7 tool run "$work/book.lua" --yes
}

replan_killed_at() {
  local code=0
  SNAPCORE_TEST_KILL_AT=$1 bash -c '"$@"; exit $?' - "$build/bin/killed_snapcore" --site "$work/site.lua" \
    --state "$work/state" --plugin-dir "$build/test_plugins" replan "$2" --yes </dev/null >"$work/killed.out" 2>&1 || code=$?
  [ "$code" = 137 ]
}

case_a_replan_killed_at_any_record_goes_on() {
  local at run before between=0
  for ((at = 1; at < 40; ++at)); do
    stopped_run
    run=$(newest_run)
    before=$(plan_of "$run")
    replan_killed_at "$at" "$run" || break
    expect_exit 0 tool audit "$run"
    if [ "$(plan_of "$run")" = "$before" ]; then
      ! grep -q '"replaces"' "$work/state/runs/$run/journal.jsonl" || between=$((between + 1))
      # The plan from before was approved, too, and still stops the run where it did.
      expect_exit 7 tool resume "$run"
      expect_said 'run.deviation'
      expect_exit 0 tool replan "$run" --yes
    else
      expect_exit '[03]' tool resume "$run"
    fi
    expect_equal "$(entries "$work/a"); $(entries "$work/b")" "three ; one " "entries after a kill at record $at"
    expect_exit 0 tool rollback "$run" --yes
    expect_equal "$(entries "$work/a")$(entries "$work/b")" "" "entries taken back after a kill at record $at"
  done
  ((between == 1)) || fail_case "killed $between times between the approval and the plan"
  ((at > 5 && at < 40)) || fail_case "killed at $at records"
  echo "killed at $((at - 1)) records, once between the approval and the plan"
}

run_cases
