"""Figures as the benchmarks tell them: a line of text each, or with --json a row each.

A figure is measured in turns with its peer (what others use for it) and its floor (the least work that can do the
same), so that a noisy machine is noisy for all of them; it is the median of the rounds.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def options_parser(name, doc):
    parser = argparse.ArgumentParser(prog=f"./dev bench {name}", description=doc.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one row a line: name value unit peer floor limit holds")
    parser.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--folder", default=None, help="where the files lie; default: TMPDIR")
    return parser


class Figures:
    def __init__(self, build, options):
        self.build = build
        self.rounds = options.rounds
        self.json = options.json
        self.rows = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder))

    def measure(self, work):
        """Does the work, removes the folder, and says which limits do not hold."""
        try:
            work()
        finally:
            shutil.rmtree(self.folder)
        broken = [row["name"].strip() for row in self.rows if row["holds"] is False]
        if broken and not self.json:
            print(f"{len(broken)} of {len(self.rows)} limits do not hold: {', '.join(broken)}")

    def sweep(self):
        """Every measurement starts without what the one before wrote."""

    def seconds(self, command):
        began = time.monotonic()
        self.output(command)
        return time.monotonic() - began

    @staticmethod
    def output(command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: {command[0]} failed\n{done.stdout}{done.stderr}")
        return done.stdout

    def say(self, text):
        if not self.json:
            print(text, flush=True)

    def row(self, name, value, unit, limit, peer=None, floor=None, exact=False):
        holds = value == limit if exact else value <= limit
        row = {"name": name, "value": value, "unit": unit, "peer": peer, "floor": floor, "limit": limit, "holds": holds}
        self.rows.append(row)
        if self.json:
            print(json.dumps(row), flush=True)
            return
        shown = [f"{name:<34} {value:9.3f} {unit:<3}", f"{'wanted' if exact else 'limit '} {limit:9.3f}"]
        if peer is not None:
            shown.append(f"peer {peer:8.3f} ({peer / value:4.1f} x)")
        if floor is not None:
            shown.append(f"floor {floor:8.3f} ({value / floor:4.2f} x)")
        print("  ".join([*shown, "holds" if holds else "DOES NOT HOLD"]), flush=True)

    def row_without_peer(self, name, value, unit):
        """Whom the limit comes from is not there, so that nobody can say whether it holds."""
        row = {"name": name, "value": value, "unit": unit, "peer": None, "floor": None, "limit": None, "holds": None}
        self.rows.append(row)
        print(json.dumps(row) if self.json else f"{name:<34} {value:9.3f} {unit:<3}  the peer is not here", flush=True)

    def in_turns(self, **kinds):
        """The median of each; every kind once a round. A kind gives a number or a tuple of them."""
        results = {name: [] for name in kinds}
        order = list(kinds.items())
        for _ in range(self.rounds):
            for name, measure in order:
                self.sweep()
                results[name].append(measure())
            # A disk that was busy is slower for whoever comes next: nobody always comes behind the same one.
            order = order[1:] + order[:1]
        self.sweep()
        return {name: self.median(values) for name, values in results.items()}

    @staticmethod
    def median(values):
        if isinstance(values[0], tuple):
            medians = [statistics.median(column) for column in zip(*values)]
            named = getattr(type(values[0]), "_make", tuple)
            return named(medians)
        return statistics.median(values)
