"""Measures the engine with a plugin that does next to nothing; called by engine.sh.

The floor of records is fdatasync of lines as long as the journal's; elsewhere it is the processor time of the very
same work, what it would take on an idle machine at least. The peer of audit is sha256sum of the same journal.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from figures import Figures, options_parser

SYNC = re.compile(r"fdatasync\(\d+<[^>]*journal\.jsonl>")


class Bench(Figures):
    def __init__(self, build, options):
        super().__init__(build, options)
        self.site = self.folder / "site.lua"
        self.site.write_text('return { instances = { q = { plugin = "quick" } } }\n')
        self.site.chmod(0o600)
        self.made = 0

    # ---- programs ---------------------------------------------------------------------------------------------------

    def snapcore(self, state, *words):
        plugins = ["--plugin-dir", self.build / "bench/plugins"]
        return [self.build / "bin/snapcore", "--site", self.site, "--state", state, *plugins, *words]

    def fresh(self, kind):
        self.made += 1
        return self.folder / f"{kind}-{self.made}"

    def runbook(self, operation, count):
        path = self.folder / f"{operation}-{count}.lua"
        path.write_text(
            f'runbook {{ summary = "{count} times {operation}" }}\n'
            f'local q = instance "q"\nfor i = 1, {count} do q:{operation} {{ number = i }} end\n'
        )
        return path

    def long_run(self, calls, acts):
        """So many acts, then reads in a wait of twenty rounds, so that the plan stays readable."""
        path = self.folder / f"long-{calls}-{acts}.lua"
        path.write_text(
            f'runbook {{ summary = "{calls} calls, {acts} of them acts" }}\nlocal q = instance "q"\n'
            f"for i = 1, {acts} do q:act {{ number = i }} end\n"
            f'wait_until({{ timeout = "10m", every = "1s" }}, function()\n'
            f"  for j = 2, {(calls - acts) // 20} do q:look {{ number = j }} end\n"
            f"  return q:turn {{}}.number > 20\nend)\n"
        )
        return path

    def plan(self, runbook):
        return self.weighed(self.snapcore(self.folder / "no-state", "plan", runbook))

    def run(self, runbook, state=None):
        return self.weighed(self.snapcore(state or self.fresh("state"), "run", runbook, "--yes"))

    def appended(self, kind, count):
        """Seconds for each of so many synced lines."""
        path = self.fresh("lines")
        seconds = float(self.output([self.build / "bench/records", kind, path, str(count)]))
        path.unlink()
        return seconds / count

    def weighed(self, command):
        """Seconds, those of a processor, and the most memory it had, files it mapped included."""
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"bench: {command[0]} failed\n{said.decode()}")
        return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    # ---- material ---------------------------------------------------------------------------------------------------

    def interrupted(self, runbook):
        """The state directory of a run that was cut off right before its last record, and the run."""
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as quickly:
            state = pathlib.Path(quickly) / "state"
            self.run(runbook, state)
            kept = self.fresh("interrupted")
            shutil.copytree(state, kept)
        journal = next(kept.glob("runs/*/journal.jsonl"))
        text = journal.read_bytes()
        journal.write_bytes(text[: text.rindex(b"\n", 0, -1) + 1])
        return kept, journal.parent.name

    # ---- what is measured -------------------------------------------------------------------------------------------

    def records(self):
        count, acts = 1000, 500
        found = self.in_turns(
            floor=lambda: self.appended("floor", count),
            journal=lambda: self.appended("journal", count),
            run=lambda: self.run(self.runbook("act", acts)),
            plan=lambda: self.plan(self.runbook("act", acts)),
        )
        floor = found["floor"] * 1000
        self.row("a synced record, journal alone", found["journal"] * 1000, "ms", 1.3 * floor, None, floor)
        whole = (found["run"][0] - found["plan"][0]) / (2 * acts) * 1000
        self.row("a synced record of a whole run", whole, "ms", 1.3 * floor, None, floor)

    def syncs(self, operation, count):
        trace = self.fresh("trace")
        command = self.snapcore(self.fresh("state"), "run", self.runbook(operation, count), "--yes")
        self.output(["strace", "-f", "-y", "-e", "trace=fdatasync", "-o", trace, *command])
        return len(SYNC.findall(trace.read_text()))

    def syncs_of_acts(self):
        for operation, name, wanted in (
            ("act", "synced records of an act", 2),
            ("act_with_undo", "  of one with a recorded undo", 3),
            ("act_with_checkpoint", "  of one with a checkpoint", 3),
            ("look", "  of a read", 0),
        ):
            more = (self.syncs(operation, 30) - self.syncs(operation, 10)) / 20
            self.row(name, more, "", wanted, exact=True)

    def reads(self):
        count = 10_000
        many, none = self.runbook("look", count), self.runbook("look", 0)
        found = self.in_turns(
            run=lambda: self.run(many),
            plan=lambda: self.plan(many),
            run_none=lambda: self.run(none),
            plan_none=lambda: self.plan(none),
        )

        def each(*kinds):
            """Of a read, the program without reads taken off: microseconds, and those of a processor."""
            taken = [sum(sign * found[kind][column] for kind, sign in kinds) for column in (0, 1)]
            return [seconds / count * 1e6 for seconds in taken]

        value, floor = each(("run", 1), ("plan", -1), ("run_none", -1), ("plan_none", 1))
        self.row("a read while executing", value, "us", 50, None, floor)
        value, floor = each(("plan", 1), ("plan_none", -1))
        self.row("a read while planning, both passes", value, "us", 100, None, floor)

    def plans(self):
        runbook = self.runbook("act", 5000)
        found = self.in_turns(ours=lambda: self.plan(runbook))
        seconds, floor, _ = found["ours"]
        self.row("plan of 5,000 acts, both passes", seconds, "s", 2, None, floor)

    def past_run(self, calls, acts):
        kept, run = self.interrupted(self.long_run(calls, acts))

        def resume():
            state = self.fresh("resumed")
            shutil.copytree(kept, state)
            found = self.weighed(self.snapcore(state, "resume", run))
            shutil.rmtree(state)
            return found

        journal = kept / "runs" / run / "journal.jsonl"
        found = self.in_turns(
            resume=resume,
            audit=lambda: self.weighed(self.snapcore(kept, "audit", run)),
            sum=lambda: self.seconds(["sha256sum", journal]),
        )
        seconds, floor, memory = found["resume"]
        self.row(f"resume of {calls:,} calls, {acts:,} acts", seconds, "s", 2, None, floor)
        self.row("  memory", memory / 1e6, "MB", 300)
        seconds, floor, _ = found["audit"]
        name = f"audit of {journal.stat().st_size / 1e6:.0f} MB"
        self.row(name, seconds, "s", found["sum"], found["sum"], floor)

    def all(self, calls, acts, only):
        steps = {
            "records": self.records,
            "syncs": self.syncs_of_acts,
            "reads": self.reads,
            "plan": self.plans,
            "past": lambda: self.past_run(calls, acts),
        }
        for name, step in steps.items():
            if not only or name.startswith(only):
                step()


def main():
    parser = options_parser("engine", __doc__)
    parser.add_argument("--calls", type=int, default=100_000, help="of the run that is resumed and audited (%(default)s)")
    parser.add_argument("--acts", type=int, default=5_000, help="among them; the others are reads (%(default)s)")
    parser.add_argument("--only", default="", help="records, syncs, reads, plan or past")
    options = parser.parse_args()
    bench = Bench(options.build.resolve(), options)
    bench.measure(lambda: bench.all(options.calls, options.acts, options.only))


if __name__ == "__main__":
    main()
