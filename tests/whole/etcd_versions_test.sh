#!/usr/bin/env bash
# Snapshots made by every version of etcd, restored by us, started by the same version and by newer ones. Behind the
# cases stands the matrix: made by | restored by us | started by | result.
# Servers sync often; memory is quicker at that than a disk.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Made by, started by. Downgrading is nothing a snapshot can be used for.
readonly pairs=(
  "3.4 3.4" "3.4 3.5" "3.4 3.6"
  "3.5 3.5" "3.5 3.6" "3.5 3.7"
  "3.6 3.6" "3.6 3.7"
  "3.7 3.7"
)

# Clusters created from now on are of this version: 3.4 is Debian's.
use_version() {
  local code=0
  ETCD_BIN_DIR=''
  if [ "$1" = 3.4 ]; then
    need_etcd
    return
  fi
  ETCD_BIN_DIR=$("$root/tests/servers/build.sh" "etcd-$1") || code=$?
  [ "$code" != 77 ] || exit 77 # it has said why
  return "$code"
}

# The tool that restores in this version.
their_tool() { if [ -n "$ETCD_BIN_DIR" ]; then echo "$ETCD_BIN_DIR/etcdutl"; else echo etcdctl; fi; }

hash_at() { cluster_ctl "$1" endpoint hashkv --rev "$2" --write-out=json | grep -oE '"hash":[0-9]+' | sort -u; }

# A snapshot of a cluster of the version in use, with history, and what the version's own tool makes of it: in $made,
# once for all cases.
make_snapshot() {
  made=$suite_dir/made-$1
  [ ! -e "$made/hash" ] || return 0
  rm -rf "$made"
  work=$made # what is running there ends with the case
  cluster_create "$made" 1
  mkdir "$made/backups"
  cluster_start "$made"
  cluster_put "$made" /k/ 1 300
  cluster_put "$made" /k/ 101 200
  cluster_ctl "$made" del --prefix /k/00029 >/dev/null
  cluster_ctl "$made" put /k/000001 again >/dev/null
  cluster_ctl "$made" compact 4 >/dev/null
  cluster_ctl "$made" put --lease="$(cluster_ctl "$made" lease grant 3600 | cut -d' ' -f2)" /leased v >/dev/null
  take_snapshot snap.db
  revision "$made" >"$made/revision"
  cluster_count "$made" /k/ >"$made/count"
  destroy_cluster
  local peer
  read -r _ _ peer <"$made/members"
  "$(their_tool)" snapshot restore "$made/backups/snap.db" --name m1 --data-dir "$made/m1/data" \
    --initial-cluster "m1=http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" 2>/dev/null
  cluster_start "$made"
  hash_at "$made" "$(cat "$made/revision")" >"$made/new"
  cluster_kill "$made"
  rm -r "$made/m1/data"
  mv "$made/new" "$made/hash"
}

# Everything that tells a cluster that lives from one that only answers.
expect_alive() {
  local count=$1 new=$2
  expect_equal "$(cluster_count "$work" /k/)" "$count" "keys"
  expect_equal "$(cluster_ctl "$work" member list | wc -l)" "$(wc -l <"$work/members")" "members"
  expect_equal "$(cluster_ctl "$work" alarm list | wc -l)" 0 "alarms"
  cluster_put "$work" "$new" 1 150
  cluster_kill "$work"
  cluster_start "$work"
  expect_equal "$(cluster_count "$work" "$new")" 150 "keys written, after a restart"
  cluster_ctl "$work" defrag >/dev/null
  expect_equal "$(cluster_count "$work" /k/)" "$count" "keys after a defragmentation"
  cluster_put "$work" "$new" 151 160
  expect_equal "$(hashkv "$work" | wc -l)" 1 "different hashes"
}

# No member answers before the restore, so the site says which etcd will read the data.
name_server_version() {
  local version
  version=$("${ETCD_BIN_DIR:+$ETCD_BIN_DIR/}etcd" --version | sed -n 's/^etcd Version: //p')
  sed -i "s/plugin = \"etcd\",/plugin = \"etcd\", server_version = \"$version\",/" "$work/site.lua"
}

restore_bumped() {
  cat >"$work/bump.lua" <<LUA
runbook { summary = "Restore with a later revision" }
target "etcd_prod":restore { from = source "backups":stat { ref = "$1" }, bump_revision = 1000000 }
LUA
  expect_exit '[01]' snapcore run "$work/bump.lua" --yes
}

# A client that saw the lost cluster, and goes on from there.
expect_follower_told() {
  local watcher
  cluster_ctl "$work" watch --prefix /k/ --rev "$1" >"$work/watch" 2>&1 &
  watcher=$!
  for _ in $(seq 300); do
    ! grep -q 'required revision has been compacted' "$work/watch" || return 0
    kill -0 "$watcher" 2>/dev/null || break
    sleep 0.1
  done
  kill "$watcher" 2>/dev/null || true
  fail_case "a watch was not told that its revision is gone: $(cat "$work/watch")"
}

