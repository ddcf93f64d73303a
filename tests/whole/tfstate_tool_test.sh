#!/usr/bin/env bash
# What a real OpenTofu says and does for snapcore: before a restore, and instead of one.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=store.sh
. "$(dirname "$0")/store.sh"

tfstate_restore="$root/scripts/lua/tfstate-restore.lua"

# OpenTofu in the case's working directory; nothing of whoever runs this has a say.
tofu() {
  (cd "$work/infra" && env -i PATH="$PATH" HOME="$work" TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 \
    AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY" "$tofu_bin" "$@")
}
# snapcore as somebody with nothing of ours in the environment runs it.
clean() { env -u TF_CLI_CONFIG_FILE -u TF_DATA_DIR -u TF_WORKSPACE HOME="$work" "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" "$@" </dev/null; }

# Three servers, which hold a secret, and a rule; no provider but the built-in one.
make_infrastructure() {
  local code=0
  tofu_bin=$("$root/tests/servers/build.sh" opentofu 2>"$work/why") || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/why")"
  [ "$code" = 0 ] || fail_case "OpenTofu was not built: $(cat "$work/why")"
  tofu_bin=$tofu_bin/tofu
  mkdir -p "$work/infra" "$work/states" "$work/modules/rule"
  cat >"$work/infra/main.tf" <<'TF'
variable "secret" {
  default   = "CANARY-secret"
  sensitive = true
}
resource "terraform_data" "server" {
  for_each = toset(["a", "b", "c"])
  input    = { key = var.secret, name = each.key }
}
module "rule" {
  source = "../modules/rule"
  server = terraform_data.server["a"].id
}
TF
  cat >"$work/modules/rule/main.tf" <<'TF'
variable "server" {}
resource "terraform_data" "rule" {
  input            = var.server
  triggers_replace = "1"
}
TF
  chmod 755 "$work/infra"
  tofu init >/dev/null
  tofu apply -auto-approve >/dev/null
  write_site "tool = \"$tofu_bin\""
}

write_site() {
  cat >"$work/site.lua" <<LUA
return { instances = {
  states = { plugin = "files", path = "$work/states" },
  infrastructure = { plugin = "tfstate", directory = "$work/infra", $1 },
} }
LUA
  chmod 644 "$work/site.lua"
}

live() { echo "$work/infra/terraform.tfstate"; }
field() { grep -oE "\"$1\": ?[^,]*" "$2" | head -n 1 | sed 's/^[^:]*: *//; s/"//g'; }
keep_copy() { cp "$(live)" "$work/states/$1"; }
expect_no_secret() { ! grep -r CANARY "$work/out" "$work/err" "$work/state" || fail_case "a secret was told"; }
# What is in memory for the tool is gone. Other suites put theirs there, too; ours knows our state or our directory.
expect_nothing_left() {
  local place left=
  for place in /dev/shm/snapcore-tfstate-*; do
    if grep -rqsF -e "$(field lineage "$work/states/before.tfstate")" -e "$work" "$place"; then left+=" $place"; fi
  done
  [ -z "$left" ] || fail_case "left in memory:$left"
}

# c is not in the configuration any more, d is new, and the rule cannot be changed in place.
go_on_with_the_infrastructure() {
  keep_copy before.tfstate
  sed -i 's/"c"\]/"d"]/' "$work/infra/main.tf"
  sed -i 's/triggers_replace = "1"/triggers_replace = "2"/' "$work/modules/rule/main.tf"
  tofu apply -auto-approve >/dev/null
}

case_the_plan_of_a_restore_says_what_the_next_apply_would_do() {
  make_infrastructure
  go_on_with_the_infrastructure
  local was
  was=$(fingerprint "$work/infra")
  expect_exit 3 clean run "$tfstate_restore" --yes --waive "healthy=the last apply was wrong"
  expect_said 'the next apply destroys 1, replaces 1, creates 1, updates 0 \(planned by OpenTofu 1' \
    'DESTROYS terraform_data.server\["c"\]: the configuration does not have its key' \
    'REPLACES module.rule.terraform_data.rule: it cannot be changed in place' \
    'creates terraform_data.server\["d"\] ANEW: what is there now stays, and nothing manages it' \
    'REFUSED +destroys of infrastructure: with this copy the next apply would destroy' '--waive destroys=REASON'
  expect_no_secret
  expect_equal "$(fingerprint "$work/infra")" "$was" "the working directory"
  expect_nothing_left
  # It comes true.
  expect_exit '[01]' clean run "$tfstate_restore" --yes --waive "healthy=wrong" --waive "destroys=they are to go"
  tofu plan -no-color >"$work/plan"
  grep -q 'Plan: 2 to add, 0 to change, 2 to destroy' "$work/plan" || fail_case "the tool plans otherwise: $(cat "$work/plan")"
}

case_what_the_tool_has_nothing_to_do_with_needs_no_waiver() {
  make_infrastructure
  keep_copy before.tfstate
  tofu destroy -auto-approve >/dev/null
  expect_exit 0 clean run "$tfstate_restore" --yes
  expect_said 'the next apply has nothing to do \(planned by OpenTofu'
  expect_no_secret
}

case_the_selected_workspace_is_the_one_that_is_asked_about() {
  make_infrastructure
  tofu workspace new prod >/dev/null
  tofu apply -auto-approve >/dev/null
  cp "$work/infra/terraform.tfstate.d/prod/terraform.tfstate" "$work/states/prod.tfstate"
  echo 'resource "terraform_data" "here" { input = terraform.workspace }' >>"$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  expect_exit 0 clean call infrastructure.preview artifact=states:prod.tfstate
  expect_said 'creates terraform_data.here ANEW'
  expect_exit '[01]' clean run "$tfstate_restore" --yes --waive "healthy=test"
  ! grep -q terraform_data.here "$work/infra/terraform.tfstate.d/prod/terraform.tfstate" || fail_case "another state was restored"
}

# OpenTofu encrypts its state from here on.
encrypt() {
  export TF_ENCRYPTION='key_provider "pbkdf2" "k" { passphrase = "CANARY-passphrase-1234567" }
method "aes_gcm" "m" { keys = key_provider.pbkdf2.k }
method "unencrypted" "u" {}
state {
  method = method.aes_gcm.m
  fallback { method = method.unencrypted.u }
}'
  tofu() {
    (cd "$work/infra" && env -i PATH="$PATH" HOME="$work" TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 \
      TF_ENCRYPTION="$TF_ENCRYPTION" "$tofu_bin" "$@")
  }
  sed -i 's/triggers_replace = "1"/triggers_replace = "2"/' "$work/modules/rule/main.tf"
  tofu apply -auto-approve >/dev/null
  grep -q encrypted_data "$(live)" || fail_case "it is not encrypted"
  keep_copy sealed.tfstate
}

case_an_encrypted_state_is_looked_into_by_the_tool() {
  make_infrastructure
  encrypt
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  expect_exit 3 clean run "$tfstate_restore" --set ref=sealed.tfstate --yes
  expect_said 'encrypted: nobody but the tool can look into it, and the tool decrypts it' \
    'forgets terraform_data.server\["d"\]: what it stands for stays' 'unmanaged from then on: terraform_data.server\["d"\]'
  ! grep 'it is whole' "$work/err" || fail_case "nobody can say so"
  expect_no_secret
  unset TF_ENCRYPTION
  expect_exit 3 clean run "$tfstate_restore" --set ref=sealed.tfstate --yes --waive "healthy=test"
  expect_said 'managed by nothing from then on is NOT KNOWN' '--waive hash=REASON'
}

case_a_damaged_encrypted_state_is_refused() {
  make_infrastructure
  encrypt
  python3 - "$work/states/sealed.tfstate" "$work/states/bad.tfstate" <<'PY'
import json, sys
state = json.load(open(sys.argv[1]))
data = state["encrypted_data"]
at = len(data) // 2
state["encrypted_data"] = data[:at] + ("A" if data[at] != "A" else "B") + data[at + 1:]
json.dump(state, open(sys.argv[2], "w"))
PY
  local was
  was=$(sha256sum <"$(live)")
  expect_exit 3 clean run "$tfstate_restore" --set ref=bad.tfstate --yes --waive "healthy=test"
  expect_said 'the tool cannot decrypt it .* damaged, or encrypted with another key' '--waive hash=REASON' 'NOT KNOWN'
  ! grep 'it is whole' "$work/err" || fail_case "it is broken"
  expect_no_secret
  expect_equal "$(sha256sum <"$(live)")" "$was" "the state"
}

case_a_restore_needs_no_tool() {
  make_infrastructure
  keep_copy before.tfstate
  tofu destroy -auto-approve >/dev/null
  write_site 'tool = "/nowhere/tofu"'
  expect_exit 0 clean run "$tfstate_restore" --yes
  expect_said 'what the next apply would do with this copy is NOT KNOWN: cannot start /nowhere/tofu' '--set preview=false'
}

case_the_tool_is_not_asked_where_that_is_said() {
  make_infrastructure
  go_on_with_the_infrastructure
  write_site 'tool = "/nowhere/tofu"'
  expect_exit '[01]' clean run "$tfstate_restore" --yes --waive "healthy=test" --set preview=false
  expect_said 'what the next apply would do with this copy was not asked'
}

case_a_provider_that_is_not_there_is_said_and_no_network_is_asked() {
  make_infrastructure
  keep_copy before.tfstate
  printf 'terraform {\n  required_providers {\n    other = { source = "example.invalid/some/other" }\n  }\n}\n' >"$work/infra/other.tf"
  expect_exit 0 clean call infrastructure.preview artifact=states:before.tfstate
  expect_said 'NOT KNOWN: init of OpenTofu [0-9.]+ exited with 1: .*example.invalid/some/other'
}

# What the tool answers with is passed through this first.
wrapped_tool() {
  printf '#!/bin/sh\n%s\nexec %s "$@"\n' "$1" "$tofu_bin" >"$work/wrapped"
  chmod 755 "$work/wrapped"
  write_site "tool = \"$work/wrapped\"${2:-}"
}

case_a_tool_that_talks_nonsense_is_not_believed() {
  make_infrastructure
  keep_copy before.tfstate
  local nonsense
  for nonsense in 'echo "{\"format_version\":\"1.2\""; exit 0' 'echo "{}"; exit 0' 'exit 0' 'echo CANARY-no-json; exit 0' 'head -c 3000000 /dev/zero; exit 0'; do
    wrapped_tool "[ \"\$1\" != show ] || { $nonsense; }"
    expect_exit 0 clean call infrastructure.preview artifact=states:before.tfstate
    expect_said 'NOT KNOWN: what the tool says of its plan cannot be understood'
    expect_no_secret
  done
}

case_a_tool_that_does_not_end_is_interrupted_and_then_ended() {
  make_infrastructure
  keep_copy before.tfstate
  wrapped_tool "[ \"\$1\" != plan ] || { trap 'touch $work/interrupted' INT; echo \$\$ >$work/pid; while [ ! -e $work/interrupted ]; do sleep 0.05; done; exit 1; }" ', tool_timeout = "1s"'
  expect_exit 0 clean call infrastructure.preview artifact=states:before.tfstate
  expect_said 'NOT KNOWN: .*did not finish in time and was ended' "the setting 'tool_timeout'"
  [ -e "$work/interrupted" ] || fail_case "it was not interrupted"
  expect_nothing_left
}

case_the_tool_does_not_outlive_a_killed_snapcore() {
  make_infrastructure
  command -v setpriv >/dev/null || skip_case "setpriv is not installed"
  keep_copy before.tfstate
  wrapped_tool "[ \"\$1\" != plan ] || { trap 'touch $work/interrupted; exit 1' INT; echo \$\$ >$work/pid; while :; do sleep 0.05; done; }"
  clean call infrastructure.preview artifact=states:before.tfstate >"$work/out" 2>"$work/err" &
  local caller=$!
  wait_for 60 test -s "$work/pid"
  kill -KILL "$(pgrep -P "$caller" -x snapcore || echo "$caller")"
  wait_for 30 test -e "$work/interrupted"
  # What it left in memory is removed by whoever comes next.
  wrapped_tool ''
  expect_exit 0 clean call infrastructure.preview artifact=states:before.tfstate
  expect_nothing_left
}

# --- what is found in the directory

case_a_live_state_that_is_broken_is_replaced_with_a_waiver() {
  make_infrastructure
  keep_copy before.tfstate
  tofu apply -auto-approve -replace=module.rule.terraform_data.rule >/dev/null
  local was serial
  serial=$(field serial "$(live)")
  head -c 300 "$(live)" >"$work/broken" && cp "$work/broken" "$(live)"
  was=$(sha256sum <"$(live)")
  expect_exit 3 clean run "$tfstate_restore" --yes
  expect_said 'REFUSED +hash of infrastructure: what is to be replaced cannot be read, and is kept as it is: .*ends at byte 300' '--waive hash=REASON'
  expect_exit '[01]' clean run "$tfstate_restore" --yes --waive "hash=the disk was full"
  expect_equal "$(field serial "$(live)")" "$((serial + 1))" "serial, above what could still be read"
  expect_equal "$(sha256sum <"$(find "$work/infra" -name 'terraform.tfstate.kept-*')")" "$was" "what was kept"
  expect_exit '[0125]' clean rollback "$(newest_run)" --yes
  expect_equal "$(sha256sum <"$(live)")" "$was" "what was put back"
}

case_what_the_tool_could_not_write_is_found_and_can_be_brought_back() {
  make_infrastructure
  tofu apply -auto-approve -replace=module.rule.terraform_data.rule >/dev/null
  cp "$(live)" "$work/infra/errored.tfstate"
  tofu destroy -auto-approve >/dev/null
  expect_exit 0 clean call infrastructure.inspect
  expect_said 'errored.tfstate \(serial [0-9]+, .*\) is what the tool could not write'
  cat >"$work/site.lua" <<LUA
return { instances = {
  left = { plugin = "files", path = "$work/infra" },
  infrastructure = { plugin = "tfstate", directory = "$work/infra", tool = "$tofu_bin" },
} }
LUA
  expect_exit 0 clean run "$tfstate_restore" --yes --set source=left --set ref=errored.tfstate
  tofu plan -no-color >"$work/plan"
  grep -q 'No changes' "$work/plan" || fail_case "the tool plans: $(cat "$work/plan")"
}

case_a_data_directory_of_another_name_is_honoured() {
  make_infrastructure
  keep_copy before.tfstate
  mv "$work/infra/.terraform" "$work/infra/.data"
  expect_exit 0 env TF_DATA_DIR=.data HOME="$work" "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" \
    call infrastructure.preview artifact=states:before.tfstate
  expect_said 'the next apply has nothing to do'
  [ ! -e "$work/infra/.terraform" ] || fail_case "the tool made another one"
}

# --- apply_plan

# A runbook that applies what the tool plans now, for what stands in "$1" (more arguments of apply_plan).
write_apply_runbook() {
  cat >"$work/apply.lua" <<LUA
runbook { summary = "Apply" }
local tf = instance "infrastructure"
local plan = tf:plan_changes { targets = { "terraform_data.server" } }
for _, words in ipairs(plan.words) do note(words) end
tf:${2:-apply_plan} { targets = { "terraform_data.server" }, ${1:-creates = plan.creates, updates = plan.updates,
  destroys = plan.destroys, replaces = plan.replaces, digest = plan.digest, changes = plan.changes} }
LUA
}

# d is new, c is to go, and the rule, which is no target, changes too.
change_the_configuration() {
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  sed -i 's/triggers_replace = "1"/triggers_replace = "2"/' "$work/modules/rule/main.tf"
}

case_a_plan_is_applied_as_it_was_approved() {
  make_infrastructure
  change_the_configuration
  write_apply_runbook
  expect_exit 3 clean run "$work/apply.lua"
  expect_said 'at most 1 created, 0 updated, 0 replaced, 0 destroyed' 'create terraform_data.server\["d"\]' 'way back +let the tool destroy what it created here, and nothing else'
  expect_exit 0 clean run "$work/apply.lua" --yes
  expect_said 'OpenTofu [0-9.]+ has applied it: 1 created, 0 updated, 0 replaced, 0 destroyed'
  expect_no_secret
  expect_nothing_left
  tofu plan -no-color -target=terraform_data.server >"$work/plan"
  grep -q 'No changes' "$work/plan" || fail_case "it was not applied: $(cat "$work/plan")"
}

case_what_cannot_be_taken_back_is_accepted_by_name() {
  make_infrastructure
  sed -i 's/"b", "c"\]/"b"]/' "$work/infra/main.tf"
  write_apply_runbook
  expect_exit '[34]' clean run "$work/apply.lua" --yes
  expect_said 'apply_plan takes back what it created' 'apply_plan_for_good'
  write_apply_runbook '' apply_plan_for_good
  expect_exit 3 clean run "$work/apply.lua" --yes
  expect_said 'at most 0 created, 0 updated, 0 replaced, 1 destroyed' '--accept-loss infrastructure'
  expect_exit '[01]' clean run "$work/apply.lua" --yes --accept-loss infrastructure
  ! grep -q '"index_key": "c"' "$(live)" || fail_case "c is still there"
}

case_more_than_was_approved_is_not_applied() {
  make_infrastructure
  change_the_configuration
  local was
  was=$(sha256sum <"$(live)")
  write_apply_runbook 'creates = 0'
  expect_exit "[25]" clean run "$work/apply.lua" --yes
  expect_said 'the tool plans more than was approved: 1 created'
  write_apply_runbook 'creates = 5, within = { "module.rule" }'
  expect_exit "[25]" clean run "$work/apply.lua" --yes
  expect_said 'the tool plans to create terraform_data.server\["d"\], which may not be touched'
  write_apply_runbook 'creates = 5, digest = string.rep("0", 64)'
  expect_exit "[25]" clean run "$work/apply.lua" --yes
  expect_said 'the tool plans something else than was approved'
  expect_equal "$(sha256sum <"$(live)")" "$was" "the state"
}

# Between the plan of the tool and its apply somebody else applies.
case_a_plan_that_is_stale_by_then_is_refused_by_the_tool() {
  make_infrastructure
  change_the_configuration
  wrapped_tool "[ \"\$1\" != apply ] || $tofu_bin apply -auto-approve -input=false >/dev/null"
  write_apply_runbook
  expect_exit "[25]" clean run "$work/apply.lua" --yes
  expect_said 'somebody wrote the state after the tool had planned' 'Saved plan is stale'
}

case_what_was_created_is_taken_back_and_nothing_else() {
  make_infrastructure
  echo 'resource "terraform_data" "alone" {}' >>"$work/infra/main.tf"
  cat >"$work/apply.lua" <<LUA
runbook { summary = "Apply" }
instance("infrastructure"):apply_plan { creates = 1, within = { "terraform_data.alone" } }
LUA
  local was
  was=$(tofu state list)
  expect_exit 0 clean run "$work/apply.lua" --yes
  grep -q '"name": "alone"' "$(live)" || fail_case "it was not created"
  # What is pasted looks first: the tool would also destroy what depends on it.
  expect_said 'To put the old back by hand' ' plan -destroy -target=terraform_data.alone' "# if that would destroy nothing else"
  sed -n 's/^ *\(.* plan -destroy .*\)/\1/p' "$work/out" >"$work/by-hand"
  tofu state list >"$work/before"
  env -i PATH="$PATH" HOME="$work" TF_INPUT=0 bash "$work/by-hand" >"$work/shown" || fail_case "$(cat "$work/shown")"
  grep -q '0 to add, 0 to change, 1 to destroy' "$work/shown" || fail_case "it shows: $(cat "$work/shown")"
  expect_equal "$(tofu state list)" "$(cat "$work/before")" "objects after looking"
  expect_exit '[0125]' clean rollback "$(newest_run)" --yes
  expect_equal "$(tofu state list)" "$was" "objects after the way back"
}

case_what_others_depend_on_by_then_is_not_taken_back() {
  make_infrastructure
  change_the_configuration
  write_apply_runbook
  expect_exit 0 clean run "$work/apply.lua" --yes
  echo 'resource "terraform_data" "other" { input = terraform_data.server["d"].id }' >>"$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  local was
  was=$(sha256sum <"$(live)")
  expect_exit 7 clean rollback "$(newest_run)" --yes
  expect_said 'stays: to take it away the tool would also destroy terraform_data.other'
  expect_equal "$(sha256sum <"$(live)")" "$was" "the state"
}

case_an_apply_that_is_interrupted_loses_track_of_nothing() {
  make_infrastructure
  cat >>"$work/infra/main.tf" <<TF
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "touch $work/begun; while [ -d $work ]; do sleep 0.05; done" }
}
TF
  cat >"$work/apply.lua" <<LUA
