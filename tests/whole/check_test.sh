#!/usr/bin/env bash
# `snapcore check`, as an editor or CI calls it: no cluster runs, and nothing is asked.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A site of a cluster that is not there.
make_site() {
  need_etcd
  cluster_create "$work" 3
  cluster_site "$work" "$work/nowhere" "$work/site.lua"
}

case_the_runbook_that_ships_has_no_findings() {
  make_site
  expect_exit 0 snapcore check "$etcd_restore"
  expect_equal "$(cat "$work/out")" "" "stdout"
}

case_findings_stand_with_file_and_line_and_exit_four() {
  make_site
  cd "$work"
  cat >bad.lua <<'LUA'
runbook { summary = "Wrong in many ways" }
local etcd = target "etcd_prd"
local prod = target "etcd_prod"
local newest = source "backups":latest { kind = 7 }
prod:expect_keys { prefx = "/k/", at_least = "many" }
prod:restor { from = newest }
local function never() return require "lib/gone" end
LUA
  expect_exit 4 snapcore check bad.lua
  expect_said "^bad.lua:2: the site has no instance 'etcd_prd'; did you mean etcd_prod\?$" \
    '^bad.lua:4: backups.latest: kind: must be string, not integer' \
    "^bad.lua:5: etcd_prod.expect_keys has no argument 'prefx'; did you mean prefix\?$" \
    '^bad.lua:5: etcd_prod.expect_keys: at_least: must be integer, not string' \
    '^bad.lua:6: etcd_prod has no operation .restor.*; did you mean etcd_prod:restore\?$' \
    "^bad.lua:7: cannot require 'lib/gone'"
  expect_equal "$(wc -l <"$work/out")" 6 "findings"
  expect_exit 4 snapcore check bad.lua --json
  expect_equal "$(grep -c '"type":"finding"' "$work/out")" 6 "events"
  tail -n 1 "$work/out" | grep -q '"exit":4,"findings":6' || fail_case "the last line: $(tail -n 1 "$work/out")"
}

case_without_a_site_the_text_alone_is_checked() {
  printf 'local x = sorce "backups"\nsource "anything":whatever { a = 1 }\n' >"$work/bad.lua"
  cd "$work"
  expect_exit 4 env -u SNAPCORE_SITE HOME="$work" "$build/bin/snapcore" check bad.lua
  if [ ! -e /etc/snapcore/site.lua ]; then
    expect_equal "$(cat "$work/out")" "bad.lua:1: there is no global 'sorce' here; did you mean source?" "findings"
    expect_said 'no site was found'
  fi
}

case_editors_get_their_files() {
  make_site
  mkdir "$work/books"
  expect_exit 0 snapcore help --stubs "$work/books"
  grep -q 'overload fun(name: "etcd_prod"): snapcore.plugin.etcd' "$work/books/snapcore.lua" ||
    fail_case "the instance is not of its plugin"
  grep -q '"Lua 5.4"' "$work/books/.luarc.json"
}

run_cases
