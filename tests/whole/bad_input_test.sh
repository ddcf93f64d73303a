#!/usr/bin/env bash
# Bad input at every door: a clear error with the right exit code, and nothing changed or left behind.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A site whose cluster never ran: enough for everything that is refused while planning.
make_dead_site() {
  cluster_create "$work" 3
  mkdir -p "$work/backups"
  cluster_site "$work" "$work/backups" "$work/site.lua"
}

# A snapshot made once for the whole suite.
real_snapshot() {
  local maker=$suite_dir/maker
  need_etcd
  if [ ! -e "$suite_dir/real.db" ]; then
    cluster_create "$maker" 1
    cluster_start "$maker"
    cluster_put "$maker" /k/ 1 500
    etcdctl --endpoints "$(cluster_endpoints "$maker")" snapshot save "$suite_dir/real.db" >/dev/null 2>&1
    cluster_kill "$maker"
  fi
  cp "$suite_dir/real.db" "$1"
}

# expect_refused_untouched EXIT PATTERN... -- COMMAND...
expect_refused_untouched() {
  local wanted=$1 patterns=() members backups
  shift
  while [ "$1" != -- ]; do
    patterns+=("$1")
    shift
  done
  shift
  members=$(cd "$work" && find m* -print | LC_ALL=C sort)
  backups=$(fingerprint "$work/backups")
  expect_exit "$wanted" "$@"
  expect_said "${patterns[@]}"
  expect_equal "$(cd "$work" && find m* -print | LC_ALL=C sort)" "$members" "files of the members"
  expect_equal "$(fingerprint "$work/backups")" "$backups" "the store"
}

restore_from() { snapcore restore etcd_prod --from backups --ref "$1" --yes --waive "identity=test" "${@:2}"; }

# --- snapshots -------------------------------------------------------------------------------------------

case_an_empty_snapshot_is_refused() {
  make_dead_site
  : >"$work/backups/snap.db"
  expect_refused_untouched 3 'snap\.db|snapshot' 'empty' -- restore_from snap.db
  expect_refused_untouched 3 'empty' -- snapcore run "$etcd_restore" --yes
}

case_a_snapshot_truncated_anywhere_is_refused() {
  make_dead_site
  real_snapshot "$work/whole.db"
  local size length
  size=$(stat -c %s "$work/whole.db")
  for length in 1 16 31 32 33 511 512 4095 4096 4128 8192 12288 $((size / 2)) $((size - 4096)) $((size - 33)) \
    $((size - 1)); do
    head -c "$length" "$work/whole.db" >"$work/backups/snap.db"
    expect_refused_untouched 3 'snapshot|trailer|page' -- restore_from snap.db
  done
}

case_a_flipped_bit_anywhere_is_refused() {
  make_dead_site
  real_snapshot "$work/whole.db"
  local size at
  size=$(stat -c %s "$work/whole.db")
  for at in 0 16 20 40 4096 4112 8192 8200 12300 $((size / 3)) $((size / 2)) $((size - 40)) $((size - 32)) $((size - 1)); do
    cp "$work/whole.db" "$work/backups/snap.db"
    python3 -c 'import sys
f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); b = f.read(1)[0]; f.seek(-1, 1); f.write(bytes([b ^ 4]))' \
      "$work/backups/snap.db" "$at"
    expect_refused_untouched 3 'snapshot|SHA-256|page' -- restore_from snap.db
  done
}

case_a_file_of_another_kind_is_refused() {
  make_dead_site
  head -c 100000 /dev/urandom >"$work/backups/snap.db"
  expect_refused_untouched 3 'snap|snapshot' -- restore_from snap.db
  printf 'SQLite format 3\0%08192d' 0 >"$work/backups/snap.db"
  expect_refused_untouched 3 'snap|snapshot' -- restore_from snap.db
}

case_a_copy_without_trailer_needs_the_hash_guard_waived() {
  make_dead_site
  real_snapshot "$work/whole.db"
  head -c -32 "$work/whole.db" >"$work/backups/snap.db"
  expect_refused_untouched 3 'trailer|SHA-256' '--waive hash=REASON' -- restore_from snap.db
}

case_a_wrong_digest_beside_the_snapshot_is_refused() {
  make_dead_site
  real_snapshot "$work/backups/snap.db"
  printf '%064d  snap.db\n' 7 >"$work/backups/snap.db.sha256"
  expect_refused_untouched 3 'SHA-256|digest' 'recorded' -- restore_from snap.db
}

