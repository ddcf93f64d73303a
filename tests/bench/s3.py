"""Measures the s3 plugin against a real MinIO, and the diff of two states; called by s3.sh.

The floor is curl, which neither hashes nor checks; peers are what others use. Each is a process of its own that is
measured from its start to its end, with all that it started.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import typing

from figures import Figures, options_parser
from s3_store import KEY, REGION, SECRET, Store

VERSIONS = 10_000
STATE = 50  # MB

os.environ["ETCDCTL_API"] = "3"


class Used(typing.NamedTuple):
    wall: float  # seconds
    cpu: float  # seconds, of user and system
    peak: float  # MB


class Bench(Figures):
    def __init__(self, build, options):
        super().__init__(build, options)
        self.aws = os.environ.get("SNAPCORE_PEER_AWS")
        self.rclone = os.environ.get("SNAPCORE_PEER_RCLONE")
        self.files = self.folder / "files"
        self.files.mkdir()
        self.sink = self.folder / "sink"
        self.memory = 64  # megabytes that a measurement may fill, page cache and all
        self.digests = {}  # of the objects in the store
        self.store = Store(self.folder / "server")
        self.store.make_bucket("bench")
        self.environment = self.environment_of_peers()

    def environment_of_peers(self):
        """Nothing of the caller's own settings, and nothing that leaves this machine."""
        empty = self.folder / "empty"
        empty.touch()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
        return kept | {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_S3": self.store.url,
            "AWS_CONFIG_FILE": str(empty),
            "AWS_SHARED_CREDENTIALS_FILE": str(empty),
            "AWS_EC2_METADATA_DISABLED": "true",
            "RCLONE_CONFIG": str(empty),
            "RCLONE_S3_PROVIDER": "Minio",
            "RCLONE_S3_ENDPOINT": self.store.url,
            "RCLONE_S3_ACCESS_KEY_ID": KEY,
            "RCLONE_S3_SECRET_ACCESS_KEY": SECRET,
        }

    # ---- programs ---------------------------------------------------------------------------------------------------

    def used(self, *command):
        """What a program takes; its output goes into a file, for it may be large."""
        said = self.folder / "said"
        with open(said, "w") as out:
            began = time.monotonic()
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=self.environment)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"bench: {command[0]} failed\n{said.read_text()[-2000:]}")
        self.said = said
        return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)

    def ours(self, *words):
        return self.used(self.build / "bench/one_call", self.site(), *words)

    def calls(self, *words):
        return self.ours(*[word if isinstance(word, str) else json.dumps(word) for word in words])

    def curl(self, *words):
        return self.used("curl", "-sS", "--fail", *words)

    def site(self):
        path = self.folder / "site.lua"
        member = (
            'name = "m0", peer = "http://127.0.0.1:2380", client = "http://127.0.0.1:3380", '
            f'data_dir = "{self.folder}/m0/data", start = {{ "/bin/true" }}, stop = {{ "/bin/true" }}'
        )
        path.write_text(
            f'return {{ instances = {{ files = {{ plugin = "files", path = "{self.files}" }},\n'
            f'  store = {{ plugin = "s3", bucket = "bench", endpoint = "{self.store.url}" }},\n'
            f'  history = {{ plugin = "s3", bucket = "history", endpoint = "{self.store.url}" }},\n'
            f'  t = {{ plugin = "tfstate", directory = "{self.files}" }},\n'
            f'  c = {{ plugin = "etcd", members = {{ {{ {member} }} }} }} }} }}\n'
        )
        path.chmod(0o600)
        return path

    # ---- material ---------------------------------------------------------------------------------------------------

    def object(self, megabytes):
        """A snapshot of etcd that lies in the store under the name of its file."""
        self.memory = 4 * megabytes
        (self.folder / "m0").mkdir(exist_ok=True)
        path = self.files / f"{megabytes}.db"
        if path.exists():
            return path
        self.say(self.output([self.build / "bench/make_snapshot", path, str(megabytes)]).strip())
        with open(path, "rb") as file:
            self.digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
        self.curl("-T", path, self.store.presigned("PUT", f"bench/{path.name}"))
        self.store.ask("HEAD", f"bench/{path.name}")
        return path

    def sweep(self):
        """Every measurement starts without what the one before wrote, and with memory that is there."""
        for path in [self.sink, self.folder / "restored", *self.folder.glob("m0/*")]:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self.store.ask("DELETE", "bench/sent")
        self.store.ask("DELETE", "bench/sent.sha256")
        os.sync()
        self.output([self.build / "bench/floor", "warm", str(self.memory)])

    def at_most(self, name, value, unit, peer, factor=1.0, floor=None):
        """A row whose limit is what the peer took, times the factor; without the peer it says so."""
        if peer is None:
            self.row_without_peer(name, value, unit)
        else:
            self.row(name, value, unit, factor * peer, peer, floor)

    # ---- what is measured -------------------------------------------------------------------------------------------

    def fetch(self, name):
        used = self.ours("fetch", "store", name, self.sink)
        if self.said.read_text().split()[1] != self.digests[name]:
            sys.exit(f"bench: what was read is not what {name} holds")
        return used

    def get(self, megabytes):
        path = self.object(megabytes)
        url = self.store.presigned("GET", f"bench/{path.name}")
        kinds = {"ours": lambda: self.fetch(path.name), "curl": lambda: self.curl("-o", self.sink, url)}
        if self.aws:
            kinds["aws"] = lambda: self.used(self.aws, "s3", "cp", "--quiet", f"s3://bench/{path.name}", self.sink)
        if self.rclone:
            kinds["rclone"] = lambda: self.used(self.rclone, "copyto", f":s3:bench/{path.name}", self.sink)
        found = self.in_turns(**kinds)
        ours, curl = found["ours"], found["curl"]
        name = f"GET {megabytes} MB"
        self.row(f"{name}, CPU, 2.3 x curl", ours.cpu, "s", 2.3 * curl.cpu, self.part(found, "aws", "cpu"), curl.cpu)
        self.row(f"{name}, wall, 1.3 x curl", ours.wall, "s", 1.3 * curl.wall, None, curl.wall)
        self.at_most(f"{name}, wall, rclone", ours.wall, "s", self.part(found, "rclone", "wall"))
        self.at_most(f"{name}, wall, aws s3 cp", ours.wall, "s", self.part(found, "aws", "wall"))
        self.row(f"{name}, memory", ours.peak, "MB", 96, self.part(found, "aws", "peak"), curl.peak)

    def put(self, megabytes):
        path = self.object(megabytes)
        call = {"from": self.asked("files", path), "name": "sent"}
        kinds = {
            "ours": lambda: self.calls("store.keep", call),
            "curl": lambda: self.curl("-T", path, self.store.presigned("PUT", "bench/sent")),
        }
        if self.aws:
            kinds["aws"] = lambda: self.used(self.aws, "s3", "cp", "--quiet", path, "s3://bench/sent")
        found = self.in_turns(**kinds)
        ours, curl = found["ours"], found["curl"]
        name = f"PUT {megabytes} MB"
        self.at_most(f"{name}, CPU, 2.3 x aws s3 cp", ours.cpu, "s", self.part(found, "aws", "cpu"), 2.3, curl.cpu)
        self.at_most(f"{name}, wall, aws s3 cp", ours.wall, "s", self.part(found, "aws", "wall"), floor=curl.wall)
        self.row(f"{name}, memory", ours.peak, "MB", 96, self.part(found, "aws", "peak"), curl.peak)

    def stage(self, megabytes):
        path = self.object(megabytes)
        words = ["c.stage", {"from": self.asked("store", path)}, "c.check", {"staged": {"$result": "handle"}}]

        def by_hand():
            self.used(self.aws, "s3", "cp", "--quiet", f"s3://bench/{path.name}", self.sink)
            self.used("etcdctl", "snapshot", "restore", self.sink, "--data-dir", self.folder / "restored")

        kinds = {"ours": lambda: self.calls(*words), "download": lambda: self.fetch(path.name)}
        if self.aws:
            kinds["by_hand"] = lambda: self.wall(by_hand)
        found = self.in_turns(**kinds)
        ours, download = found["ours"], found["download"]
        name = f"S3 to etcd {megabytes} MB"
        self.row(f"{name}, 1.15 x download", ours.wall, "s", 1.15 * download.wall, None, download.wall)
        self.at_most(f"{name}, aws+etcdctl / 3", ours.wall, "s", found.get("by_hand"), 1 / 3)

    def versions(self):
        self.memory = 64
        self.store.make_bucket("history", versions=True)
        began = time.monotonic()
        for serial in range(VERSIONS):
            self.store.ask("PUT", "history/state", body=b'{"version": 4, "serial": %d}' % serial)
        pages = self.store.pages_of_versions("history", "state")
        self.say(f"{VERSIONS} versions on {len(pages)} pages, written in {time.monotonic() - began:.0f} s")
        listed = self.folder / "pages"
        listed.write_text("".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in pages))
        kinds = {
            "ours": lambda: self.calls("history.objects_versions", {"key": "state"}),
            "curl": lambda: self.curl("-K", listed),
        }
        if self.aws:
            command = [self.aws, "s3api", "list-object-versions", "--bucket", "history", "--prefix", "state"]
            kinds["aws"] = lambda: self.used(*command)
        found = self.in_turns(**kinds)
        ours, curl = found["ours"], found["curl"]
        name = f"{VERSIONS} versions"
        self.at_most(f"{name}, CPU, aws-cli / 5", ours.cpu, "s", self.part(found, "aws", "cpu"), 1 / 5, curl.cpu)
        self.row(f"{name}, wall, 1.1 x curl", ours.wall, "s", 1.1 * curl.wall, self.part(found, "aws", "wall"), curl.wall)

    def diff(self):
        self.memory = 4 * STATE
        one, two = self.files / "one.tfstate", self.files / "two.tfstate"
        self.output([sys.executable, "-B", "make_state.py", one, str(STATE)])
        self.output([sys.executable, "-B", "make_state.py", two, str(STATE), "20"])
        call = {"a": self.asked("files", one), "b": self.asked("files", two)}
        ours = self.in_turns(ours=lambda: self.calls("t.diff", call))["ours"]
        name = f"diff of two states of {one.stat().st_size / 1e6:.0f} MB"
        self.row(name, ours.wall, "s", 1.0)
        self.row(f"{name}, memory", ours.peak, "MB", 64)

    @staticmethod
    def asked(source, path):
        return {"$stat": {"source": source, "ref": path.name}}

    @staticmethod
    def wall(work):
        began = time.monotonic()
        work()
        return time.monotonic() - began

    @staticmethod
    def part(found, kind, what):
        """Nothing when nobody of that kind was there."""
        return getattr(found[kind], what) if kind in found else None

    def run(self, sizes, only):
        steps = {}
        for size in sizes:
            steps[f"get-{size}"] = lambda size=size: self.get(size)
            steps[f"put-{size}"] = lambda size=size: self.put(size)
            steps[f"stage-{size}"] = lambda size=size: self.stage(size)
        steps |= {"versions": self.versions, "diff": self.diff}
        try:
            for name, step in steps.items():
                if not only or name.startswith(only):
                    step()
        finally:
            self.store.stop()


def main():
    parser = options_parser("s3", __doc__)
    parser.add_argument("--sizes", default="1000", help="of the objects, in MB (%(default)s)")
    parser.add_argument("--only", default="", help="get, put, stage, versions or diff")
    options = parser.parse_args()
    bench = Bench(options.build, options)
    bench.measure(lambda: bench.run([int(size) for size in options.sizes.split(",")], options.only))


if __name__ == "__main__":
    main()
