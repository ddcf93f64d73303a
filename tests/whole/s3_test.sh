#!/usr/bin/env bash
# Artifacts in real S3 stores, through the tool.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=store.sh
. "$(dirname "$0")/store.sh"

tear_down() {
  if [ -x "$work/server/ctl" ]; then "$work/server/ctl" kill; fi
  if [ -f "$work/members" ]; then cluster_kill "$work" 2>/dev/null || true; fi
}

# start_store NAME SERVER   a real one, by what it calls itself, with an empty bucket
start_store() {
  local code=0
  command -v curl >/dev/null || skip_case "curl is not installed"
  url=$("$root/tests/servers/start.sh" "$1" "$work/server" 2>"$work/err") || code=$?
  [ "$code" != 77 ] || skip_case "$(tail -n 1 "$work/err")"
  [ "$code" = 0 ] || fail_case "$(cat "$work/err")"
  ask PUT bucket -D "$work/head" </dev/null >"$work/answer"
  grep -qi "^server: $2" "$work/head" || fail_case "this is no $2: $(cat "$work/head")"
  cat >"$work/site.lua" <<LUA
return { instances = { store = { plugin = "s3", bucket = "bucket", prefix = "db/", endpoint = "$url" } } }
LUA
}

case_what_others_put_into_a_bucket_is_listed_and_shown() {
  start_store minio MinIO
  echo hello >"$work/note"
  ask PUT bucket/db/a/note.txt <"$work/note"
  (cd "$work" && sha256sum note | sed 's|note|note.txt|') | ask PUT bucket/db/a/note.txt.sha256
  ask PUT bucket/other.txt <"$work/note"
  expect_exit 0 snapcore list store
  expect_said 'a/note.txt'
  ! grep -qE 'other|sha256$' "$work/out" || fail_case "$(cat "$work/out")"
  expect_exit 0 snapcore show store a/note.txt
  expect_said "$(sha256sum <"$work/note" | head -c 64)"
  expect_exit 4 snapcore show store a/gone.txt
  expect_said "'store' has no artifact 'a/gone.txt'"
}

case_wrong_credentials_and_buckets_are_told_apart() {
  start_store minio MinIO
  AWS_SECRET_ACCESS_KEY=wrong-secret-of-mine expect_exit '[2-4]' snapcore list store
  expect_said 's3.denied' 'SignatureDoesNotMatch' 'the secret key is wrong'
  ! grep -q wrong-secret-of-mine "$work/out" "$work/err" || fail_case "a secret is shown"
  AWS_ACCESS_KEY_ID='' expect_exit '[2-4]' snapcore list store
  expect_said 's3.no_credentials'
  sed -i 's/bucket = "bucket"/bucket = "nothing"/' "$work/site.lua"
  expect_exit '[2-4]' snapcore list store
  expect_said 's3.no_bucket'
}

case_versions_and_deletions_are_told_in_order() {
  start_store minio MinIO
  echo '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' | ask PUT 'bucket?versioning='
  echo one | ask PUT bucket/db/state
  echo three | ask PUT bucket/db/state
  echo lock | ask PUT bucket/db/state.tflock
  ask DELETE bucket/db/state </dev/null
  expect_exit 0 snapcore call store.objects_versions key=state --json
  grep '"type":"item"' "$work/out" >"$work/items"
  expect_equal "$(grep -o '"marker":true\|"size":[0-9]*' "$work/items" | tr '\n' ' ')" '"marker":true "size":6 "size":4 '
  ! grep -q tflock "$work/items" || fail_case "what only begins with the key is listed"
  expect_exit 0 snapcore list store
  ! grep -q 'state$' "$work/out" || fail_case "a deleted object is listed"
}

case_what_a_bucket_protects_is_taken_out_of_sight_and_never_lost() {
  start_store minio MinIO
  make_protected_bucket vault
  mkdir "$work/files"
  echo small >"$work/files/small"
  head -c 12000000 /dev/urandom >"$work/files/large"
  cat >"$work/site.lua" <<LUA
return { instances = {
  files = { plugin = "files", path = "$work/files" },
  store = { plugin = "s3", bucket = "vault", prefix = "db/", endpoint = "$url", part_size = 5242880 },
} }
LUA
  expect_exit 0 snapcore call store.test_store --yes
  cat "$work/err" >>"$work/out"
  expect_said 'If-None-Match.: yes' 'stays as hidden versions of'
  local name
  for name in small large; do
    expect_exit 0 snapcore call store.keep "from=files:$name" "name=$name" --yes
    ask GET "vault/db/$name" </dev/null | cmp - "$work/files/$name" || fail_case "$name is not what was kept"
    expect_exit 0 snapcore rollback "$(newest_run)" --yes
    expect_said "db/$name is hidden by what is newer; its version"
    expect_exit 4 snapcore show store "$name"
    expect_exit 0 snapcore call store.objects_versions "key=$name" --json
    expect_equal "$(grep -o '"marker":true\|"size":[0-9]*' "$work/out" | tr '\n' ' ')" \
      "\"marker\":true \"size\":$(stat -c %s "$work/files/$name") "
  done
}

