#!/usr/bin/env bash
# A state of a real OpenTofu in a real MinIO: its versions, one of them restored, what `tofu plan` says of the outcome,
# and who keeps whom out.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=store.sh
. "$(dirname "$0")/store.sh"

tfstate_restore="$root/scripts/lua/tfstate-restore.lua"

tear_down() {
  local server
  for server in server table; do
    if [ -x "$work/$server/ctl" ]; then "$work/$server/ctl" kill; fi
  done
}

tofu() { tofu_in infra "$@"; }
tofu_in() {
  local directory=$1
  shift
  (cd "$work/$directory" && env -i PATH="$PATH" HOME="$work" TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 \
    AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY" "$tofu_bin" "$@")
}

# have NAME   starts a server, and prints its URL
have() {
  local code=0
  "$root/tests/servers/start.sh" "$1" "$work/$2" 2>"$work/why" || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/why")"
  [ "$code" = 0 ] || fail_case "$(cat "$work/why")"
}

make_bucket=make_versioned_bucket
make_versioned_bucket() {
  ask PUT "$1" </dev/null
  echo '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' | ask PUT "$1?versioning="
}

# A bucket that keeps versions, of a store that was tested.
make_store() {
  local code=0
  command -v curl >/dev/null || skip_case "curl is not installed"
  tofu_bin=$("$root/tests/servers/build.sh" opentofu 2>"$work/why") || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/why")"
  [ "$code" = 0 ] || fail_case "OpenTofu was not built: $(cat "$work/why")"
  tofu_bin=$tofu_bin/tofu
  url=$(have minio server)
  ask GET '' -D "$work/head" </dev/null >/dev/null
  grep -qi '^server: MinIO' "$work/head" || fail_case "this is no MinIO: $(cat "$work/head")"
  "$make_bucket" bucket
  write_site ''
  expect_exit 0 snapcore call objects.test_store --yes
}

write_site() {
  mkdir -p "$work/infra" "$work/states"
  cat >"$work/site.lua" <<LUA
return { instances = {
  states = { plugin = "files", path = "$work/states" },
  objects = { plugin = "s3", bucket = "bucket", endpoint = "$url" },
  infrastructure = { plugin = "tfstate", store = "objects", directory = "$work/infra" $1 },
} }
LUA
  chmod 644 "$work/site.lua"
}

# Two servers, which hold a secret, and a rule. Three versions: small, large, huge. BACKEND is more of it.
make_infrastructure() {
  local backend=${1:-use_lockfile = true}
  make_store
  cat >"$work/infra/main.tf" <<TF
terraform {
  backend "s3" {
    bucket = "bucket"
    key = "net/terraform.tfstate"
    region = "us-east-1"
    endpoints = { s3 = "$url"${2:-} }
    use_path_style = true
    skip_credentials_validation = true
    skip_region_validation = true
    skip_requesting_account_id = true
    skip_metadata_api_check = true
    $backend
  }
}
TF
  cat >>"$work/infra/main.tf" <<'TF'
variable "size" { default = "small" }
variable "secret" {
  default   = "CANARY-secret"
  sensitive = true
}
resource "terraform_data" "server" {
  for_each = toset(["a", "b"])
  input    = { size = var.size, key = var.secret, large = 123456789012345678901234567890 }
}
resource "terraform_data" "rule" { input = terraform_data.server["a"].id }
output "size" { value = var.size }
TF
  chmod 755 "$work/infra"
  tofu init >"$work/init" 2>&1 || fail_case "$(cat "$work/init")"
  local size
  for size in ${3:-small large huge}; do tofu apply -auto-approve -var size="$size" >/dev/null; done
}

# States that no tool has made, where none has to read them: serial 5 in version $first, serial 9 live.
make_plain_states() {
  make_store
  write_site ', key = "net/terraform.tfstate"'
  fresh_plain_states
}
fresh_plain_states() {
  write_plain_state 5
  first=$(newest_version)
  write_plain_state 9
}
# write_plain_state SERIAL [KEY]
write_plain_state() {
  printf '{"version":4,"terraform_version":"1.12.6","serial":%s,"lineage":"11111111-2222-3333-4444-555555555555","outputs":{"serial":{"value":"%s","type":"string"}},"resources":[],"check_results":null}' \
    "$1" "$1" | ask PUT bucket/net/terraform.tfstate -H 'content-type: application/json'
}
restore_plain=(run "$tfstate_restore" --yes --set preview=false --set source=infrastructure --waive healthy=test)

live() { ask GET bucket/net/terraform.tfstate </dev/null; }
# OpenTofu writes it on one line here.
field() { grep -oE "\"$1\":[^,]*" | head -n 1 | sed 's/^[^:]*://; s/"//g' || true; }
# versions   of the state, the newest first: VERSION SIZE, or VERSION - where it was deleted
versions() {
  "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" call objects.objects_versions key=net/terraform.tfstate --json |
    python3 -c '
import json, sys
for line in sys.stdin:
    item = json.loads(line).get("item")
    if item: print(item["version_id"], "-" if item.get("marker") else item["size"])'
}
newest_version() { versions | sed -n '1 s/ .*//p'; }
# version_with TEXT   the newest version whose bytes hold it
version_with() {
  local id size
  while read -r id size; do
    [ "$size" != - ] || continue
    if ask GET "bucket/net/terraform.tfstate?versionId=$id" </dev/null | grep "$1" >/dev/null; then
      echo "$id"
      return
    fi
  done < <(versions)
  fail_case "no version holds $1"
}
locked_object() { ask GET 'bucket?list-type=2&prefix=net%2F' </dev/null | grep -o 'net/[^<]*tflock' || true; }

expect_no_changes() {
  local code=0
  tofu plan -detailed-exitcode "$@" >"$work/plan" 2>&1 || code=$?
  [ "$code" = 0 ] || fail_case "tofu plan says $code: $(cat "$work/plan")"
}
expect_no_secret() { ! grep -r CANARY "$work/out" "$work/err" "$work/state" || fail_case "a secret was told"; }
expect_no_lock() { expect_equal "$(locked_object)" "" "locks that stay"; }

case_a_destroyed_state_comes_back_from_an_older_version_and_the_tool_has_nothing_to_do() {
  make_infrastructure
  local second destroyed lineage was
  second=$(version_with '"size":"large"')
  tofu destroy -auto-approve >/dev/null
  destroyed=$(live | field serial) lineage=$(live | field lineage) was=$(live | sha256sum)
  expect_exit 0 snapcore list infrastructure
  expect_said "tfstate +$second  serial [0-9]*, 2 resources, 3 objects, lineage ${lineage:0:8}" '\(live\)' '0 resources'
  cp "$work/out" "$work/list"
  expect_exit 0 snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$second"
  expect_no_secret
  expect_equal "$(live | field serial)" "$((destroyed + 1))" "serial"
  expect_equal "$(live | field lineage)" "$lineage" "lineage"
  local chosen
  chosen=$(ask GET "bucket/net/terraform.tfstate?versionId=$second" </dev/null | field serial)
  expect_equal "$(live | sed "s/\"serial\":$((destroyed + 1)),/\"serial\":$chosen,/" | sha256sum)" \
    "$(ask GET "bucket/net/terraform.tfstate?versionId=$second" </dev/null | sha256sum)" "every byte but the serial"
  expect_no_changes -var size=large
  expect_no_lock
  expect_exit '[0125]' snapcore rollback "$(newest_run)" --yes
  expect_equal "$(live | sha256sum)" "$was" "the state after the way back"
  expect_no_lock
  tofu apply -auto-approve >/dev/null # it takes writes
}

