"""Cuts the kernel's audit log to the story: the events of each host's own process tree, a file a host. A kept event keeps all its bytes.

The kernel's audit sees every process of the machine that records. An event belongs to a host if its process descends from one that
`stage` started in that host, by the clone events (key `tree`) and parent ids of the log itself. Clone events are not kept.
"""

import re

STAMP = re.compile(rb"msg=audit\((\d+)\.(\d{3}):(\d+)\)")
PID = re.compile(rb" (?:p?pid)=(\d+)")


def events(path):
    """The log's events, each `(seconds, serial, [lines])`, in the order in which their first records stand in it."""
    found = {}
    for line in open(path, "rb"):
        stamp = STAMP.search(line)
        if stamp:
            key = int(stamp[3])
            found.setdefault(key, (int(stamp[1]) + int(stamp[2]) / 1000, key, []))[2].append(line)
    return list(found.values())


def number(line, name):
    found = re.search(rb"[ (]" + name + rb"=(\d+)", line)
    return int(found[1]) if found else None


def by_host(path, tree):
    """The events of each host that is in `tree` (name to first processes)."""
    all_events = events(path)
    parent, home = {}, {pid: host for host, roots in tree.items() for pid in roots}
    for _, _, lines in all_events:
        first = lines[0]
        if b"type=SYSCALL" in first:
            pid = number(first, b"pid")
            if b'key="tree"' in first:
                child = number(first, b"exit")
                parent.setdefault(child, pid)
            parent.setdefault(pid, number(first, b"ppid"))

    def host_of(pid):
        seen = set()
        while pid is not None and pid not in seen:
            if pid in home:
                return home[pid]
            seen.add(pid)
            pid = parent.get(pid)
        return None

    kept, entered = {host: [] for host in tree}, set()
    for when, serial, lines in all_events:
        pid = number(lines[0], b"pid")
        host = host_of(pid)
        if host is None or b'key="tree"' in lines[0]:
            continue
        if pid in home and pid not in entered:
            # What brings the process into the host (nsenter, env, setpriv) is ours, not the host's.
            program = re.search(rb' exe="([^"]*)"', lines[0])
            if program is None or program[1].rsplit(b"/", 1)[-1] in (b"nsenter", b"env", b"setpriv") or b"success=no" in lines[0]:
                continue
            entered.add(pid)
        kept[host].append((when, serial, lines))
    return kept
