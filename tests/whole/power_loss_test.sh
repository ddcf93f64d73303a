#!/usr/bin/env bash
# What is done and said to be done is on disk before the next thing rests on it: seen in the system calls of whole
# restores, by the rules in lost_at_power_loss.py.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

lost() { python3 -B "$root/tests/whole/lost_at_power_loss.py" "$work/trace" "$work"; }

# expect_durable CODE RUNBOOK [ARGUMENT...]
expect_durable() {
  local code=$1 reader
  shift
  # The members that are started are traced as well: the trace ends when the last of them has.
  mkfifo "$work/pipe"
  cat "$work/pipe" >"$work/trace" &
  reader=$!
  # The sanitizers' own leak check cannot run under a tracer.
  expect_exit "$code" env ASAN_OPTIONS=detect_leaks=0 \
    strace -D -f --seccomp-bpf -qq -y -o "$work/pipe" \
    -e trace=open,openat,creat,write,writev,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,clone,clone3,fork,vfork \
    "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" run --yes --waive healthy=test "$@"
  cluster_kill "$work"
  wait "$reader"
  lost >"$work/lost"
  [ ! -s "$work/lost" ] || fail_case "$(head -n 60 "$work/lost")"
}

case_a_restore_leaves_nothing_to_a_power_loss() {
  need_strace
  make_cluster_with_snapshot 3
  expect_durable 0 "$etcd_restore"

  # That this would be seen.
  local path
  mv "$work/trace" "$work/whole"
  for path in /member/snap/db /member/snap /member /m1 /m3 /journal.jsonl "/member/wal/[^>]*"; do
    grep -vE "f(data)?sync\\([0-9]+<[^>]*$path>" "$work/whole" >"$work/trace"
    lost >"$work/lost"
    grep -q 'not synced' "$work/lost" || fail_case "nobody misses the syncs of $path"
  done
}

case_neither_does_one_that_is_undone() {
  need_strace
  make_cluster_with_snapshot 3
  cat >"$work/impossible.lua" <<'LUA'
runbook { summary = "Restore, then expect what cannot be" }
local etcd = target "etcd_prod"
etcd:restore { from = source "backups":latest { kind = "etcd-snapshot" } }
etcd:expect_keys { prefix = "/k/", at_least = 1000 }
LUA
  expect_durable 5 "$work/impossible.lua"
  expect_equal "$(find "$work"/m* -maxdepth 1 -name 'data*' | wc -l)" 3 "directories"
}

case_nor_with_directories_that_are_mount_points() {
  need_strace
  [ "$(id -u)" = 0 ] || skip_case "mounting needs root"
  make_cluster_with_snapshot 3
  destroy_cluster
  local name
  for name in m1 m2 m3; do
    mkdir "$work/$name/data"
    mount -t tmpfs -o size=300m,mode=700 none "$work/$name/data" || skip_case "this machine allows no mount"
  done
  expect_durable 0 "$etcd_restore"
}

# Ends what the case started, and its mounts.
tear_down() {
  local name
  if [ -f "$work/members" ]; then cluster_kill "$work" 2>/dev/null || true; fi
  for name in m1 m2 m3; do
    ! mountpoint -q "$work/$name/data" || umount "$work/$name/data"
  done
}

run_cases