case_a_state_in_a_bucket_that_protects_every_version_is_restored_and_taken_back() {
  make_bucket=make_protected_bucket
  make_infrastructure
  local second was
  second=$(version_with '"size":"large"')
  tofu destroy -auto-approve >/dev/null
  was=$(live | sha256sum)
  expect_exit 0 snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$second"
  expect_no_changes -var size=large
  expect_no_lock
  expect_exit '[0125]' snapcore rollback "$(newest_run)" --yes
  expect_equal "$(live | sha256sum)" "$was" "the state after the way back"
  expect_no_lock
  tofu apply -auto-approve >/dev/null # it takes writes
}

case_a_state_is_restored_from_a_copy_in_another_source() {
  make_infrastructure
  ask GET "bucket/net/terraform.tfstate?versionId=$(version_with '"size":"small"')" </dev/null >"$work/states/small.tfstate"
  expect_exit 3 snapcore run "$tfstate_restore" --yes
  expect_said '--waive healthy=REASON' 'from the live state \(serial'
  expect_exit '[01]' snapcore run "$tfstate_restore" --yes --waive "healthy=the last apply was wrong"
  expect_no_changes -var size=small
  expect_no_secret
}

case_the_newest_version_before_a_time_is_chosen_and_the_live_one_is_no_choice() {
  make_infrastructure
  local second time
  second=$(version_with '"size":"large"')
  expect_exit '[234]' snapcore run "$tfstate_restore" --yes --set source=infrastructure --waive "healthy=test" \
    --set "ref=$(versions | head -n 1 | cut -d' ' -f1)"
  expect_said 'is the one that counts now' 'before=TIME'
  tofu destroy -auto-approve >/dev/null
  time=$(snapcore list infrastructure --json | python3 -c '
import json, sys
for line in sys.stdin:
    artifact = json.loads(line).get("artifact")
    if artifact and "size" in artifact and artifact["ref"] == sys.argv[1]: print(artifact["created"])' "$second")
  expect_exit 0 snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "before=$time"
  expect_equal "$(live | field version)" 4
  tofu plan >/dev/null
}

case_a_deleted_state_comes_back_with_its_lineage_and_goes_again() {
  make_infrastructure
  local lineage serial third
  lineage=$(live | field lineage) serial=$(live | field serial) third=$(version_with '"size":"huge"')
  ask DELETE bucket/net/terraform.tfstate </dev/null
  expect_exit 0 snapcore list infrastructure
  expect_said 'tfstate-deletion .*the state was deleted here'
  expect_exit 0 snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$third"
  expect_said 'it was deleted; before, it was serial'
  expect_equal "$(live | field lineage)" "$lineage" "lineage"
  expect_equal "$(live | field serial)" "$((serial + 1))" "serial"
  expect_no_changes -var size=huge
  expect_exit '[0125]' snapcore rollback "$(newest_run)" --yes
  expect_equal "$(versions | head -n 1 | cut -d' ' -f2)" - "the newest entry after the way back"
  expect_no_lock
}

case_a_store_that_nobody_tested_is_refused_unless_that_is_waived() {
  make_infrastructure
  ask DELETE bucket/.snapcore-store-test.json </dev/null
  local first
  first=$(version_with '"size":"small"')
  tofu destroy -auto-approve >/dev/null
  expect_exit 3 snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first"
  expect_said 'nobody has tested whether the store .objects. keeps a second writer out' 'objects.test_store' '--waive lock=REASON'
  expect_exit '[01]' snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first" --waive "lock=only we are here"
  expect_no_changes
}

# What stands in the live state is what a restore loses: it belongs to what is approved.
case_a_plan_is_not_applied_to_a_state_that_was_written_since() {
  make_plain_states
  local digest
  expect_exit 0 snapcore plan "$tfstate_restore" --set preview=false --set source=infrastructure --set "ref=$first" \
    --waive healthy=test -o "$work/saved.plan"
  expect_said 'only while what it replaces is still serial 9, lineage 1111'
  digest=$(cat "$work/out" "$work/err" | grep -oE '[0-9a-f]{64}' | tail -n 1)
  write_plain_state 20
  expect_exit 3 snapcore apply "$work/saved.plan" --approve "$digest"
  expect_said 'replaces.*9' 'replaces.*20' 'make a new plan and read it'
  expect_equal "$(live | field serial)" 20 "serial"
  expect_no_lock
}

case_a_restore_that_was_killed_before_it_staged_replaces_nothing_that_was_written_since() {
  make_plain_states
  local at
  for ((at = 2; ; ++at)); do
    rm -rf "$work/state"
    fresh_plain_states
    killed_at "$at" "${restore_plain[@]}" --set "ref=$first" || fail_case "it ended first: $(cat "$work/killed.out")"
    grep -q '"type":"run"' "$(journal)" || continue
    ! grep -q '"call":"root#1.stage".*"type":"result"' "$(journal)" || break
    write_plain_state 20
    expect_exit 2 snapcore resume "$(newest_run)"
    expect_said 'plan was made for serial 9.* now it is serial 20' 'plan the restore again'
    expect_equal "$(live | field serial)" 20 "serial after a kill at record $at"
    expect_no_lock
  done
  expect_exit 0 snapcore resume "$(newest_run)"
}

# killed_plain AT   a restore of plain states, killed at this record
killed_plain() {
  rm -rf "$work/state"
  [ -z "$(locked_object)" ] || ask DELETE bucket/net/terraform.tfstate.tflock </dev/null
  fresh_plain_states
  killed_at "$1" "${restore_plain[@]}" --set "ref=$first" || fail_case "it ended first: $(cat "$work/killed.out")"
}
lock_of_another() {
  echo '{"ID":"aaaa-bbbb","Operation":"OperationTypeApply","Info":"","Who":"me@there","Version":"1.12.6","Created":"2026-01-02T03:04:05Z","Path":""}' |
    ask PUT bucket/net/terraform.tfstate.tflock
}

# Nobody knows from the journal alone whether the write came to its end: the commands look.
case_the_commands_for_a_person_name_the_version_before_and_the_lock() {
  make_plain_states
  local at=12
  until killed_plain "$at" && [ -n "$(locked_object)" ] && grep -q '"begun":true' "$(journal)"; do at=$((at + 1)); done
  expect_equal "$(live | field serial)" 9 "serial"
  expect_exit 0 snapcore runs "$(newest_run)"
  expect_said "make version $(newest_version) of objects:net/terraform.tfstate, the state before, the newest again, where it is not" \
    "aws s3api head-object .*aws s3api copy-object .*versionId=$(newest_version)" \
    'where net/terraform.tfstate.tflock was left behind with the ID .*, remove it' 'aws s3 rm s3://bucket/net/terraform.tfstate.tflock'
}

case_a_restore_killed_before_its_write_ends_as_undone_also_while_another_holds_the_lock() {
  make_plain_states
  local at=10 was
  until killed_plain "$at" && grep -q '"begun":true' "$(journal)"; do at=$((at + 1)); done
  lock_of_another
  was=$(versions)
  expect_exit 5 snapcore resume "$(newest_run)"
  expect_said 'is locked by me@there' 'nothing had been written'
  expect_equal "$(versions)" "$was" "the versions of the state"
}

case_a_lock_that_is_held_is_told_by_the_plan_and_nothing_is_touched() {
  make_plain_states
  lock_of_another
  local was
  was=$(versions)
  expect_exit 3 snapcore "${restore_plain[@]}" --set "ref=$first"
  expect_said 'is locked by me@there since 2026-01-02T03:04:05Z \(OperationTypeApply' 'tofu force-unlock aaaa-bbbb' '--waive lock=REASON'
  expect_exit 2 snapcore "${restore_plain[@]}" --set "ref=$first" --waive "lock=it is gone by then"
  expect_said 'is locked by me@there' 'tofu force-unlock aaaa-bbbb'
  expect_equal "$(versions)" "$was" "the versions of the state"
  locked_object | grep net >/dev/null || fail_case "the lock of another is gone"
}

# Whoever goes on with it finds another's lock, or another state, in its place.
case_a_state_that_a_killed_restore_had_written_is_not_told_to_be_untouched() {
  make_plain_states
  local at begin=16 end meanwhile written was
  until killed_plain "$begin" && [ "$(live | field serial)" = 10 ]; do begin=$((begin + 1)); done
  end=$begin
  until grep -q '"call":"root#1.activate",.*"type":"result"' "$(journal)"; do killed_plain $((++end)); done
  [ "$end" -gt "$((begin + 1))" ] || fail_case "no record behind the write"
  for meanwhile in lock write lock_and_write deletion; do
    # With the lock, and after it was given back.
    for at in $begin $((end - 1)); do
      killed_plain "$at"
      written=$(newest_version)
      case $meanwhile in
        lock) lock_of_another ;;
        write) write_plain_state 20 ;;
        lock_and_write) lock_of_another && write_plain_state 20 ;;
        deletion) ask DELETE bucket/net/terraform.tfstate </dev/null ;;
      esac
      was=$(versions)
      if [ "$meanwhile" = deletion ]; then
        expect_exit 7 snapcore resume "$(newest_run)"
      else
        expect_exit 0 snapcore resume "$(newest_run)"
        expect_said "version $written" 'the state before is version'
      fi
      ! grep -E 'nothing had been written|nothing was touched|old state is back' "$work/out" "$work/err" ||
        fail_case "after a kill at record $at and a $meanwhile"
      expect_equal "$(versions)" "$was" "the versions after a kill at record $at and a $meanwhile"
    done
  done
}

