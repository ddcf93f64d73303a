#!/usr/bin/env bash
# The restore of a real etcd cluster, from the command line to etcdctl's opinion of the outcome.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

case_a_destroyed_cluster_comes_back_with_exactly_the_keys_of_the_snapshot() {
  make_cluster_with_snapshot
  destroy_cluster
  expect_exit 0 snapcore run "$etcd_restore" --yes
  etcdctl --endpoints "$(cluster_endpoints "$work")" endpoint health
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_equal "$(hashkv "$work" | wc -l)" 1 "different hashes"
  cluster_put "$work" /new/ 1 10 # it takes writes
}

case_the_restored_data_has_the_hash_that_etcdctl_restores() {
  make_cluster_with_snapshot 1
  destroy_cluster
  local initial port_c port_p
  read -r _ port_c port_p <"$work/members"
  initial="m1=http://127.0.0.1:$port_p"
  etcdctl snapshot restore "$work/backups/snap.db" --name m1 --data-dir "$work/m1/data" --initial-cluster "$initial" \
    --initial-advertise-peer-urls "http://127.0.0.1:$port_p" --initial-cluster-token peer-token >/dev/null 2>&1
  cluster_start "$work"
  local theirs ids
  theirs=$(hashkv "$work")
  ids=$(etcdctl --endpoints "http://127.0.0.1:$port_c" endpoint status --write-out=json | grep -oE '"(cluster|member)_id":[0-9]+')
  destroy_cluster
  expect_exit 0 snapcore restore etcd_prod --from backups --ref snap.db --yes
  expect_equal "$(hashkv "$work")" "$theirs" "HashKV"
  destroy_cluster
  cat >"$work/token.lua" <<'LUA'
runbook { summary = "Restore with the token given" }
target "etcd_prod":restore { from = source "backups":stat { ref = "snap.db" }, new_token = "peer-token" }
LUA
  expect_exit 0 snapcore run "$work/token.lua" --yes
  expect_equal "$(etcdctl --endpoints "http://127.0.0.1:$port_c" endpoint status --write-out=json | grep -oE '"(cluster|member)_id":[0-9]+')" \
    "$ids" "ids with the token given"
}

case_a_healthy_cluster_is_not_restored_over_without_a_waiver() {
  make_cluster_with_snapshot
  local before
  before=$(hashkv "$work")
  expect_exit 3 snapcore run "$etcd_restore" --yes
  expect_said 'healthy' '--waive healthy=REASON'
  expect_equal "$(hashkv "$work")" "$before" "the cluster changed"
  expect_equal "$(cluster_count "$work" /k/)" 250 "keys"
}

case_with_the_waiver_it_is_restored_and_the_old_directories_stay_aside() {
  make_cluster_with_snapshot
  expect_exit 0 snapcore run "$etcd_restore" --yes --waive "healthy=the last 50 keys are wrong"
  expect_said 'the last 50 keys are wrong'
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_equal "$(find "$work"/m* -maxdepth 1 -name 'data.backup-*' | wc -l)" 3 "directories kept aside"
}

# Another run from another state directory restored over the first: the first cannot go back, and stops nobody.
case_a_rollback_below_another_restore_is_refused_and_the_cluster_runs_on() {
  make_cluster_with_snapshot 3
  local before member
  before=$(hashkv "$work")
  expect_exit 0 snapcore run "$etcd_restore" --yes --waive healthy=first
  local first
  first=$(newest_run)
  expect_exit 0 "$build/bin/snapcore" --site "$work/site.lua" --state "$work/other" run "$etcd_restore" --yes --waive healthy=second
  for member in m1 m2 m3; do cat "$work/$member/pid"; done >"$work/pids"
  expect_exit 7 snapcore rollback "$first" --yes
  expect_said 'etcd.not_ours' 'was not put there by this run' 'stopped no member'
  expect_equal "$(for member in m1 m2 m3; do cat "$work/$member/pid"; done)" "$(cat "$work/pids")" "processes of the members"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_exit 0 "$build/bin/snapcore" --site "$work/site.lua" --state "$work/other" rollback "$(ls "$work/other/runs")" --yes
  expect_exit 0 snapcore rollback "$first" --yes
  cluster_wait "$work"
  expect_equal "$(hashkv "$work")" "$before" "hash of the old cluster"
}