case_a_snapshot_of_another_cluster_is_refused() {
  make_dead_site
  real_snapshot "$work/backups/snap.db"
  expect_refused_untouched 3 'belongs to|identity' '--waive identity=REASON' -- \
    snapcore restore etcd_prod --from backups --ref snap.db --yes
}

case_no_snapshot_at_all_is_said() {
  make_dead_site
  expect_refused_untouched '[23]' 'no artifact' ' list backups' -- snapcore run "$etcd_restore" --yes
}

# --- targets ---------------------------------------------------------------------------------------------

case_inconsistent_member_urls_are_refused() {
  make_dead_site
  real_snapshot "$work/backups/snap.db"
  local first
  first=$(sed -n 's/.*peer = "\([^"]*\)".*/\1/p' "$work/site.lua" | head -n 1)
  sed -i "s|name = \"m2\", peer = \"[^\"]*\"|name = \"m2\", peer = \"$first\"|" "$work/site.lua"
  expect_refused_untouched 4 'm1|m2' 'peer|URL' -- restore_from snap.db
  sed -i 's|name = "m2", peer = "[^"]*"|name = "m2", peer = "ftp://127.0.0.1:1"|' "$work/site.lua"
  expect_refused_untouched 4 'm2|URL' -- restore_from snap.db
}

case_a_full_disk_is_seen_before_anything_is_touched() {
  [ "$(id -u)" = 0 ] || skip_case "mounting needs root"
  make_dead_site
  real_snapshot "$work/backups/snap.db"
  mount -t tmpfs -o size=64k none "$work/m2" || skip_case "this machine allows no mount"
  cp "$work/m1/ctl" "$work/m2/ctl"
  local code=0
  (expect_refused_untouched 3 'space|free' "$work/m2" -- restore_from snap.db) || code=$?
  umount "$work/m2"
  return "$code"
}

case_a_disk_that_fills_up_while_staging_leaves_nothing() {
  [ "$(id -u)" = 0 ] || skip_case "mounting needs root"
  make_dead_site
  real_snapshot "$work/backups/snap.db"
  mount -t tmpfs -o size=64k none "$work/m2" || skip_case "this machine allows no mount"
  cp "$work/m1/ctl" "$work/m2/ctl"
  local code=0
  (expect_refused_untouched 2 'space|ENOSPC|full' -- restore_from snap.db --waive "space=test") || code=$?
  umount "$work/m2"
  return "$code"
}

case_a_read_only_target_is_refused() {
  [ "$(id -u)" = 0 ] || skip_case "mounting needs root"
  make_dead_site
  real_snapshot "$work/backups/snap.db"
  mount -t tmpfs -o size=100m none "$work/m2" || skip_case "this machine allows no mount"
  cp "$work/m1/ctl" "$work/m2/ctl"
  mount -o remount,ro "$work/m2"
  local code=0
  (expect_refused_untouched '[23]' 'read-only|Read-only|written' "$work/m2" -- restore_from snap.db) || code=$?
  umount "$work/m2"
  return "$code"
}

case_a_foreign_owned_target_is_refused() {
  [ "$(id -u)" = 0 ] || skip_case "becoming another user needs root"
  command -v setpriv >/dev/null || skip_case "setpriv is not installed"
  make_dead_site
  real_snapshot "$work/backups/snap.db"
  chmod 755 "$suite_dir" "$work"
  mkdir "$work/home"
  # The other user may not be able to enter the folder this was built in.
  mkdir -p "$work/tool/bin" "$work/tool/lib/snapcore"
  cp "$build/bin/snapcore" "$work/tool/bin/"
  cp -r "$build/lib/snapcore/plugins" "$work/tool/lib/snapcore/"
  chmod -R a+rX "$work/tool"
  chown 65534 "$work/home" "$work/site.lua"
  chmod 644 "$work/backups/snap.db"
  chown 65534 "$work"
  mkdir "$work/m1/data"
  local before
  before=$(fingerprint "$work/m1")
  expect_exit '[23]' setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$work/home" \
    "$work/tool/bin/snapcore" --site "$work/site.lua" --state "$work/home/state" \
    restore etcd_prod --from backups --ref snap.db --yes --waive "identity=test"
  expect_said "$work/m1" 'owner|owned|permission|Permission|write'
  expect_equal "$(fingerprint "$work/m1")" "$before" "the member's directory"
}