# A provisioner that waits for a file keeps the real tool, and its lock, where it is.
case_a_tool_that_works_with_the_state_refuses_the_restore() {
  make_infrastructure
  local first
  first=$(version_with '"size":"small"')
  cat >>"$work/infra/main.tf" <<TF
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "touch $work/begun; while [ ! -e $work/go_on ]; do sleep 0.05; done" }
}
TF
  tofu apply -auto-approve >"$work/apply" 2>&1 &
  local apply=$! was
  wait_for 60 test -e "$work/begun"
  was=$(versions)
  expect_exit '[2357]' snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first" \
    --waive "healthy=it is being written"
  expect_said 'net/terraform.tfstate is locked by .*@.* since .*OperationTypeApply'
  expect_equal "$(versions)" "$was" "the versions of the state"
  touch "$work/go_on"
  wait "$apply" || fail_case "the apply failed: $(cat "$work/apply")"
  expect_no_lock
}

# A run that ends while it holds the lock keeps tools and other runs out until it is gone on with.
case_a_lock_of_ours_refuses_the_tool_and_other_restores_until_the_run_is_gone_on_with() {
  make_infrastructure
  local first at code=0 words
  first=$(version_with '"size":"small"')
  tofu destroy -auto-approve >/dev/null
  for ((at = 5; at < 60; ++at)); do
    rm -rf "$work/state"
    killed_at "$at" run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first" ||
      fail_case "it ended before it had the lock: $(cat "$work/killed.out")"
    [ -z "$(locked_object)" ] || break
  done
  tofu apply -auto-approve >"$work/apply" 2>&1 || code=$?
  expect_equal "$code" 1 "tofu apply"
  for words in 'Operation: *snapcore-restore' "Who: *$(id -un)@" 'Path: *bucket/net/terraform.tfstate' 'Info: *run 20'; do
    grep -q "$words" "$work/apply" || fail_case "it does not say who holds the lock: $(cat "$work/apply")"
  done
  mv "$work/state" "$work/first" # another machine knows nothing of that run
  expect_exit '[2357]' snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first"
  expect_said 'is locked by .*snapcore-restore' 'resume it or roll it back'
  rm -rf "$work/state"
  mv "$work/first" "$work/state"
  expect_exit 0 snapcore resume "$(newest_run)"
  expect_no_lock
  expect_no_changes
}