restored_and_started() {
  local made_by=$1 started_by=$2 count at members=1 mine=$work
  make_snapshot "$made_by"
  work=$mine
  [ "$made_by" != "$started_by" ] || members=3
  use_version "$started_by"
  cluster_create "$work" "$members"
  mkdir "$work/backups"
  cp "$made/backups/snap.db" "$work/backups/"
  cluster_site "$work" "$work/backups" "$work/site.lua"
  name_server_version
  count=$(cat "$made/count") at=$(cat "$made/revision")

  expect_exit '[01]' snapcore restore etcd_prod --from backups --ref snap.db --yes --waive "identity=made elsewhere"
  expect_equal "$(hash_at "$work" "$at")" "$(cat "$made/hash")" "HashKV of what $made_by itself restores"
  expect_equal "$(revision "$work")" "$at" "revision"
  expect_alive "$count" /new/

  # What it has become is a source as good as any.
  take_snapshot second.db
  at=$(revision "$work")
  destroy_cluster
  restore_bumped second.db
  expect_equal "$(revision "$work")" "$((at + 1000000))" "revision after a bump"
  expect_follower_told "$((at + 1))"
  expect_alive "$count" /newer/
}

# What became of a row is told to the end of the suite by a file: each case is a process of its own.
row() {
  local result=$suite_dir/row-$1-$2
  echo "$1 | yes | $2 | not run" >"$result"
  use_version "$2"
  use_version "$1"
  echo "$1 | yes | $2 | not ok" >"$result"
  restored_and_started "$1" "$2"
  echo "$1 | yes | $2 | ok" >"$result"
}

for pair in "${pairs[@]}"; do
  eval "case_made_by_${pair% *}_and_started_by_${pair#* }() { row $pair; }"
done

# A member that did the compaction itself answers another hash for that revision until it is restarted.
hash_at_the_compaction() {
  use_version "$1"
  make_cluster_with_snapshot 1
  cluster_put "$work" /k/ 1 100
  cluster_ctl "$work" del --prefix /k/00001 >/dev/null
  local at
  at=$(revision "$work")
  cluster_ctl "$work" compact --physical $((at - 2)) >/dev/null
  cluster_ctl "$work" compact --physical "$at" >/dev/null
  cluster_ctl "$work" put /k/000200 last >/dev/null
  take_snapshot now.db
  cluster_kill "$work"
  cluster_start "$work"
  expect_exit 0 snapcore call etcd.hashkv artifact=backups:now.db "revision=$at" --json
  expect_equal "$(grep -oE '"hash":[0-9]+' "$work/out")" "$(hash_at "$work" "$at")" "hash at the compaction"
}

case_the_hash_at_the_compaction_is_that_of_a_restarted_3.5() { hash_at_the_compaction 3.5; }
case_the_hash_at_the_compaction_is_that_of_a_restarted_3.6() { hash_at_the_compaction 3.6; }

# m3 ends when it is removed, so it is not the one to ask.
ask_m1() { "$(cat "$work/programs")etcdctl" --endpoints "$(cluster_endpoints "$work" | cut -d, -f1)" "$@"; }

case_a_member_of_a_restored_cluster_can_be_replaced() {
  local id its_peer code
  use_version 3.6
  make_cluster_with_snapshot 3
  name_server_version
  destroy_cluster
  expect_exit 0 snapcore restore etcd_prod --from backups --ref snap.db --yes
  id=$(cluster_ctl "$work" member list | sed -n 's/^\([0-9a-f]*\), started, m3,.*/\1/p')
  its_peer=$(sed -n 's/^m3 .* //p' "$work/members")
  # Refused until the members have seen each other for five seconds.
  for _ in $(seq 300); do
    code=0
    ask_m1 member remove "$id" >/dev/null 2>"$work/refusal" || code=$?
    [ "$code" != 0 ] || break
    sleep 0.1
  done
  [ "$code" = 0 ] || fail_case "m3 cannot be removed: $(cat "$work/refusal")"
  "$work/m3/ctl" kill
  rm -r "$work/m3/data"
  ask_m1 member add m3 --peer-urls "http://127.0.0.1:$its_peer" >/dev/null
  sed -i 's/--initial-cluster-state new/--initial-cluster-state existing/' "$work/m3/ctl"
  "$work/m3/ctl" start
  cluster_wait "$work"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_equal "$(hashkv "$work" | wc -l)" 1 "different hashes"
  ! grep -q "^$id," <<<"$(cluster_ctl "$work" member list)" || fail_case "m3 has its old id"
}

run_cases
if compgen -G "$suite_dir/row-*" >/dev/null; then
  echo
  echo "made by | restored by us | started by | result"
  cat "$suite_dir"/row-*
fi
