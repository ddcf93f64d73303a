#!/usr/bin/env bash
# A real MinIO that is lost with all it held, and rebuilt: by a real OpenTofu, whose state lay in it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=store.sh
. "$(dirname "$0")/store.sh"

rebuild="$root/scripts/lua/minio-rebuild.lua"
state=net/terraform.tfstate

tear_down() { if [ -x "$work/server/ctl" ]; then "$work/server/ctl" kill; fi; }

tofu() {
  (cd "$work/infra" && env -i PATH="$PATH" HOME="$work" TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 \
    AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY" "$tofu_bin" "$@")
}

keys() { ask GET 'bucket?list-type=2' </dev/null | grep -oE '<Key>[^<]*' | sed 's/<Key>//' | LC_ALL=C sort; }

# MinIO, described by a configuration that starts it, whose state lies in it; beside it other states and a large
# object. What is in the bucket is copied.
make_minio() {
  local code=0 key
  command -v curl >/dev/null || skip_case "curl is not installed"
  tofu_bin=$("$root/tests/servers/build.sh" opentofu 2>"$work/why") || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/why")"
  [ "$code" = 0 ] || fail_case "OpenTofu was not built: $(cat "$work/why")"
  tofu_bin=$tofu_bin/tofu
  url=$("$root/tests/servers/start.sh" minio "$work/server" 2>"$work/why") || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/why")"
  [ "$code" = 0 ] || fail_case "$(cat "$work/why")"
  ask PUT bucket </dev/null
  echo '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' | ask PUT 'bucket?versioning='
  head -c 20000000 /dev/urandom >"$work/large"
  ask PUT bucket/dumps/large.bin <"$work/large"
  ask PUT bucket/empty </dev/null
  echo '{"version":4}' | ask PUT 'bucket/env%3A/prod/other.tfstate'
  echo held | ask PUT bucket/env/held.tfstate.tflock
  mkdir -p "$work/infra" "$work/copies"
  write_configuration
  chmod 755 "$work/infra"
  tofu init >"$work/init" 2>&1 || fail_case "$(cat "$work/init")"
  tofu apply -auto-approve >/dev/null
  cat >"$work/site.lua" <<LUA
return { instances = {
  copies = { plugin = "files", path = "$work/copies" },
  minio = { plugin = "s3", bucket = "bucket", endpoint = "$url" },
  web = { plugin = "http" },
  infrastructure = { plugin = "tfstate", store = "minio", directory = "$work/infra", tool = "$tofu_bin", environment = { "AWS_*" } },
} }
LUA
  chmod 644 "$work/site.lua"
}

write_configuration() {
  cat >"$work/infra/main.tf" <<TF
terraform {
  backend "s3" {
    bucket = "bucket"
    key = "$state"
    region = "us-east-1"
    endpoints = { s3 = "$url" }
    use_lockfile = true
    use_path_style = true
    max_retries = 1
    skip_credentials_validation = true
    skip_region_validation = true
    skip_requesting_account_id = true
    skip_metadata_api_check = true
  }
}
resource "terraform_data" "minio" {
  provisioner "local-exec" { command = "\"$work/server/ctl\" start" }
  provisioner "local-exec" {
    when    = destroy
    command = "\"$work/server/ctl\" kill && rm -rf \"$work/server/data\""
  }
}
resource "terraform_data" "server" {
  for_each = toset(["a", "b"])
  input    = each.key
}
TF
}

copy_bucket() {
  local key
  while read -r key; do
    mkdir -p "$work/copies/$(dirname "$key")"
    ask GET "bucket/${key/:/%3A}" </dev/null >"$work/copies/$key"
  done < <(keys)
}

lose_minio() {
  "$work/server/ctl" kill
  rm -rf "$work/server/data"
}

run_rebuild() {
  snapcore run "$rebuild" --yes --set "url=$url" --set targets=terraform_data.minio "$@"
}

# All that was copied but locks, as it was; the state is allowed to be newer.
expect_objects_back() {
  local key
  expect_equal "$(keys)" "$(cd "$work/copies" && find . -type f ! -name '*.tflock' -printf '%P\n' | LC_ALL=C sort)" "keys in the bucket"
  while read -r key; do
    [ "$key" = "$state" ] || ask GET "bucket/${key/:/%3A}" </dev/null | cmp - "$work/copies/$key"
  done < <(keys)
  ask GET 'bucket?versioning=' </dev/null | grep -q '<Status>Enabled' || fail_case "the bucket keeps no versions"
}

expect_no_changes() {
  local code=0
  tofu plan -detailed-exitcode >"$work/plan" 2>&1 || code=$?
  [ "$code" = 0 ] || fail_case "tofu plan says $code: $(cat "$work/plan")"
}

expect_no_fallback() {
  [ ! -e "$work/infra/zz_snapcore_backend_override.tf" ] || fail_case "it still works with a local state"
}

case_a_minio_that_is_gone_is_rebuilt_by_the_state_that_lay_in_it() {
  make_minio
  tofu state rm terraform_data.minio >/dev/null # as the tool finds it when it looks at a machine that is gone
  copy_bucket
  lose_minio
  expect_exit 0 run_rebuild --set "state=$state"
  expect_said 'minio cannot be used now: ' 'Phase: Put the objects back' 'at most 4 acts .keep. on minio' \
    'OpenTofu [0-9.]+ has applied it: 1 created' 's3://bucket was made' 'minio: all of 4 objects are there; versions are kept: on' \
    'held.tfstate.tflock is a lock, and is left out' 'the store holds what was changed here, without force' \
    'infrastructure: OpenTofu [0-9.]+ plans: 0 created'
  expect_objects_back
  expect_no_fallback
  expect_no_changes
}

case_a_minio_that_the_tool_believes_whole_is_made_anew() {
  make_minio
  copy_bucket
  lose_minio
  expect_exit 3 run_rebuild --set "state=$state" --set replace=terraform_data.minio
  expect_said 'make terraform_data.minio anew' 'accept-loss infrastructure'
  expect_no_fallback
  expect_exit '[01]' run_rebuild --set "state=$state" --set replace=terraform_data.minio --accept-loss infrastructure
  expect_said '1 replaced'
  expect_objects_back
  expect_no_fallback
  expect_no_changes
}

case_of_a_bucket_that_lost_something_only_that_is_put_back() {
  make_minio
  copy_bucket
  ask DELETE bucket/empty </dev/null
  echo newer | ask PUT 'bucket/env%3A/prod/other.tfstate'
  ask DELETE bucket/env/held.tfstate.tflock </dev/null
  expect_exit 0 run_rebuild --set "state=$state" --set apply=false
  expect_said '1 of 4 objects are put back into minio' 'other.tfstate is in the bucket, and is not the copy: it stays as it is'
  expect_equal "$(ask GET 'bucket/env%3A/prod/other.tfstate' </dev/null)" newer "what was written since"
  expect_no_fallback
  expect_no_changes
}

case_a_minio_that_does_not_come_up_is_taken_back() {
  make_minio
  tofu state rm terraform_data.minio >/dev/null
  copy_bucket
  lose_minio
  sed -i 's/command = .* }/command = "true" }/' "$work/infra/main.tf"
  local was
  was=$(fingerprint "$work/infra")
  expect_exit 5 run_rebuild --set "state=$state" --set wait=1s
  expect_said 'run.wait_timed_out' 'OpenTofu [0-9.]+ has destroyed what it had created: 1'
  expect_no_fallback
  expect_equal "$(fingerprint "$work/infra")" "$was" "the working directory"
}

# Two objects, one of them the state: each is four records more. Taken back, MinIO is as absent as it was. All of some forty points
# take minutes: KILL_EVERY=1.
case_a_rebuild_killed_at_every_record_is_resumed_or_taken_back() {
  make_minio
  ask DELETE bucket/dumps/large.bin </dev/null
  ask DELETE bucket/empty </dev/null
  tofu state rm terraform_data.minio >/dev/null
  copy_bucket
  cp -a "$work/infra" "$work/infra-before"
  fresh_world() {
    lose_minio
    rm -rf "$work/state" "$work/infra"
    cp -a "$work/infra-before" "$work/infra"
  }
  world() {
    tree "$work/infra"
    if [ "$1" = 'done' ]; then
      local key
      while read -r key; do echo "$key $(ask GET "bucket/${key/:/%3A}" </dev/null | normal | sha256sum)"; done < <(keys)
    elif "$work/server/ctl" alive; then
      echo "MinIO runs"
    fi
  }
  KILL_EVERY=${KILL_EVERY:-3} killed_at_every_record "minio-rebuild" run "$rebuild" --yes --set "url=$url" --set targets=terraform_data.minio --set "state=$state"
  expect_no_changes
}

run_cases
