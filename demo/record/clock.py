"""The time map: when in the story something happened that was recorded at some second of ours.

A mark says: from this moment on it is so late in the story, and its clock goes so many times as fast. Between marks the map is linear; it never
goes back, which is checked. Ids, serials, addresses and order stay as recorded.
"""

import bisect, datetime, re

UTC = datetime.timezone.utc


class Clock:
    def __init__(self, marks):
        self.marks = [(real, datetime.datetime.fromisoformat(when), pace) for real, when, pace in marks]
        self.begins = [real for real, _, _ in self.marks]
        for (real, when, pace), (next_real, next_when, _) in zip(self.marks, self.marks[1:]):
            end = when + datetime.timedelta(seconds=(next_real - real) * pace)
            assert end <= next_when, f"the map goes back: {when} lasts until {end}, and {next_when} follows"

    def story(self, real):
        """The story's time, to the microsecond."""
        begin, when, pace = self.marks[max(0, bisect.bisect_right(self.begins, real) - 1)]
        return when + datetime.timedelta(seconds=max(0.0, real - begin) * pace)

    def audit(self, line):
        """A record of audit with the story's time, and that time."""
        found = re.search(rb"msg=audit\((\d+)\.(\d{3}):", line)
        t = self.story(int(found[1]) + int(found[2]) / 1000)
        return t, line[:found.start(1)] + b"%d.%03d" % (int(t.timestamp()), t.microsecond // 1000) + line[found.end(2):]


ISO = re.compile(r"(?<=[>1] )\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")


def syslog(clock, lines, twin):
    """Lines of syslog with the story's times; line n of the twin says to the microsecond when line n was written."""
    assert len(lines) == len(twin), "a log and its twin differ"
    for line, exact in zip(lines, twin):
        t = clock.story(datetime.datetime.fromisoformat(exact.split(" ", 1)[0]).timestamp())
        assert line.rstrip().endswith(exact.rstrip()[-6:]), f"a log and its twin differ: {line}"
        if re.match(r"[A-Z][a-z]{2} [ \d]\d ", line):
            yield t, f"{t:%b} {t.day:2} {t:%H:%M:%S}{line[15:]}"
        else:
            yield t, ISO.sub(f"{t:%Y-%m-%dT%H:%M:%S.%f}+00:00", line, count=1)


def access(clock, lines, twin):
    """Lines of nginx's access log, likewise."""
    assert len(lines) == len(twin), "a log and its twin differ"
    for line, exact in zip(lines, twin):
        t = clock.story(float(exact))
        yield t, re.sub(r"\[[^]]*\]", f"[{t:%d/%b/%Y:%H:%M:%S} +0000]", line, count=1)


def errors(clock, lines, requests):
    """Lines of nginx's error log; each tells of a request, whose time is known from the access log (`requests`: line to story time)."""
    for line in lines:
        path = re.search(r'request: "([^"]*)"', line)[1]
        client = re.search(r"client: ([0-9.]+)", line)[1]
        t = next(t for t, asked in requests if f'"{path}"' in asked and asked.startswith(client + " "))
        yield t, f"{t:%Y/%m/%d %H:%M:%S}{line[19:]}"
