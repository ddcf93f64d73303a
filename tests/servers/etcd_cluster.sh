# shellcheck shell=bash
# A real etcd cluster on loopback, to be sourced. Each member has a directory with its data and a `ctl`
# script (start, stop, kill, alive) that a site can name as start and stop commands.
#
# Debian's etcd, or with ETCD_BIN_DIR, while the cluster is created, the one in that folder (build_etcd.sh).
#
#   cluster_create DIR COUNT [TOKEN]   lays the members out, starts nothing
#   cluster_start DIR                  starts all and waits until every member is healthy
#   cluster_endpoints DIR              client URLs, comma-separated
#   cluster_ctl DIR ...                its own etcdctl, asking all its members
#   cluster_site DIR STORE FILE        writes a site.lua with the instances `backups` and `etcd_prod`
#   cluster_put DIR PREFIX FROM TO     writes keys PREFIX%06d in transactions of 100
#   cluster_count DIR PREFIX           how many keys there are
#   cluster_kill DIR                   SIGKILL to every member that runs

# One that no member in DIR has.
cluster_free_port() {
  local port
  while :; do
    port=$((10000 + RANDOM % 20000)) # below what the kernel gives to outgoing connections
    ! grep -qw "$port" "$1/members" || continue
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

cluster_members() { cut -d' ' -f1 "$1/members"; }

cluster_create() {
  local dir=$1 count=$2 token=${3:-first-life} i initial=""
  mkdir -p "$dir"
  : >"$dir/members"
  echo "${ETCD_BIN_DIR:+$ETCD_BIN_DIR/}" >"$dir/programs"
  for ((i = 1; i <= count; i++)); do
    printf 'm%d %s' "$i" "$(cluster_free_port "$dir")" >>"$dir/members"
    printf ' %s\n' "$(cluster_free_port "$dir")" >>"$dir/members"
  done
  while read -r name _ peer; do
    initial+="${initial:+,}$name=http://127.0.0.1:$peer"
  done <"$dir/members"
  while read -r name client peer; do
    mkdir -p "$dir/$name"
    cat >"$dir/$name/ctl" <<CTL
#!/usr/bin/env bash
# Starts and stops member $name: what a service manager would do.
set -eu
pid_file="$dir/$name/pid"
pid=\$(cat "\$pid_file" 2>/dev/null || true)
# A zombie that nobody has reaped yet is dead.
alive() { [ -n "\$pid" ] && grep -qs '^State:[[:space:]]*[^ZX]' "/proc/\$pid/status"; }
case \$1 in
  start)
    alive && exit 0
    ETCD_UNSUPPORTED_ARCH=\$(uname -m) setsid "$(cat "$dir/programs")etcd" --name "$name" --data-dir "$dir/$name/data" \\
      --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \\
      --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \\
      --initial-cluster "$initial" --initial-cluster-token "$token" --initial-cluster-state new \\
      --heartbeat-interval 50 --election-timeout 500 \\
      </dev/null >>"$dir/$name/log" 2>&1 &
    echo \$! >"\$pid_file" ;;
  stop)
    alive || exit 0
    kill -TERM "\$pid"
    for _ in \$(seq 300); do alive || exit 0; sleep 0.1; done
    echo "member $name (pid \$pid) does not stop" >&2
    exit 1 ;;
  kill)
    alive || exit 0
    kill -KILL "\$pid"
    while alive; do sleep 0.02; done ;;
  alive) alive ;;
esac
CTL
    chmod 755 "$dir/$name/ctl"
  done <"$dir/members"
}

cluster_endpoints() {
  local text="" client
  while read -r _ client _; do text+="${text:+,}http://127.0.0.1:$client"; done <"$1/members"
  echo "$text"
}

cluster_ctl() {
  local dir=$1
  shift
  "$(cat "$dir/programs")etcdctl" --endpoints "$(cluster_endpoints "$dir")" "$@"
}

cluster_wait() {
  local dir=$1 end=$((SECONDS + 60))
  while ((SECONDS < end)); do # each question may take seconds
    if cluster_ctl "$dir" endpoint health >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "the cluster in $dir does not become healthy" >&2
  tail -n 5 "$dir"/m*/log >&2
  return 1
}

cluster_start() {
  local name
  for name in $(cluster_members "$1"); do "$1/$name/ctl" start; done
  cluster_wait "$1"
}

# All at once: the end of a killed process, with its memory mapped database, can take seconds.
cluster_kill() {
  local name killers=()
  for name in $(cluster_members "$1"); do
    "$1/$name/ctl" kill &
    killers+=($!)
  done
  wait "${killers[@]}"
}

cluster_site() {
  local dir=$1 store=$2 file=$3
  {
    echo "return {"
    echo "  policy = { max_age = \"26h\" },"
    echo "  instances = {"
    echo "    backups = { plugin = \"files\", path = \"$store\" },"
    echo "    etcd_prod = {"
    echo "      plugin = \"etcd\","
    echo "      members = {"
    while read -r name client peer; do
      echo "        { name = \"$name\", peer = \"http://127.0.0.1:$peer\", client = \"http://127.0.0.1:$client\","
      echo "          data_dir = \"$dir/$name/data\","
      echo "          start = { \"$dir/$name/ctl\", \"start\" }, stop = { \"$dir/$name/ctl\", \"stop\" } },"
    done <"$dir/members"
    echo "      },"
    echo "    },"
    echo "  },"
    echo "}"
  } >"$file"
  chmod 644 "$file"
}

cluster_put() {
  local dir=$1 prefix=$2 from=$3 to=$4 i k batch
  for ((i = from; i <= to; i += 100)); do
    batch=$(for ((k = i; k <= to && k < i + 100; k++)); do printf 'put %s%06d value-%d\n' "$prefix" "$k" "$k"; done)
    printf '\n%s\n\n\n' "$batch" | cluster_ctl "$dir" txn >/dev/null
  done
}

cluster_count() {
  cluster_ctl "$1" get --prefix "$2" --keys-only | awk 'NF { n++ } END { print n + 0 }'
}
