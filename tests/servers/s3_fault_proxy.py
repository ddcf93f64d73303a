"""A proxy in front of a real S3 store that breaks what passes through it.

    s3_fault_proxy.py UPSTREAM [log=FILE] [FAULT[=NUMBER]...]

Prints its port on stdout, and goes when its stdin ends; a line there ends all faults. FILE gets a line for each write
that the store did: method, path, status. The Host header stays what the client sent, so that signatures hold. Faults,
alone or together:

    cut=BYTES        every body of an object breaks off after so many bytes
    cut-once=BYTES   the first one does
    ignore-range     a range is not looked at: the whole object comes
    silence=BYTES    the first body of an object stops after so many bytes, and the connection stays open
    drip=BYTES       so many bytes of the first body of an object come one by one, twenty a second
    replace          behind the first body that breaks off somebody else puts another object in its place
    mute=COUNT       so many requests get no answer at all, and the connection stays open
    slow-down=COUNT  each request is refused with 503 SlowDown so often before it is done
    storm            everything is refused with 503 SlowDown
    gone-behind=COUNT when so many PUTs have arrived, everything is refused with 503 SlowDown
    reset-part=COUNT so many parts are broken off half way by a reset
    lost-part=COUNT  so many parts arrive, and the answer is lost
    lost-put=COUNT   so many PUTs that are no parts arrive, and the answer is lost
    lost-delete=COUNT so many DELETEs arrive, and the answer is lost
    lost-begin       an upload is begun, and nobody hears of it, once
    lost-end         an upload is put together, and the answer is lost, once
    late-error       an upload is put together once it was asked twice; first the answer is 200 and an error
    lost-late-error  an upload is put together, and the answer is 200 and an error, once
    region           what is not signed for us-east-1 is refused as a store elsewhere does
    moved            the same, by a redirect
    skew=SECONDS     the clock of the store is ahead by so much
    second-writer    right before a state (*.tfstate) is written somebody else writes it, once
    second-lock      right before it is locked (*.tflock) somebody else locks it, once
    delay=MS         every answer takes so long
"""

import calendar
import email.utils
import hashlib
import hmac
import http.client
import http.server
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse

upstream = urllib.parse.urlsplit(sys.argv[1])
faults = {}
log = None
for argument in sys.argv[2:]:
    name, _, number = argument.partition("=")
    if name == "log":
        log = open(number, "a", buffering=1)
    else:
        faults[name] = int(number or 1)
lock = threading.Lock()
refused = {}
whole = {}  # answers by path
others = {  # what somebody else writes
    "second-writer": b'{"version":4,"terraform_version":"1.9.0","serial":77,"lineage":"another","outputs":{},"resources":[]}',
    "second-lock": b'{"ID":"1234","Operation":"OperationTypeApply","Who":"me@there","Created":"2026-01-02T03:04:05Z"}',
}
hop_by_hop = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


def due(name):
    """Counts a fault down; true as long as some are left."""
    with lock:
        faults[name] = faults.get(name, 0) - 1
        return faults[name] >= 0


def clock():
    """That of the store, as it is seen from here."""
    return time.time() + faults.get("skew", 0)


def sign(method, target, headers, key="snapcore-test", secret="snapcore-secret"):
    """The headers, signed now: for what was dated by another clock, or comes from somebody else."""
    path, _, query = target.partition("?")
    query = "&".join(sorted(pair if "=" in pair else pair + "=" for pair in query.split("&") if pair))
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {name.lower(): value for name, value in headers.items() if name.lower() != "authorization"}
    headers["x-amz-date"] = now
    payload = headers.setdefault("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    names = sorted(name for name in headers if name == "host" or name.startswith("x-amz-"))
    lines = [f"{name}:{headers[name].strip()}" for name in names]
    canonical = "\n".join([method, path, query, *lines, "", ";".join(names), payload])
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signer = ("AWS4" + secret).encode()
    for part in (*scope.split("/"), text):
        signer = hmac.new(signer, part.encode(), "sha256").digest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key}/{scope},SignedHeaders={';'.join(names)},Signature={signer.hex()}"
    )
    return headers


def ask_store(method, target, body, headers):
    there = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=60)
    there.request(method, target, body=body or None, headers=headers)
    response = there.getresponse()
    data = response.read()
    there.close()
    if log and method in ("PUT", "POST", "DELETE"):
        log.write(f"{method} {target.split('?')[0]} {response.status}\n")
    return response.status, response.getheaders(), data


def write_as_somebody_else(target, body):
    path = target.split("?")[0]
    ask_store("PUT", path, body, sign("PUT", path, {"Host": upstream.netloc}))


