#!/usr/bin/env bash
# The demo: a real three-member etcd cluster is destroyed and brought back from a Lua runbook.
#   tests/demo/etcd.sh BUILD_DIR
set -euo pipefail
# shellcheck source=shared.sh
. "$(dirname "${BASH_SOURCE[0]}")/shared.sh"
# shellcheck source=../servers/etcd_cluster.sh
. "$root/tests/servers/etcd_cluster.sh"

cleanup() {
  [ -f "$work/members" ] && cluster_kill "$work" 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

say "A real three-member etcd cluster on loopback"
cluster_create "$work" 3
mkdir "$work/backups"
cluster_site "$work" "$work/backups" "$work/site.lua"
cluster_start "$work"
endpoints=$(cluster_endpoints "$work")
etcdctl --endpoints "$endpoints" endpoint status --write-out=table

say "10,000 keys, a snapshot with etcdctl, then 1,000 keys more"
cluster_put "$work" /demo/ 1 10000
etcdctl --endpoints "${endpoints%%,*}" get /demo/010000 >/dev/null  # linearizable: this member has it all
etcdctl --endpoints "${endpoints%%,*}" snapshot save "$work/backups/etcd-demo.db" >/dev/null 2>&1
cluster_put "$work" /demo/ 10001 11000
before=$(cluster_count "$work" /demo/)
echo "keys now: $before, in the snapshot: 10000"

say "The worst day: every member killed, every data directory gone"
cluster_kill "$work"
rm -rf "$work"/m*/data
etcdctl --endpoints "$endpoints" --command-timeout=1s endpoint health 2>&1 | sed -n 's/^\(http[^ ]*\).*/\1 does not answer/p' || true

say "The plan"
echo "\$ snapcore plan scripts/lua/etcd-restore.lua -o recovery.plan"
snapcore plan "$root/scripts/lua/etcd-restore.lua" --set target=etcd_prod -o "$work/recovery.plan"
digest=$(sed -n 's/.*"digest": *"\([0-9a-f]\{64\}\)".*/\1/p' "$work/recovery.plan" | head -n 1)

say "Approved by its digest, and done"
echo "\$ snapcore run scripts/lua/etcd-restore.lua --approve ${digest:0:12}"
snapcore run "$root/scripts/lua/etcd-restore.lua" --set target=etcd_prod --approve "${digest:0:12}"

say "What etcdctl says"
etcdctl --endpoints "$endpoints" endpoint health
etcdctl --endpoints "$endpoints" endpoint status --write-out=table
etcdctl --endpoints "$endpoints" endpoint hashkv --write-out=table
after=$(cluster_count "$work" /demo/)
clusters=$(etcdctl --endpoints "$endpoints" endpoint status --write-out=json | grep -o '"cluster_id":[0-9]*' | sort -u | wc -l)
hashes=$(etcdctl --endpoints "$endpoints" endpoint hashkv --write-out=json | grep -o '"hash":[0-9]*' | sort -u | wc -l)

say "Keys before: $before; in the snapshot: 10000; after: $after"
[ "$after" = 10000 ] || { echo "expected exactly 10000 keys" >&2; exit 1; }
[ "$clusters" = 1 ] || { echo "expected one cluster id, found $clusters" >&2; exit 1; }
[ "$hashes" = 1 ] || { echo "expected one hash, found $hashes" >&2; exit 1; }
echo "All three members are healthy, one cluster, one hash, exactly the keys of the snapshot."