# A stop command that says yes and does nothing.
case_a_member_that_does_not_stop_puts_everything_back() {
  make_cluster_with_snapshot
  sed -i "s/^  stop)\$/  stop)\n    [ -e '${work//\//\\/}\/m2\/stubborn' ] \&\& exit 0/" "$work/m2/ctl"
  touch "$work/m2/stubborn"
  sed -i 's/plugin = "etcd",/plugin = "etcd", stop_timeout = "3s",/' "$work/site.lua"
  expect_exit 5 snapcore run "$etcd_restore" --yes --waive "healthy=test"
  expect_said 'm2' 'still|running|locked'
  cluster_wait "$work"
  expect_equal "$(cluster_count "$work" /k/)" 250 "keys of the old cluster"
  expect_equal "$(find "$work"/m* -maxdepth 1 -name 'data*' | wc -l)" 3 "directories"
}

case_an_old_member_that_still_runs_is_not_restored_over() {
  make_cluster_with_snapshot
  # The site's commands know nothing of the process that serves m3.
  cp "$work/m3/ctl" "$work/m3/real"
  printf '#!/bin/sh\nexit 0\n' >"$work/m3/ctl"
  rm -rf "$work/m1/data" "$work/m2/data"
  "$work/m1/ctl" kill
  "$work/m2/ctl" kill
  sed -i 's/plugin = "etcd",/plugin = "etcd", stop_timeout = "3s",/' "$work/site.lua"
  local before code=0
  before=$(stat -c %i "$work/m3/data")
  expect_exit '[235]' snapcore run "$etcd_restore" --yes || code=$?
  expect_said 'm3' 'still|running|answers'
  expect_equal "$(stat -c %i "$work/m3/data")" "$before" "the directory of the running member"
  cp "$work/m3/real" "$work/m3/ctl"
  return "$code"
}

# --- runbooks --------------------------------------------------------------------------------------------

# refuse_runbook TEXT PATTERN...
refuse_runbook() {
  printf '%s\n' "$1" >"$work/book.lua"
  shift
  expect_refused_untouched 4 'book\.lua' "$@" -- snapcore run "$work/book.lua" --yes
}

case_a_runbook_that_is_wrong_is_refused_with_its_line() {
  make_dead_site
  refuse_runbook 'runbook { summary = "x" }
local x = = 1' 'book\.lua:2'
  refuse_runbook 'runbook { summary = "x" }
target "etcd_prod":explode {}' 'book\.lua:2' 'explode' 'restore'
  refuse_runbook 'runbook { summary = "x" }
target "etcd_prod":expect_keys { prefix = 7 }' 'book\.lua:2' 'prefix'
  refuse_runbook 'runbook { summary = "x" }
target "etcd_prod":expect_keys { prefix = "/k/", at_leest = 7 }' 'book\.lua:2' 'at_leest'
  refuse_runbook 'runbook { summary = "x" }
target "nobody":restore {}' 'book\.lua:2' 'nobody' 'etcd_prod'
  refuse_runbook 'runbook { summary = "x" }
target "backups":list {}' 'book\.lua:2' 'backups'
  refuse_runbook 'runbook { summary = "x" }
target "etcd_prod":activate { staged = {} }' 'book\.lua:2' 'activate'
  refuse_runbook 'runbook { summary = "x" }
undeclared = 1' 'book\.lua:2' 'undeclared'
}

case_a_runbook_that_does_not_end_is_stopped() {
  make_dead_site
  refuse_runbook 'runbook { summary = "x" }
while true do end' 'book\.lua:2'
  refuse_runbook 'runbook { summary = "x" }
while true do pcall(function() while true do end end) end' 'book\.lua:2'
}

case_a_memory_bomb_is_stopped() {
  make_dead_site
  refuse_runbook 'runbook { summary = "x" }
local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1e6) .. i end' 'memory'
  refuse_runbook 'runbook { summary = "x" }
local s = ("x"):rep(1 << 40)' 'book\.lua'
}

case_a_runbook_reaches_neither_files_nor_programs() {
  make_dead_site
  local word
  for word in io os load loadfile dofile debug package coroutine collectgarbage; do
    refuse_runbook "runbook { summary = \"x\" }
local x = $word" "book\\.lua:2" "$word"
  done
  refuse_runbook 'runbook { summary = "x" }
require "../../../etc/passwd"' 'passwd'
}