runbook { summary = "Apply" }
local tf = instance "infrastructure"
tf:apply_plan { creates = 1 }
LUA
  clean run "$work/apply.lua" --yes >"$work/out" 2>"$work/err" &
  local caller=$! code=0
  wait_for 60 test -e "$work/begun"
  kill -TERM "$(pgrep -P "$caller" -x snapcore || echo "$caller")"
  wait "$caller" || code=$?
  [ "$code" != 0 ] || fail_case "it was not interrupted: $(cat "$work/out")"
  [ ! -e "$work/infra/errored.tfstate" ] || fail_case "the state was lost"
  tofu plan -no-color >"$work/plan" || fail_case "the lock stayed: $(cat "$work/plan")"
  expect_nothing_left
}

# One object, and one behind it that is being created until somebody says so.
begin_a_slow_apply() {
  make_infrastructure
  cat >>"$work/infra/main.tf" <<TF
resource "terraform_data" "quick" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.quick]
  provisioner "local-exec" { command = "touch $work/begun; while [ -d $work ] && [ ! -e $work/go_on ]; do sleep 0.05; done" }
}
TF
  cat >"$work/apply.lua" <<LUA
runbook { summary = "Apply" }
instance("infrastructure"):apply_plan { creates = 2 }
LUA
  "$@"
  clean run "$work/apply.lua" --yes >"$work/run" 2>&1 &
  local caller=$!
  wait_for 60 test -e "$work/begun"
  kill -KILL "$(pgrep -P "$caller" -x snapcore || echo "$caller")"
  wait "$caller" || true
}
# The tool does not hear that its run was killed.
# shellcheck disable=SC2016  # for the script
deaf_tool() {
  printf '#!/bin/sh\n[ "$1" != apply ] || { trap "" INT; %s "$@"; code=$?; touch %s; exit $code; }\nexec %s "$@"\n' "$tofu_bin" "$work/applied" "$tofu_bin" >"$work/wrapped"
  chmod 755 "$work/wrapped"
  write_site "tool = \"$work/wrapped\""
}
# Runs it until it waits, or is done; then the tool goes on, and the exit code of the command is in $code.
let_the_tool_go_on_beside() {
  local pid
  code=0
  "$@" >"$work/out" 2>"$work/err" &
  pid=$!
  until grep -qs "still at work" "$work/err" || ! kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  touch "$work/go_on"
  wait "$pid" || code=$?
  wait_for 60 test -e "$work/applied"
}