# Both make the same bytes of the same version, so the state alone does not tell who wrote it.
case_what_another_run_restored_meanwhile_is_not_taken_for_its_own() {
  make_infrastructure "" "" small
  local first at was
  first=$(version_with '"size":"small"')
  tofu destroy -auto-approve >/dev/null
  for ((at = 5; at < 30; ++at)); do
    rm -rf "$work/state"
    killed_at "$at" run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first" ||
      fail_case "it ended before it was to write: $(cat "$work/killed.out")"
    ! grep -q '"operation":"activate"' "$(journal)" || break
  done
  expect_no_lock
  mv "$work/state" "$work/first"
  expect_exit 0 snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first"
  was=$(versions)
  rm -rf "$work/state"
  mv "$work/first" "$work/state"
  expect_exit '[25]' snapcore resume "$(newest_run)"
  expect_said 'was written by somebody else meanwhile'
  expect_equal "$(versions)" "$was" "the versions of the state"
  expect_no_lock
}

case_a_restore_killed_at_every_record_is_resumed_or_taken_back() {
  make_infrastructure
  local first
  first=$(version_with '"size":"small"')
  tofu destroy -auto-approve >/dev/null
  live >"$work/destroyed"
  fresh_world() {
    rm -rf "$work/state"
    ask PUT bucket/net/terraform.tfstate -H 'content-type: application/json' <"$work/destroyed"
    [ -z "$(locked_object)" ] || ask DELETE bucket/net/terraform.tfstate.tflock </dev/null
  }
  world() { live | sha256sum && locked_object; }
  killed_at_every_record "restore of a state in MinIO" run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first"
  expect_no_changes
}

