#!/usr/bin/env bash
# Runs that are killed, held and interrupted, with a real etcd: gone on with, taken back, decided about.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

in_another_directory() { (cd / && "$@"); }

directories() { find "$work"/m* -maxdepth 1 -name 'data*' | wc -l; }

# What a new run would find: the cluster is there, with the keys it had.
fresh_cluster() {
  rm -rf "$work/state"
  cluster_kill "$work" 2>/dev/null || true
  rm -rf "$work"/m*/data*
  cp -a "$work/kept" "$work/m1/data"
  cluster_start "$work"
}

keep_data() {
  cluster_kill "$work"
  cp -a "$work/m1/data" "$work/kept"
}

case_a_restore_killed_at_every_record_is_resumed_or_taken_back() {
  make_cluster_with_snapshot 1
  local at points=0 before
  before=$(hashkv "$work")
  keep_data
  for ((at = 1; ; ++at)); do
    fresh_cluster
    killed_at "$at" run "$etcd_restore" --yes --waive healthy=test || break
    points=$((points + 1))
    if ! grep -q '"type":"run"' "$(journal)"; then
      # Nothing was done under it, and it holds nothing any more.
      expect_exit 3 snapcore resume "$(newest_run)"
      expect_exit 0 snapcore run "$etcd_restore" --yes --waive healthy=test
      continue
    fi
    if grep -q '"type":"end"' "$(journal)"; then
      expect_exit 3 in_another_directory snapcore resume "$(newest_run)"
      expect_exit 0 snapcore run "$etcd_restore" --yes --waive healthy=test
      break
    fi
    expect_exit 0 in_another_directory snapcore resume "$(newest_run)"
    expect_equal "$(cluster_count "$work" /k/)" 200 "keys after a kill at record $at and resume"
    expect_equal "$(directories)" 2 "directories after a kill at record $at and resume"
    fresh_cluster
    killed_at "$at" run "$etcd_restore" --yes --waive healthy=test
    expect_exit 0 snapcore rollback "$(newest_run)" --yes
    cluster_wait "$work"
    expect_equal "$(cluster_count "$work" /k/)" 250 "keys after a kill at record $at and rollback"
    expect_equal "$(hashkv "$work")" "$before" "hash after a kill at record $at and rollback"
    expect_equal "$(directories)" 1 "directories after a kill at record $at and rollback"
  done
  [ "$points" -ge 10 ] || fail_case "only $points points; $(cat "$work/killed.out")"
  tell "killed at $points records: resumed and taken back, all equal"
}

case_a_killed_run_holds_its_cluster_until_it_is_finished_or_broken() {
  make_cluster_with_snapshot 1
  local lease
  killed_at 5 run "$etcd_restore" --yes --waive healthy=test
  expect_exit 3 snapcore run "$etcd_restore" --yes
  expect_said "^run $(newest_run) stands half way" 'guard.healthy' '--waive healthy=REASON'
  expect_exit 3 snapcore run "$etcd_restore" --yes --waive healthy=test
  expect_said "$(newest_run)" 'that process is gone' '--break-lease [0-9]+' 'etcd-dir:'
  lease=$(grep -oE -- '--break-lease [0-9]+' "$work/err" | head -n 1)
  expect_exit 3 snapcore run "$etcd_restore" --yes --waive healthy=test --break-lease 999999
  # shellcheck disable=SC2086  # two words
  expect_exit 0 snapcore run "$etcd_restore" --yes --waive healthy=test $lease
  expect_exit 0 snapcore runs "$(newest_run)"
  expect_said 'lease'
}

# The stop command waits for a word, so that the run can be killed while it waits for the command.
case_a_command_that_outlived_its_run_is_found_and_waited_for() {
  make_cluster_with_snapshot 1
  local member run said=
  member=$(find "$work" -maxdepth 1 -name 'm*' -type d -printf '%f\n')
  mkfifo "$work/began" "$work/go" "$work/says"
  cat >"$work/slow-stop" <<SH
#!/bin/sh
echo "\$\$" >"$work/began"
read -r word <"$work/go"
exec "$work/$member/ctl" stop
SH
  chmod +x "$work/slow-stop"
  sed -i "s|stop = { [^}]* }|stop = { \"$work/slow-stop\" }|" "$work/site.lua"
  "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" run "$etcd_restore" --yes --waive healthy=test \
    </dev/null >"$work/out" 2>&1 &
  run=$!
  read -r stopping <"$work/began"
  kill -9 "$run"
  wait "$run" || true
  snapcore resume "$(newest_run)" >"$work/out" 2>"$work/says" &
  run=$!
  while read -r line; do
    said+="$line"$'\n'
    [[ $line != *"still works"* ]] || {
      [[ $line == "process $stopping, '/bin/sh ${work:0:40}"* ]] || fail_case "said: $line"
      echo go >"$work/go"
      # From now on the member is stopped at once.
      printf '#!/bin/sh\nexec "%s/%s/ctl" stop\n' "$work" "$member" >"$work/slow-stop.new"
      chmod +x "$work/slow-stop.new"
      mv "$work/slow-stop.new" "$work/slow-stop"
    }
  done <"$work/says"
  wait "$run" || fail_case "the run was not gone on with: $said$(cat "$work/out")"
  [[ $said == *"waits for it"* ]] || fail_case "nothing was found: $said"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
}

