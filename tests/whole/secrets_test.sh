#!/usr/bin/env bash
# Secrets stay where they are: with a plugin that tells them wherever it can, none is ever seen again, neither in
# files nor in what is printed, in command lines and in the environment of other programs.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# One way of giving each, and one that is awkward to find again.
make_secrets() {
  export CANARY_ENV=canary-env-8d1e CANARY_PIN=canary-pin-77c0
  mkdir "$work/secrets" "$work/live"
  (
    umask 077
    printf 'canary-command-19af\n' >"$work/secrets/command"
    printf 'canary-file-"q'\''\\ \t%%s\nsecond-canary-line\n' >"$work/secrets/file"
    cat >"$work/site.lua" <<LUA
return { instances = { b = {
  plugin = "blab", path = "$work/live", key = secret.env "CANARY_ENV",
  token = secret.command { "/bin/cat", "$work/secrets/command" },
  more = { secret.file "$work/secrets/file" },
} } }
LUA
  )
  cat >"$work/tells.lua" <<'LUA'
local params = runbook { summary = "Tells what it hears", params = { fails = { type = "boolean", default = false } } }
local b = instance "b"
local heard = b:tell { name = "look", pin = "env:CANARY_PIN" }
note(heard.text)
print(heard.text)
pcall(function() b:tell { name = "broken look", fails = true } end)
step(heard.text, function()
  b:act { name = "one", pin = "env:CANARY_PIN" }
  b:act { name = "two", pin = "env:CANARY_PIN", fails = params.fails }
end)
b:act { name = "three" }
LUA
}

# The tool, traced, at its most talkative; every program that is started is in $work/execs, and all that was said so
# far in $work/said.
tool() {
  local wanted=$1
  shift
  expect_exit "$wanted" env ASAN_OPTIONS=detect_leaks=0 \
    strace -f -qq -v -s 100000 -e trace=execve -e signal=none -o "$work/exec" \
    "$build/bin/${program:-snapcore}" --site "$work/site.lua" --state "$work/state" \
    --plugin-dir "$build/test_plugins" --verbose "$@" </dev/null
  cat "$work/exec" >>"$work/execs"
  cat "$work/out" "$work/err" >>"$work/said"
}

canaries='canary-(env|pin|command|file)|second-canary|canary(env|pin|command|file)'

expect_nothing_told() {
  [ -s "$work/said" ] || fail_case "nothing was said at all"
  if grep -nE "$canaries" "$work/said"; then fail_case "a secret was printed"; fi
  if grep -rlE "$canaries" "$work/state" "$work"/*.plan 2>/dev/null; then fail_case "a secret is in a file"; fi
  # A command line, and the environment behind it: only the tool itself and the one program that is given the key by
  # name have it there.
  if sed -E 's/^([0-9]+ +execve\("[^"]*", \[([^]"]|"([^"\\]|\\.)*")*\]).*/\1/' "$work/execs" | grep -E "$canaries"; then
    fail_case "a secret is in a command line"
  fi
  if grep -vE "^[0-9]+ +execve\(\"$build/bin/" "$work/execs" | sed 's/"BLAB_KEY=canary-env-8d1e"//' |
    grep -E "$canaries"; then
    fail_case "a secret is in an environment"
  fi
}

# That it would be seen: something stands in the place of each secret, and the trace shows what a program was given.
expect_masked() {
  local reference
  grep -qF '"BLAB_KEY=canary-env-8d1e"' "$work/execs" || fail_case "the trace shows no environment"
  grep -rqF '[env:CANARY_ENV]' "$work/state/runs" || fail_case "no journal holds what was told"
  for reference in env:CANARY_ENV env:CANARY_PIN "file:$work/secrets/file" 'command:'; do
    grep -qF "[$reference" "$work/said" || fail_case "nothing stands in the place of $reference"
  done
}

case_nothing_of_a_secret_is_told_by_a_plan_and_a_run() {
  need_strace
  make_secrets
  tool 0 plan "$work/tells.lua" -o "$work/saved.plan"
  tool 0 plan --manual "$work/tells.lua"
  tool 0 plan --json "$work/tells.lua"
  tool 0 run --yes "$work/tells.lua"
  tool 0 runs "$(newest_run)"
  tool 0 audit
  tool 0 apply --yes --json "$work/saved.plan"
  tool 1 call b.tell name=x pin=env:CANARY_PIN # it warns
  tool 0 call --json --yes b.act name=y pin=env:CANARY_PIN
  expect_masked
  expect_nothing_told
}

case_nor_by_a_run_that_fails_is_held_and_taken_back() {
  need_strace
  make_secrets
  tool 5 run --yes "$work/tells.lua" --set fails=true
  tool 7 run --yes "$work/tells.lua" --set fails=true --on-failure hold
  tool 0 runs "$(newest_run)"
  tool '[05]' rollback --yes --json "$(newest_run)"
  tool 0 runs --json "$(newest_run)"
  expect_masked
  expect_nothing_told
}

case_nor_by_one_that_is_killed_and_gone_on_with() {
  need_strace
  make_secrets
  local run at
  for at in 4 7 10; do
    program=killed_snapcore SNAPCORE_TEST_KILL_AT=$at tool 137 run --yes "$work/tells.lua"
    run=$(newest_run)
    tool 0 runs "$run"
    tool 0 resume "$run"
    tool 0 accept --yes "$run"
  done
  expect_masked
  expect_nothing_told
}

case_a_secret_in_plain_text_is_refused_and_not_repeated() {
  need_strace
  make_secrets
  sed -i 's/secret.env "CANARY_ENV"/"canary-env-8d1e"/' "$work/site.lua"
  tool 4 run --yes "$work/tells.lua"
  expect_said 'secret'
  expect_nothing_told
}

case_a_program_that_is_started_gets_what_it_is_given_and_dumps_no_core() {
  need_strace
  make_secrets
  ulimit -Sc "$(ulimit -Hc)"
  tool 0 run --yes "$work/tells.lua"
  # The plugin had the real secret, and no other one was in the environment.
  expect_equal "$(grep -c canary-env-8d1e "$work/live/child")" 2 "the key in what the program saw"
  if grep -E 'canary-(pin|command|file)|CANARY_' "$work/live/child"; then fail_case "it saw another secret"; fi
  expect_equal "$(grep -E '^([0-9]+|unlimited)$' "$work/live/child")" 0 "the core limit"
}

run_cases