# What two restores and a tool do to one state that was planned on before: all wait for the barrier, then the first one wins,
# whoever that is. The tool is quicker, so in two rounds of three it waits behind the barrier until a restore has come
# to a place of its own.
race() {
  local round=$1 serial=$2 number words jobs=()
  rm -rf "$work"/won-* "$work"/state-* "$work"/log-*
  case $((round % 3)) in
    0) words='' ;;
    1) words='stage begins' ;;
    2) words='activate begins' ;;
  esac
  exec 6<"$work/head"
  flock -x 6 # they wait until this goes
  (flock -s 7 && { [ -z "$words" ] || wait_for 60 grep -qs "$words" "$work/log-1" "$work/log-2"; } &&
    tofu apply "$work/tool.plan" >"$work/log-tool" 2>&1 7>&- && touch "$work/won-tool") 7<"$work/head" &
  jobs+=($!)
  for number in 1 2; do
    (flock -s 7 && "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state-$number" apply "$work/restore.plan" \
      --yes </dev/null >"$work/log-$number" 2>&1 7>&- && touch "$work/won-$number") 7<"$work/head" &
    jobs+=($!)
  done
  flock -u 6
  exec 6<&-
  for number in "${jobs[@]}"; do wait "$number" || true; done
  expect_one_winner
}

