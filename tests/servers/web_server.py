"""A web server for the files of a directory: ETags, ranges, conditions, and a connection that breaks.

    web_server.py DIR REQUESTS [--token TOKEN] [--cut BYTES] [--tls CERTIFICATE KEY]

Prints its port on stdout. Appends one line "METHOD PATH RANGE" a request to REQUESTS. With --token, whoever does not
bear it gets 401. With --cut, every body is broken off after so many bytes.
"""

import argparse
import email.utils
import hashlib
import http.server
import os
import pathlib
import re
import ssl
import threading
import urllib.parse

options = argparse.ArgumentParser()
options.add_argument("dir", type=pathlib.Path)
options.add_argument("requests", type=pathlib.Path)
options.add_argument("--token")
options.add_argument("--cut", type=int)
options.add_argument("--tls", nargs=2)
options = options.parse_args()
lock = threading.Lock()


class Files(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "snapcore-test-web"

    def refuse(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        with lock, open(options.requests, "a") as log:
            log.write(f"{self.command} {self.path} {self.headers.get('Range', '-')}\n")
        if options.token and self.headers.get("Authorization") != f"Bearer {options.token}":
            return self.refuse(401, WWW_Authenticate="Bearer")
        path = options.dir / urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")
        if ".." in path.parts or not path.is_file():
            return self.refuse(404)
        data = path.read_bytes()
        etag = f'"{hashlib.md5(data).hexdigest()}"'
        if self.headers.get("If-Match") not in (None, "*", etag):
            return self.refuse(412)
        first, last = 0, len(data) - 1
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted:
            first = int(wanted[1])
            last = min(last, int(wanted[2])) if wanted[2] else last
            if first > last:
                return self.refuse(416, Content_Range=f"bytes */{len(data)}")
        body = data[first : last + 1]
        self.send_response(206 if wanted else 200)
        self.send_header("ETag", etag)
        self.send_header("Last-Modified", email.utils.formatdate(os.stat(path).st_mtime, usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.end_headers()
        if self.command == "HEAD":
            return None
        if options.cut is not None and len(body) > options.cut:
            self.wfile.write(body[: options.cut])
            self.close_connection = True
        else:
            self.wfile.write(body)
        return None

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
if options.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
options.requests.touch()
print(server.server_port, flush=True)
server.serve_forever()
