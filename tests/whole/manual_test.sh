#!/usr/bin/env bash
# A plan as a script of stock tools: run without snapcore, it really brings the cluster back.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The script of a plan, read by bash and shellcheck, in $work/by-hand.sh. Arguments are those of plan.
write_script() {
  expect_exit 0 snapcore plan --manual "$@"
  mv "$work/out" "$work/by-hand.sh"
  bash -n "$work/by-hand.sh"
  if command -v shellcheck >/dev/null; then shellcheck "$work/by-hand.sh"; fi
}

run_script() {
  expect_exit 0 bash "$work/by-hand.sh"
  cluster_wait "$work"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_equal "$(hashkv "$work" | wc -l)" 1 "different hashes"
  cluster_put "$work" /new/ 1 10 # it takes writes
}

case_a_destroyed_cluster_of_three_comes_back_by_the_printed_script() {
  make_cluster_with_snapshot
  destroy_cluster
  write_script "$etcd_restore"
  grep -q '^# .*backups:snap.db' "$work/by-hand.sh" || fail_case "the script does not name its artifact"
  run_script
}

case_a_living_cluster_of_one_is_stopped_and_its_old_data_kept() {
  make_cluster_with_snapshot 1
  write_script "$etcd_restore" --waive "healthy=the last 50 keys are wrong"
  run_script
  expect_equal "$(find "$work/m1" -maxdepth 1 -name 'data.backup-*' | wc -l)" 1 "directories kept aside"
  expect_equal "$(find "$work/m1" -maxdepth 1 -name 'data.by-hand-*' | wc -l)" 0 "directories left behind"
}

case_separate_wal_directories_are_swapped_by_the_script_too() {
  make_cluster_with_snapshot 3 with_separate_wal
  write_script "$etcd_restore" --waive "healthy=test"
  run_script
  expect_equal "$(find "$work"/m* -maxdepth 1 -name 'wal.backup-*' | wc -l)" 3 "WAL directories kept aside"
}

case_a_changed_artifact_ends_the_script_before_anything_is_touched() {
  make_cluster_with_snapshot 1
  write_script "$etcd_restore" --waive "healthy=test"
  local before
  before=$(hashkv "$work")
  printf 'x' | dd of="$work/backups/snap.db" bs=1 seek=5000 conv=notrunc status=none
  expect_exit '[1-9]*' bash "$work/by-hand.sh"
  expect_said 'FAILED'
  expect_equal "$(hashkv "$work")" "$before" "the cluster changed"
}

case_what_a_guard_refuses_gets_no_script() {
  make_cluster_with_snapshot 1
  expect_exit 3 snapcore plan --manual "$etcd_restore"
  expect_equal "$(cat "$work/out")" "" "stdout"
}

case_the_digest_is_that_of_the_plan_without_the_script() {
  make_cluster_with_snapshot 1
  destroy_cluster
  write_script "$etcd_restore"
  expect_exit 0 snapcore plan "$etcd_restore"
  local digest
  digest=$(sed -n 's/^Plan digest //p' "$work/out")
  grep -q "$digest" "$work/by-hand.sh" || fail_case "the script does not name the digest $digest"
}

# The tools of 3.6 can raise a revision; those of Debian 12 cannot.
use_tools_that_raise() {
  ETCD_BIN_DIR=$("$root/tests/servers/build.sh" etcd-3.6 2>"$work/why") || skip_case "$(tail -n 1 "$work/why")"
}

case_data_of_kubernetes_is_raised_above_the_cluster_it_replaces() {
  use_tools_that_raise
  make_cluster_with_snapshot 1
  printf 'k8s\0\012\0' | cluster_ctl "$work" put /registry/pods/default/web >/dev/null
  take_snapshot objects.db
  expect_exit 0 snapcore run "$etcd_restore" --set ref=objects.db --set bump_revision=1000000000 --yes --waive healthy=test
  cluster_put "$work" /later/ 1 20
  local newest
  newest=$(revision "$work")
  write_script "$etcd_restore" --set ref=objects.db --waive healthy=test
  expect_exit 0 env PATH="$ETCD_BIN_DIR:$PATH" bash "$work/by-hand.sh"
  cluster_wait "$work"
  [ "$(revision "$work")" -gt "$newest" ] || fail_case "revision $(revision "$work") replaces $newest"
}

case_without_the_password_the_script_stages_nothing() {
  make_cluster_with_snapshot 1
  printf CANARY >"$work/password"
  chmod 600 "$work/password"
  sed -i "s|plugin = \"etcd\",|plugin = \"etcd\", user = \"root\", password = secret.file \"$work/password\",|" \
    "$work/site.lua"
  write_script "$etcd_restore" --waive healthy=test
  expect_exit '[1-9]*' env -u ETCDCTL_PASSWORD bash "$work/by-hand.sh"
  expect_said 'must be the password of user root'
  expect_equal "$(find "$work/m1" -maxdepth 1 -name 'data.*')" "" "directories left behind"
}

run_cases