# Of the newest race: what is there is what the winner wrote, byte by byte, and nobody else wrote anything.
expect_one_winner() {
  local expected=$((serial + 1))
  winner=$(find "$work" -maxdepth 1 -name 'won-*' -printf '%f ')
  expect_equal "$(wc -w <<<"$winner")" 1 "winners of round $round ($winner); $(tail -n 5 "$work"/log-*)"
  live >"$work/live"
  expect_equal "$(field serial <"$work/live")" "$expected" "the serial after round $round"
  if [ "$winner" = 'won-tool ' ]; then
    grep -q "round=$round\"" "$work/live" || fail_case "this is not what the tool wrote: $(cat "$work/live")"
  else
    sed "s/\"serial\":$first_serial,/\"serial\":$expected,/" "$work/first" | cmp - "$work/live"
  fi
  ask GET 'bucket?max-keys=2&prefix=net%2Fterraform.tfstate&versions=' </dev/null | grep -oE '<ETag>[^<]*' >"$work/newest"
  grep -q "$(md5sum <"$work/emptied" | head -c 32)" <(tail -n 1 "$work/newest") || fail_case "two wrote in round $round"
  expect_no_lock
}

# How many rounds there are is for RACE_ROUNDS to say.
case_of_many_that_begin_at_once_exactly_one_wins() {
  make_infrastructure "" "" small
  local round rounds=${RACE_ROUNDS:-100} least first winner serial first_serial began=$SECONDS
  declare -A won=([won-tool ]=0 [won-1 ]=0 [won-2 ]=0)
  # shellcheck disable=SC2016  # the tool's own words
  sed -i 's/^output "size".*/variable "round" { default = "" }\noutput "round" { value = "round=${var.round}" }/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  live >"$work/first"
  first=$(newest_version) first_serial=$(field serial <"$work/first")
  tofu destroy -auto-approve >/dev/null
  live >"$work/destroyed"
  serial=$(live | field serial)
  for ((round = 1; round <= rounds; ++round)); do
    # The state is empty again, and newer: as somebody who destroys all has it.
    serial=$((serial + 1))
    sed "s/\"serial\":[0-9]*/\"serial\":$serial/" "$work/destroyed" >"$work/emptied"
    ask PUT bucket/net/terraform.tfstate -H 'content-type: application/json' <"$work/emptied"
    # What a plan replaces belongs to it, as it does to that of the tool.
    snapcore plan "$tfstate_restore" --set source=infrastructure --set "ref=$first" --set preview=false -o "$work/restore.plan" >/dev/null
    tofu plan -var "round=$round" -out="$work/tool.plan" >/dev/null
    race "$round" "$serial"
    won[$winner]=$((won[$winner] + 1))
    serial=$((serial + 1))
    expect_no_changes -var "round=$( [ "$winner" != 'won-tool ' ] || echo "$round")"
  done
  tell "race: of $rounds rounds (RACE_ROUNDS) the tool won ${won[won-tool ]}, one restore ${won[won-1 ]}, the other ${won[won-2 ]}" \
    "($((SECONDS - began)) s)"
  least=$((rounds / 10))
  ((won[won-tool ] >= least && won[won-1 ] + won[won-2 ] >= least)) || fail_case "race not exercised: one party hardly ever won"
}

