"""Cuts the kernel's audit log to the story: the events of each host's own process tree, a file a host. A kept event keeps all its bytes.

The kernel's audit sees every process of the machine that records. An event belongs to a host if its process descends from one that
`stage` started in that host, by the clone events (key `tree`) and parent ids of the log itself. Clone events are not kept.
"""

import re

STAMP = re.compile(rb"msg=audit\((\d+)\.(\d{3}):(\d+)\)")


def serial(line):
    """The serial of a record's event."""
    stamp = STAMP.search(line)
    return int(stamp[3]) if stamp else None


def number(line, name):
    found = re.search(rb"[ (]" + name + rb"=(\d+)", line)
    return int(found[1]) if found else None


def by_host(path, tree):
    """The records of each host in `tree` (name to first processes), in the order of the log."""
    records = open(path, "rb").read().splitlines(keepends=True)
    heads, parent, home = {}, {}, {pid: host for host, roots in tree.items() for pid in roots}
    for line in records:
        if heads.setdefault(serial(line), line) is line and b"type=SYSCALL" in line:
            pid = number(line, b"pid")
            if b'key="tree"' in line:
                parent.setdefault(number(line, b"exit"), pid)
            parent.setdefault(pid, number(line, b"ppid"))

    def host_of(pid):
        seen = set()
        while pid is not None and pid not in seen:
            if pid in home:
                return home[pid]
            seen.add(pid)
            pid = parent.get(pid)
        return None

    belongs, entered = {}, set()
    for event, head in heads.items():
        pid = number(head, b"pid")
        host = host_of(pid)
        if event is None or host is None or b'key="tree"' in head:
            continue
        if pid in home and pid not in entered:
            # What brings the process into the host (nsenter, env, setpriv) is ours, not the host's.
            program = re.search(rb' exe="([^"]*)"', head)
            if program is None or program[1].rsplit(b"/", 1)[-1] in (b"nsenter", b"env", b"setpriv") or b"success=no" in head:
                continue
            entered.add(pid)
        belongs[event] = host
    return {host: [line for line in records if belongs.get(serial(line)) == host] for host in tree}