# tested NAME SERVER   what test_store finds out about a bucket without and with versions, as a table
tested() {
  local versions
  start_store "$1" "$2"
  expect_exit 0 snapcore call store.objects_traits
  expect_said 'never tested'
  tell "$(printf '%-12s | %-8s | %-29s | %-34s | %s' store versions 'second writer (If-None-Match)' \
    'writer of something old (If-Match)' 'bytes that do not fit their checksum')"
  for versions in off on; do
    [ "$versions" = off ] ||
      echo '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>' | ask PUT 'bucket?versioning='
    expect_exit 0 snapcore call store.test_store --yes
    cp "$work/out" "$work/table"
    expect_exit 0 snapcore call store.objects_traits
    expect_said 'tested 20' "versions are kept: $versions"
    tell "$(printf '%-12s | %-8s | %-29s | %-34s | %s' "$1" "$(found 'versions are kept')" "$(refused '.If-None-Match.')" \
      "$(refused '.If-Match.')" "$(refused 'their checksum are refused')")"
    cat "$work/out" "$work/table" >"$work/both"
    expect_said "If-None-Match.: $(expected_of "$1" "$versions")" 'If-Match.: yes' 'checksum are refused: yes'
  done
}
# versitygw takes a deletion for an object when a new one is to be made: a lock could be made once.
expected_of() {
  if [ "$1 $2" = 'versitygw on' ]; then echo NO; else echo yes; fi
}
found() { sed -nE "s/.*$1: //p" "$work/table" | head -n 1; }
refused() {
  case $(found "$1") in
    yes) echo refused ;;
    NO) echo 'not kept to' ;;
    *) echo 'not known' ;;
  esac
}

case_minio_is_tested_and_honours_conditions() {
  tested minio MinIO
  expect_said '.MinIO.'
}
case_versitygw_is_tested_and_honours_conditions() { tested versitygw VERSITYGW; }

case_etcd_is_restored_straight_from_the_store() {
  make_cluster_with_snapshot 3
  cp "$work/site.lua" "$work/cluster.lua"
  start_store minio MinIO
  ask PUT bucket/db/snap.db <"$work/backups/snap.db"
  rm -r "$work/backups"
  sed -E "s|backups = \{[^}]*\}|backups = { plugin = \"s3\", bucket = \"bucket\", prefix = \"db/\", endpoint = \"$url\" }|" \
    "$work/cluster.lua" >"$work/site.lua"
  expect_exit 0 snapcore call etcd.examine artifact=backups:snap.db
  expect_exit 0 snapcore call etcd.keys artifact=backups:snap.db prefix=/k/0001
  expect_equal "$(grep -c '^/k/0001' "$work/out")" 100
  destroy_cluster
  # Nobody wrote beside it whose it is, and it is not read before it is staged.
  expect_exit 3 snapcore run "$etcd_restore" --yes
  expect_said 'identity not recorded'
  expect_exit '[01]' snapcore run "$etcd_restore" --yes --waive "identity=it is the one we have just put there"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_equal "$(hashkv "$work" | wc -l)" 1 "different hashes"
}

# What `etcdctl snapshot save` left behind is checked, kept with what is known of it, and comes back without a waiver.
case_a_local_snapshot_is_kept_in_the_store_and_restored_from_there() {
  make_cluster_with_snapshot 3
  cp "$work/site.lua" "$work/cluster.lua"
  start_store minio MinIO
  sed -E "s|backups = (\{[^}]*\})|snapshots = \1, backups = { plugin = \"s3\", bucket = \"bucket\", prefix = \"db/\", endpoint = \"$url\" }|" \
    "$work/cluster.lua" >"$work/site.lua"
  expect_exit 0 snapcore run "$root/scripts/lua/etcd-backup.lua" --yes
  expect_exit 0 snapcore show backups snap.db
  expect_said 'etcd-snapshot' "$(sha256sum <"$work/backups/snap.db" | head -c 64)"
  # Its name is taken now.
  expect_exit '[2-4]' snapcore run "$root/scripts/lua/etcd-backup.lua" --yes
  expect_said 's3.exists'
  head -c 20000 "$work/backups/snap.db" >"$work/backups/torn.db"
  expect_exit '[2-4]' snapcore run "$root/scripts/lua/etcd-backup.lua" --set ref=torn.db --yes
  ! (ask GET bucket/db/torn.db </dev/null >/dev/null 2>&1) || fail_case "a torn snapshot was kept"
  destroy_cluster
  expect_exit '[01]' snapcore run "$etcd_restore" --yes
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
}

run_cases
