#!/usr/bin/env bash
# Questions to snapshots without an instance, through the tool: PLUGIN.OPERATION, artifacts as SOURCE:REF.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

case_keys_and_values_of_a_snapshot_are_those_of_the_server() {
  make_cluster_with_snapshot 1
  expect_exit 0 snapcore call etcd.keys artifact=backups:snap.db prefix=/k/0001
  expect_equal "$(grep -c '^/k/0001' "$work/out")" 100
  expect_said '^100 keys at revision'
  expect_exit 0 snapcore call etcd.get artifact=backups:snap.db key=/k/000007
  expect_said '^value-7$'
  expect_exit 3 snapcore call etcd.get artifact=backups:snap.db key=/k/000201
  expect_said 'etcd.key_not_found'
  expect_exit 3 snapcore call etcd.keys artifact=backups:snap.db revision=100000
  expect_said 'holds revisions 1 to'
}

case_a_copied_database_reads_like_a_snapshot() {
  make_cluster_with_snapshot 1
  take_snapshot now.db # makes the server write down what it still holds in memory
  cluster_kill "$work"
  cp "$work"/m1/data/member/snap/db "$work/backups/db"
  expect_exit 0 snapcore call etcd.diff a=backups:snap.db b=backups:db
  expect_equal "$(grep -c '^+ /k/0002' "$work/out")" 50
  expect_said '^50 added, 0 removed, 0 changed, 200 unchanged from snap.db'
  expect_exit 0 snapcore call etcd.diff a=backups:snap.db b=backups:db by=prefix
  expect_said '^\+50 -0 ~0  /k/$'
}

case_json_has_a_line_for_each_item_and_the_result_in_the_last() {
  make_cluster_with_snapshot 1
  expect_exit 0 snapcore call etcd.export artifact=backups:snap.db prefix=/k/00000 --json
  expect_equal "$(grep -c '"type":"item"' "$work/out")" 9
  expect_equal "$(tail -n 1 "$work/out" | grep -c '"count":9.*"type":"result"')" 1
  expect_exit 0 snapcore call etcd.export artifact=backups:snap.db prefix=/k/00000
  expect_equal "$(grep -c '^{"create_revision"' "$work/out")" 9
}

case_the_hash_is_that_of_the_live_server() {
  make_cluster_with_snapshot 1
  local compacted answer
  for compacted in never once; do
    [ "$compacted" = never ] || cluster_ctl "$work" compact 2 --physical >/dev/null
    take_snapshot now.db
    expect_exit 0 snapcore call etcd.hashkv artifact=backups:now.db --json
    expect_equal "$(grep -o '"hash":[0-9]*' "$work/out")" "$(hashkv "$work")"
    answer=$(cluster_ctl "$work" endpoint hashkv --write-out=json | grep -o '"compact_revision":[-0-9]*')
    expect_equal "$(grep -o '"compact_revision":[-0-9]*' "$work/out")" "$answer" "compaction"
  done
}

case_a_damaged_file_answers_with_a_warning() {
  make_cluster_with_snapshot 1
  cp "$work/backups/snap.db" "$work/backups/whole.db"
  printf 'x' | dd of="$work/backups/snap.db" bs=1 seek=$(($(stat -c %s "$work/backups/snap.db") - 1)) conv=notrunc status=none
  local operation
  for operation in export hashkv stats; do
    expect_exit 1 snapcore call "etcd.$operation" artifact=backups:snap.db --json
    expect_said '"level":"warning","message":"snap.db is damaged: the SHA-256 at its end is' '"verified":false'
  done
  expect_exit 1 snapcore call etcd.diff a=backups:whole.db b=backups:snap.db --json
  expect_said '"level":"warning","message":"snap.db is damaged: the SHA-256 at its end is' '"verified":false'
  expect_exit 0 snapcore call etcd.diff a=backups:whole.db b=backups:whole.db --json
  expect_said '"verified":true'
  expect_exit 1 snapcore call etcd.hashkv artifact=backups:snap.db
  expect_said 'warning: etcd: snap.db is damaged'
  expect_exit 0 snapcore call etcd.keys artifact=backups:snap.db --json
  expect_said '"verified":false'
  expect_exit 0 snapcore call etcd.keys artifact=backups:snap.db
  expect_said "^SHA-256 not compared.*: the operation 'examine' does"
  printf '\0\0\0\0' | dd of="$work/backups/snap.db" bs=1 seek=16 conv=notrunc status=none
  expect_exit 1 snapcore call etcd.keys artifact=backups:snap.db prefix=/k/
  expect_said 'one of its two meta pages is not whole' '^200 keys'
}