case_a_tool_that_outlived_its_run_is_waited_for_when_the_run_is_gone_on_with() {
  local code
  begin_a_slow_apply deaf_tool
  let_the_tool_go_on_beside clean resume "$(newest_run)"
  expect_equal "$code" 0 "exit code ($(cat "$work/err"))"
  expect_equal "$(tofu state list | grep -cE 'quick|slow')" 2 "objects"
}

case_what_a_tool_that_outlived_its_run_makes_is_taken_back() {
  local code
  begin_a_slow_apply deaf_tool
  let_the_tool_go_on_beside clean rollback "$(newest_run)" --yes
  [[ $code == [0125] ]] || fail_case "exit $code: $(cat "$work/err")"
  expect_equal "$(tofu state list | grep -cE 'quick|slow')" 0 "objects"
}

case_what_an_apply_left_half_made_is_made_again_and_all_of_it_is_taken_back() {
  begin_a_slow_apply :
  touch "$work/go_on"
  expect_exit 0 clean resume "$(newest_run)"
  expect_equal "$(tofu state list | grep -cE 'quick|slow')" 2 "objects"
  tofu plan -detailed-exitcode >"$work/plan" || fail_case "the tool plans: $(cat "$work/plan")"
  expect_exit '[0125]' clean rollback "$(newest_run)" --yes
  expect_equal "$(tofu state list | grep -cE 'quick|slow')" 0 "objects after the way back"
}

