"""A proxy in front of every member of a cluster that writes down what is asked.

    logging_proxy.py MEMBERS SITE REQUESTS

Rewrites the client URLs in SITE to its own ports; appends one line "METHOD PATH" a request to REQUESTS.
"""

import http.server
import sys
import threading
import urllib.request

members, site, requests = sys.argv[1:4]
lock = threading.Lock()


def handler(port):
    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            with lock, open(requests, "a") as log:
                log.write(f"{self.command} {self.path}\n")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{self.path}", data=body if self.command == "POST" else None, method=self.command
            )
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    status, text = answer.status, answer.read()
            except urllib.error.HTTPError as error:
                status, text = error.code, error.read()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = pass_on

        def log_message(self, *_):
            pass

    return Proxy


text = open(site).read()
for line in open(members):
    _, client, _ = line.split()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(client))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text = text.replace(f'client = "http://127.0.0.1:{client}"', f'client = "http://127.0.0.1:{server.server_port}"')
open(site, "w").write(text)
open(requests, "w").close()
threading.Event().wait()
