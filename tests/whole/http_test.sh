#!/usr/bin/env bash
# Artifacts at URLs, and probes, through the tool.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY no_proxy NO_PROXY

tear_down() {
  if [ -f "$work/web.pid" ]; then kill "$(cat "$work/web.pid")" 2>/dev/null || true; fi
  if [ -f "$work/members" ]; then cluster_kill "$work" 2>/dev/null || true; fi
}

# start_web [OPTION...]   serves $work/www; the port is in $port, what is asked in $work/asked
start_web() {
  command -v python3 >/dev/null || skip_case "python3 is not installed"
  mkdir -p "$work/www"
  python3 "$root/tests/servers/web_server.py" "$work/www" "$work/asked" "$@" >"$work/port" 2>"$work/web.log" &
  echo $! >"$work/web.pid"
  wait_for 30 test -s "$work/port"
  port=$(cat "$work/port")
}

# An authority, and a certificate of it for 127.0.0.1 that is good for 30 days.
make_certificates() {
  command -v openssl >/dev/null || skip_case "openssl is not installed"
  (
    cd "$work"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout ca.key -out ca.pem \
      -subj /CN=authority
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout web.key -out web.csr -subj /CN=web
    printf 'subjectAltName=IP:127.0.0.1\n' >web.ext
    openssl x509 -req -in web.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile web.ext -out web.pem
  ) 2>"$work/openssl.log" || fail_case "$(cat "$work/openssl.log")"
}

web_site() {
  echo "return { instances = { web = { plugin = \"http\" $1 } } }" >"$work/site.lua"
}

case_what_a_url_leads_to_is_shown_with_its_companions() {
  start_web
  echo hello >"$work/www/note one.txt"
  (cd "$work/www" && sha256sum "note one.txt" >"note one.txt.sha256")
  web_site ", artifacts = { { url = \"http://127.0.0.1:$port/note%20one.txt\" }, { url = \"http://127.0.0.1:$port/gone\" } }"
  expect_exit '[01]' snapcore list web
  expect_said 'note%20one.txt' 'http://127.0.0.1:[0-9]*/gone: the server answers 404'
  expect_exit 0 snapcore show web "http://127.0.0.1:$port/note%20one.txt"
  expect_said "$(sha256sum <"$work/www/note one.txt" | head -c 64)"
  expect_exit 4 snapcore show web "http://127.0.0.1:$port/gone"
  expect_said "'web' has no artifact"
  expect_exit 4 snapcore show web "https://user:hidden@127.0.0.1/x"
  expect_said 'names a user or a password'
}

case_a_token_opens_its_own_origin_and_is_never_shown() {
  export WEB_TOKEN=canary-token
  start_web --token canary-token
  echo hello >"$work/www/note.txt"
  web_site ', token = secret.env "WEB_TOKEN", send_to = { "http://127.0.0.1:'"$port"'" }'
  expect_exit 0 snapcore show web "http://127.0.0.1:$port/note.txt"
  web_site ', token = secret.env "WEB_TOKEN", send_to = { "https://127.0.0.1:'"$port"'" }'
  expect_exit '[2-4]' snapcore show web "http://127.0.0.1:$port/note.txt"
  expect_said 'http.denied' 'send_to'
  ! grep -r canary "$work/out" "$work/err" "$work/state" || fail_case "a secret was told"
}

case_probes_see_what_answers() {
  make_certificates
  start_web --tls "$work/web.pem" "$work/web.key"
  echo '{"health": {"ok": true, "peers": ["a", "b"]}}' >"$work/www/health"
  web_site ", ca = \"$work/ca.pem\""
  cat >"$work/probes.lua" <<LUA
runbook { summary = "Looks" }
local web = instance "web"
local url = "https://127.0.0.1:$port/health"
step("Look", function()
  web:status { url = url }
  web:status { url = url .. "/gone", code = 404 }
  web:body { url = url, contains = "peers" }
  web:json { url = url, pointer = "/health/peers/1", equals = "b" }
  web:tls { host = "127.0.0.1", port = $port, days = 20 }
  web:tcp { host = "127.0.0.1", port = $port }
end)
LUA
  expect_exit 0 snapcore run "$work/probes.lua" --yes
  expect_said 'answers JSON with "b" at'
  expect_exit '[^0]' snapcore call web.json "url=https://127.0.0.1:$port/health" pointer=/health/ok equals=false --yes
  expect_said 'has true at ./health/ok. and not false'
  expect_exit '[^0]' snapcore call web.tls host=127.0.0.1 "port=$port" days=60 --yes
  expect_said 'http.expiring' 'in (29|30) days and not in 60'
  expect_exit '[^0]' snapcore call web.tls host=127.0.0.1 "port=$port" name=other.example --yes
  expect_said 'http.tls'
}

# From one https URL to three members, though every body breaks off after a megabyte at the latest.
case_etcd_is_restored_straight_from_a_url() {
  make_cluster_with_snapshot 3
  make_certificates
  mkdir "$work/www"
  mv "$work/backups/snap.db" "$work/www/snap.db"
  rm -r "$work/backups"
  (cd "$work/www" && sha256sum snap.db >snap.db.sha256)
  start_web --tls "$work/web.pem" "$work/web.key" --cut 20000
  sed -i -E "s|backups = \{[^}]*\}|web = { plugin = \"http\", ca = \"$work/ca.pem\" }|" "$work/site.lua"
  destroy_cluster
  expect_exit '[01]' snapcore run "$etcd_restore" --set source=web --set "ref=https://127.0.0.1:$port/snap.db" --yes \
    --waive "identity=it is the one we have just put there"
  expect_equal "$(cluster_count "$work" /k/)" 200 "keys"
  expect_equal "$(hashkv "$work" | wc -l)" 1 "different hashes"
  grep -qE '^GET /snap.db bytes=[1-9][0-9]*-$' "$work/asked" || fail_case "nothing was gone on with: $(cat "$work/asked")"
}

case_a_url_whose_bytes_are_others_is_refused_before_anything_is_touched() {
  make_cluster_with_snapshot 1
  mkdir "$work/www"
  mv "$work/backups/snap.db" "$work/www/snap.db"
  printf '%064d  snap.db\n' 0 >"$work/www/snap.db.sha256"
  start_web
  sed -i -E "s|backups = \{[^}]*\}|web = { plugin = \"http\" }|" "$work/site.lua"
  destroy_cluster
  expect_exit '[23]' snapcore run "$etcd_restore" --set source=web --set "ref=http://127.0.0.1:$port/snap.db" --yes \
    --waive "identity=it is the one we have just put there"
  expect_said '0000000000000000'
  [ ! -e "$work/m1/data" ] || fail_case "something was put in the place of the data"
}

run_cases
