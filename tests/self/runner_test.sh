#!/usr/bin/env bash
# The runner counts right: what passed, what failed, what crashed before it was reached, what was skipped.
set -euo pipefail

# suite NAME STATUS LOG REPORT   a stand-in for a GoogleTest binary; an empty REPORT is one that crashed
suite() {
  cat >"suites/$1" <<SUITE
#!/usr/bin/env bash
for argument in "\$@"; do
  [[ -z '$4' || \$argument != --gtest_output=xml:* ]] || printf '%s' '$4' >"\${argument#*:}"
done
printf '$3'
exit $2
SUITE
  chmod +x "suites/$1"
  printf 'add_test(%s "%s")\n' "$1" "$PWD/suites/$1" >>CTestTestfile.cmake
}

run() {
  status=0
  output=$("$SNAPCORE_SOURCE/.ci/tests.py" --build "$PWD" --shell-tests "$PWD/shell" "$@" 2>&1) || status=$?
}

# expect NAME LAST_LINE STATUS [TEXT...]   what the last run ended with and what stood in it
expect() {
  local name=$1 text problem=''
  [[ $(tail -n 1 <<<"$output") == "$2" ]] || problem="the last line is: $(tail -n 1 <<<"$output")"
  ((status == $3)) || problem="the status is $status"
  for text in "${@:4}"; do
    grep -qF -- "$text" <<<"$output" || problem="it does not say: $text"
  done
  if [[ -z $problem ]]; then
    printf 'ok %s\n' "$name"
  else
    printf '    %s\n' "${output//$'\n'/$'\n    '}"  # indented, so that none of it counts
    printf '%s\nnot ok %s\n' "$problem" "$name"
  fi
}

fresh() {
  rm -rf suites shell CTestTestfile.cmake
  mkdir suites shell
  : >CTestTestfile.cmake
}

case_of() { printf '<testcase name="%s" classname="T" result="completed">%s</testcase>' "$1" "${2:-}"; }

cd "$TMPDIR"

fresh
suite good 0 '' "<testsuites>$(case_of A)$(case_of B)</testsuites>"
run
expect 'what passes is counted' '2 passed, 0 failed, 0 skipped' 0

fresh
suite bad 1 '' "<testsuites>$(case_of A)$(case_of B '<failure message="one is not two"/>')</testsuites>"
run
expect 'a failure is counted and shown' '1 passed, 1 failed, 0 skipped' 1 'T.B' 'one is not two'

fresh
suite lazy 0 '' "<testsuites>$(case_of A)$(case_of B '<skipped message="a.cpp:1&#10;no server here"/>')</testsuites>"
run
expect 'a skipped case is named with its reason' '1 passed, 0 failed, 1 skipped' 0 'NOT RUN' 'T.B: no server here'
run --require-all
expect 'a skipped case fails a run that requires all' '1 passed, 0 failed, 1 skipped' 1 'NOT RUN'

fresh
suite leaky 23 'leaked' "<testsuites>$(case_of A)</testsuites>"
run
expect 'a suite that fails after its cases has failed' '1 passed, 1 failed, 0 skipped' 1 'status 23' 'leaked'

fresh
suite crash 1 '[==========] Running 4 tests\n[ RUN      ] T.A\n[       OK ] T.A\n[ RUN      ] T.B\nboom\n' ''
run
expect 'cases a crash left out have failed' '1 passed, 3 failed, 0 skipped' 1 'T.B' 'boom' 'not reached'

fresh
printf 'add_test(missing "%s/suites/missing")\n' "$PWD" >CTestTestfile.cmake
run
expect 'a suite that was not built has failed' '0 passed, 1 failed, 0 skipped' 1 'tests/missing'

fresh
printf '#!/bin/sh\necho ok one\necho said\necho not ok two\necho "    below"\necho skip three: no tool\n' >shell/words_test.sh
printf '#!/bin/sh\n' >shell/silent_test.sh
chmod +x shell/*
run
expect 'shell tests are counted line by line' '1 passed, 2 failed, 1 skipped' 1 'said' 'below' 'three: no tool' 'no result'

fresh
printf '#!/bin/sh\necho ok one\nsleep 100 >/dev/null 2>&1 &\n' >shell/orphan_test.sh
chmod +x shell/*
run
expect 'a process left behind is a failure' '1 passed, 1 failed, 0 skipped' 1 'left a process running'

fresh
suite some 0 '' "<testsuites>$(case_of A)</testsuites>"
run --label nothing_has_it
expect 'a selection that matches nothing is no success' '0 passed, 0 failed, 0 skipped' 1 'nothing matches'
