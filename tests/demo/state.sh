#!/usr/bin/env bash
# The demo of states: an OpenTofu state in MinIO is lost and brought back, then MinIO goes away and comes back.
#   tests/demo/state.sh BUILD_DIR
set -euo pipefail
# shellcheck source=shared.sh
. "$(dirname "${BASH_SOURCE[0]}")/shared.sh"
runbooks=$root/scripts/lua

cleanup() {
  [ ! -x "$work/minio/ctl" ] || "$work/minio/ctl" kill
  rm -rf "$work"
}
trap cleanup EXIT

# Nothing that the caller has set for stores or for the tool has a say, and nobody beyond this machine is asked.
unset "${!AWS_@}" "${!TF_@}" http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
export AWS_ACCESS_KEY_ID=snapcore-test AWS_SECRET_ACCESS_KEY=snapcore-secret AWS_EC2_METADATA_DISABLED=true
export TF_IN_AUTOMATION=1 TF_INPUT=0 TF_CLI_ARGS=-no-color CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE="$work/tofurc"


# ---- what the scenes are made of ------------------------------------------------------------------------------------

# typed NAME ARGUMENT...   as a person would type it
typed() { printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"; }

# run RUNBOOK ARGUMENT...   plan and report, as a person sees them; short_run shows the report alone
run() {
  typed "snapcore run scripts/lua/$1.lua ${*:2}"
  snapcore run "$runbooks/$1.lua" "${@:2}"
}
short_run() { run "$@" 2>"$work/plan" || { cat "$work/plan" >&2; exit 1; }; }

tofu() { (cd "$work/infra" && "$tofu_bin" "$@"); }

# tofu_says ARGUMENT...   runs it, and shows what its answer comes to
tofu_says() {
  local code=0
  typed "tofu $*"
  tofu "$@" >"$work/said" 2>&1 || code=$?
  sed -nE '/^(Plan:|No changes|Apply complete|Successfully removed|Error:)/p' "$work/said" | fold -sw 116
  return "$code"
}

must_be_clean() {
  tofu_says plan -detailed-exitcode || { cat "$work/said" >&2; echo "expected that the tool has nothing to do" >&2; exit 1; }
}

# ask METHOD PATH   MinIO; curl signs by itself, and what is to be sent comes from stdin
ask() {
  cat >"$work/sent"
  curl -sS --fail-with-body -X "$1" --aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    -H "x-amz-content-sha256: $(sha256sum <"$work/sent" | head -c 64)" --data-binary "@$work/sent" "$url/$2"
}
start_minio() { "$root/tests/servers/start.sh" minio "$work/minio" "$@"; }

write_site() {
  cat >"$work/site.lua" <<LUA
return { instances = {
  states         = { plugin = "files", path = "$work/copies" },
  minio          = { plugin = "s3", bucket = "infrastructure", endpoint = "$url" },
  infrastructure = { plugin = "tfstate", store = "minio", directory = "$work/infra", tool = "$tofu_bin",
                     environment = { "AWS_*" } },
} }
LUA
}

write_configuration() {
  cat >"$work/infra/main.tf" <<TF
terraform {
  backend "s3" {
    bucket         = "infrastructure"
    key            = "prod/terraform.tfstate"
    region         = "us-east-1"
    endpoints      = { s3 = "$url" }
    use_lockfile   = true
    use_path_style = true
    max_retries    = 1

    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
  }
}

resource "terraform_data" "network" {
  input = "10.0.0.0/24"
}

resource "terraform_data" "server" {
  for_each = toset(["web-1", "web-2"])
  input    = { name = each.key, network = terraform_data.network.id }
}
TF
}

# ---- the scenes -----------------------------------------------------------------------------------------------------

# Built once for a machine, which takes minutes; afterwards they are there.
for server in minio opentofu; do
  "$root/tests/servers/build.sh" "$server" >/dev/null || { echo "the demo needs $server, which cannot be had here" >&2; exit 1; }
done
tofu_bin=$("$root/tests/servers/build.sh" opentofu)/tofu

say "A real MinIO on loopback, and a real OpenTofu that keeps its state there"
url=$(start_minio)
ask PUT infrastructure </dev/null
ask PUT 'infrastructure?versioning=' <<<'<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
mkdir "$work/infra" "$work/copies"
touch "$TF_CLI_CONFIG_FILE"
write_site
write_configuration
tofu init >/dev/null
tofu_says apply -auto-approve
printf '\n(one server more stands in the configuration)\n'
sed -i 's/"web-1", "web-2"/"web-1", "web-2", "web-3"/' "$work/infra/main.tf"
tofu_says apply -auto-approve
typed snapcore call minio.test_store --yes
snapcore call minio.test_store --yes 2>/dev/null | sed -n 's/^ *- /  /p'

say "The worst day: somebody makes the state forget everything, so that the tool would build it all a second time"
tofu_says state rm terraform_data.network terraform_data.server
tofu_says plan || true

say "Its versions, as MinIO keeps them"
typed snapcore list infrastructure
snapcore list infrastructure | tee "$work/list"
wanted=$(sed -nE '/ 4 objects/ s/.* ([0-9a-f-]{36}) .*/\1/p' "$work/list" | head -n 1)

say "The one before comes back"
run tfstate-restore --set source=infrastructure --set "ref=$wanted" --yes
must_be_clean

say "MinIO is away"
tofu state pull >"$work/copies/tonight.tfstate"
"$work/minio/ctl" stop
tofu_says plan || true

say "Work goes on with a local copy, and everybody who looks is told so"
short_run tfstate-fallback --yes
printf '\n(one server more stands in the configuration)\n'
sed -i 's/"web-3"/"web-3", "web-4"/' "$work/infra/main.tf"
tofu_says apply -auto-approve
typed snapcore call infrastructure.inspect
snapcore call infrastructure.inspect | grep -oE 'FALLBACK[^"]*' | fold -sw 116

say "MinIO is back, and so is the state"
start_minio "${url##*:}" >/dev/null
short_run tfstate-return --yes
must_be_clean
typed snapcore list infrastructure
snapcore list infrastructure | tee "$work/list"

say "All that was made is in MinIO again, also what was made while it was away, and the tool has nothing to do"
grep -q ' 5 objects.*(live)' "$work/list" || { echo "expected five objects in the newest version" >&2; exit 1; }
