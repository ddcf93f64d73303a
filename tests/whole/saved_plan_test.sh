#!/usr/bin/env bash
# A saved plan: approved elsewhere, applied once, refused when anything it rests on has changed.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A destroyed cluster, a runbook of its own and a saved plan.
save_plan() {
  make_cluster_with_snapshot 1
  destroy_cluster
  mkdir "$work/books"
  cp "$etcd_restore" "$work/books/book.lua"
  expect_exit 0 snapcore plan "$work/books/book.lua" -o "$work/saved.plan"
}

expect_refused() {
  local before
  before=$(fingerprint "$work/m1")
  expect_exit 3 snapcore apply "$work/saved.plan" --yes
  expect_said "$@"
  expect_equal "$(fingerprint "$work/m1")" "$before" "something was touched"
}

case_a_saved_plan_is_applied_once_and_refused_the_second_time() {
  save_plan
  expect_exit 0 snapcore apply "$work/saved.plan" --yes
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  destroy_cluster
  expect_refused 'used'
}

case_a_swapped_snapshot_is_refused_by_name() {
  save_plan
  mkdir "$work/other"
  cluster_create "$work/other" 1
  cluster_start "$work/other"
  cluster_put "$work/other" /x/ 1 10
  etcdctl --endpoints "$(cluster_endpoints "$work/other")" snapshot save "$work/backups/snap.db" >/dev/null 2>&1
  cluster_kill "$work/other"
  rm -f "$work/members.d"
  expect_refused 'snap.db|sha256' 'approved plan' 'this run'
}

case_a_snapshot_that_is_gone_is_refused() {
  save_plan
  rm "$work/backups/snap.db"
  expect_exit 3 snapcore apply "$work/saved.plan" --yes
  expect_said 'snap.db|no artifact'
}

case_an_edited_runbook_is_refused_by_name() {
  save_plan
  echo '-- edited' >>"$work/books/book.lua"
  expect_refused 'book.lua' 'approved plan' 'this run'
}

case_a_changed_site_is_refused() {
  save_plan
  sed -i 's/max_age = "26h"/max_age = "27h"/' "$work/site.lua"
  expect_refused 'site' 'approved plan' 'this run'
}

case_an_edited_plan_file_is_refused() {
  save_plan
  sed -i 's/snap\.db/snup.db/g' "$work/saved.plan"
  expect_exit 4 snapcore apply "$work/saved.plan" --yes
  expect_said 'edited'
}

case_a_torn_plan_file_is_refused() {
  save_plan
  truncate -s -100 "$work/saved.plan"
  expect_exit 4 snapcore apply "$work/saved.plan" --yes
}

case_the_digest_is_the_same_for_the_same_plan_and_approves_it() {
  save_plan
  local digest
  digest=$(grep -o '"digest": *"[0-9a-f]*"' "$work/saved.plan" | grep -oE '[0-9a-f]{64}')
  expect_exit 3 snapcore run "$work/books/book.lua" --approve "ffffffffffff"
  expect_exit 0 snapcore run "$work/books/book.lua" --approve "$digest"
}

case_no_terminal_and_no_approval_is_exit_3_at_once() {
  save_plan
  expect_exit 3 snapcore run "$work/books/book.lua"
  expect_said '--yes|--approve'
  expect_exit 3 snapcore apply "$work/saved.plan"
}

run_cases
