#!/usr/bin/env bash
# start.sh NAME DIR [PORT]   starts a real minio, versitygw or dynalite (which speaks DynamoDB) on loopback, with its
# data below DIR, waits until it answers, and prints its URL. What is built is built first (build.sh).
#
# DIR/ctl (start, stop, kill, alive) is what a service manager would do from then on; DIR/log is what the server says.
# Both stores know the access key snapcore-test with the secret snapcore-secret; the region is us-east-1.
#
# Exit code 77 with the reason as the last line: it cannot be had here.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
# shellcheck source=server.sh
. "$here/server.sh"
name=$1
programs=$("$here/build.sh" "$name")
mkdir -p "$2/data"
dir=$(cd "$2" && pwd)
port=${3:-$(free_port)}
readonly key=snapcore-test secret=snapcore-secret

# What starts the server, and where it answers 200 once it can be used; without that any answer will do.
ready=''
case $name in
  minio)
    line="MINIO_ROOT_USER=$key MINIO_ROOT_PASSWORD=$secret MINIO_BROWSER=off MINIO_UPDATE=off setsid \\
      \"$programs/minio\" server --quiet --address 127.0.0.1:$port \"$dir/data\""
    ready=/minio/health/cluster
    ;;
  versitygw)
    mkdir -p "$dir/versions"
    line="setsid \"$programs/versitygw\" --access $key --secret $secret --region us-east-1 --port 127.0.0.1:$port \\
      --health /health posix --versioning-dir \"$dir/versions\" \"$dir/data\""
    ready=/health
    ;;
  dynalite)
    # Its own command line listens on every interface.
    line="NODE_PATH=\"$programs/node_modules\" setsid node -e \
      'require(\"dynalite\")({ createTableMs: 0, deleteTableMs: 0 }).listen($port, \"127.0.0.1\")'"
    ;;
  *)
    echo "'$name' is no server that is started here" >&2
    exit 1
    ;;
esac
write_ctl "$dir/ctl" "$dir" "$name" "$line"

answers() {
  local head
  head=$(http_head "$port" "${ready:-/}") || return 1
  [[ -z $ready || $head == 'HTTP/1.1 200 '* ]]
}

"$dir/ctl" start
end=$((SECONDS + 60))
until answers; do
  if ((SECONDS >= end)) || ! "$dir/ctl" alive; then
    echo "$name in $dir does not answer" >&2
    tail -n 5 "$dir/log" >&2
    "$dir/ctl" kill
    exit 1
  fi
  sleep 0.05
done
echo "http://127.0.0.1:$port"
