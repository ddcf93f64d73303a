#!/usr/bin/env python3
"""Runs every test suite of a build folder; `./dev test` builds first, then calls this.

A suite is a GoogleTest binary that CTest knows, or an executable tests/**/*_test.sh. A shell suite prints one line a
case; of a failed one is shown what was printed since the case before it, and the indented lines below it:

    ok NAME
    not ok NAME
        why
    skip NAME: reason

Suites labelled `threads` run again under the thread sanitizer, those labelled `fuzz` some seconds with libFuzzer.
The last line is always `N passed, N failed, N skipped`. Exit 0 when nothing failed (with --require-all: and nothing
was skipped).
"""

import argparse
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = {
    "dev": "address and undefined sanitizers",
    "tsan": "thread sanitizer",
    "fuzz": "libFuzzer",
}
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "second_deadlock_stack=1",
}


RUNNING = set()  # the suites' processes, each the leader of a group; ended when the run is interrupted


@functools.cache
def own_mounts():
    """A command that gives a suite mounts of its own, so that none is left behind; empty where that needs rights."""
    command = ["unshare", "--mount", "--propagation=private"]
    allowed = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if allowed else []


@dataclass
class Suite:
    name: str
    command: list
    kind: str = "gtest"  # gtest, shell, fuzz
    labels: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    folder: str = None


@dataclass
class Outcome:
    passed: list = field(default_factory=list)
    failed: list = field(default_factory=list)  # (case, what it said)
    skipped: list = field(default_factory=list)  # (case, reason)
    seconds: float = 0.0


# ---- finding suites -------------------------------------------------------------------------------------------------


