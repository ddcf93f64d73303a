#!/usr/bin/env bash
# The real servers and tools that other suites lean on are what they are called.
# shellcheck source=../whole/lib.sh
. "$(dirname "$0")/../whole/lib.sh"

tear_down() { if [ -x "$work/server/ctl" ]; then "$work/server/ctl" kill; fi; }

# The output of a script here, in $said; skips the case when it says that this machine cannot.
ask() {
  local code=0
  said=$("$root/tests/servers/$1" "${@:2}" 2>"$work/err") || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/err")"
  [ "$code" = 0 ] || fail_case "$1 ${*:2}: exit $code: $(cat "$work/err")"
}

# starts_answers_and_stops NAME HEADER   HEADER is one that no other server sends
starts_answers_and_stops() {
  local name=$1 header=$2 port
  ask start.sh "$name" "$work/server"
  port=${said##*:}
  grep -qiE "^$header" <<<"$(http_head "$port")" || fail_case "none is '$header': $(http_head "$port")"

  "$work/server/ctl" stop
  ! "$work/server/ctl" alive || fail_case "$name still runs"
  ! http_head "$port" >"$work/head" || fail_case "something answers: $(cat "$work/head")"

  "$work/server/ctl" start
  wait_for 60 http_head "$port" >/dev/null
  "$work/server/ctl" kill
  ! "$work/server/ctl" alive || fail_case "$name outlived SIGKILL"
}

case_minio_starts_answers_and_stops() { starts_answers_and_stops minio 'Server: MinIO'; }
case_versitygw_starts_answers_and_stops() { starts_answers_and_stops versitygw 'Server: VERSITYGW'; }
case_dynalite_starts_answers_and_stops() { starts_answers_and_stops dynalite 'x-amzn-RequestId: '; }

case_opentofu_is_the_release_that_is_pinned() {
  local wanted
  ask build.sh opentofu
  wanted=$(sed -nE 's|^.*github.com/opentofu/opentofu (v[0-9.]+)( .*)?$|\1|p' "$root/tests/servers/opentofu/go.mod")
  # Nothing of whoever runs this has a say.
  expect_equal "$(env -i HOME="$work" "$said/tofu" version | head -n 1)" "OpenTofu $wanted"
}

case_a_port_nobody_listens_on_has_no_answer() {
  ! http_head "$(free_port)" || fail_case "it has"
}

run_cases
