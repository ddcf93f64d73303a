#!/usr/bin/env python3
"""clang-tidy over every unit of a compile_commands.json, remembering what was clean; `./dev lint` calls this.

Units below headers/ include one header each: they have to compile.

A unit is clean for exact bytes: its own, those of all it includes, its flags, the configuration and the tool. That is
kept in $XDG_CACHE_HOME/snapcore/tidy, so a warm run reads files and starts nothing. Only clean results are kept.
"""

import argparse
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "snapcore/tidy"
KEPT_PER_UNIT = 8  # states of one unit that are remembered: those of a few branches


@functools.cache
def digest_of(path):
    try:
        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


@functools.cache
def tool():
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    ours = [*ROOT.glob(".clang-tidy"), *ROOT.glob("*/**/.clang-tidy"), pathlib.Path(__file__)]
    return version + "".join(f"{path.relative_to(ROOT)} {digest_of(path)}\n" for path in sorted(ours))


def in_project(text):
    return text.replace(str(ROOT), "ROOT")


class Unit:
    def __init__(self, entry, build):
        self.build = build
        self.source = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        self.folder = entry["directory"]
        self.flags = entry.get("arguments") or shlex.split(entry["command"])
        self.name = in_project(self.source).removeprefix("ROOT/")
        key = hashlib.sha256(in_project(f"{tool()}\n{self.name}\n{self.flags}").encode()).hexdigest()
        self.memory = CACHE / key[:2] / key[2:]

    def remembered(self):
        """States known to be clean: each a mapping of file to digest, newest first."""
        try:
            return json.loads(self.memory.read_text())
        except (OSError, ValueError):
            return []

    def is_known_clean(self):
        here = str(ROOT)
        return any(
            all(digest_of(path.replace("ROOT", here, 1)) == digest for path, digest in state.items())
            for state in self.remembered()
        )

    def remember(self):
        state = {in_project(path): digest_of(path) for path in self.included()}
        states = [state, *self.remembered()][:KEPT_PER_UNIT]
        self.memory.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.memory.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(states))
        temporary.replace(self.memory)

    def compiler(self, *more):
        """The compiler with this unit's flags, but without an object as its output."""
        flags = iter(self.flags)
        command = []
        for flag in flags:
            if flag == "-o":
                next(flags)
            elif flag not in ("-c", "-MD", "ccache") and not flag.endswith("/ccache"):
                command.append(flag)
        return subprocess.run([*command, *more], cwd=self.folder, capture_output=True, text=True)

    def included(self):
        """Every file the compiler reads for this unit, by the compiler's own word."""
        answer = self.compiler("-M").stdout
        names = shlex.split(answer.partition(":")[2].replace("\\\n", " "))
        return sorted({os.path.realpath(os.path.join(self.folder, name)) for name in names})

    def check(self):
        """Empty when clean, else what was found. Of a header by itself it is enough that it compiles: clang-tidy
        reads it in every unit that includes it."""
        if "/headers/" in self.name:
            done = self.compiler("-fsyntax-only", "-fno-color-diagnostics")
        else:
            done = subprocess.run(
                ["clang-tidy", "--quiet", f"-p={self.build}", self.source], capture_output=True, text=True
            )
        if done.returncode == 0:
            self.remember()
            return ""
        return done.stdout if done.stdout.strip() else done.stderr


def findings(text):
    """clang-tidy's text cut into one piece a finding, so that one in a header is told once."""
    text = re.sub(r"^(/\S+?)(?=:\d+:\d+: )", lambda path: os.path.realpath(path.group(1)), text, flags=re.MULTILINE)
    pieces = re.split(r"^(?=\S+:\d+:\d+: (?:error|warning): )", in_project(text), flags=re.MULTILINE)
    return [piece.rstrip().replace("ROOT/", "") for piece in pieces if piece.strip()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    entries = json.loads(pathlib.Path(options.build, "compile_commands.json").read_text())
    # The tests are held to the compiler's warnings alone: what they do wrong on purpose is most of what it would find.
    entries = [entry for entry in entries if not str(pathlib.Path(entry["file"])).startswith(f"{ROOT}/tests/")]
    units = [unit for unit in (Unit(entry, options.build) for entry in entries) if not unit.is_known_clean()]
    told = set()
    with ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(unit.check): unit for unit in units}
        for count, done in enumerate(as_completed(running), 1):
            if sys.stderr.isatty():
                print(f"\r\033[Ktidy {count}/{len(units)} {running[done].name}", end="", file=sys.stderr)
            for finding in findings(done.result()):
                if finding not in told:
                    told.add(finding)
                    print(finding, flush=True)
    if units and sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