case_a_run_is_resumed_without_its_runbook_and_site() {
  make_cluster_with_snapshot 1
  cp "$etcd_restore" "$work/mine.lua"
  killed_at 5 run "$work/mine.lua" --yes --waive healthy=test
  echo 'fail("edited")' >"$work/mine.lua"
  echo 'return {}' >"$work/site.lua"
  expect_exit 0 snapcore resume "$(newest_run)"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_exit 3 snapcore resume "$(newest_run)"
  expect_said 'is over: done'
  expect_exit 0 snapcore rollback "$(newest_run)" --yes
  expect_equal "$(cluster_count "$work" /k/)" 250 "keys"
  expect_exit 3 snapcore rollback "$(newest_run)" --yes
}

case_an_accepted_run_keeps_nothing_aside_and_cannot_be_taken_back() {
  make_cluster_with_snapshot 1
  expect_exit 0 snapcore run "$etcd_restore" --yes --waive healthy=test
  expect_equal "$(directories)" 2 "directories before"
  expect_exit 3 snapcore accept "$(newest_run)"
  expect_exit 0 snapcore accept "$(newest_run)" --yes
  expect_said 'released what etcd_prod kept'
  expect_equal "$(directories)" 1 "directories after"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_exit 3 snapcore rollback "$(newest_run)" --yes
  expect_said 'it was accepted'
  expect_exit 3 snapcore resume "$(newest_run)"
}

case_an_audit_finds_what_was_cut_or_edited() {
  make_cluster_with_snapshot 1
  expect_exit 0 snapcore run "$etcd_restore" --yes --waive healthy=test
  local run journal head
  run=$(newest_run)
  journal=$(journal)
  head=$(grep -oE 'head [0-9]+ [0-9a-f]{64}' "$work/out" | head -n 1 | sed 's/head //; s/ /:/')
  expect_exit 0 snapcore audit "$run" --anchor "$head"
  expect_said 'every hash fits' 'is the one of the anchor'
  expect_exit 0 snapcore audit
  cp "$journal" "$work/whole"
  head -n -1 "$work/whole" >"$journal"
  expect_exit 0 snapcore audit "$run"
  expect_exit 3 snapcore audit "$run" --anchor "$head"
  expect_said 'ends before record'
  sed '0,/etcd_prod/s//etcd_test/' "$work/whole" >"$journal"
  expect_exit 3 snapcore audit "$run"
  expect_exit 3 snapcore audit
  expect_exit 3 snapcore resume "$run"
}

case_a_killed_run_whose_journal_is_damaged_says_what_a_person_does_next() {
  make_cluster_with_snapshot 1
  local run word again
  killed_at 12 run "$etcd_restore" --yes --waive healthy=test
  run=$(newest_run)
  python3 - "$(journal)" <<'PY'
import sys
lines = open(sys.argv[1], "rb").read().split(b"\n")
middle = bytearray(lines[8])
middle[len(middle) // 2] ^= 1
lines[8] = bytes(middle)
open(sys.argv[1], "wb").write(b"\n".join(lines))
PY
  for word in resume rollback accept; do
    expect_exit 3 snapcore "$word" "$run"
    expect_said 'journal.corrupt' "neither go on with run $run nor take it back" "^ +snapcore .* runs $run\$"
  done
  expect_exit 1 snapcore runs "$run"
  expect_said 'Perhaps done besides' 'etcd_prod' '^Next$' "^ +tail -n \+9 .*$run/journal.jsonl\$"
  again=$(grep -E -- '^ +snapcore .*--break-lease [0-9]+$' "$work/out")
  # As it is: the options that were typed are in it.
  eval "expect_exit 0 ${again/snapcore/"$build/bin/snapcore"} --yes"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
}

case_decisions_need_somebody() {
  make_cluster_with_snapshot 1
  expect_exit 0 snapcore run "$etcd_restore" --yes --waive healthy=test
  expect_exit 3 snapcore rollback "$(newest_run)"
  expect_said 'there is no terminal' 'give the command again with --yes'
  expect_exit 4 snapcore rollback nobody
  expect_exit 4 snapcore resume nobody
  expect_exit 4 snapcore resolve "$(newest_run)" 'root#1.activate'
  expect_exit 3 snapcore resolve "$(newest_run)" 'root#1.activate' --done
}

run_cases