# --- fallback and return

tear_down() { if [ -x "$work/server/ctl" ]; then "$work/server/ctl" kill; fi; }

# A real MinIO that keeps the state of a working directory, and a copy of that among ours.
make_stored_infrastructure() {
  local code=0
  make_infrastructure
  command -v curl >/dev/null || skip_case "curl is not installed"
  url=$("$root/tests/servers/start.sh" minio "$work/server" 2>"$work/err") || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/err")"
  [ "$code" = 0 ] || fail_case "$(cat "$work/err")"
  ask PUT bucket </dev/null
  cat >"$work/infra/backend.tf" <<TF
terraform {
  backend "s3" {
    bucket                      = "bucket"
    key                         = "net/terraform.tfstate"
    region                      = "us-east-1"
    endpoints                   = { s3 = "$url" }
    use_path_style              = true
    use_lockfile                = true
    max_retries                 = 1
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }
}
TF
  tofu init -migrate-state -force-copy >/dev/null
  rm -f "$work/infra/terraform.tfstate" "$work/infra/terraform.tfstate.backup"
  tofu state pull >"$work/states/before.tfstate"
  write_site "tool = \"$tofu_bin\", environment = { \"AWS_*\" }"
}
store_serial() { tofu state pull >"$work/pulled" && field serial "$work/pulled"; }
store_stop() { "$work/server/ctl" stop; }
store_start() { "$root/tests/servers/start.sh" minio "$work/server" "${url##*:}" >/dev/null; }
fall_back() { expect_exit 0 clean run "$root/scripts/lua/tfstate-fallback.lua" --yes; }
come_back() { clean run "$root/scripts/lua/tfstate-return.lua" --yes; }

