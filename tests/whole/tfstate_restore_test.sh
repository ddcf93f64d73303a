#!/usr/bin/env bash
# A state of a real OpenTofu, from the command line to what `tofu plan` says of the outcome.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

tfstate_restore="$root/scripts/lua/tfstate-restore.lua"

# OpenTofu in the case's working directory; nothing of whoever runs this has a say.
tofu() {
  (cd "$work/infra" && env -i PATH="$PATH" HOME="$work" TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 "$tofu_bin" "$@")
}

# The configuration: two servers, which hold a secret, and a rule; no provider but the built-in one.
make_infrastructure() {
  local code=0
  tofu_bin=$("$root/tests/servers/build.sh" opentofu 2>"$work/why") || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/why")"
  [ "$code" = 0 ] || fail_case "OpenTofu was not built: $(cat "$work/why")"
  tofu_bin=$tofu_bin/tofu
  mkdir -p "$work/infra" "$work/states"
  cat >"$work/infra/main.tf" <<'TF'
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
  tofu init >/dev/null
  tofu apply -auto-approve >/dev/null
  write_site ''
}

write_site() {
  cat >"$work/site.lua" <<LUA
return { instances = {
  states = { plugin = "files", path = "$work/states" },
  infrastructure = { plugin = "tfstate", directory = "$work/infra" $1 },
} }
LUA
  chmod 644 "$work/site.lua"
}

live() { echo "$work/infra/terraform.tfstate"; }
field() { grep -oE "^  \"$1\": [^,]*" "$2" | head -n 1 | sed 's/^[^:]*: //; s/"//g'; }
serial() { field serial "${1:-$(live)}"; }
lineage() { field lineage "${1:-$(live)}"; }
keep_copy() { cp "$(live)" "$work/states/$1"; }

expect_no_changes() {
  local code=0
  tofu plan -detailed-exitcode >"$work/plan" 2>&1 || code=$?
  [ "$code" = 0 ] || fail_case "tofu plan says $code: $(cat "$work/plan")"
}

# Lines of the case's own output that hold the secret.
expect_no_secret() { ! grep -r CANARY "$work/out" "$work/err" "$work/state" || fail_case "a secret was told"; }

case_a_destroyed_state_comes_back_and_the_tool_has_nothing_to_do() {
  make_infrastructure
  keep_copy before.tfstate
  tofu destroy -auto-approve >/dev/null
  local destroyed copied
  destroyed=$(serial) copied=$(serial "$work/states/before.tfstate")
  expect_exit 0 snapcore run "$tfstate_restore" --yes
  expect_no_secret
  expect_equal "$(serial)" "$((destroyed + 1))" "serial"
  expect_equal "$(lineage)" "$(lineage "$work/states/before.tfstate")" "lineage"
  expect_equal "$(sed "s/^  \"serial\": $(serial),/  \"serial\": $copied,/" "$(live)" | sha256sum)" \
    "$(sha256sum <"$work/states/before.tfstate")" "every byte but the serial"
  expect_no_changes
  [ ! -e "$work/infra/.terraform.tfstate.lock.info" ] || fail_case "who held the lock still stands there"
  expect_equal "$(find "$work/infra" -name 'terraform.tfstate.staged-*' | wc -l)" 0 "staged files left"
  tofu apply -auto-approve -var size=large >/dev/null # it takes writes
}

case_a_deleted_state_comes_back_with_its_lineage() {
  make_infrastructure
  keep_copy before.tfstate
  local copied
  copied=$(serial)
  rm "$(live)"
  # Nobody can tell any more whose state it was, unless the site does.
  expect_exit 3 snapcore run "$tfstate_restore" --yes
  expect_said 'identity not recorded'
  write_site ", lineage = \"$(lineage "$work/states/before.tfstate")\""
  expect_exit 0 snapcore run "$tfstate_restore" --yes
  expect_equal "$(serial)" "$((copied + 1))" "serial"
  expect_no_changes
  expect_exit '[0125]' snapcore rollback "$(newest_run)" --yes
  expect_equal "$(stat -c %s "$(live)")" 0 "bytes of the state after the way back"
}

