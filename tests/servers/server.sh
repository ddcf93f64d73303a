# shellcheck shell=bash
# What every server of the tests needs, to be sourced.
#
#   free_port                       a port of loopback that nobody listens on, and that nobody else is given for two hours
#   write_ctl FILE DIR WHAT LINE    a script (start, stop, kill, alive) that a site can name as start and stop commands;
#                                   LINE, a line of bash, is the server; DIR/pid and DIR/log are its own
#   http_head PORT [PATH]           status line and headers of the answer; fails when nobody answers

# Suites run side by side, and a server that is stopped for a while still needs its port.
free_port() {
  local port given=/tmp/snapcore-test-ports-$UID
  mkdir -p "$given"
  find "$given" -mindepth 1 -mmin +120 -delete 2>/dev/null || true
  while :; do
    port=$((10000 + RANDOM % 20000)) # below what the kernel gives to outgoing connections
    mkdir "$given/$port" 2>/dev/null || continue
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

write_ctl() {
  local file=$1 dir=$2 what=$3 line=$4
  cat >"$file" <<CTL
#!/usr/bin/env bash
# Starts and stops $what: what a service manager would do.
set -eu
pid_file="$dir/pid"
pid=\$(cat "\$pid_file" 2>/dev/null || true)
# A zombie that nobody has reaped yet is dead.
alive() { [ -n "\$pid" ] && grep -qs '^State:[[:space:]]*[^ZX]' "/proc/\$pid/status"; }
case \$1 in
  start)
    alive && exit 0
    $line \\
      </dev/null >>"$dir/log" 2>&1 &
    echo \$! >"\$pid_file" ;;
  stop)
    alive || exit 0
    kill -TERM "\$pid"
    for _ in \$(seq 300); do alive || exit 0; sleep 0.1; done
    echo "$what (pid \$pid) does not stop" >&2
    exit 1 ;;
  kill)
    alive || exit 0
    kill -KILL "\$pid"
    while alive; do sleep 0.02; done ;;
  alive) alive ;;
esac
CTL
  chmod 755 "$file"
}

http_head() {
  local line answer=''
  {
    printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "${2:-/}" "$1" >&3
    while read -t 5 -r line <&3 && [[ -n ${line%$'\r'} ]]; do answer+="${line%$'\r'}"$'\n'; done
  } 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  [[ -n $answer ]] && printf '%s' "$answer"
}
