"""The lines of `strace -f -o FILE` as pairs of process and call; a call that was interrupted in the file comes whole,
where it returned."""


def calls(path):
    unfinished = {}
    for line in open(path, errors="replace"):
        process, _, event = line.strip().partition(" ")
        event = event.strip()
        if event.endswith("<unfinished ...>"):
            unfinished[process] = event[: -len("<unfinished ...>")]
            continue
        if event.startswith("<... "):
            event = unfinished.pop(process, "") + event.partition(" resumed>")[2]
        yield process, event