# Two state directories know nothing of each other's leases; the directories of the members tell.
case_a_run_that_staged_before_another_restored_is_refused_and_the_cluster_runs_on() {
  make_cluster_with_snapshot 3
  local at=1 member late
  # Right after the first result, which is that of the staging.
  until killed_at "$at" run "$etcd_restore" --yes --waive healthy=first && [[ $(tail -n 1 "$(journal)") == *'"type":"result"'* ]]; do
    rm -rf "$work/state" "$work"/m*/data.snapcore-*
    at=$((at + 1))
    [ "$at" -lt 30 ] || fail_case "nothing was staged"
  done
  late=$(newest_run)
  expect_exit 0 "$build/bin/snapcore" --site "$work/site.lua" --state "$work/other" run "$etcd_restore" --yes --waive healthy=second
  for member in m1 m2 m3; do cat "$work/$member/pid"; done >"$work/pids"
  expect_exit 2 snapcore resume "$late"
  expect_said 'etcd.changed_since_staged' 'was another directory when the new data of m1 was staged' 'no member was stopped'
  expect_equal "$(for member in m1 m2 m3; do cat "$work/$member/pid"; done)" "$(cat "$work/pids")" "processes of the members"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
}

# The start command of m3 says yes and does nothing: the cluster cannot become healthy.
break_start_of_m3() {
  sed -i "s|^  start)\$|  start)\n    [ ! -e '$work/m3/broken' ] \|\| exit 0|" "$work/m3/ctl"
  touch "$work/m3/broken"
}

case_a_health_check_that_fails_brings_the_old_cluster_back() {
  make_cluster_with_snapshot
  local before
  before=$(hashkv "$work")
  cat >"$work/impossible.lua" <<'LUA'
runbook { summary = "Restore, then expect what cannot be" }
local etcd = target "etcd_prod"
etcd:restore { from = source "backups":latest { kind = "etcd-snapshot" } }
etcd:expect_keys { prefix = "/k/", at_least = 1000 }
LUA
  expect_exit 5 snapcore run "$work/impossible.lua" --yes --waive "healthy=test"
  expect_said '200' '1000'
  cluster_wait "$work"
  expect_equal "$(hashkv "$work")" "$before" "hash of the old cluster"
  expect_equal "$(cluster_count "$work" /k/)" 250 "keys of the old cluster"
  expect_equal "$(find "$work"/m* -maxdepth 1 -name 'data*' | wc -l)" 3 "directories"
}

# The commands for a person that stand in a report: each begins its line.
commands_in() {
  sed -n "s/^ *\\(.*\\(ctl'\\{0,1\\} \\|mv \\).*\\)$/\\1/p" "$1" | grep -E "^('?/|if )"
}

case_a_cluster_that_was_dead_is_held_and_shown_and_the_shown_commands_put_the_old_back() {
  make_cluster_with_snapshot
  cluster_kill "$work"
  rm -rf "$work/m1/data" "$work/m2/data" # m3 alone has no quorum: dead, but its data is evidence
  local before
  before=$(fingerprint "$work/m3/data")
  break_start_of_m3
  sed -i 's/plugin = "etcd",/plugin = "etcd", health_timeout = "3s",/' "$work/site.lua"
  expect_exit 7 snapcore run "$etcd_restore" --yes
  expect_said 'mv '
  cp "$work/out" "$work/held"
  cat "$work/err" >>"$work/held"
  [ -d "$work/m3/data" ] || fail_case "the new data is not held"
  # The commands stand on lines of their own, to be pasted.
  rm "$work/m3/broken"
  commands_in "$work/held" >"$work/paste.sh"
  expect_exit 0 snapcore runs "$(ls "$work/state/runs")"
  expect_equal "$(commands_in "$work/out")" "$(cat "$work/paste.sh")" "the commands that 'runs' shows"
  [ -s "$work/paste.sh" ] || fail_case "no commands in: $(cat "$work/held")"
  sed -i 's/^.*ctl.* start.*$/true/' "$work/paste.sh" # leave it stopped, to compare the bytes
  bash -e "$work/paste.sh"
  expect_equal "$(fingerprint "$work/m3/data")" "$before" "the old data of m3"
}

