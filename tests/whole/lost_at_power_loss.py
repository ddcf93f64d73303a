"""Prints what a power loss could take back of what the traced program relies on; nothing when all is well.

    lost_at_power_loss.py TRACE FOLDER

Reads `strace -f -y -o TRACE` of the calls that write, sync, change names and start programs. Only the program and its
threads count, and only what they do below FOLDER. The rules:

    a file is synced, and so is every directory below, before a name that leads to it is changed
    whatever was done is on disk before the journal says the next thing, and before a program is started
    what the journal says is on disk before anything else is done
    everything is on disk at the end
"""

import os
import re
import sys

from strace_lines import calls

trace, folder = sys.argv[1:3]
folder = os.path.realpath(folder) + "/"
STATE = folder + "state/"
LOCK = re.compile(re.escape(STATE) + "runs/[^/]*/lock")  # held by a living process; what it says is for messages

own = set()  # the program's process and its threads
files = {}  # written and not synced: by path, the line that wrote
entries = {}  # directories with a changed entry and not synced: by path, the line
seen = {"renames": 0, "syncs": 0, "writes": 0, "records": 0}


def unsynced(belongs):
    return [(path, line) for what in (files, entries) for path, line in what.items() if belongs(path)]


def demand(event, belongs):
    for path, line in unsynced(belongs):
        print(f"not synced: {path}\n  changed by: {line}\n  before:     {event}")
        files.pop(path, None)
        entries.pop(path, None)


def outside_of_state(path):
    return not path.startswith(STATE)


def within_state(path):
    return path.startswith(STATE)


def is_below(top):
    return lambda path: path == top or path.startswith(top + "/")


def forget(top):
    for what in (files, entries):
        for path in [path for path in what if is_below(top)(path)]:
            del what[path]


def change(path, event):
    """An entry of a directory is made, renamed or removed."""
    entries[os.path.dirname(path)] = event


def at(directory, name):
    """The path a call means by AT_FDCWD</a> or 5</a>, and a name."""
    base = re.match(r"[^<]*<(.*)>$", directory)
    return os.path.normpath(os.path.join(base[1] if base else "/", name))


def handle(event):
    call, _, rest = event.partition("(")
    if found := re.match(r"(?:clone3?|v?fork)\(", event):
        if "CLONE_THREAD" not in event:
            demand(event, lambda path: True)
        return
    if re.search(r"\)\s+= -1 E", event):
        return
    on_fd = re.match(r"(\d+)<([^>]*)>", rest)
    if call in ("write", "pwrite64", "pwritev", "writev", "ftruncate", "fallocate"):
        path = on_fd and on_fd[2]
        if not path or not path.startswith(folder) or LOCK.fullmatch(path) or on_fd[1] in ("1", "2"):
            return
        if path.endswith("/journal.jsonl"):
            seen["records"] += 1
            demand(event, outside_of_state)
        seen["writes"] += 1
        files[path] = event
    elif call in ("fsync", "fdatasync"):
        seen["syncs"] += 1
        files.pop(on_fd[2], None)
        entries.pop(on_fd[2], None)
    else:
        handle_names(call, rest, event)


def handle_names(call, rest, event):
    quoted = re.findall(r'(?:(\w+<[^>]*>), )?"((?:[^"\\]|\\.)*)"', rest)
    paths = [at(directory, name) for directory, name in quoted]
    if not paths or not all(path.startswith(folder) for path in paths):
        return
    if call in ("open", "openat", "creat"):
        if "O_CREAT" not in rest or "O_EXCL" not in rest:
            return
    elif not re.match(r"(mkdir|rename|unlink|rmdir|link|symlink)", call):
        return
    if any(outside_of_state(path) for path in paths):
        demand(event, within_state)
    if call.startswith("rename"):
        seen["renames"] += 1
        demand(event, is_below(paths[0]))
        # One rename is on disk before the next.
        demand(event, lambda path: path in entries and outside_of_state(path))
        change(paths[0], event)
        change(paths[1], event)
    else:
        if call in ("unlink", "unlinkat", "rmdir"):
            forget(paths[0])
        change(paths[-1], event)


for process, event in calls(trace):
    own = own or {process}
    if process not in own:
        continue
    if found := re.match(r"clone3?\(.*CLONE_THREAD.*= (\d+)", event):
        own.add(found[1])
    handle(event)

demand("the end", lambda path: True)
if not all(seen.values()):
    print(f"the trace shows too little: {seen}")