case_the_plan_says_what_the_restore_would_forget() {
  make_infrastructure
  keep_copy before.tfstate
  sed -i 's/toset(\["a", "b"\])/toset(["a", "b", "c"])/' "$work/infra/main.tf"
  tofu apply -auto-approve >/dev/null
  expect_exit 3 snapcore run "$tfstate_restore" --yes
  expect_said 'forgets terraform_data.server\["c"\]: what it stands for stays, and nothing manages it' '--waive healthy=REASON'
  expect_no_secret
}

case_what_was_created_after_the_plan_was_approved_is_not_forgotten() {
  make_infrastructure
  keep_copy before.tfstate
  tofu apply -auto-approve -var size=large >/dev/null
  local digest was
  expect_exit 0 snapcore plan "$tfstate_restore" --waive "healthy=the last apply was wrong" -o "$work/saved.plan"
  digest=$(cat "$work/out" "$work/err" | grep -oE '[0-9a-f]{64}' | tail -n 1)
  sed -i 's/toset(\["a", "b"\])/toset(["a", "b", "c"])/' "$work/infra/main.tf"
  tofu apply -auto-approve -var size=large >/dev/null
  was=$(sha256sum <"$(live)")
  expect_exit 3 snapcore apply "$work/saved.plan" --approve "$digest"
  expect_said 'replaces' "this run $(serial)" 'make a new plan and read it'
  expect_equal "$(sha256sum <"$(live)")" "$was" "the state"
}

case_a_serial_that_nobody_can_count_above_is_said_to_be_one() {
  make_infrastructure
  keep_copy before.tfstate
  local last
  for last in 9223372036854775807 9223372036854775808 18446744073709551615; do
    sed "s/^  \"serial\": [0-9]*/  \"serial\": $last/" "$work/states/before.tfstate" >"$(live)"
    expect_exit '[234]' snapcore run "$tfstate_restore" --yes --set preview=false --waive "healthy=test"
    expect_said "has the serial $last, and snapcore counts up to 2\^63-1" 'state push -force'
    expect_equal "$(serial)" "$last" "the serial"
  done
  expect_exit '[234]' snapcore call infrastructure.diff a=states:before.tfstate
  expect_said 'counts up to'
}

case_a_state_that_is_in_use_is_restored_with_a_waiver_and_taken_back_again() {
  make_infrastructure
  keep_copy before.tfstate
  tofu apply -auto-approve -var size=large >/dev/null
  local was
  was=$(sha256sum <"$(live)")
  expect_exit '[01]' snapcore run "$tfstate_restore" --yes --waive "healthy=the last apply was wrong"
  expect_no_changes
  expect_equal "$(find "$work/infra" -name 'terraform.tfstate.kept-*' | wc -l)" 1 "states kept aside"
  expect_exit '[0125]' snapcore rollback "$(newest_run)" --yes
  expect_equal "$(sha256sum <"$(live)")" "$was" "the state after the way back"
  expect_equal "$(find "$work/infra" -name 'terraform.tfstate.*-*' | wc -l)" 0 "files left"
}

case_a_state_that_a_tool_wrote_meanwhile_is_not_taken_back() {
  make_infrastructure
  keep_copy before.tfstate
  tofu destroy -auto-approve >/dev/null
  expect_exit 0 snapcore run "$tfstate_restore" --yes
  tofu apply -auto-approve -var size=large >/dev/null
  local was
  was=$(sha256sum <"$(live)")
  expect_exit 7 snapcore rollback "$(newest_run)" --yes
  expect_said 'was written by somebody else meanwhile' 'terraform.tfstate.kept-'
  expect_equal "$(sha256sum <"$(live)")" "$was" "the state of the tool"
}

# A provisioner that waits for a file keeps the real tool, and its lock, where it is.
case_a_tool_that_works_with_the_state_refuses_the_restore() {
  make_infrastructure
  keep_copy before.tfstate
  tofu destroy -auto-approve >/dev/null
  cat >>"$work/infra/main.tf" <<TF
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "touch $work/begun; while [ ! -e $work/go_on ]; do sleep 0.05; done" }
}
TF
  tofu apply -auto-approve >"$work/apply" 2>&1 &
  local apply=$! was
  wait_for 60 test -e "$work/begun"
  was=$(sha256sum <"$(live)")
  expect_exit '[2357]' snapcore run "$tfstate_restore" --yes --waive "healthy=it is being written"
  expect_said 'terraform.tfstate is locked by .*@.* since .*OperationTypeApply'
  expect_equal "$(sha256sum <"$(live)")" "$was" "the state"
  touch "$work/go_on"
  wait "$apply" || fail_case "the apply failed: $(cat "$work/apply")"
  expect_equal "$(find "$work/infra" -name 'terraform.tfstate.*-*' | wc -l)" 0 "files left"
}

