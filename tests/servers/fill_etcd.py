"""Fills a member with what etcdctl is slow at: one connection, many requests.

    fill_etcd.py URL leases COUNT       leases, each with a key /leased/N
    fill_etcd.py URL accounts COUNT     roles with a permission each, and a tenth as many users with roles
    fill_etcd.py URL large COUNT SIZE   values of SIZE bytes
    fill_etcd.py URL until-full         values of a megabyte, until the quota refuses one
"""

import base64
import http.client
import json
import sys
import urllib.parse

url, what, *numbers = sys.argv[1:]
connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)


def ask(path, **body):
    connection.request("POST", "/v3/" + path, json.dumps(body))
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def must(path, **body):
    status, answer = ask(path, **body)
    if status != 200:
        sys.exit(f"{path}: {status} {answer}")
    return answer


def text(value):
    return base64.b64encode(value.encode()).decode()


count = int(numbers[0]) if numbers else 0
if what == "leases":
    for i in range(count):
        lease = must("lease/grant", TTL=3600 + i)["ID"]
        must("kv/put", key=text(f"/leased/{i}"), value=text("v"), lease=lease)
elif what == "accounts":
    for i in range(count):
        must("auth/role/add", name=f"role-{i}")
        must("auth/role/grant", name=f"role-{i}", perm={"permType": "READWRITE", "key": text(f"/role/{i}")})
    for i in range(count // 10):
        must("auth/user/add", name=f"user-{i}", password="secret")
        must("auth/user/grant", user=f"user-{i}", role=f"role-{i}")
elif what == "large":
    for i in range(count):
        must("kv/put", key=text(f"/large/{i}"), value=text("x" * int(numbers[1])))
elif what == "until-full":
    for i in range(1000):
        status, answer = ask("kv/put", key=text(f"/fill/{i}"), value=text("x" * 1000000))
        if status != 200:
            if "space exceeded" not in json.dumps(answer):
                sys.exit(f"{status} {answer}")
            sys.exit(0)
    sys.exit("never full")