case_work_goes_on_while_the_store_is_away_and_comes_back_into_it() {
  make_stored_infrastructure
  local was lineage
  was=$(store_serial) lineage=$(field lineage "$work/pulled")
  store_stop
  fall_back
  expect_no_secret
  expect_equal "$(find "$work/infra" -maxdepth 1 -name 'terraform.tfstate*' | wc -l)" 0 "states under usual names"
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  # Whoever looks is told.
  expect_exit 0 clean call infrastructure.inspect
  expect_said 'FALLBACK since .* works with a local state'
  expect_exit "[2345]" snapcore list infrastructure
  expect_said "FALLBACK since .* works with a local state" "of which nobody keeps versions"
  # As long as the store is away it does not come back, and nothing is touched.
  expect_exit '[23]' come_back
  expect_said 'the state cannot be had from its store: state pull of OpenTofu [0-9.]+ exited with 1: Error loading the state'
  store_start
  expect_exit 0 come_back
  expect_said 'changed since: terraform_data.server\["d"\]' 'the store holds what was changed here, without force'
  expect_no_secret
  expect_equal "$(store_serial)" "$((was + 2))" "serial in the store"
  expect_equal "$(field lineage "$work/pulled")" "$lineage" "lineage in the store"
  expect_equal "$(tofu state list | wc -l)" 5 "objects in the store"
  [ ! -e "$work/infra/zz_snapcore_backend_override.tf" ] || fail_case "the override is still there"
  local code=0
  tofu plan -detailed-exitcode >"$work/plan" || code=$?
  expect_equal "$code" 0 "tofu plan"
  expect_nothing_left
}

