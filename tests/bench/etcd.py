"""Measures the offline half of the etcd plugin; called by etcd.sh.

The peer is etcd's own tool, the floor a program that moves the same bytes the same way.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

from figures import Figures, options_parser

os.environ["ETCDCTL_API"] = "3"


class Memory:
    """The most memory a process had that belongs to no file, sampled while it runs."""

    def __init__(self, process):
        self.anonymous = 0
        self.mapped = 0
        self.process = process
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        path = f"/proc/{self.process.pid}/status"
        while self.process.poll() is None:
            try:
                lines = dict(line.split(":", 1) for line in open(path) if line.startswith("Rss"))
                self.anonymous = max(self.anonymous, int(lines["RssAnon"].split()[0]) * 1024)
                self.mapped = max(self.mapped, int(lines["RssFile"].split()[0]) * 1024)
            except (OSError, KeyError, ValueError):
                pass
            time.sleep(0.005)


class Bench(Figures):
    def __init__(self, build, options):
        super().__init__(build, options)
        self.store = self.folder / "store"
        self.store.mkdir()
        self.memory = 0  # megabytes that a measurement may fill, page cache and all

    # ---- programs ---------------------------------------------------------------------------------------------------

    def floor(self, *words):
        return float(self.output([self.build / "bench/floor", *words]).split()[0])

    def call(self, members, operation, args):
        """Seconds, bytes read, most anonymous memory, most mapped memory."""
        command = [self.build / "bench/one_call", self.site(members), operation, json.dumps(args)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        memory = Memory(process)
        out, _ = process.communicate()
        memory.thread.join()
        if process.returncode != 0:
            sys.exit(f"bench: {operation} failed")
        seconds, read = out.split()
        return float(seconds), int(read), memory.anonymous, memory.mapped

    # ---- material ---------------------------------------------------------------------------------------------------

    def snapshot(self, megabytes, changed=0):
        self.memory = 4 * megabytes
        path = self.store / f"{megabytes}-{changed}.db"
        if not path.exists():
            self.say(self.output([self.build / "bench/make_snapshot", path, str(megabytes), str(changed)]).strip())
        return path

    def site(self, members):
        path = self.folder / f"site-{members}.lua"
        lines = [
            f'{{ name = "m{i}", peer = "http://127.0.0.1:{2380 + i}", client = "http://127.0.0.1:{3380 + i}", '
            f'data_dir = "{self.folder}/m{i}/data", start = {{ "/bin/true" }}, stop = {{ "/bin/true" }} }},'
            for i in range(members)
        ]
        for i in range(members):
            (self.folder / f"m{i}").mkdir(exist_ok=True)
        path.write_text(
            f'return {{ instances = {{ store = {{ plugin = "files", path = "{self.store}" }},\n'
            f'  c = {{ plugin = "etcd", members = {{ {" ".join(lines)} }} }} }} }}\n'
        )
        path.chmod(0o600)
        return path

    @staticmethod
    def asked(path):
        return {"$stat": {"source": "store", "ref": path.name}}

    def sweep(self):
        """Every measurement starts without what the one before wrote, and with memory that is there."""
        for path in self.folder.glob("m*/*"):
            shutil.rmtree(path)
        for path in self.folder.glob("copy*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        os.sync()
        self.output([self.build / "bench/floor", "warm", str(self.memory)])

    # ---- what is measured -------------------------------------------------------------------------------------------

    def stage(self, megabytes):
        path = self.snapshot(megabytes)
        copy = self.folder / "copy"
        etcdctl = ["etcdctl", "snapshot", "restore", path, "--data-dir", copy]
        kinds = {
            "ours": lambda: self.call(1, "c.stage", {"from": self.asked(path)}),
            "floor": lambda: self.floor("copy", path, self.folder / "copy"),
            "old": lambda: self.seconds(etcdctl),
            "status": lambda: self.seconds(["etcdctl", "snapshot", "status", path]),
        }
        if self.etcdutl:
            kinds["new"] = lambda: self.seconds([self.etcdutl, "snapshot", "restore", path, "--data-dir", copy])
        found = self.in_turns(**kinds)
        seconds, _, anonymous, mapped = found["ours"]
        name = f"stage {megabytes} MB"
        self.row(f"{name}, as a copy", seconds, "s", 1.25 * found["floor"] + 0.1, found["old"], found["floor"])
        self.row(f"{name}, with examine", seconds, "s", found["floor"] + 0.6 * found["status"], found["status"], found["floor"])
        self.row(f"{name}, etcdctl 3.4 / 4", seconds, "s", found["old"] / 4, found["old"])
        if self.etcdutl:
            self.row(f"{name}, etcdutl 3.6 / 2", seconds, "s", found["new"] / 2, found["new"])
        self.row(f"{name}, own memory", anonymous / 1e6, "MB", 64)
        self.say(f"{'':<34} mapped {mapped / 1e6:.0f} MB")

    def three_members(self, megabytes):
        path = self.snapshot(megabytes)
        copies = [self.folder / f"copy{i}" for i in range(3)]
        found = self.in_turns(
            ours=lambda: self.call(3, "c.stage", {"from": self.asked(path)}),
            hash=lambda: self.floor("hash", path),
            copies=lambda: self.floor("copy", path, *copies),
        )
        seconds, read, _, _ = found["ours"]
        floor = max(found["hash"], found["copies"])
        self.row(f"three members {megabytes} MB", seconds, "s", 1.25 * floor, None, floor)
        self.row("  bytes read / size of the file", read / path.stat().st_size, "x", 1.05)

    def examine(self, megabytes):
        path = self.snapshot(megabytes)
        found = self.in_turns(
            ours=lambda: self.call(1, "c.examine", {"artifact": self.asked(path)}),
            status=lambda: self.seconds(["etcdctl", "snapshot", "status", path]),
            floor=lambda: self.floor("hash", path),
        )
        seconds, _, anonymous, mapped = found["ours"]
        self.row(f"examine {megabytes} MB", seconds, "s", 1.1 * found["status"], found["status"], found["floor"])
        self.row(f"examine {megabytes} MB, own memory", anonymous / 1e6, "MB", 64)
        self.say(f"{'':<34} mapped {mapped / 1e6:.0f} MB")

    def keys(self, megabytes):
        path = self.snapshot(megabytes)
        found = self.in_turns(
            ours=lambda: self.call(1, "c.keys", {"artifact": self.asked(path), "prefix": "/registry/pods/"}),
            floor=lambda: self.floor("touch", path),
        )
        seconds, _, anonymous, _ = found["ours"]
        self.row(f"keys of a prefix, {megabytes} MB", seconds, "s", 2 * found["floor"], None, found["floor"])
        self.row(f"keys {megabytes} MB, own memory", anonymous / 1e6, "MB", 64 + 32 * 1e-6 * self.distinct_keys(path))

    def diff(self, megabytes):
        one, two = self.snapshot(megabytes), self.snapshot(megabytes, 20)
        found = self.in_turns(ours=lambda: self.call(1, "c.diff", {"a": self.asked(one), "b": self.asked(two)}))
        seconds, _, anonymous, _ = found["ours"]
        self.row(f"diff of two, {megabytes} MB each", seconds, "s", 3.0)
        self.row(
            f"diff {megabytes} MB, own memory", anonymous / 1e6, "MB", 64 + 32 * 1e-6 * 2 * self.distinct_keys(one)
        )

    def distinct_keys(self, path):
        status = json.loads(self.output(["etcdctl", "snapshot", "status", path, "--write-out=json"]))
        return status["totalKey"]

    def start(self):
        runbook = self.folder / "empty.lua"
        runbook.write_text('runbook { summary = "nothing" }\n')
        command = [self.build / "bin/snapcore", "--site", self.site(1), "--state", self.folder / "state"]
        best = min(self.seconds([*command, "plan", runbook]) for _ in range(5))
        floor = min(self.seconds([self.build / "bin/snapcore", "--version"]) for _ in range(5))
        self.row("start, and plan an empty runbook", best * 1000, "ms", 50, None, floor * 1000)

    def run(self, sizes, only):
        steps = {"start": self.start}
        for size in sizes:
            steps[f"stage-{size}"] = lambda size=size: self.stage(size)
        middle = sizes[min(1, len(sizes) - 1)]
        steps["three"] = lambda: self.three_members(middle)
        for size in sizes:
            steps[f"examine-{size}"] = lambda size=size: self.examine(size)
        steps["keys"] = lambda: self.keys(middle)
        steps["diff"] = lambda: self.diff(middle)
        for name, step in steps.items():
            if not only or name.startswith(only):
                step()


def main():
    parser = options_parser("etcd", __doc__)
    parser.add_argument("--sizes", default="100,1000,3000", help="of the snapshots, in MB (%(default)s)")
    parser.add_argument("--only", default="", help="start, stage, three, examine, keys or diff")
    options = parser.parse_args()
    bench = Bench(options.build, options)
    bench.etcdutl = os.environ.get("SNAPCORE_ETCDUTL_36")
    bench.measure(lambda: bench.run([int(size) for size in options.sizes.split(",")], options.only))


if __name__ == "__main__":
    main()
