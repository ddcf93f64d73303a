"""Prints what the traced program and its direct children executed, one program a line.

Reads `strace -f -e trace=execve,clone,clone3,fork,vfork -o FILE`. What a child executes in turn is that child's
business.
"""

import re
import sys

from strace_lines import calls

own = set()  # the program's process and its threads
children = set()
executed = {}  # by process, in order

for process, event in calls(sys.argv[1]):
    own = own or {process}
    if found := re.match(r"(?:clone3?|v?fork)\((.*)\)\s+= (\d+)$", event):
        if process in own:
            (own if "CLONE_THREAD" in found[1] else children).add(found[2])
    elif found := re.match(r'execve\("([^"]*)".*= 0$', event):
        executed.setdefault(process, []).append(found[1])

for process in sorted(own | children):
    # After its first execve a child is another program.
    for program in executed.get(process, [])[: 1 if process in children else None]:
        print(program)