case_a_store_that_went_on_meanwhile_is_not_overwritten() {
  make_stored_infrastructure
  fall_back
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  # Somebody else, whose directory looks to the store.
  cp -r "$work/infra" "$work/colleague"
  rm -rf "$work/colleague/zz_snapcore_backend_override.tf" "$work/colleague/.snapcore" "$work/colleague/.terraform"
  sed -i 's/"c", "d"\]/"e"]/' "$work/colleague/main.tf"
  (cd "$work/colleague" && env -i PATH="$PATH" HOME="$work" AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY \
    "$tofu_bin" init >/dev/null && env -i PATH="$PATH" HOME="$work" AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID \
    AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY "$tofu_bin" apply -auto-approve >/dev/null)
  local was
  was=$(fingerprint "$work/infra/.snapcore")
  expect_exit '[25]' come_back
  expect_said 'both states went on' 'changed since: terraform_data.server\["d"\]' 'differs from where it began: .*terraform_data.server\["e"\]'
  expect_equal "$(fingerprint "$work/infra/.snapcore")" "$was" "the fallback"
}

case_a_store_that_was_written_again_with_the_same_content_takes_the_return() {
  make_stored_infrastructure
  fall_back
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  local was
  ask GET bucket/net/terraform.tfstate </dev/null >"$work/stored"
  was=$(field serial "$work/stored")
  sed "s/\"serial\": *$was,/\"serial\":$((was + 4)),/" "$work/stored" >"$work/again"
  ask PUT bucket/net/terraform.tfstate -H 'content-type: application/json' <"$work/again"
  expect_exit 0 come_back
  expect_said 'written since, with the same content'
  [ "$(store_serial)" -gt "$((was + 4))" ] || fail_case "its serial is $(store_serial)"
  expect_equal "$(tofu state list | wc -l)" 5 "objects in the store"
}