class Gone(Exception):
    """The client hears no more."""


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise Gone

    def fall_silent(self):
        self.wfile.flush()
        self.connection.settimeout(120)
        try:
            self.connection.recv(1)  # until the client leaves
        except OSError:
            pass
        raise Gone

    def answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in hop_by_hop and name.lower() not in ("content-length", "date"):
                self.send_header(name, value)
        self.send_header("Date", email.utils.formatdate(clock(), usegmt=True))
        length = dict((n.lower(), v) for n, v in headers).get("content-length", str(len(body)))
        if status not in (204, 304):
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        is_object = self.command == "GET" and status in (200, 206) and "?" not in self.path.replace("?versionId", "")
        if is_object and len(body) > faults.get("cut", len(body)):
            self.wfile.write(body[: faults["cut"]])
            if due("replace"):
                write_as_somebody_else(self.path, b"another object")
            self.reset()
        if is_object and "cut-once" in faults and len(body) > faults["cut-once"]:
            self.wfile.write(body[: faults.pop("cut-once")])
            if due("replace"):
                write_as_somebody_else(self.path, b"another object")
            self.reset()
        if is_object and "silence" in faults and len(body) > faults["silence"]:
            self.wfile.write(body[: faults.pop("silence")])
            self.fall_silent()
        if is_object and "drip" in faults and len(body) > faults["drip"]:
            count = faults.pop("drip")
            for at in range(count):
                self.wfile.write(body[at : at + 1])
                self.wfile.flush()
                time.sleep(0.05)
            body = body[count:]
        self.wfile.write(body)

    def refuse(self, status, code, more="", headers=()):
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>by the proxy</Message>{more}</Error>"
        self.answer(status, [("Content-Type", "application/xml"), *headers], text.encode())

    def is_skewed(self):
        dated = time.strptime(self.headers.get("x-amz-date", "19700101T000000Z"), "%Y%m%dT%H%M%SZ")
        return abs(calendar.timegm(dated) - clock()) > 900

    def ask(self, body):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in hop_by_hop}
        # The range is signed, so the store cannot be asked without it: what it said before is said again.
        if "ignore-range" in faults and "Range" in self.headers and self.path.split("?")[0] in whole:
            return whole[self.path.split("?")[0]]
        if "skew" in faults:
            headers = sign(self.command, self.path, headers)
        status, there, data = ask_store(self.command, self.path, body, headers)
        if "ignore-range" in faults and self.command == "GET" and status == 200:
            whole[self.path.split("?")[0]] = status, there, data
        return status, there, data

    def pass_on(self):
        try:
            self.handle_request()
        except (Gone, ConnectionError):
            self.close_connection = True

    def handle_request(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)
        length = int(self.headers.get("Content-Length") or 0)
        # A single byte only asks whether the store looks at digests.
        is_part = self.command == "PUT" and "partNumber" in query and length > 1
        is_begin = self.command == "POST" and "uploads" in query
        is_end = self.command == "POST" and "uploadId" in query
        if is_part and due("reset-part"):
            self.rfile.read(length // 2)
            self.reset()
        body = self.rfile.read(length)
        if due("mute"):
            self.fall_silent()
        time.sleep(faults.get("delay", 0) / 1000)
        scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/", self.headers.get("Authorization", ""))
        if "region" in faults and scope and scope[1] != "us-east-1":
            return self.refuse(400, "AuthorizationHeaderMalformed", "<Region>us-east-1</Region>")
        if "moved" in faults and scope and scope[1] != "us-east-1":
            return self.refuse(301, "PermanentRedirect", headers=[("x-amz-bucket-region", "us-east-1")])
        if "skew" in faults and self.is_skewed():
            return self.refuse(403, "RequestTimeTooSkewed")
        with lock:
            count = refused[self.command + self.path] = refused.get(self.command + self.path, 0) + 1
        if "storm" in faults or faults.get("gone-behind", 1) <= 0 or count <= faults.get("slow-down", 0):
            return self.refuse(503, "SlowDown")
        if is_end and due("late-error"):
            return self.refuse(200, "InternalError")
        is_put = self.command == "PUT" and not is_part
        for ending, fault in ((".tfstate", "second-writer"), (".tflock", "second-lock")):
            if is_put and self.path.split("?")[0].endswith(ending) and due(fault):
                write_as_somebody_else(self.path, others[fault])
        answer = self.ask(body)
        if is_put and "gone-behind" in faults:
            due("gone-behind")
        if self.command == "DELETE" and due("lost-delete"):
            self.reset()
        if is_part and due("lost-part"):
            self.reset()
        if is_put and due("lost-put"):
            self.reset()
        if is_begin and due("lost-begin"):
            self.reset()
        if is_end and due("lost-end"):
            self.reset()
        if is_end and due("lost-late-error"):
            return self.refuse(200, "InternalError")
        return self.answer(*answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
while sys.stdin.readline():
    faults.clear()
