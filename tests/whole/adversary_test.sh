#!/usr/bin/env bash
# Runbooks in bad company, with the whole engine behind them: only what was approved happens, and nothing ends without
# a word.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ledgers() {
  mkdir "$work/a" "$work/b"
  touch "$work/a/precious"
  cat >"$work/site.lua" <<LUA
return { instances = {
  a = { plugin = "ledger", path = "$work/a", other = "b" },
  b = { plugin = "ledger", path = "$work/b" },
  view = { plugin = "ledger", path = "$work/a" },
} }
LUA
  chmod 600 "$work/site.lua"
}

# expect_run EXIT LUA   a runbook with ledgers a and b that ends so, in bounded time; `view` shows what is in a, and
# nobody knows that a runbook which looks there decides on its own acts
expect_run() {
  local wanted=$1
  printf 'runbook { summary = "Bad company" }\nlocal a, b, view = instance "a", instance "b", instance "view"\n%s\n' "$2" >"$work/book.lua"
  expect_exit "$wanted" timeout 120 "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" \
    --plugin-dir "$build/test_plugins" run --yes "$work/book.lua" --accept-loss a
}

expect_precious() {
  [ -e "$work/a/precious" ] || fail_case "what nobody approved was burnt"
  if grep -h '"operation":"burn"' "$work"/state/runs/*/journal.jsonl; then fail_case "it was even begun"; fi
}

case_an_act_that_only_shows_when_it_is_real_is_stopped_wherever_it_hides() {
  ledgers
  # Planned, there is one entry, the precious one; executed, there are two.
  local real='local function real() return view:count {}.count > 1 end local burn = function() a:burn { name = "precious" } end'
  local hiding count=0
  for hiding in \
    'if real() then burn() end' \
    'if real() then pcall(burn) end' \
    'xpcall(function() assert(not real()) end, burn)' \
    'pcall(function() local t <close> = setmetatable({}, { __close = function() if real() then burn() end end }) error() end)' \
    'while real() do pcall(burn) end' \
    'table.sort({ 3, 2, 1 }, function(x, y) if real() then burn() end return x < y end)' \
    'string.gsub("abc", ".", function() if real() then pcall(burn) end end)' \
    'step("Harmless", function() pcall(function() if real() then burn() end end) end)' \
    'retry({ times = 3, wait = "1s" }, function() if real() then burn() end end)' \
    'attempt(function() b:add { name = "x" } if real() then burn() end end, { ["ledger.broken"] = function() end })' \
    'attempt(function() b:add { name = "x", fails = "before" } end, { ["ledger.broken"] = function() if real() then burn() end end })' \
    'when(later(added, "fresh"), function() if real() then burn() end end)' \
    'local t = setmetatable({}, { __index = function() burn() end }) if real() then local x = t.x end'; do
    rm -rf "$work/a/one" "$work/b"/*
    expect_run 7 "$real local added = a:add { name = \"one\" } $hiding a:add { name = \"behind\" }"
    expect_said 'run.deviation' 'this run: a\.burn'
    expect_precious
    [ ! -e "$work/a/behind" ] || fail_case "it went on behind: $hiding"
    count=$((count + 1))
    tool rollback --yes "$(newest_run)" >/dev/null 2>&1 || fail_case "it cannot be taken back: $hiding"
  done
  expect_equal "$count" 13 "hiding places"
}

case_a_loop_over_words_that_cost_the_script_nothing_ends() {
  ledgers
  local word
  for word in 'uuid()' 'now()' 'note "again"' 'step("again", function() end)' 'view:count {}'; do
    expect_run 4 "while true do $word end"
    expect_said 'runbook.(too_long|budget)' 'nothing was changed'
    expect_exit 0 timeout 120 "$build/bin/snapcore" --site "$work/site.lua" --plugin-dir "$build/test_plugins" check "$work/book.lua"
  done
}

case_other_arguments_than_those_approved_are_shown_beside_them() {
  ledgers
  expect_run 7 'a:add { name = "one" } a:add { name = "entry-" .. view:count {}.count }'
  expect_said 'approved plan "entry-1", this run "entry-2"'
  expect_equal "$(ls "$work/a")" "$(printf 'calls\none\nprecious')" "entries"
}

case_the_order_of_keys_is_the_same_in_every_pass() {
  ledgers
  expect_run 0 'local t = {} for i = 1, 200 do t["key" .. i * 7919 % 211] = i end
    for key in pairs(t) do a:add { name = key } end
    for key in next, t do b:add { name = key } end'
  expect_equal "$(find "$work/a" "$work/b" -name 'key*' | wc -l)" 400 "entries"
}

case_operations_inside_of_a_comparator_are_calls_like_others() {
  ledgers
  expect_run 0 'local seen = 0
    table.sort({ "d", "b", "c", "a" }, function(x, y) a:count {} seen = seen + 1 a:add { name = x .. y .. seen } return x < y end)'
  [ "$(find "$work/a" -type f | wc -l)" -gt 5 ] || fail_case "nothing was compared"
}

case_an_answer_cannot_be_changed() {
  ledgers
  local change
  for change in 'r.count = 99' 'r.more = 1' 'rawset(r, "count", 99)' 'setmetatable(r, {})' 'table.insert(r, 1)'; do
    expect_run 4 "local r = a:count {} $change a:burn { name = 'precious' }"
    expect_precious
  done
}

case_huge_texts_are_refused_before_anything_happens() {
  ledgers
  local text
  for text in 'a:add { name = string.rep("x", 9 * 2^20) }' 'local s = "x" while true do s = s .. s a:expect { name = s } end' \
    'a:add { name = "one", fails = string.rep("ä", 5 * 2^20) }'; do
    expect_run '[234]' "a:add { name = 'first' } $text"
    expect_said 'large|long|memory|budget|too much text'
    expect_equal "$(ls "$work/a")" "precious" "entries" || expect_equal "$(ls "$work/a")" "calls precious"
  done
}

case_deep_recursion_is_an_ordinary_mistake() {
  ledgers
  local deep
  for deep in \
    'local function f(n) return 1 + f(n + 1) end f(1)' \
    'local function f(n) step("s" .. n, function() f(n + 1) end) end f(1)' \
    'local function f() string.gsub("a", "a", f) end f()' \
    'local function f() table.sort({ 2, 1 }, function() f() return true end) end f()' \
    'local function f() return xpcall(f, f) end f() error("out again")' \
    'local function f() retry({ times = 2, wait = "1s" }, f) end f()' \
    'local function f() attempt(f, { ["a.b"] = f }) end f()' \
    'local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k .. "x"] end local x = t.x' \
    'local t = {} for i = 1, 1e5 do t = { t } end a:add { name = t }' \
    "local s = string.rep('{', 1e5) string.find(s, string.rep('(', 1e4))"; do
    expect_run 4 "$deep"
    expect_said 'book.lua:'
    expect_equal "$(ls "$work/a")" "precious" "entries"
  done
}

case_what_is_missing_of_the_standard_streams_gets_nothing_into_the_journal() {
  ledgers
  local streams number=0
  for streams in '>&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    number=$((number + 1))
    printf 'runbook { summary = "Unheard" }\ninstance "a":add { name = "n%s" }\n' "$number" >"$work/book.lua"
    bash -c '"$@" '"$streams" - "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" \
      --plugin-dir "$build/test_plugins" run --yes "$work/book.lua" ||
      fail_case "the run failed with $streams"
    [ -e "$work/a/n$number" ] || fail_case "nothing was done with $streams"
    expect_exit 0 tool audit "$(newest_run)"
  done
  # What could not be shown was done all the same.
  printf 'runbook { summary = "Unheard" }\ninstance "a":add { name = "full" }\n' >"$work/book.lua"
  local code=0
  "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" --plugin-dir "$build/test_plugins" run --yes \
    "$work/book.lua" >/dev/full 2>"$work/err" || code=$?
  expect_equal "$code" 1 "the exit of a run whose output was lost"
  [ -e "$work/a/full" ] || fail_case "nothing was done"
}

# What a source failed to answer while planning is what it fails to answer again.
case_a_source_that_fails_behind_a_pcall_is_no_deviation() {
  ledgers
  mkdir "$work/backups"
  sed -i "s|^return { instances = {|&\n  bk = { plugin = \"files\", path = \"$work/backups\" },|" "$work/site.lua"
  cat >"$work/book.lua" <<'LUA'
runbook { summary = "Perhaps" }
local found = pcall(function() return source "bk":stat { ref = "perhaps.db" } end)
instance "a":add { name = found and "found" or "lost" }
LUA
  snapcore --plugin-dir "$build/plugins" --plugin-dir "$build/test_plugins" run --yes "$work/book.lua" >"$work/out" 2>&1 ||
    fail_case "$(cat "$work/out")"
  [ -e "$work/a/lost" ] || fail_case "nothing was done"
}

# What a run keeps is what half an act is brought to its end with.
case_a_run_that_was_cut_off_inside_of_an_act_cannot_be_accepted() {
  ledgers
  printf 'runbook { summary = "Half" }\ninstance "a":add { name = "half" }\n' >"$work/book.lua"
  local at refused=0 run
  for ((at = 1; at < 12; ++at)); do
    rm -rf "$work/state" "$work/a/half"
    SNAPCORE_TEST_KILL_AT=$at bash -c '"$@"; exit $?' - "$build/bin/killed_snapcore" --site "$work/site.lua" \
      --state "$work/state" --plugin-dir "$build/test_plugins" run --yes "$work/book.lua" </dev/null >/dev/null 2>&1 || true
    run=$(newest_run)
    grep -q '"type":"intent"' "$work/state/runs/$run/journal.jsonl" || continue
    grep -q '"type":"result"' "$work/state/runs/$run/journal.jsonl" && continue
    expect_exit 3 tool accept "$run" --yes
    expect_said 'was cut off in the middle of a.add' 'snapcore.* rollback'
    expect_exit '[025]' tool rollback "$run" --yes
    refused=$((refused + 1))
  done
  [ "$refused" -gt 0 ] || fail_case "no run was cut off there"
}

run_cases