case_a_page_of_zeros_ends_a_list_that_says_so() {
  make_cluster_with_snapshot 1
  cluster_put "$work" /k/ 251 400
  take_snapshot snap.db
  local at kind
  # The leaf on which the first of all changes stands (main revision 2, '_', sub 0), and what is left of it elsewhere.
  grep -obUaP '\x00{7}\x02_\x00{8}' "$work/backups/snap.db" | cut -d: -f1 >"$work/places"
  while read -r at; do
    kind=$(od -An -tu1 -j$((at / 4096 * 4096 + 8)) -N1 "$work/backups/snap.db")
    [ "$kind" -eq 2 ] || continue
    dd if=/dev/zero of="$work/backups/snap.db" bs=4096 seek=$((at / 4096)) count=1 conv=notrunc status=none
  done <"$work/places"
  expect_exit 1 snapcore call etcd.keys artifact=backups:snap.db
  expect_said "bucket 'key', page [0-9]+: all zeros" '^[0-9]+ keys at revision .*, and not all: the file is damaged'
  expect_exit 1 snapcore call etcd.export artifact=backups:snap.db
  expect_said "warning: etcd: snap.db is damaged: bucket .*what was last changed before that is not listed"
  expect_exit 3 snapcore call etcd.get artifact=backups:snap.db key=/k/000001
  expect_said "bucket 'key', page [0-9]+: all zeros" "'examine' tells what else"
}

case_nothing_found_is_no_item_and_a_result() {
  make_cluster_with_snapshot 1
  expect_exit 0 snapcore call etcd.export artifact=backups:snap.db prefix=/none
  expect_equal "$(cat "$work/out")" "" "JSON lines of nothing"
  expect_exit 0 snapcore call etcd.export artifact=backups:snap.db prefix=/none --json
  expect_equal "$(wc -l <"$work/out")" 1 "lines"
  expect_said '"count":0.*"type":"result"'
}

case_a_snapshot_is_examined_without_an_instance() {
  make_cluster_with_snapshot 1
  expect_exit 0 snapcore call etcd.examine artifact=backups:snap.db
  expect_said '200 now \(TOTAL KEYS of etcd 3.6\)' \
    "\"hash\": \"$(ETCDCTL_API=3 etcdctl snapshot status "$work/backups/snap.db" | cut -d, -f1) \(HASH of"
}

case_keys_that_are_no_text_are_asked_for_as_they_are_printed() {
  make_cluster_with_snapshot 1
  cluster_ctl "$work" put "$(printf '/e/\342\200\256x')" hidden >/dev/null
  take_snapshot now.db
  expect_exit 0 snapcore call etcd.keys artifact=backups:now.db prefix=/e/
  expect_said '/e/\\xe2\\x80\\xaex  \(base64 L2Uv4oCueA==\)$'
  expect_exit 0 snapcore call etcd.get artifact=backups:now.db key_base64=L2Uv4oCueA==
  expect_said '^hidden$'
}

case_readings_leave_the_file_as_it_is() {
  make_cluster_with_snapshot 1
  local before operation
  before=$(fingerprint "$work/backups")
  for operation in keys export hashkv stats; do
    expect_exit 0 snapcore call "etcd.$operation" artifact=backups:snap.db
  done
  expect_equal "$(fingerprint "$work/backups")" "$before" "the store"
}

run_cases
