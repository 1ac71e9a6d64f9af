"""The stage: hosts as namespaces of one machine, their daemons, the kernel's audit, the clock of the story. Knows nothing of what happens on it.

A host is a file system of its own (a copy of the image), with its own host name, mounts and network. Process ids and audit sessions are
the machine's, so no two hosts share one. Everything started here is ended by `Stage.close`, the audit rules too.
"""

import datetime, os, pathlib, re, select, shutil, signal, subprocess, time

BRIDGE = "mu-br"
WORLD = ["192.0.2.20", "192.0.2.80", "192.0.2.85", "192.0.2.91", "203.0.113.66", "198.51.100.77", "198.51.100.201", "198.51.100.202", "198.51.100.207", "198.51.100.219",
         *(f"203.0.113.{n}" for n in range(100, 112)), *(f"198.51.100.{n}" for n in range(20, 30))]
PROMPT = re.compile(rb"(?:^|[\r\n])[a-z0-9]+@([a-z0-9-]+):[^\r\n]*[$#] $")
WAIT_S = 20


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


class Host:
    """A machine of the story. `kept`: whether it sends its logs."""

    def __init__(self, stage, name, address, kept):
        self.stage, self.name, self.address, self.kept = stage, name, address, kept
        self.root = stage.work / "hosts" / name
        self.net = f"mu-{name}"
        self.roots, self.daemons = [], []

    def open(self):
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.parent.mkdir(exist_ok=True)
        run("cp", "-a", "--reflink=auto", str(self.stage.work / "image"), str(self.root))
        (self.root / "etc/hostname").write_text(self.name + "\n")
        run("ip", "netns", "add", self.net)
        run("ip", "-n", self.net, "link", "set", "lo", "up")
        setup = f"""set -e
hostname {self.name}
cd {self.root}
mount -t tmpfs -o mode=755 dev dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for n in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do set -- $n; mknod -m 666 dev/$1 c $2 $3; done
mount -t proc proc proc
mount -t tmpfs run run
mkdir run/sshd run/lock
touch run/utmp
exec chroot . /bin/sleep 100000"""
        self.holder = subprocess.Popen(["ip", "netns", "exec", self.net, "unshare", "--uts", "--mount", "--propagation", "private", "bash", "-c", setup])
        for _ in range(100):
            if os.readlink(f"/proc/{self.holder.pid}/root") == str(self.root):
                return
            time.sleep(0.05)
        raise SystemExit(f"record: {self.name} did not come up")

    def wire(self):
        """A cable from the host to the bridge, in the world's network."""
        world = self.stage.world.net
        inner, outer = f"mi-{self.name}"[:15], f"mo-{self.name}"[:15]
        run("ip", "-n", world, "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.net)
        run("ip", "-n", world, "link", "set", outer, "master", BRIDGE, "up")
        run("ip", "-n", self.net, "addr", "add", f"{self.address}/16", "dev", inner)
        run("ip", "-n", self.net, "link", "set", inner, "up")
        run("ip", "-n", self.net, "route", "add", "default", "via", "10.20.0.1")

    def command(self, *command):
        return ["nsenter", "--target", str(self.holder.pid), "--uts", "--mount", "--net", "--root", "--wd", "--", "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", *command]

    def start(self, *command, **more):
        """Starts a process of the host."""
        process = subprocess.Popen(self.command(*command), stdin=more.pop("stdin", subprocess.DEVNULL), start_new_session=True, **more)
        self.roots.append(process.pid)
        return process

    def daemon(self, *command):
        self.daemons.append(self.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return self.daemons[-1]

    def do(self, *command):
        """Runs a command in the host and waits for it; none of the story's business, so not in its logs."""
        return run(*self.command(*command))

    def cron(self, at):
        """One tick of cron: started five seconds before the minute `at` on a clock ten times as fast, ended when its jobs are."""
        before = (at - datetime.timedelta(seconds=5)).strftime("@%Y-%m-%d %H:%M:%S x10")
        lib = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
        cron = self.start("env", f"LD_PRELOAD={lib}", f"FAKETIME={before}", "FAKETIME_DONT_FAKE_MONOTONIC=1", "/usr/sbin/cron", "-f")
        return cron

    def end(self):
        for process in reversed(self.daemons):
            process.terminate()
        for pid in self.stage.pids_in(self):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        subprocess.run(["ip", "netns", "del", self.net], capture_output=True)


class Shell:
    """An interactive login through ssh, driven as by a person."""

    def __init__(self, stage, source, key, target, agent=True):
        self.stage = stage
        option = ["-o", "ForwardAgent=no"] if not agent else []
        line = ["ssh", "-tt", *option, "-b", source, "-i", f"/keys/{key}", target]
        if agent:
            line = ["ssh-agent", "sh", "-c", f"ssh-add -q /keys/{key}; exec " + " ".join(line)]
        self.process = subprocess.Popen(stage.world.command("TERM=dumb", *line), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        self.wait(line)

    def wait(self, why):
        said, until = b"", time.time() + WAIT_S
        while time.time() < until:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                piece = os.read(self.process.stdout.fileno(), 65536)
                said += piece
                if not piece:
                    break
                if PROMPT.search(said):
                    return said.decode(errors="replace")
        raise SystemExit(f"record: no prompt after {why}: {said.decode(errors='replace')}")

    def run(self, line):
        """Types a line and waits for the prompt."""
        self.process.stdin.write(line.encode() + b"\n")
        return self.wait(line)

    def leave(self):
        """Ends the outermost shell."""
        self.process.stdin.write(b"exit\n")
        self.process.wait(WAIT_S)
        self.process.stdin.close()
        self.process.stdout.close()


class Stage:
    def __init__(self, work):
        self.work = pathlib.Path(work).resolve()
        self.world = Host(self, "world", "10.20.0.1", False)
        self.hosts = {n: Host(self, n, a, k) for n, a, k in (("bastion-1", "10.20.1.10", True), ("db-1", "10.20.2.20", True), ("web-1", "10.20.3.15", True), ("ci-1", "10.20.3.30", False))}
        self.marks, self.auditd = [], None

    def pids_in(self, host):
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.readlink(f"/proc/{entry}/root") == str(host.root):
                    found.append(int(entry))
            except OSError:
                pass
        return found

    def open(self):
        self.pid_max = pathlib.Path("/proc/sys/kernel/pid_max").read_text()
        pathlib.Path("/proc/sys/kernel/pid_max").write_text("4194304")
        for host in [self.world, *self.hosts.values()]:
            host.open()
        run("ip", "-n", self.world.net, "link", "add", BRIDGE, "type", "bridge")
        run("ip", "-n", self.world.net, "addr", "add", "10.20.0.1/16", "dev", BRIDGE)
        run("ip", "-n", self.world.net, "link", "set", BRIDGE, "up")
        for address in WORLD:
            run("ip", "-n", self.world.net, "addr", "add", f"{address}/32", "dev", "lo")
        for host in self.hosts.values():
            host.wire()
        run("ip", "-n", self.hosts["web-1"].net, "addr", "add", "169.254.169.254/32", "dev", "lo")
        keys = self.world.root / "keys"
        shutil.copytree(self.work / "keys", keys)
        shutil.copytree(self.work / "mirror", self.world.root / "mirror")

    def listen(self):
        """Starts the kernel's audit and auditd (in db-1's file system, so that the names of its users are known to it)."""
        state = run("auditctl", "-s")
        if "pid 0" not in state or "No rules" not in run("auditctl", "-l"):
            raise SystemExit(f"record: somebody else uses the kernel's audit now\n{state}")
        self.backlog = {k: re.search(rf"^{k} (\S+)", state, re.M).group(1) for k in ("enabled", "backlog_limit", "backlog_wait_time")}
        self.lost = int(re.search(r"^lost (\d+)", state, re.M).group(1))
        db = self.hosts["db-1"]
        self.auditd = subprocess.Popen(["chroot", str(db.root), "/usr/bin/env", "-i", "/sbin/auditd", "-n"], stdin=subprocess.DEVNULL)
        time.sleep(0.7)
        run("auditctl", "-b", "60000", "--backlog_wait_time", "0")
        for n, host in enumerate(h for h in self.hosts.values() if h.kept):
            # The last field holds for everybody; it makes the same path of another host another rule.
            watch = lambda what, perm, key: run("chroot", str(host.root), "/sbin/auditctl", "-a", "always,exit", "-F", what, "-F", f"perm={perm}", "-F", f"uid!={4000000000 + n}", "-k", key)
            for path in ("/etc/passwd", "/etc/shadow", "/etc/group"):
                watch(f"path={path}", "wa", "identity")
            watch("path=/etc/sudoers.d", "wa", "sudoers")
            for path, key in (("/srv/exports/customers-2026-02.csv.gz", "exports"), ("/home/deploy/.ssh/id_db", "keys")):
                if (host.root / path[1:]).exists():
                    watch(f"path={path}", "r", key)
        run("auditctl", "-a", "always,exit", "-F", "arch=b64", "-S", "execve,execveat", "-k", "exec")
        run("auditctl", "-a", "always,exit", "-F", "arch=b64", "-S", "connect", "-F", "a2=16", "-k", "net")
        run("auditctl", "-a", "always,exit", "-F", "arch=b64", "-S", "clone,clone3,fork,vfork", "-F", "success=1", "-k", "tree")

    def at(self, when, pace=1.0):
        """From now on it is `when` in the story, and its clock goes `pace` times as fast as ours."""
        time.sleep(0.12)
        # The kernel stamps with a clock that lags by up to a tick, so the mark is set back a little; nothing happened since.
        self.marks.append((time.time() - 0.02, when, pace))

    def settle(self, processes, grace=0.0):
        """Waits until cron's jobs are done, then ends cron."""
        time.sleep(grace)
        until = time.time() + WAIT_S
        for process in processes:
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
            while time.time() < until and children.read_text().strip():
                time.sleep(0.03)
            process.terminate()
            process.wait()

    def close(self):
        for host in [*self.hosts.values()]:
            for process in host.daemons:
                process.terminate()
        time.sleep(1.0)
        if self.auditd:
            said = run("auditctl", "-s")
            self.lost = int(re.search(r"^lost (\d+)", said, re.M).group(1)) - self.lost
            run("auditctl", "-D")
            self.auditd.terminate()
            self.auditd.wait()
            run("auditctl", "-b", self.backlog["backlog_limit"], "--backlog_wait_time", self.backlog["backlog_wait_time"])
            run("auditctl", "-e", self.backlog["enabled"])
        for host in [*self.hosts.values(), self.world]:
            host.end()
        pathlib.Path("/proc/sys/kernel/pid_max").write_text(self.pid_max)
