#!/usr/bin/env bash
# What a dry run does to the machine: nothing.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The sanitizers' own leak check cannot run under a tracer.
trace() { ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$work/trace" "$@"; }

case_a_dry_run_opens_nothing_for_writing_and_changes_no_name() {
  need_strace
  make_cluster_with_snapshot
  rm -rf "$work/state"
  local before
  before=$(fingerprint "$work/backups")
  expect_exit 0 trace -e trace=%file,%desc,%network \
    "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" run --dry-run --json \
    --waive healthy=test "$etcd_restore"
  [ ! -e "$work/state" ] || fail_case "the dry run made a state directory"
  expect_equal "$(fingerprint "$work/backups")" "$before" "the store"
  if grep -E '(open|openat|openat2|creat)\(.*(O_WRONLY|O_RDWR|O_CREAT)' "$work/trace" | grep -vE '"/dev/|"/proc/self/(coredump|oom)' |
    grep -v ENOENT; then
    fail_case "a file was opened for writing"
  fi
  if grep -E '^[0-9]+ +(creat|mkdir|mkdirat|rename|renameat|renameat2|unlink|unlinkat|rmdir|chmod|fchmod|fchmodat|link|linkat|symlink|symlinkat|truncate|ftruncate|mknod|mknodat)\(' \
    "$work/trace"; then
    fail_case "a name was created, changed or removed"
  fi
}

case_a_dry_run_asks_the_members_harmless_questions_only() {
  command -v python3 >/dev/null || skip_case "python3 is not installed"
  make_cluster_with_snapshot
  python3 "$root/tests/servers/logging_proxy.py" "$work/members" "$work/site.lua" "$work/requests" &
  echo $! >"$work/proxy.pid"
  for _ in $(seq 100); do
    [ ! -e "$work/requests" ] || break
    sleep 0.1
  done
  expect_exit 0 snapcore run --dry-run --json --waive healthy=test "$etcd_restore"
  kill "$(cat "$work/proxy.pid")"
  [ -s "$work/requests" ] || fail_case "the proxy saw nothing"
  if grep -vE '^(GET /health|GET /version|POST /v3/maintenance/(status|hash|hashkv)|POST /v3/cluster/member/list|POST /v3/kv/range)( |$)' "$work/requests"; then
    fail_case "a request that is no question"
  fi
}

case_the_last_line_of_json_is_the_result() {
  make_cluster_with_snapshot 1
  destroy_cluster
  expect_exit 0 snapcore run --dry-run --json "$etcd_restore"
  tail -n 1 "$work/out" | grep -q '"type": *"result"' || fail_case "last line: $(tail -n 1 "$work/out")"
  local line
  while read -r line; do
    printf '%s' "$line" | python3 -c 'import json,sys; assert json.load(sys.stdin)["type"]' || fail_case "not JSON: $line"
  done <"$work/out"
}

case_a_restore_executes_nothing_but_the_configured_commands() {
  need_strace
  make_cluster_with_snapshot
  destroy_cluster
  # The members that are started are traced as well: the trace ends when the last of them has.
  mkfifo "$work/pipe"
  cat "$work/pipe" >"$work/trace" &
  local reader=$!
  expect_exit 0 env ASAN_OPTIONS=detect_leaks=0 \
    strace -D -f --seccomp-bpf -qq -e trace=execve,clone,clone3,fork,vfork -o "$work/pipe" \
    "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" run --yes "$etcd_restore"
  cluster_kill "$work"
  wait "$reader"
  python3 -B "$root/tests/whole/executed_by.py" "$work/trace" >"$work/executed"
  [ -s "$work/executed" ] || fail_case "nothing was traced"
  if grep -vE "/snapcore$|^/proc/self/exe$|^$work/m[0-9]/ctl$" "$work/executed"; then fail_case "something else was executed"; fi
  grep -q "^$work/m1/ctl$" "$work/executed" || fail_case "the start command was not seen"
}

run_cases