def ctest_suites(build, kind):
    """Every suite CTest knows; one whose program is missing is kept, and fails when it is run."""
    listing = subprocess.run(
        ["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, text=True, check=True
    )
    for test in json.loads(listing.stdout)["tests"]:
        properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
        yield Suite(
            name=test["name"],
            command=test.get("command", [f"{build}/tests/{test['name']}"]),
            kind=kind,
            labels=properties.get("LABELS", []),
            environment=dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", [])),
            folder=properties.get("WORKING_DIRECTORY"),
        )


def shell_suites(folder, build):
    for script in sorted(folder.rglob("*_test.sh")):
        labels = re.findall(r"^# labels: (.*)$", script.read_text(), re.MULTILINE)
        yield Suite(
            name=str(script.relative_to(folder))[: -len("_test.sh")],
            command=[str(script)],
            kind="shell",
            labels=labels[0].split() if labels else [],
            environment={"SNAPCORE_SOURCE": str(ROOT), "SNAPCORE_BUILD": str(pathlib.Path(build).resolve())},
        )


# ---- running one suite ----------------------------------------------------------------------------------------------


def run(suite, options):
    """The exit status (None after the time limit), whether a child was left running, and all it printed."""
    with tempfile.TemporaryDirectory(prefix="snapcore-test-", ignore_cleanup_errors=True) as scratch:
        folder = suite.folder if suite.folder and os.path.isdir(suite.folder) else scratch
        environment = {**SANITIZERS, **os.environ, **suite.environment, "TMPDIR": scratch, "TEST_TMPDIR": scratch}
        os.chmod(scratch, 0o711)  # some cases become another user below it
        with open(options.results / f"{suite.name.replace('/', '.')}.log", "w+b") as log:
            child = subprocess.Popen(
                own_mounts() + suite.command + arguments(suite, options),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            RUNNING.add(child)
            try:
                status = child.wait(timeout=options.timeout)
            except subprocess.TimeoutExpired:
                status = None
            left_running = end_group(child)
            RUNNING.discard(child)
            log.seek(0)
            return status, left_running, log.read().decode(errors="replace")


def end_group(child):
    """Ends what the suite left in its own process group; true when something in it still lived.

    What ends with its parent, like the symbolizer of a sanitizer, is given a moment for it.
    """
    patience = time.monotonic() + 2
    while (left_running := has_living(child.pid)) and time.monotonic() < patience:
        time.sleep(0.02)
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
    return left_running


def has_living(group):
    return any(lives_in_group(process, group) for process in pathlib.Path("/proc").glob("[0-9]*/stat"))


def lives_in_group(stat, group):
    """A zombie that nobody has reaped yet is dead."""
    try:
        state, _, its_group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return False  # it has ended meanwhile
    return int(its_group) == group and state not in "ZX"


def xml_of(suite, options):
    return options.results / f"{suite.name.replace('/', '.')}.xml"


def arguments(suite, options):
    if suite.kind == "gtest":
        xml_of(suite, options).unlink(missing_ok=True)
        chosen = [f"--gtest_filter={options.cases}"] if options.cases else []
        return [f"--gtest_output=xml:{xml_of(suite, options)}", "--gtest_color=no", *chosen]
    if suite.kind == "fuzz":
        corpus = options.results / f"{suite.name}.corpus"
        corpus.mkdir(exist_ok=True)
        seeds = suite.environment.get("SNAPCORE_SEEDS", "")
        limits = [f"-max_total_time={options.fuzz_seconds}", "-rss_limit_mb=2048", "-timeout=10", "-verbosity=0"]
        return [*limits, f"-artifact_prefix={options.results}/{suite.name}.", str(corpus)] + (
            [seeds] if os.path.isdir(seeds) else []
        )
    return []


def describe(status, options):
    if status is None:
        return f"ran longer than {options.timeout} s and was ended"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def tail(text, lines=40):
    kept = text.rstrip().splitlines()
    return "\n".join(["..."] * (len(kept) > lines) + kept[-lines:])


def judge(suite, options):
    started = time.monotonic()
    try:
        status, left_running, log = run(suite, options)
    except OSError as error:
        return Outcome(failed=[("the suite as a whole", f"cannot be started: {error}")])
    outcome = {"gtest": judge_gtest, "shell": judge_shell, "fuzz": judge_fuzz}[suite.kind](suite, status, log, options)
    if status != 0 and not outcome.failed:
        outcome.failed.append(("the suite as a whole", f"{describe(status, options)}\n{tail(log)}"))
    if left_running and status is not None:
        outcome.failed.append(("the suite as a whole", "left a process running; it was ended"))
    outcome.seconds = time.monotonic() - started
    return outcome


def judge_gtest(suite, status, log, options):
    try:
        report = xml.parse(xml_of(suite, options)).getroot()
    except (OSError, xml.ParseError):
        return judge_crash(status, log, options)
    outcome = Outcome()
    for case in report.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        failures = [failure.get("message") for failure in case.iter("failure")]
        skips = [skip.get("message", "") for skip in case.iter("skipped")]
        if failures:
            # Compilers run in the build folder and name sources from there.
            outcome.failed.append((name, "\n".join(failures).replace("../../", "")))
        elif skips:
            # The message is "file:line\nreason".
            outcome.skipped.append((name, skips[0].split("\n", 1)[-1].strip() or "no reason given"))
        elif case.get("result") == "suppressed":
            outcome.skipped.append((name, "disabled in its source"))
        else:
            outcome.passed.append(name)
    return outcome


def judge_crash(status, log, options):
    """A binary that died wrote no report: its log says how far it came. What did not run has failed."""
    outcome = Outcome()
    outcome.passed = re.findall(r"^\[       OK \] (\S+)", log, re.MULTILINE)
    outcome.skipped = [(name, "see its log") for name in re.findall(r"^\[  SKIPPED \] (\S+) \(", log, re.MULTILINE)]
    started = re.findall(r"^\[ RUN      \] (\S+)", log, re.MULTILINE)
    done = set(outcome.passed) | {name for name, _ in outcome.skipped}
    for name in started:
        if name not in done:
            died = name == started[-1]
            text = f"{describe(status, options)}\n{tail(log)}" if died else "failed; the suite died later"
            outcome.failed.append((name, text))
    expected = re.search(r"^\[==========\] Running (\d+) test", log, re.MULTILINE)
    missing = int(expected.group(1)) - len(started) if expected else 0
    outcome.failed += [("a case that was not reached", "")] * missing
    return outcome


def judge_shell(suite, status, log, options):
    outcome = Outcome()
    said, failure = [], None  # of the case to come; of the failed case just told
    for line in log.splitlines():
        word = re.match(r"(ok|not ok|skip) (.+)$", line)
        if not word:
            (failure if failure is not None and line.startswith("  ") else said).append(line)
            continue
        failure = None
        if word.group(1) == "ok":
            outcome.passed.append(word.group(2))
        elif word.group(1) == "skip":
            name, _, reason = word.group(2).partition(": ")
            outcome.skipped.append((name, reason or "no reason given"))
        else:
            failure = said
            outcome.failed.append((word.group(2), failure))
        said = []
    outcome.failed = [(name, tail("\n".join(lines))) for name, lines in outcome.failed]
    if status == 0 and not (outcome.passed or outcome.failed or outcome.skipped):
        outcome.failed.append(("the suite as a whole", "printed no result"))
    return outcome


def judge_fuzz(suite, status, log, options):
    name = f"{options.fuzz_seconds} s of new inputs"
    if status == 0:
        return Outcome(passed=[name])
    kept = f"the input is kept in {options.results.relative_to(ROOT)}/; add it to the seeds with the fix"
    return Outcome(failed=[(name, f"{describe(status, options)}\n{tail(log)}\n{kept}")])


# ---- telling --------------------------------------------------------------------------------------------------------


class Report:
    def __init__(self):
        self.colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.outcomes = []

    def paint(self, colour, text):
        return f"\033[{colour}m{text}\033[0m" if self.colours else text

    def heading(self, text):
        print(self.paint("1", text), flush=True)

    def add(self, preset, suite, outcome):
        self.outcomes.append((suite.name if preset == "dev" else f"{suite.name} ({preset})", outcome))
        counts = [f"{len(outcome.passed)} passed"]
        if outcome.failed:
            counts.append(self.paint("31", f"{len(outcome.failed)} FAILED"))
        if outcome.skipped:
            counts.append(self.paint("33", f"{len(outcome.skipped)} skipped"))
        print(f"  {suite.name:<28} {outcome.seconds:6.1f} s   {', '.join(counts)}", flush=True)

    def total(self, what):
        return sum(len(getattr(outcome, what)) for _, outcome in self.outcomes)

    def finish(self, require_all):
        if self.total("failed"):
            self.heading("\nFailed")
        for name, outcome in self.outcomes:
            for case, text in outcome.failed:
                print(f"  {self.paint('31', name)}: {case}")
                print("".join(f"      {line}\n" for line in text.splitlines()), end="")
        if self.total("skipped"):
            self.tell_skipped(require_all)
        print(f"\n{self.total('passed')} passed, {self.total('failed')} failed, {self.total('skipped')} skipped")
        return 1 if self.total("failed") or (require_all and self.total("skipped")) else 0

    def tell_skipped(self, require_all):
        skipped = self.total("skipped")
        verdict = "; with --require-all that is a failure" if require_all else ""
        print(self.paint("33", f"\nNOT RUN: {skipped} {'case was' if skipped == 1 else 'cases were'} skipped{verdict}"))
        for name, outcome in self.outcomes:
            reasons = {}
            for case, reason in outcome.skipped:
                reasons.setdefault(reason, []).append(case)
            for reason, cases in reasons.items():
                which = cases[0] if len(cases) == 1 else f"{len(cases)} cases"
                print(f"  {name}: {which}: {reason}")


# ---- the whole ------------------------------------------------------------------------------------------------------


def select(suites, options):
    """The suites asked for; a filter that names no suite is one for cases, tried in every GoogleTest suite."""
    if options.label:
        suites = [suite for suite in suites if options.label in suite.labels]
    if options.filter:
        named = [suite for suite in suites if options.filter in suite.name]
        if named:
            return named
        options.cases = options.filter if "*" in options.filter else f"*{options.filter}*"
        suites = [suite for suite in suites if suite.kind == "gtest"]
    return suites


def run_all(preset, suites, options, report):
    if not suites:
        return
    report.heading(f"{preset}: {KINDS.get(preset, preset)}")
    with ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(judge, suite, options): suite for suite in suites}
        try:
            for done in as_completed(running):
                outcome = done.result()
                if options.cases and not (outcome.passed or outcome.failed or outcome.skipped):
                    continue  # no case of this suite has the name asked for
                report.add(preset, running[done], outcome)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in list(RUNNING):
                end_group(child)
            raise


def run_preset(preset, kind, names, options, report):
    """Builds the named suites in another preset and runs them there."""
    if not names:
        return
    targets = [f"test_{name}" for name in names]
    if subprocess.run([ROOT / "dev", "build", preset, *targets]).returncode != 0:
        unbuilt = Outcome(failed=[(name, "was not built") for name in names])
        report.add(preset, Suite(f"the preset {preset}", []), unbuilt)
        return
    options.results = results_folder(ROOT / "build" / preset)
    suites = [suite for suite in ctest_suites(ROOT / "build" / preset, kind) if suite.name in names]
    run_all(preset, suites, options, report)


def results_folder(build):
    folder = pathlib.Path(build).resolve() / "test-results"
    folder.mkdir(exist_ok=True)
    return folder


def main():
    parser = argparse.ArgumentParser(prog="./dev test", description="Build and run the tests.")
    parser.add_argument("--require-all", action="store_true", help="a skipped case is a failure")
    parser.add_argument("--label", help="only the suites with this label: threads, fuzz, slow ...")
    parser.add_argument("--jobs", type=int, default=2, help="suites at a time (%(default)s)")
    parser.add_argument("--timeout", type=int, default=1500, help="seconds a suite may take (%(default)s)")
    parser.add_argument("--fuzz-seconds", type=int, default=5, help="seconds a fuzz target runs (%(default)s)")
    parser.add_argument("--build", default=str(ROOT / "build/dev"), help=argparse.SUPPRESS)
    parser.add_argument("--shell-tests", default=str(ROOT / "tests"), help=argparse.SUPPRESS)
    parser.add_argument("filter", nargs="?", metavar="FILTER", help="part of a suite's name, or of a case's")
    options = parser.parse_args()
    options.cases = None
    options.results = results_folder(options.build)
    report = Report()

    suites = [*ctest_suites(options.build, "gtest"), *shell_suites(pathlib.Path(options.shell_tests), options.build)]
    chosen = select(suites, options)
    run_all("dev", chosen, options, report)
    run_preset("tsan", "gtest", [suite.name for suite in chosen if "threads" in suite.labels], options, report)
    if not options.cases:
        run_preset("fuzz", "fuzz", [suite.name for suite in chosen if "fuzz" in suite.labels], options, report)

    if not report.outcomes:
        print(f"tests: nothing matches '{options.filter or options.label}'", file=sys.stderr)
        report.finish(options.require_all)
        return 1
    return report.finish(options.require_all)


def interrupt(signum, frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\ntests: interrupted; what was running is ended")
