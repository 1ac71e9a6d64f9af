"""Puts the demo together: recorded logs at the story's times, CloudTrail and flow records that join them, the truth, the time map.

Usage: compose.py WORK. Reads what `story.py` left in WORK; writes ../logs, ../truth.yaml and ../timemap.tsv. Standard library only.
"""

import datetime, gzip, json, pathlib, re, shutil, sys

import cloud, clock, cut, truth

DEMO = pathlib.Path(__file__).resolve().parent.parent
HOSTS = {"bastion-1": "10.20.1.10", "db-1": "10.20.2.20", "web-1": "10.20.3.15"}
FIRST, INCIDENT = datetime.date(2026, 2, 18), datetime.date(2026, 3, 4)
# Logs rotate on Mondays: the name of a log's part by the day that begins the next.
ROTATED = [(datetime.date(2026, 2, 23), ".2.gz"), (datetime.date(2026, 3, 2), ".1.gz")]


def text_lines(path):
    return path.read_text().splitlines()


class Recorded:
    """What was recorded, at the story's times: by source, `(time, line)` in the order of the log."""

    def __init__(self, work):
        self.clock = clock.Clock(json.loads((work / "marks.json").read_text()))
        tree = json.loads((work / "tree.json").read_text())
        self.logs = {}
        for host, records in cut.by_host(work / "raw/audit.log", {h: tree[h] for h in HOSTS}).items():
            self.logs[f"{host}/audit/audit.log"] = [self.clock.audit(line) for line in records]
        raw = work / "raw"
        for host in HOSTS:
            for name in ("auth.log", "syslog"):
                lines, twin = text_lines(raw / host / name), text_lines(raw / host / f"{name.removesuffix('.log')}.twin")
                self.logs[f"{host}/{name}"] = list(clock.syslog(self.clock, lines, twin))
        web = raw / "web-1/nginx"
        requests = list(clock.access(self.clock, text_lines(web / "access.log"), text_lines(web / "access.twin")))
        self.logs["web-1/nginx/access.log"] = requests
        self.logs["web-1/nginx/error.log"] = list(clock.errors(self.clock, text_lines(web / "error.log"), requests))

    def write(self, folder):
        for source, lines in self.logs.items():
            parts = {}
            for t, line in lines:
                ending = next((name for until, name in ROTATED if t.date() < until), "")
                parts.setdefault(ending, []).append(line if isinstance(line, bytes) else line.encode() + b"\n")
            for ending, found in parts.items():
                path = folder / (source + ending)
                path.parent.mkdir(parents=True, exist_ok=True)
                body = b"".join(found)
                path.write_bytes(gzip.compress(body, 9, mtime=0) if ending else body)


def flows(recorded):
    """Flow records of the connections that the recorded logs tell of, and of some that only a flow log sees."""
    log = cloud.Flows()
    for host, address in HOSTS.items():
        begun, ended = {}, {}
        for t, line in recorded.logs[f"{host}/auth.log"]:
            for ip, port in re.findall(r"([0-9.]+) port (\d+)", line):
                begun.setdefault((ip, port), t)
                ended[ip, port] = t
        for (ip, port), t in begun.items():
            if port != "22":
                seconds = (ended[ip, port] - t).total_seconds()
                log.connection(t, seconds, ip, int(port), address, 22, 3400 + int(seconds * 40), 4100 + int(seconds * 60))
        outgoing(log, recorded.logs[f"{host}/audit/audit.log"], address)
    for t, line in recorded.logs["web-1/nginx/access.log"]:
        client, size = line.split(" ", 1)[0], int(re.search(r'" \d+ (\d+) ', line)[1])
        log.connection(t, 1, client, cloud.RANDOM.randint(32768, 60999), HOSTS["web-1"], 80, 620, size + 480)
    for n in range((INCIDENT - FIRST).days + 1):
        day = FIRST + datetime.timedelta(days=n)
        for _ in range(20):
            t = cloud.later(cloud.at(day, "00:00:00"), cloud.RANDOM.randint(0, 86000))
            scanner, target = f"198.51.100.{cloud.RANDOM.choice((201, 202, 207, 219))}", cloud.RANDOM.choice((HOSTS["bastion-1"], HOSTS["web-1"]))
            log.connection(t, 1, scanner, cloud.RANDOM.randint(32768, 60999), target, cloud.RANDOM.choice((23, 445, 3306, 3389, 5432, 6379, 8080)), 60, 0, "REJECT")
    log.silent(cloud.INTERFACES[HOSTS["db-1"]], cloud.at(INCIDENT, "10:40:00"), "SKIPDATA")
    return log


# How much a program's connection sends and receives; the intruder's upload is as large as the file that was recorded.
AMOUNTS = {"curl": (31_000, 5_200), "http": (900, 3_100), "python3.11": (240, 1_300), "ssh": None}
STOLEN_BYTES = 24_007_000


def outgoing(log, records, address):
    seen, exe = {}, {}
    for t, line in records:
        head = re.search(rb'type=SYSCALL .* pid=(\d+) .* comm="[^"]*" exe="([^"]*)"', line)
        event = cut.serial(line)
        if head:
            exe[event] = (int(head[1]), head[2].decode().rsplit("/", 1)[-1])
        to = re.search(rb"laddr=([0-9.]+) lport=(\d+)", line)
        if to and event in exe:
            pid, program = exe[event]
            ip, port = to[1].decode(), int(to[2])
            amount = AMOUNTS.get(program)
            # Flow logs leave out the metadata service and what stays on the machine; ssh is told by the other end.
            if amount is None or ip.startswith(("127.", "169.254.")) or seen.get((pid, ip, port)) is not None:
                continue
            seen[pid, ip, port] = t
            stolen = ip == cloud.OUTSIDE_2
            log.connection(t, 14 if stolen else 2, address, cloud.RANDOM.randint(32768, 60999), ip, port, STOLEN_BYTES if stolen else amount[0], amount[1])


def main():
    work = pathlib.Path(sys.argv[1]).resolve()
    recorded = Recorded(work)
    account = cloud.Cloud(INCIDENT)
    for n in range((INCIDENT - FIRST).days + 1):
        day = FIRST + datetime.timedelta(days=n)
        rounds = account.everyday(day)
        if day.weekday() < 5:
            account.workday(day)
    account.intrusion(rounds[1])
    logs = DEMO / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    for folder in ("cloudtrail", "vpcflow"):
        (logs / folder).mkdir(parents=True)
    recorded.write(logs)
    account.write(logs / "cloudtrail")
    flows(recorded).write(logs / "vpcflow", INCIDENT)
    (DEMO / "truth.yaml").write_text(truth.text(recorded.logs, rounds[1]["accessKeyId"]))
    marks = recorded.clock.marks
    rows = [f"{real - marks[0][0]:.3f}\t{when:%Y-%m-%dT%H:%M:%SZ}\t{pace:g}" for real, when, pace in marks]
    (DEMO / "timemap.tsv").write_text("recorded_s\tstory\tpace\n" + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