case_a_fallback_that_was_not_used_is_taken_back() {
  make_stored_infrastructure
  local was
  was=$(fingerprint "$work/infra")
  fall_back
  expect_exit 3 clean run "$root/scripts/lua/tfstate-fallback.lua" --yes
  expect_said 'works with a local state already'
  expect_exit '[0125]' clean rollback "$(newest_run)" --yes
  expect_equal "$(fingerprint "$work/infra")" "$was" "the working directory"
}

case_a_fallback_is_taken_back_by_the_commands_for_a_person() {
  make_stored_infrastructure
  store_stop
  fall_back
  store_start
  python3 - "$work/state/runs/$(newest_run)/journal.jsonl" >"$work/back.sh" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    record = json.loads(line)
    if record["type"] == "undo_recorded":
        print("\n".join(record["body"]["undo"]["shell"]))
PY
  find "$work/infra/.snapcore" -name "*.tfstate" -print -quit >"$work/one"
  printf ' ' >>"$(cat "$work/one")"
  ! bash "$work/back.sh" >"$work/out" 2>&1 || fail_case "a state that was worked with was left: $(cat "$work/back.sh")"
  [ -e "$work/infra/zz_snapcore_backend_override.tf" ] || fail_case "the override is gone"
  truncate -s -1 "$(cat "$work/one")"
  bash "$work/back.sh" >"$work/out" 2>&1 || fail_case "$(cat "$work/back.sh" "$work/out")"
  tofu plan -detailed-exitcode >"$work/plan" || fail_case "$(cat "$work/back.sh" "$work/plan")"
  expect_exit 0 clean call infrastructure.fallback_status
  expect_said 'it works with its store'
}