# The stop of m1 is told and lasts until the file `hold` is gone: as with a member that drains.
hold_stop_of_m1() {
  sed -i "s|^    kill -TERM .*\$|    kill -STOP \"\$pid\"\n&\n    touch '$work/told'\n    while [ -e '$work/hold' ]; do sleep 0.02; done\n    kill -CONT \"\$pid\"|" \
    "$work/m1/ctl"
  touch "$work/hold"
}

case_a_signal_while_a_member_stops_brings_the_cluster_back() {
  make_cluster_with_snapshot 1
  local before signal tool code
  before=$(hashkv "$work")
  hold_stop_of_m1
  for signal in INT TERM; do
    touch "$work/hold"
    rm -f "$work/told"
    "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" run "$etcd_restore" --yes --waive "healthy=test" \
      </dev/null >"$work/out" 2>"$work/err" &
    tool=$!
    wait_for 60 test -e "$work/told"
    kill -s "$signal" "$tool"
    wait_for 10 grep -q 'the stop of member m1 has begun and is let finish' "$work/err"
    rm "$work/hold"
    code=0
    wait "$tool" || code=$?
    cat "$work/out" "$work/err"
    expect_equal "$code" 6 "exit after SIG$signal"
    expect_said 'wait until m1 answers, at most 120 s' 'm1 runs again with the old data'
    "$work/m1/ctl" alive || fail_case "m1 does not run after SIG$signal"
    cluster_wait "$work"
    expect_equal "$(hashkv "$work")" "$before" "hash of the old cluster"
    expect_equal "$(cluster_count "$work" /k/)" 250 "keys"
    expect_exit 0 snapcore rollback "$(newest_run)" --yes
    expect_equal "$(find "$work/m1" -maxdepth 1 -name 'data*' | wc -l)" 1 "directories"
    expect_equal "$(hashkv "$work")" "$before" "hash of the old cluster"
  done
}

case_one_directory_for_two_members_is_refused_through_a_link() {
  make_cluster_with_snapshot 2
  ln -s "$work/m1/data" "$work/m2/link"
  sed -i "s|data_dir = \"$work/m2/data\"|data_dir = \"$work/m2/link\"|" "$work/site.lua"
  expect_exit 4 snapcore plan "$etcd_restore"
  expect_said 'etcd.inconsistent_members|is also'
}

case_an_expectation_of_nothing_is_wrong_input() {
  make_cluster_with_snapshot 1
  expect_exit 4 snapcore call etcd_prod.expect_keys
}

case_a_surviving_old_member_is_refused_by_the_restored_cluster() {
  make_cluster_with_snapshot
  cluster_kill "$work"
  cp -a "$work/m3/data" "$work/survivor"
  rm -rf "$work"/m*/data
  expect_exit 0 snapcore run "$etcd_restore" --yes
  "$work/m3/ctl" kill
  mv "$work/m3/data" "$work/m3/restored"
  mv "$work/survivor" "$work/m3/data"
  : >"$work/m3/log"
  "$work/m3/ctl" start
  for _ in $(seq 100); do
    grep -qE 'cluster ID mismatch|cluster-id mismatch|request cluster ID mismatch' "$work"/m*/log && break
    sleep 0.1
  done
  grep -qE 'cluster ID mismatch|cluster-id mismatch' "$work"/m*/log || fail_case "nobody refused the old member"
  "$work/m3/ctl" kill
  rm -rf "$work/m3/data"
  mv "$work/m3/restored" "$work/m3/data"
  "$work/m3/ctl" start
  cluster_wait "$work"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
}

case_data_directories_that_are_mount_points_work() {
  [ "$(id -u)" = 0 ] || skip_case "mounting needs root"
  make_cluster_with_snapshot
  destroy_cluster
  local name
  for name in m1 m2 m3; do
    mkdir "$work/$name/data"
    mount -t tmpfs -o size=300m,mode=700 none "$work/$name/data" || skip_case "this machine allows no mount"
  done
  local code=0
  expect_exit 0 snapcore run "$etcd_restore" --yes || code=$?
  [ "$code" = 0 ] && expect_equal "$(cluster_count "$work" /k/)" 200 "keys" || code=1
  cluster_kill "$work"
  for name in m1 m2 m3; do umount "$work/$name/data"; done
  return "$code"
}