# --- with a table of DynamoDB

# table_ask ACTION JSON
table_ask() {
  curl -sS --fail-with-body --aws-sigv4 aws:amz:us-east-1:dynamodb --user snapcore-test:snapcore-secret \
    -H 'content-type: application/x-amz-json-1.0' -H "x-amz-target: DynamoDB_20120810.$1" -d "$2" "$table_url/"
}
item() { table_ask GetItem "{\"TableName\":\"locks\",\"ConsistentRead\":true,\"Key\":{\"LockID\":{\"S\":\"$1\"}}}"; }
expect_digest_of_live() {
  expect_equal "$(item bucket/net/terraform.tfstate-md5 | grep -oE '"[0-9a-f]{32}"' | tr -d '"')" \
    "$(live | md5sum | head -c 32)" "digest in the table"
  expect_equal "$(item bucket/net/terraform.tfstate)" "{}" "locks that stay"
}

make_table() {
  local end=$((SECONDS + 20))
  table_ask CreateTable '{"TableName":"locks","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"LockID","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"LockID","AttributeType":"S"}]}' >/dev/null
  until grep -q '"TableStatus":"ACTIVE"' <<<"$(table_ask DescribeTable '{"TableName":"locks"}')"; do
    [ "$SECONDS" -lt "$end" ] || fail_case "the table never became active"
  done
}

make_infrastructure_with_table() {
  table_url=$(have dynalite table)
  make_table
  make_infrastructure "$1"'dynamodb_table = "locks"' ", dynamodb = \"$table_url\""
}