case_a_fallback_that_was_used_is_not_taken_back() {
  make_stored_infrastructure
  fall_back
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  expect_exit 7 clean rollback "$(newest_run)" --yes
  expect_said 'the tool has worked with .* since'
  expect_equal "$(tofu state list | wc -l)" 5 "objects"
}

case_a_return_is_taken_back_into_the_fallback_and_made_again() {
  make_stored_infrastructure
  fall_back
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  expect_exit 0 come_back
  expect_exit '[0125]' clean rollback "$(newest_run)" --yes
  expect_said 'the store KEEPS what was pushed, serial'
  [ -e "$work/infra/zz_snapcore_backend_override.tf" ] || fail_case "it is not in the fallback again"
  sed -i 's/"c", "d"\]/"c", "d", "e"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  expect_exit 0 come_back
  expect_equal "$(tofu state list | wc -l)" 6 "objects in the store"
}

# A directory that goes back to an older local state would be a second writer, and no tool would notice.
case_a_return_is_not_taken_back_once_the_store_has_gone_on() {
  make_stored_infrastructure
  fall_back
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  expect_exit 0 come_back
  sed -i 's/"c", "d"\]/"c", "d", "e"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  local was there
  was=$(fingerprint "$work/infra") there=$(store_serial)
  expect_exit 7 clean rollback "$(newest_run)" --yes
  expect_said "the store has gone on since the return: it has serial $there, and the return left serial" 'works with its store'
  expect_equal "$(fingerprint "$work/infra")" "$was" "the working directory"
  store_stop
  expect_exit 7 clean rollback "$(newest_run)" --yes
  expect_said 'cannot be told' 'tfstate-fallback.lua'
  expect_equal "$(fingerprint "$work/infra")" "$was" "the working directory while the store is away"
}

# The tool as `clean` runs it, for all that this case starts.
be_nobody() {
  unset TF_CLI_CONFIG_FILE TF_DATA_DIR TF_WORKSPACE
  export HOME="$work"
}

case_a_fallback_killed_at_every_record_is_resumed_or_taken_back() {
  make_stored_infrastructure
  be_nobody
  store_stop
  cp -a "$work/infra" "$work/infra-before"
  fresh_world() {
    rm -rf "$work/state" "$work/infra"
    cp -a "$work/infra-before" "$work/infra"
  }
  world() { tree "$work/infra"; }
  killed_at_every_record "fallback while MinIO is away" run "$root/scripts/lua/tfstate-fallback.lua" --yes
}

# Taken back, what was pushed stays, and the fallback begins anew from there.
case_a_return_killed_at_every_record_is_resumed_or_taken_back() {
  make_stored_infrastructure
  be_nobody
  fall_back
  sed -i 's/"b", "c"\]/"b", "c", "d"]/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  cp -a "$work/infra" "$work/infra-before"
  ask GET bucket/net/terraform.tfstate </dev/null >"$work/stored"
  fresh_world() {
    rm -rf "$work/state" "$work/infra"
    cp -a "$work/infra-before" "$work/infra"
    ask PUT bucket/net/terraform.tfstate -H 'content-type: application/json' <"$work/stored"
    ask DELETE bucket/net/terraform.tfstate.tflock </dev/null
  }
  world() {
    ask GET bucket/net/terraform.tfstate </dev/null >"$work/live"
    if [ "$1" = 'done' ]; then
      cp "$work/live" "$work/pushed"
      sha256sum <"$work/live"
      tree "$work/infra"
    else
      cmp -s "$work/live" "$work/stored" || cmp -s "$work/live" "$work/pushed" || fail_case "the store holds another state"
      tree "$work/infra" | grep -vE '/\.snapcore/((first_)?base\.tfstate|fallback\.json)'
    fi
  }
  killed_at_every_record "return into MinIO" run "$root/scripts/lua/tfstate-return.lua" --yes
  tofu plan -detailed-exitcode >"$work/plan" || fail_case "the tool plans: $(cat "$work/plan")"
}

case_a_local_state_under_its_usual_name_is_in_the_way_of_a_fallback() {
  make_infrastructure
  keep_copy before.tfstate
  expect_exit 3 clean run "$root/scripts/lua/tfstate-fallback.lua" --yes
  expect_said 'terraform.tfstate is there already: a state in a local file'
}

run_cases