case_separate_wal_directories_are_swapped_too() {
  make_cluster_with_snapshot 3 with_separate_wal
  expect_exit 0 snapcore run "$etcd_restore" --yes --waive "healthy=test"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_equal "$(find "$work"/m* -maxdepth 1 -name 'wal.backup-*' | wc -l)" 3 "WAL directories kept aside"
}

# What old and new server make in the log by themselves, 0.tmp and segments, does not get mixed up.
case_a_wal_directory_that_is_a_mount_point_is_swapped_and_taken_back() {
  [ "$(id -u)" = 0 ] || skip_case "mounting needs root"
  make_cluster_with_snapshot 1 with_separate_wal
  local wal="$work/m1/wal"
  cluster_kill "$work"
  mv "$wal" "$wal.made"
  mkdir -m 0700 "$wal"
  mount -t tmpfs -o size=700m,mode=700 none "$wal" || skip_case "this machine allows no mount"
  mv "$wal.made"/* "$wal"
  cluster_start "$work"
  cluster_put "$work" /before/ 1 10
  expect_exit 0 snapcore run "$etcd_restore" --yes --waive "healthy=test"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_equal "$(find "$wal" -mindepth 1 -maxdepth 1 -name 'wal.backup-*' | wc -l)" 1 "logs kept aside"
  cluster_put "$work" /after/ 1 10
  expect_exit 0 snapcore rollback "$(newest_run)" --yes
  cluster_wait "$work"
  expect_equal "$(cluster_count "$work" /before/)" 10 "keys of the old cluster"
  expect_equal "$(cluster_count "$work" /after/)" 0 "keys of the new cluster"
  expect_equal "$(find "$wal" -mindepth 1 -maxdepth 1 ! -name '*.wal' ! -name '*.tmp' | wc -l)" 0 "other entries of the log"
}

case_a_learner_that_never_started_is_told_and_is_not_who_the_cluster_is() {
  make_cluster_with_snapshot 1
  cluster_ctl "$work" member add late --learner --peer-urls=http://127.0.0.1:1 >/dev/null
  expect_exit 0 snapcore call etcd_prod.inspect
  expect_said 'at http://127.0.0.1:1, a learner, has never started, and does not count for who this is'
  take_snapshot with-learner.db
  expect_exit 0 snapcore call etcd.examine artifact=backups:with-learner.db
  expect_said 'http://127.0.0.1:1, which had never started' '\(learner, never started\)'
  sed -n '/"identity"/,/]/p' "$work/out" >"$work/identity"
  ! grep -q '127.0.0.1:1"' "$work/identity" || fail_case "the learner counts: $(cat "$work/identity")"
}

case_a_restored_cluster_survives_a_restart_and_another_restore() {
  make_cluster_with_snapshot
  destroy_cluster
  expect_exit 0 snapcore run "$etcd_restore" --yes
  cluster_kill "$work"
  cluster_start "$work"
  cluster_put "$work" /k/ 201 230
  take_snapshot second.db
  destroy_cluster
  expect_exit 0 snapcore run "$etcd_restore" --yes
  expect_equal "$(cluster_count "$work" /k/)" 230 "keys"
}

# A cluster with authentication, and its snapshot users.db.
make_cluster_with_users() {
  make_cluster_with_snapshot "$1"
  cluster_ctl "$work" user add root:CANARY >/dev/null
  cluster_ctl "$work" user grant-role root root >/dev/null 2>&1 || cluster_ctl "$work" role add root >/dev/null
  cluster_ctl "$work" user grant-role root root >/dev/null 2>&1 || true
  cluster_ctl "$work" auth enable >/dev/null
  take_snapshot users.db --user root:CANARY
}

# name_user PASSWORD   in the site, as root
name_user() {
  printf '%s' "$1" >"$work/password"
  chmod 600 "$work/password"
  sed -i "s|plugin = \"etcd\",|plugin = \"etcd\", user = \"root\", password = secret.file \"$work/password\",|" \
    "$work/site.lua"
}

case_authentication_is_a_concern_and_health_says_at_once_what_is_missing() {
  make_cluster_with_users 1
  destroy_cluster
  expect_exit 3 snapcore restore etcd_prod --from backups --ref users.db --yes
  expect_said 'authentication is on in this snapshot, and the instance names no user' '--waive healthy=REASON'
  expect_exit 7 snapcore restore etcd_prod --from backups --ref users.db --yes --waive healthy=known
  expect_said 'etcd.authentication' 'the instance names no user: m1: .*user name is empty'
}

case_a_cluster_with_authentication_comes_back_and_is_asked_as_the_user_of_the_instance() {
  make_cluster_with_users 3
  destroy_cluster
  name_user ''
  expect_exit 4 snapcore plan "$etcd_restore"
  expect_said "the secret file:$work/password is empty" 'nothing was changed'
  rm "$work/password"
  expect_exit 4 snapcore plan "$etcd_restore"
  expect_said "$work/password"
  printf wrong >"$work/password"
  chmod 600 "$work/password"
  expect_exit 7 snapcore restore etcd_prod --from backups --ref users.db --yes --on-failure hold
  expect_said "user 'root' is not let in" 'invalid user ID or password' 'user and password of the instance'
  printf CANARY >"$work/password"
  expect_exit 0 snapcore resume "$(newest_run)"
  expect_said 'all 3 members healthy'
  expect_exit 0 snapcore call etcd_prod.expect_keys prefix=/k/ exactly=250
  expect_exit 0 snapcore call etcd_prod.inspect
  expect_said '"healthy": true'
  ! grep -r CANARY "$work/state" || fail_case "the password stands in the state directory"
}

# The token that the old members gave is none for the new ones, and 3.6 is silent to those of a later raft index.
case_a_cluster_with_authentication_is_restored_while_it_still_runs() {
  ETCD_BIN_DIR=$("$root/tests/servers/build.sh" etcd-3.6 2>"$work/why") || skip_case "$(tail -n 1 "$work/why")"
  make_cluster_with_users 3
  name_user CANARY
  expect_exit 0 snapcore restore etcd_prod --from backups --ref users.db --yes --waive healthy=known
  expect_said 'all 3 members healthy'
}

case_a_bump_that_ends_below_the_revision_it_replaces_is_said_in_plan_and_report() {
  make_cluster_with_snapshot 1
  cluster_put "$work" /k/ 251 1250
  local of_snapshot newest
  newest=$(revision "$work")
  expect_exit 0 snapcore call etcd.hashkv artifact=backups:snap.db --json
  of_snapshot=$(grep -oE '"revision":[0-9]+' "$work/out" | head -n 1 | tr -dc '0-9')
  expect_exit 0 snapcore plan "$etcd_restore" --set bump_revision=7 --waive healthy=test
  expect_said "warning.* bump_revision=7 .*revision $((of_snapshot + 7)), .* $newest:" \
    "raise the revision by 7 and compact, as asked: .*revision $((of_snapshot + 7)), .* $newest:" \
    "bump_revision=$((newest - of_snapshot + 1000000000)) is enough"
  ! grep -q 'no old watch waits' "$work/out" || fail_case "the plan promises what does not come"
  expect_exit 0 snapcore run "$etcd_restore" --set bump_revision=7 --waive healthy=test --yes
  expect_said "raised the revision by 7 and compacted, as asked: .*revision $((of_snapshot + 7)), .* $newest:"
  expect_equal "$(revision "$work")" "$((of_snapshot + 7))" "revision"
}

case_a_bump_that_is_enough_promises_that_no_watch_waits() {
  make_cluster_with_snapshot 1
  expect_exit 0 snapcore plan "$etcd_restore" --set bump_revision=1000 --waive healthy=test
  expect_said 'raise the revision by 1000 and compact, so that no old watch waits for ever'
  ! grep -q 'warning.*bump_revision' "$work/out" "$work/err" || fail_case "it is warned of"
}

# Ends what the case started, and its mount.
tear_down() {
  if [ -f "$work/members" ]; then cluster_kill "$work" 2>/dev/null || true; fi
  ! mountpoint -q "$work/m1/wal" || umount "$work/m1/wal"
}

run_cases
