#!/usr/bin/env bash
# Branches of a runbook at the same time.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Three ledgers.
make_site() {
  mkdir -p "$work/a" "$work/b" "$work/c"
  cat >"$work/site.lua" <<LUA
return {
  instances = {
    a = { plugin = "ledger", path = "$work/a", other = "b" },
    b = { plugin = "ledger", path = "$work/b" },
    c = { plugin = "ledger", path = "$work/c" },
  },
}
LUA
}

# The functions of a parallel on the standard input.
make_runbook() {
  {
    cat <<'LUA'
runbook { summary = "Ledgers at the same time" }
local a, b, c = instance "a", instance "b", instance "c"
a:add { name = "before" }
parallel {
LUA
    cat
    printf '}\na:add { name = "behind" }\n'
  } >"$work/beside.lua"
}

# Each hears, through a pipe, of what the other one writes: neither ends before both are under way.
make_pipes() {
  mkfifo "$work/pipe"
  ln -s "$work/pipe" "$work/a/ring"
  ln -s "$work/pipe" "$work/b/ring"
}

case_two_acts_are_under_way_at_the_same_time() {
  make_site
  make_pipes
  make_runbook <<'LUA'
  function() a:hear { name = "ring" } end,
  function() b:add { name = "ring" } end,
LUA
  expect_exit 0 tool plan "$work/beside.lua"
  expect_said 'At the same time, 2 branches:' 'Branch 1:' 'Branch 2:'
  expect_exit 0 tool run "$work/beside.lua" --yes
  [[ -e $work/a/ring.heard ]] || fail_case "nothing was heard"
  expect_exit 0 tool audit
}

case_of_two_branches_at_most_one_at_a_time_where_that_is_the_limit() {
  make_site
  make_runbook <<'LUA'
  limit = 1,
  function() a:alone { name = "one" } end,
  function() b:alone { name = "one" } end,
  function() c:alone { name = "one" } end,
LUA
  expect_exit 0 tool run "$work/beside.lua" --yes
  expect_said 'At the same time, at most 1 of 3 branches:'
  expect_equal "$(entries "$work/a")$(entries "$work/b")$(entries "$work/c")" "before behind one one one " "entries"
}

case_a_branch_that_fails_takes_the_others_back() {
  make_site
  make_runbook <<'LUA'
  function() a:add { name = "one" } end,
  function() b:add { name = "one" }; b:add { name = "two", fails = "before" } end,
  function() c:add { name = "one" } end,
LUA
  expect_exit 5 tool run "$work/beside.lua" --yes
  expect_equal "$(entries "$work/a")$(entries "$work/b")$(entries "$work/c")" "" "entries"
  expect_exit 0 tool runs "$(run_said)"
  expect_said 'root/parallel\[1\]/branch\[2\]#2'
  expect_exit 0 tool audit
}

case_with_continue_a_step_that_fails_in_a_branch_is_left_and_the_others_go_on() {
  make_site
  make_runbook <<'LUA'
  function()
    step("Bad", function() a:add { name = "one", fails = "before" } end)
    step("Good", function() a:add { name = "two" } end)
  end,
  function() step("Other", function() b:add { name = "one" } end) end,
LUA
  expect_exit 7 tool run "$work/beside.lua" --yes --on-failure continue
  expect_said 'If a step fails: it is left as it is' "step 'Bad' failed and was left as it is"
  expect_equal "$(entries "$work/a"); $(entries "$work/b")" "before behind two ; one " "entries"
  expect_exit 7 tool resume "$(newest_run)"
  expect_equal "$(entries "$work/a"); $(entries "$work/b")" "before behind two ; one " "entries after resume"
  expect_exit 0 tool rollback "$(newest_run)" --yes
  expect_equal "$(entries "$work/a")$(entries "$work/b")" "" "entries after rollback"
}

case_what_gets_into_each_others_way_is_not_planned() {
  make_site
  make_runbook <<'LUA'
  function() a:add { name = "one" } end,
  function() a:add { name = "two" } end,
LUA
  expect_exit 4 tool plan "$work/beside.lua"
  expect_said 'a.add at beside.lua:5 in branch 1 and a.add at beside.lua:6 in branch 2 act on the same at the same time' 'do both in one branch'
  make_runbook <<'LUA'
  function() return b:count {} end,
  function() b:add { name = "one" } end,
LUA
  expect_exit 4 tool plan "$work/beside.lua"
  expect_said 'look before the parallel, or behind it'
}

case_a_message_names_its_line_once() {
  make_site
  cat >"$work/placed.lua" <<'LUA'
runbook { summary = "An attempt in the wrong place" }
retry({ times = 2, wait = "1s" }, function() attempt(function() end, { ["ledger.broken"] = function() end }) end)
LUA
  expect_exit 4 tool plan "$work/placed.lua"
  expect_said '^placed.lua:2: attempt cannot stand inside of retry'
}

case_a_look_or_a_way_back_collides_with_an_act_as_well() {
  make_site
  local first
  for first in 'a:relay { name = "one" }' 'b:add { name = "one" }'; do
    make_runbook <<LUA
  function() $first end,
  function() b:expect { name = "one" } end,
LUA
    expect_exit 4 tool plan "$work/beside.lua"
    expect_said 'b is looked at in beside.lua:6 in branch 2, and changed at the same time'
  done
  make_runbook <<'LUA'
  function()
    attempt(function()
      on_rollback(function() b:add { name = "back" } end)
      a:add { name = "one", fails = "before" }
    end, { ["ledger.broken"] = function() a:add { name = "other" } end })
  end,
  function() b:add { name = "one" } end,
LUA
  expect_exit 4 tool plan "$work/beside.lua"
  expect_said 'plan.branches_collide'
}

case_a_pcall_goes_on_behind_it_in_vain() {
  make_site
  cat >"$work/caught.lua" <<'LUA'
runbook { summary = "A failure that is caught" }
local a, b = instance "a", instance "b"
local ok = pcall(parallel, { function() b:add { name = "one" } error("only Lua") end, function() end })
if not ok then a:add { name = "instead" } end
LUA
  expect_exit 4 tool plan "$work/caught.lua"
  expect_said 'only Lua'
}

# Two calls that must not be done twice, and one behind which nothing is known, are under way when it is killed.
case_what_stands_is_told_also_where_it_was_not_come_to_again() {
  make_site
  make_runbook <<'LUA'
  function() a:ring { name = "one" } end,
  function() b:ring { name = "one" } end,
  function() c:add { name = "one" } end,
LUA
  local moment code told=0
  for ((moment = 1; moment < 30; ++moment)); do
    rm -rf "$work"/[abc] "$work/state"
    make_site
    code=0
    LEDGER_KILL_AT=$moment tool run "$work/beside.lua" --yes >"$work/out" 2>"$work/err" || code=$?
    [[ $code != 0 ]] || break
    expect_exit '[07]' tool resume "$(newest_run)"
    grep -q 'Still in effect' "$work/out" || continue
    told=$((told + 1))
    ! grep -q 'no act of this run stands' "$work/out" || fail_case "killed at $moment: a wrong word"
    [[ ! -e $work/c/one ]] || expect_said 'c.add'
    [[ ! -e $work/a/before ]] || expect_said 'a.add'
  done
  ((told > 0)) || fail_case "nothing was ever in doubt"
}

case_the_first_signal_is_answered_at_once() {
  make_site
  make_pipes
  make_runbook <<'LUA'
  function() a:hear { name = "ring" } end,
  function() c:add { name = "one" } end,
LUA
  "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" --plugin-dir "$build/test_plugins" \
    run "$work/beside.lua" --yes </dev/null >"$work/out" 2>"$work/err" &
  local pid=$! code=0
  wait_for 60 test -e "$work/c/one"
  kill -INT "$pid"
  wait_for 60 grep -q 'stopping behind what is being done now' "$work/err"
  echo ring >"$work/pipe"
  wait "$pid" || code=$?
  expect_equal "$code" 6 "exit code"
}

case_killed_at_any_moment_it_is_gone_on_with_or_taken_back() {
  make_site
  make_runbook <<'LUA'
  function() a:add { name = "one" }; a:add { name = "two" } end,
  function() b:add { name = "one" }; b:add { name = "two" } end,
LUA
  local moment way code yes=()
  for way in resume rollback; do
    [[ $way == resume ]] || yes=(--yes)
    for ((moment = 1; moment < 60; ++moment)); do
      rm -rf "$work"/[abc] "$work/state"
      make_site
      code=0
      LEDGER_KILL_AT=$moment tool run "$work/beside.lua" --yes >"$work/out" 2>"$work/err" || code=$?
      [[ $code != 0 ]] || break
      expect_equal "$code" 137 "exit code when killed"
      expect_exit 0 tool "$way" "$(newest_run)" "${yes[@]}"
      if [[ $way == resume ]]; then
        expect_equal "$(entries "$work/a"); $(entries "$work/b")" "before behind one two ; one two " "entries, killed at $moment"
      else
        expect_equal "$(entries "$work/a")$(entries "$work/b")" "" "entries, killed at $moment and taken back"
      fi
    done
    ((moment > 6 && moment < 60)) || fail_case "killed at $moment moments"
  done
}

run_cases
