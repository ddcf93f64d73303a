"""A real MinIO for a benchmark, and the few requests that fill it and that curl is given."""

import datetime
import hashlib
import hmac
import http.client
import pathlib
import re
import subprocess
import sys
import urllib.parse

SERVERS = pathlib.Path(__file__).resolve().parent.parent / "servers"
KEY, SECRET, REGION = "snapcore-test", "snapcore-secret", "us-east-1"
VERSIONING = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


def quoted(text):
    return urllib.parse.quote(text, safe="-_.~")


def query_text(query):
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in sorted(query.items()))


def keyed(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Store:
    def __init__(self, folder):
        """Starts one with its data below the folder."""
        self.ctl = folder / "ctl"
        started = subprocess.run([SERVERS / "start.sh", "minio", folder], capture_output=True, text=True)
        if started.returncode == 77:
            sys.exit(f"bench: there is no store to measure with: {started.stderr.strip().splitlines()[-1]}")
        if started.returncode != 0:
            sys.exit(f"bench: minio did not start\n{started.stderr}")
        self.url = started.stdout.strip()
        self.host = self.url.removeprefix("http://")
        self.connection = http.client.HTTPConnection(self.host)

    def stop(self):
        self.connection.close()
        subprocess.run([self.ctl, "kill"], check=True)

    def make_bucket(self, name, versions=False):
        self.ask("PUT", name)
        if versions:
            self.ask("PUT", name, {"versioning": ""}, VERSIONING)

    def presigned(self, method, path, query={}):
        """A URL that whoever has it may use for an hour."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        path = "/" + path
        signed = {
            **query,
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{KEY}/{scope}",
            "X-Amz-Date": now,
            "X-Amz-Expires": "3600",
            "X-Amz-SignedHeaders": "host",
        }
        request = f"{method}\n{path}\n{query_text(signed)}\nhost:{self.host}\n\nhost\nUNSIGNED-PAYLOAD"
        secret = ("AWS4" + SECRET).encode()
        for part in scope.split("/"):
            secret = keyed(secret, part)
        digest = hashlib.sha256(request.encode()).hexdigest()
        signature = keyed(secret, f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}").hex()
        return f"{self.url}{path}?{query_text(signed)}&X-Amz-Signature={signature}"

    def ask(self, method, path, query={}, body=None):
        """The body of the answer, which a MinIO gave."""
        self.connection.request(method, self.presigned(method, path, query).removeprefix(self.url), body)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.getheader("Server") != "MinIO":
            sys.exit(f"bench: this is no MinIO: {answer.getheader('Server')}")
        if answer.status >= 300:
            sys.exit(f"bench: {method} {path} {query}: {answer.status} {text.decode(errors='replace')}")
        return text.decode()

    def pages_of_versions(self, bucket, prefix):
        """A presigned URL for each page of the list of versions."""
        urls, query = [], {"versions": "", "prefix": prefix, "encoding-type": "url"}
        while True:
            urls.append(self.presigned("GET", bucket, query))
            page = self.ask("GET", bucket, query)
            if "<IsTruncated>true</IsTruncated>" not in page:
                return urls
            for name, tag in (("key-marker", "NextKeyMarker"), ("version-id-marker", "NextVersionIdMarker")):
                query[name] = urllib.parse.unquote(re.search(f"<{tag}>(.*?)</{tag}>", page).group(1))