# What we hold the lock with is what the tool shows of it.
case_a_lock_of_ours_refuses_the_tool() {
  make_infrastructure
  keep_copy before.tfstate
  tofu destroy -auto-approve >/dev/null
  need_strace
  # Slow where it holds the lock, so that it can be stopped there.
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -P "$(live)" -e trace=fsync -e inject=fsync:delay_enter=3000000 \
    "$build/bin/snapcore" --site "$work/site.lua" --state "$work/state" run "$tfstate_restore" --yes \
    </dev/null >"$work/out" 2>"$work/err" &
  local restore=$! code=0
  wait_for 60 test -s "$work/infra/.terraform.tfstate.lock.info"
  pkill -STOP -P "$restore"
  tofu apply -auto-approve >"$work/apply" 2>&1 || code=$?
  pkill -CONT -P "$restore"
  wait "$restore" || fail_case "the restore failed: $(cat "$work/out" "$work/err")"
  expect_equal "$code" 1 "tofu apply"
  local words
  for words in 'Operation: *snapcore-restore' "Who: *$(id -un)@"; do
    grep -q "$words" "$work/apply" || fail_case "it does not say who holds the lock: $(cat "$work/apply")"
  done
  expect_no_changes
}

case_another_workspace_has_a_state_of_its_own() {
  make_infrastructure
  local root_state
  root_state=$(sha256sum <"$(live)")
  tofu workspace new prod >/dev/null
  tofu apply -auto-approve -var size=prod >/dev/null
  cp "$work/infra/terraform.tfstate.d/prod/terraform.tfstate" "$work/states/prod.tfstate"
  tofu destroy -auto-approve >/dev/null
  write_site ', workspace = "prod"'
  expect_exit 0 snapcore run "$tfstate_restore" --yes
  local code=0
  tofu plan -detailed-exitcode -var size=prod >"$work/plan" 2>&1 || code=$?
  expect_equal "$code" 0 "tofu plan"
  expect_equal "$(sha256sum <"$(live)")" "$root_state" "the state of the default workspace"
}

case_a_state_of_something_else_is_refused() {
  make_infrastructure
  sed 's/"lineage": "[^"]*"/"lineage": "00000000-1111-2222-3333-444444444444"/' "$(live)" >"$work/states/other.tfstate"
  expect_exit 3 snapcore run "$tfstate_restore" --yes --waive "healthy=wrong one"
  expect_said 'identity' 'lineage 00000000-1111-2222-3333-444444444444'
}

case_what_is_no_state_is_refused_before_anything_is_touched() {
  make_infrastructure
  head -c 300 "$(live)" >"$work/states/cut.tfstate"
  local was
  was=$(fingerprint "$work/infra")
  expect_exit '[234]' snapcore run "$tfstate_restore" --yes --waive "healthy=test"
  expect_said 'cut.tfstate is not JSON: ends at byte 300'
  expect_equal "$(fingerprint "$work/infra")" "$was" "the working directory"
}

case_two_states_are_compared_without_telling_a_secret() {
  make_infrastructure
  keep_copy a.tfstate
  tofu apply -auto-approve -var size=large -var secret=CANARY-other >/dev/null
  keep_copy b.tfstate
  expect_exit 0 snapcore call tfstate.diff a=states:a.tfstate b=states:b.tfstate
  expect_said '~ terraform_data.server\["a"\]' 'input.size: "small" -> "large"' 'input.key: \(sensitive\)' '~ output.size'
  expect_no_secret
  expect_exit 0 snapcore call infrastructure.diff a=states:a.tfstate --json
  expect_said '"change":"changed"'
  expect_no_secret
}

run_cases