# What the lock of the tools rests on, asked of the server itself.
case_the_table_refuses_a_second_lock() {
  table_url=$(have dynalite table)
  make_table
  local item='{"TableName":"locks","Item":{"LockID":{"S":"a"}},"ConditionExpression":"attribute_not_exists(LockID)"}' code=0
  table_ask PutItem "$item"
  table_ask PutItem "$item" >"$work/answer" || code=$?
  [ "$code" != 0 ] || fail_case "a second lock was let in"
  grep -q ConditionalCheckFailedException "$work/answer" || fail_case "$(cat "$work/answer")"
  tell "dynalite     | a second lock (attribute_not_exists) is refused: $(grep -oE '[A-Za-z]*Exception' "$work/answer" | head -n 1)"
}

case_the_digest_in_the_table_fits_after_a_restore_and_after_its_way_back() {
  make_infrastructure_with_table ''
  local second was
  second=$(version_with '"size":"large"')
  tofu destroy -auto-approve >/dev/null
  was=$(live | sha256sum)
  expect_digest_of_live
  # The table keeps others out, whatever the store does.
  ask DELETE bucket/.snapcore-store-test.json </dev/null
  expect_exit 0 snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$second"
  expect_digest_of_live
  expect_no_changes -var size=large
  expect_exit '[0125]' snapcore rollback "$(newest_run)" --yes
  expect_equal "$(live | sha256sum)" "$was" "the state after the way back"
  expect_digest_of_live
  ask DELETE bucket/net/terraform.tfstate </dev/null
  expect_exit 0 snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$second"
  expect_digest_of_live
  expect_exit '[0125]' snapcore rollback "$(newest_run)" --yes
  expect_equal "$(item bucket/net/terraform.tfstate-md5)" "{}" "the digest of a state that is not there"
  tofu plan >/dev/null
}

case_a_lock_in_the_table_refuses_the_restore_and_ours_refuses_the_tool() {
  make_infrastructure_with_table 'use_lockfile = true
    '
  local first at code=0 words was
  first=$(version_with '"size":"small"')
  tofu destroy -auto-approve >/dev/null
  was=$(live | sha256sum)
  table_ask PutItem '{"TableName":"locks","Item":{"LockID":{"S":"bucket/net/terraform.tfstate"},"Info":{"S":"{\"ID\":\"1234\",\"Operation\":\"OperationTypeApply\",\"Who\":\"me@there\",\"Created\":\"2026-01-02T03:04:05Z\"}"}}}' >/dev/null
  expect_exit '[2357]' snapcore run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first"
  expect_said 'is locked by me@there since 2026-01-02T03:04:05Z \(OperationTypeApply, lock 1234\)'
  expect_equal "$(live | sha256sum)" "$was" "the state"
  expect_no_lock
  tofu force-unlock -force 1234 >/dev/null 2>&1 || true
  table_ask DeleteItem '{"TableName":"locks","Key":{"LockID":{"S":"bucket/net/terraform.tfstate"}}}' >/dev/null
  for ((at = 5; at < 60; ++at)); do
    rm -rf "$work/state"
    killed_at "$at" run "$tfstate_restore" --yes --set source=infrastructure --set "ref=$first" ||
      fail_case "it ended before it had the lock: $(cat "$work/killed.out")"
    [ "$(item bucket/net/terraform.tfstate)" = "{}" ] || break
    expect_exit '[0-7]' snapcore rollback "$(newest_run)" --yes
  done
  tofu apply -auto-approve >"$work/apply" 2>&1 || code=$?
  expect_equal "$code" 1 "tofu apply"
  for words in 'Operation: *snapcore-restore' 'Info: *run 20'; do
    grep -q "$words" "$work/apply" || fail_case "it does not say who holds the lock: $(cat "$work/apply")"
  done
  expect_exit 0 snapcore rollback "$(newest_run)" --yes
  expect_equal "$(live | sha256sum)" "$was" "the state after the way back"
  expect_no_lock
  expect_digest_of_live
}

run_cases