case_a_runbook_that_is_not_there_is_said() {
  make_dead_site
  expect_refused_untouched 4 'nowhere\.lua' -- snapcore run "$work/nowhere.lua"
}

# --- sites -----------------------------------------------------------------------------------------------

case_a_site_that_others_can_write_is_refused() {
  make_dead_site
  chmod 666 "$work/site.lua"
  expect_refused_untouched 4 'site\.lua' 'writ' 'chmod' -- snapcore list backups
}

case_a_missing_secret_is_named_and_never_shown() {
  make_dead_site
  printf 'return { instances = { backups = { plugin = "files", path = secret.env "NOWHERE" } } }\n' >"$work/site.lua"
  expect_refused_untouched 4 'path' 'secret' -- snapcore list backups
}

case_an_unreadable_ca_is_said_while_planning() {
  make_dead_site
  real_snapshot "$work/backups/snap.db"
  sed -i "s|plugin = \"etcd\",|plugin = \"etcd\", ca = \"$work/nowhere.crt\",|; s|http://|https://|g" "$work/site.lua"
  expect_refused_untouched '[34]' 'nowhere\.crt' -- restore_from snap.db
}

case_a_site_with_a_mistake_is_refused_with_its_name() {
  make_dead_site
  local before
  before=$(cat "$work/site.lua")
  printf 'return { instances = ' >"$work/site.lua"
  expect_refused_untouched 4 'site\.lua:[0-9]' -- snapcore list backups
  printf 'return { instanzes = {} }' >"$work/site.lua"
  expect_refused_untouched 4 'instanzes' -- snapcore list backups
  printf 'return { policy = { max_age = "soon" }, instances = {} }' >"$work/site.lua"
  expect_refused_untouched 4 'max_age' 'duration' -- snapcore list backups
  printf 'return { instances = { backups = { plugin = "files", pfad = "/x" } } }' >"$work/site.lua"
  expect_refused_untouched 4 'backups' 'pfad' -- snapcore list backups
  printf 'return { instances = { backups = { plugin = "nothing" } } }' >"$work/site.lua"
  expect_refused_untouched 4 'nothing' -- snapcore list backups
  printf '%s' "$before" >"$work/site.lua"
}

# --- plugins ---------------------------------------------------------------------------------------------

case_a_plugin_that_is_wrong_is_refused_by_name() {
  make_dead_site
  local bad name
  bad=$build/bad_plugins
  [ -d "$bad" ] || skip_case "the bad plugins are not built"
  for name in missing_symbol wrong_abi invalid_manifest crash_at_load; do
    [ -e "$bad/$name.so" ] || fail_case "no $name.so in $bad"
    printf 'return { instances = { x = { plugin = "%s" } } }' "$name" >"$work/site.lua"
    expect_refused_untouched 4 "$name" -- snapcore --plugin-dir "$bad" list x
  done
}

case_a_plugin_file_that_others_can_write_is_refused() {
  make_dead_site
  mkdir "$work/plugins"
  cp "$build/lib/snapcore/plugins/files.so" "$work/plugins/files.so"
  chmod 666 "$work/plugins/files.so"
  expect_refused_untouched 4 'files\.so' 'writ' -- snapcore --plugin-dir "$work/plugins" list backups
}

# --- the state directory ---------------------------------------------------------------------------------

case_a_second_run_is_refused_while_one_goes_on() {
  command -v flock >/dev/null || skip_case "flock is not installed"
  make_cluster_with_snapshot 1
  destroy_cluster
  # Holds the first run inside of its start command until the second one was tried.
  mkfifo "$work/gate"
  sed -i "s|^  start)\$|  start)\n    cat '$work/gate' >/dev/null|" "$work/m1/ctl"
  snapcore run "$etcd_restore" --yes >"$work/first" 2>&1 &
  local first=$!
  for _ in $(seq 200); do
    [ ! -d "$work"/m1/data ] || break
    sleep 0.1
  done
  expect_exit 3 snapcore restore etcd_prod --from backups --ref snap.db --yes
  expect_said 'run|lock'
  : >"$work/gate"
  wait "$first" || fail_case "the first run failed: $(cat "$work/first")"
}

run_cases
