#!/usr/bin/env bash
# Runs whose later part nobody can plan before: bounds are approved, and the part is planned when the run is there.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Two ledgers, a place for notes and its backups.
make_site() {
  mkdir -p "$work/a" "$work/b" "$work/store" "$work/live"
  printf 'NOTE berlin\nnew\nEND\n' >"$work/store/new.note"
  cat >"$work/site.lua" <<LUA
return {
  instances = {
    a = { plugin = "ledger", path = "$work/a", other = "b" },
    b = { plugin = "ledger", path = "$work/b" },
    store = { plugin = "plain_c", path = "$work/store" },
    note = { plugin = "plain_c", path = "$work/live", file = "note" },
  },
}
LUA
  cat >"$work/copy.lua" <<LUA
runbook { summary = "As many on b as on a" }
local a, b = instance "a", instance "b"
a:add { name = "one" }
a:add { name = "two" }
phase("Copy", { within = { instances = { "b" }, acts = ${1:-2} } }, function()
  for i = 1, a:count {}.count do b:add { name = "copy-" .. i } end
end)
a:add { name = "three" }
LUA
}

# Of the last command; two runs of one second have no order.
digest_said() { grep -oE -- '--approve [0-9a-f]{12}' "$work/out" | head -n 1 | cut -d ' ' -f 2; }

case_within_its_bounds_it_goes_on_by_itself() {
  make_site 2
  expect_exit 0 tool plan "$work/copy.lua"
  expect_said 'Phase: Copy .*copy.lua:5' 'Not planned yet: .count. of ' 'at most 2 acts on b, all of which can be undone' \
    'No point of no return among the acts that are planned now'
  expect_exit 0 tool run "$work/copy.lua" --yes
  expect_said "Phase 'Copy' is reached, and planned now" 'add the entry copy-2' 'Phase digest [0-9a-f]{64}'
  expect_equal "$(entries "$work/b")" "copy-1 copy-2 " "entries on b"
  expect_exit 0 tool runs "$(newest_run)"
  expect_said 'phase  Copy: planned, 2 acts, within its bounds'
  expect_exit 0 tool audit
  expect_exit 0 tool rollback "$(newest_run)" --yes
  expect_equal "$(entries "$work/a")$(entries "$work/b")" "" "entries when it was taken back"
}

case_beyond_them_it_waits_for_the_digest_of_the_phase() {
  make_site 1
  expect_exit 7 tool run "$work/copy.lua" --yes
  expect_said "phase 'Copy' goes beyond what was approved: at most 1 act on b" 'it has 2 acts, and may have 1'
  expect_equal "$(entries "$work/a") $(entries "$work/b")" "one two  " "entries while it waits"
  local run digest
  run=$(newest_run)
  digest=$(digest_said)
  expect_exit 7 tool resume "$run"
  expect_exit 7 tool resume "$run" --approve "0123456789ab"
  expect_said 'this is not the plan that was approved'
  expect_exit 0 tool resume "$run" --approve "$digest"
  expect_equal "$(entries "$work/a")$(entries "$work/b")" "one three two copy-1 copy-2 " "entries"
  expect_exit 0 tool runs "$run"
  expect_said 'phase  Copy: planned, 2 acts, digest'
}

case_what_waits_can_be_taken_back() {
  make_site 1
  expect_exit 7 tool run "$work/copy.lua" --yes
  expect_exit 0 tool rollback "$(newest_run)" --yes
  expect_equal "$(entries "$work/a")$(entries "$work/b")" "" "entries"
}

case_a_guard_that_refuses_at_the_border_holds_the_run_for_its_waiver() {
  make_site
  cat >"$work/late.lua" <<'LUA'
runbook { summary = "A restore that depends on the run" }
local a = instance "a"
a:add { name = "one" }
phase("Restore", { within = { instances = { "note" }, operations = { "restore" }, acts = 2 } }, function()
  if a:count {}.count > 0 then target("note"):restore { from = source("store"):latest { kind = "plain-note" } } end
end)
LUA
  printf 'NOTE berlin\nold\nEND\n' >"$work/live/note"
  expect_exit 7 tool run "$work/late.lua" --yes
  expect_said 'guard.healthy' 'resume [^ ]+ --waive healthy=REASON'
  expect_equal "$(sed -n 2p "$work/live/note")" "old" "the note"
  expect_exit 0 tool resume "$(newest_run)" --waive healthy=tested
  expect_equal "$(sed -n 2p "$work/live/note")" "new" "the note"
  expect_exit 0 tool rollback "$(newest_run)" --yes
  expect_equal "$(sed -n 2p "$work/live/note")" "old" "the note"
}

case_what_another_run_holds_is_not_acted_upon() {
  make_site 2
  cat >"$work/holds.lua" <<'LUA'
instance("b"):add { name = "x" }
instance("b"):add { name = "y", fails = "after" }
LUA
  expect_exit 7 tool run "$work/holds.lua" --yes --on-failure hold
  local holder waiting
  holder=$(run_said)
  expect_exit 7 tool run "$work/copy.lua" --yes
  waiting=$(run_said)
  expect_said 'lease.held' "$holder"
  expect_equal "$(entries "$work/a")" "one two " "entries on a"
  expect_exit 0 tool rollback "$holder" --yes
  expect_exit 0 tool resume "$waiting"
  expect_equal "$(entries "$work/b")" "copy-1 copy-2 " "entries on b"
}

case_what_an_act_acts_upon_through_another_instance_is_kept_from_other_runs() {
  make_site 2
  echo 'instance("a"):relay { name = "x" } instance("a"):add { name = "y", fails = "after" }' >"$work/relays.lua"
  expect_exit 7 tool run "$work/relays.lua" --yes --on-failure hold
  echo 'instance("b"):add { name = "z" }' >"$work/other.lua"
  expect_exit 3 tool run "$work/other.lua" --yes
  expect_said 'lease.held'
  expect_equal "$(entries "$work/b")" "x " "entries on b"
}

case_programs_are_told_of_the_phase() {
  make_site 2
  expect_exit 0 tool run "$work/copy.lua" --yes --json
  expect_equal "$(grep -c '"type":"phase"' "$work/out" || true)" 1 "events"
  python3 - "$work/out" <<'PY'
import json, sys
phases = [event for event in map(json.loads, open(sys.argv[1])) if event["type"] == "phase"]
assert phases[0]["name"] == "Copy" and len(phases[0]["digest"]) == 64, phases
assert [call["id"] for call in phases[0]["plan"]["phases"][0]["calls"]] == ["root/phase[1]#1", "root/phase[1]#2"]
PY
}

case_the_runbook_is_not_asked_for_a_phase_without_bounds() {
  make_site 2
  sed -i 's/, { within = .* } }, function/, function/' "$work/copy.lua"
  expect_exit '[234]' tool plan "$work/copy.lua"
  expect_said "phase 'Copy' \(copy.lua:5\) cannot be planned yet" 'within = \{ instances'
}

run_cases
