# shellcheck shell=bash
# A real etcd cluster on loopback, to be sourced. Each member has a directory with its data and a `ctl`
# script (start, stop, kill, alive) that a site can name as start and stop commands.
#
# Debian's etcd, or with ETCD_BIN_DIR, while the cluster is created, the one in that folder (build.sh).
#
#   cluster_create DIR COUNT [TOKEN]   lays the members out, starts nothing
#   cluster_start DIR                  starts all and waits until every member is healthy
#   cluster_endpoints DIR              client URLs, comma-separated
#   cluster_ctl DIR ...                its own etcdctl, asking all its members
#   cluster_site DIR STORE FILE        writes a site.lua with the instances `backups` and `etcd_prod`
#   cluster_put DIR PREFIX FROM TO     writes keys PREFIX%06d in transactions of 100
#   cluster_count DIR PREFIX           how many keys there are
#   cluster_kill DIR                   SIGKILL to every member that runs

# shellcheck source=server.sh
. "$(dirname "${BASH_SOURCE[0]}")/server.sh"

# One that no member in DIR has.
cluster_free_port() {
  local port
  while port=$(free_port) && grep -qw "$port" "$1/members"; do :; done
  echo "$port"
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
    write_ctl "$dir/$name/ctl" "$dir/$name" "member $name" \
      "ETCD_UNSUPPORTED_ARCH=\$(uname -m) setsid \"$(cat "$dir/programs")etcd\" --name \"$name\" --data-dir \"$dir/$name/data\" \\
      --listen-client-urls \"http://127.0.0.1:$client\" --advertise-client-urls \"http://127.0.0.1:$client\" \\
      --listen-peer-urls \"http://127.0.0.1:$peer\" --initial-advertise-peer-urls \"http://127.0.0.1:$peer\" \\
      --initial-cluster \"$initial\" --initial-cluster-token \"$token\" --initial-cluster-state new \\
      --heartbeat-interval 50 --election-timeout 500"
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
