#!/usr/bin/env bash
# An installed snapcore can be moved, and a plugin is built against it in a clean folder.
set -euo pipefail
cd "$TMPDIR"

# Sanitizers are of one piece: what is linked to this build has to be built with its flags.
flags=()
while IFS= read -r entry; do
  flags+=("-D$entry")
done < <(grep -E '^CMAKE_(BUILD_TYPE|(C|CXX)_(COMPILER|COMPILER_LAUNCHER|FLAGS|FLAGS_DEBUG)):' "$SNAPCORE_BUILD/CMakeCache.txt")

# outcome NAME COMMAND...
outcome() {
  local name=$1
  shift
  if "$@"; then printf 'ok %s\n' "$name"; else printf 'not ok %s\n' "$name"; fi
}

build_in_clean_folder() {
  if ! cmake -S "$1" -B "$2" -G Ninja -DCMAKE_PREFIX_PATH="$PWD/moved" "${flags[@]}" >"$2.log" 2>&1 ||
    ! cmake --build "$2" >>"$2.log" 2>&1; then
    cat "$2.log"
    return 1
  fi
}

laid_out() {
  local file
  for file in include/snapcore/plugin.h include/snapcore/value.hpp include/snapcore/support/digest.hpp \
    lib/libsnapcore_sdk.a lib/cmake/snapcore/snapcoreConfig.cmake share/snapcore/lua; do
    [[ -e moved/$file ]] || { echo "missing: $file"; return 1; }
  done
}

names_no_build_folder() { ! grep -rlF -e "$SNAPCORE_SOURCE/" -e "$PWD/first" moved; }

exports_one_symbol() {
  local plugin symbols
  for plugin in "$@"; do
    symbols=$(nm -D --defined-only --format=just-symbols "$plugin" | grep -v '^__odr_asan' | sort -u)
    [[ $symbols == snapcore_plugin_v1 ]] || { echo "$plugin exports: $symbols"; return 1; }
  done
}

consumer_runs() {
  [[ $(build/consumer) == '{"a":[true],"b":1}'$'\n'"$(printf '{"a":[true],"b":1}' | sha256sum | cut -d' ' -f1)" ]]
}

cmake --install "$SNAPCORE_BUILD" --prefix "$PWD/first" >install.log
mv first moved
outcome 'the prefix holds headers, libraries, package and runbooks' laid_out
outcome 'nothing installed names the folder it was built in' names_no_build_folder
outcome 'a program is built against the moved prefix' build_in_clean_folder "$SNAPCORE_SOURCE/tests/install/consumer" build
outcome 'and runs' consumer_runs
outcome 'a plugin shows its one entry point and nothing else' exports_one_symbol build/plugins/bare.so
shopt -s nullglob
plugins=(moved/lib/snapcore/plugins/*.so)
if ((${#plugins[@]})); then
  outcome 'so do the plugins that are installed' exports_one_symbol "${plugins[@]}"
fi
for example in "$SNAPCORE_SOURCE"/sdk/example/{,*/}CMakeLists.txt; do
  [[ -f $example ]] || continue
  name=$(basename "$(dirname "$example")")
  outcome "the example plugin is built against the moved prefix ($name)" \
    build_in_clean_folder "$(dirname "$example")" "example-$name"
done
if [[ -x moved/bin/snapcore ]]; then
  outcome 'the moved binary starts' moved/bin/snapcore help >help.log
fi

# ---- the plugins built out of the tree, in use ----------------------------------------------------------------------

build_plain_c() {
  if ! cmake -S "$SNAPCORE_SOURCE/tests/plugins/plain_c" -B plain_c -G Ninja -DSNAPCORE_INCLUDE="$PWD/moved/include" \
    "${flags[@]}" >plain_c.log 2>&1 || ! cmake --build plain_c >>plain_c.log 2>&1; then
    cat plain_c.log
    return 1
  fi
}

# with_site NAME COMMAND...   the tool that was installed and moved, with the plugins that were built against it
with_site() {
  local site=$1
  shift
  moved/bin/snapcore --plugin-dir example-example/plugins --plugin-dir plain_c/test_plugins --site "$PWD/$site.lua" \
    --state "$PWD/state" "$@" </dev/null
}

# use_plugins SITE   lists, shows, calls and restores by a runbook, with an old note in place that is kept
use_plugins() {
  local site=$1
  with_site "$site" plugin list >list.log && grep -q note-target list.log && grep -q plain_c list.log || return 1
  grep -q one.note <<<"$(with_site "$site" list store)" || return 1
  grep -q one.note <<<"$(with_site "$site" show store one.note)" || return 1
  with_site "$site" call note.inspect >inspect.log || return 1
  with_site "$site" run --yes --waive 'healthy=the note is old' notes.lua >run.log 2>&1 || {
    cat run.log
    return 1
  }
  cmp store/one.note "live-$site/note" || return 1
  (($(find "live-$site" -type f | wc -l) == 2)) # the old one is kept aside
}

outcome 'the plugin in plain C is built with nothing but the installed headers' build_plain_c
mkdir -p store live-examples live-plain
printf 'NOTE berlin\nfrom the backup\nEND\n' >store/one.note
for site in examples plain; do printf 'NOTE berlin\nthe old one\nEND\n' >"live-$site/note"; done
cat >examples.lua <<LUA
return { instances = {
  store = { plugin = "note-source", path = "$PWD/store" },
  note  = { plugin = "note-target", path = "$PWD/live-examples/note" },
} }
LUA
cat >plain.lua <<LUA
return { instances = {
  store = { plugin = "plain_c", path = "$PWD/store" },
  note  = { plugin = "plain_c", path = "$PWD/live-plain", file = "note" },
} }
LUA
cat >notes.lua <<'LUA'
runbook { summary = "Brings the note back" }
step("Restore", function() target "note":restore { from = source "store":latest {} } end)
LUA
for site in examples plain; do
  outcome "plugins built out of the tree are listed, called, and used by a runbook ($site)" use_plugins "$site"
done
