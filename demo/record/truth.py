"""What really happened on 2026-03-04, as nodes and hops: the key that tests hold the scope against. Ids that were made while recording
(process ids, sessions, key fingerprints) are looked up in the recorded logs; everything else is the story's own.
"""

import re

from cloud import ACCOUNT, FLOW_LOG, INSTANCE, KEY_NEW, OUTSIDE_1, OUTSIDE_2, PARTS, TRAIL

CLOUD, IAM = f"cloudtrail/{ACCOUNT}/eu-central-1", f"cloudtrail/{ACCOUNT}/us-east-1"
FLOW = f"vpcflow/{ACCOUNT}/eu-central-1/{FLOW_LOG}"
B_SYS, B_RUN, D_SYS, D_RUN, WEB = "bastion-1/auth.log", "bastion-1/audit/audit.log", "db-1/auth.log", "db-1/audit/audit.log", "web-1/nginx/access.log"


class Login:
    """The login of deploy on a host on the incident's day, from an address: sshd's process, audit's session, the key."""

    def __init__(self, logs, host, source):
        for t, line in logs[f"{host}/auth.log"]:
            found = re.search(rf"sshd\[(\d+)\]: Accepted publickey for deploy from {re.escape(source)} port \d+ ssh2: ED25519 (SHA256:\S+)", line)
            if found and f"{t:%F}" == "2026-03-04":
                self.sshd, self.key = f"session:{host}/sshd:{found[1]}", f"credential:{found[2]}"
                pid = found[1]
        for _, line in logs[f"{host}/audit/audit.log"]:
            found = re.search(rf"type=LOGIN .* pid={pid} .* ses=(\d+) res=1".encode(), line)
            if found:
                self.ses = f"session:{host}/{found[1].decode()}"


def text(logs, stolen):
    one, two = Login(logs, "bastion-1", OUTSIDE_1), Login(logs, "db-1", "10.20.1.10")
    ip1, ip2 = f"ip:{OUTSIDE_1}", f"ip:{OUTSIDE_2}"
    key, new = f"credential:{stolen}", f"credential:{KEY_NEW}"
    role, session = f"user:arn:aws:iam::{ACCOUNT}:role/web-app", f"session:arn:aws:sts::{ACCOUNT}:assumed-role/web-app/{INSTANCE}"
    backup, account = f"user:arn:aws:iam::{ACCOUNT}:user/backup-svc", f"account:{ACCOUNT}"
    s3 = "resource:arn:aws:s3:::"
    exports, secrets, backups = s3 + "customer-exports", s3 + "ops-secrets", s3 + "db-backups"
    ssh_key, dump = secrets + "/bastion/deploy_ed25519", backups + "/db-1/2026-03-03.dump.gz"
    id_db, sudoers, archive = "file:bastion-1:/home/deploy/.ssh/id_db", "file:db-1:/etc/sudoers.d/support2", "file:db-1:/srv/exports/customers-2026-02.csv.gz"
    # The same account: while useradd makes it, auditd knows only its number.
    numbered = "user:uid:1012@db-1"
    identities = [f"file:db-1:/etc/{name}" for name in ("passwd", "shadow", "group")]
    shown = [(ip1, "entry"), (ip2, "origin"), (key, "controlled"), (role, "controlled"), (session, "controlled"), (new, "controlled"), (backup, "controlled"),
             (account, "reached"), (exports, "exposed"), (secrets, "exposed"), (ssh_key, "exposed"), (backups, "exposed"), (dump, "exposed"),
             (f"resource:{TRAIL}", "changed"), *((f"{exports}/{part}", "exposed") for part in PARTS), ("host:web-1", "reached"),
             (one.key, "controlled"), (one.sshd, "controlled"), (one.ses, "controlled"), ("user:deploy@bastion-1", "controlled"), ("host:bastion-1", "reached"), (id_db, "exposed")]
    likely = [(two.key, "controlled"), (two.sshd, "controlled"), (two.ses, "controlled"), ("user:deploy@db-1", "controlled"), ("host:db-1", "controlled"),
              ("user:root@db-1", "controlled"), ("user:support2@db-1", "controlled"), (numbered, "controlled"), (sudoers, "changed"), (archive, "exposed"), *((f, "changed") for f in identities)]
    hops = [(ip1, "connected", "host:web-1", "08:52:17", WEB),
            (ip1, "used", key, "09:12:04", CLOUD), (key, "logged_in", role, "09:12:04", CLOUD), (key, "logged_in", session, "09:12:04", CLOUD), (session, "logged_in", role, "09:12:04", CLOUD),
            (key, "on", account, "09:12:04", CLOUD),
            (key, "listed", exports, "09:14:10", CLOUD), *((key, "read", f"{exports}/{p}", f"09:{15 + i}:20", CLOUD) for i, p in enumerate(PARTS)),
            (key, "listed", secrets, "09:24:40", CLOUD), (key, "read", ssh_key, "09:25:12", CLOUD),
            (ip1, "used", key, "09:13:02", IAM), (key, "logged_in", role, "09:13:02", IAM), (key, "logged_in", session, "09:13:02", IAM), (session, "logged_in", role, "09:13:02", IAM), (key, "on", account, "09:13:02", IAM),
            (key, "created", new, "09:41:15", IAM), (key, "granted", backup, "09:41:15", IAM),
            (ip2, "used", new, "09:47:30", CLOUD), (ip2, "used", new, "11:05:19", IAM), (new, "logged_in", backup, "09:47:30", CLOUD), (new, "listed", backups, "09:50:11", CLOUD),
            (new, "read", dump, "09:51:37", CLOUD), (new, "deleted", f"resource:{TRAIL}", "10:02:00", CLOUD),
            (ip1, "used", one.key, "10:08:21", B_SYS), (ip1, "logged_in", one.sshd, "10:08:21", B_SYS), (one.sshd, "logged_in", "user:deploy@bastion-1", "10:08:21", B_SYS),
            (one.sshd, "on", "host:bastion-1", "10:08:21", B_SYS), (one.sshd, "logged_in", one.ses, "10:08:21", B_RUN), (ip1, "logged_in", one.ses, "10:08:21", B_RUN),
            (one.ses, "logged_in", "user:deploy@bastion-1", "10:08:21", B_RUN), (one.ses, "on", "host:bastion-1", "10:08:21", B_RUN),
            (one.ses, "read", id_db, "10:09:20", B_RUN), (one.ses, "connected", "host:web-1", "10:11:40", B_RUN),
            (one.ses, "passed_on", two.sshd, "10:15:02", f"{B_RUN}+{D_SYS}"), (one.ses, "passed_on", two.ses, "10:15:02", f"{B_RUN}+{D_RUN}"),
            (two.sshd, "logged_in", two.ses, "10:15:02", D_RUN), (two.sshd, "proved_by", two.key, "10:15:02", D_SYS), (two.sshd, "logged_in", "user:deploy@db-1", "10:15:02", D_SYS),
            (two.ses, "logged_in", "user:deploy@db-1", "10:15:02", D_RUN), (two.sshd, "on", "host:db-1", "10:15:02", D_SYS), (two.ses, "on", "host:db-1", "10:15:02", D_RUN),
            ("user:deploy@db-1", "became", "user:root@db-1", "10:15:40", D_SYS), (two.ses, "became", "user:root@db-1", "10:15:40", D_RUN),
            (two.ses, "created", "user:support2@db-1", "10:19:12", D_RUN), (two.ses, "created", numbered, "10:19:12", D_RUN), *((two.ses, "wrote", f, "10:19:12", D_RUN) for f in identities), (two.ses, "wrote", sudoers, "10:20:05", D_RUN),
            (two.ses, "read", archive, "10:24:00", D_RUN), (two.ses, "connected", ip2, "10:26:44", D_RUN)]
    out = ["# What happened on 2026-03-04, as it was played and recorded; the key that tests hold the scope against.",
           "# `status` and `level` as in crates/trace/src/scope. A hop whose source is `A+B` needs both.",
           f"indicator: {ip1}", f"entry: {ip1}", 'at: 2026-03-04T08:52:17Z',
           'how: "a request to the web application of web-1 made it fetch the credentials of its instance (09:06:02), which were used from outside at 09:12:04"',
           "addresses:", "  10.20.1.10: bastion-1", "  10.20.2.20: db-1", "  10.20.3.15: web-1", "nodes:"]
    out += [f'  - {{entity: "{e}", status: {s}, level: {level}}}' for level, some in (("shown", shown), ("likely", likely)) for e, s in some]
    out += ["hops:"] + [f'  - {{from: "{f}", relation: {r}, to: "{to}", at: "2026-03-04T{t}Z", source: "{src}"}}' for f, r, to, t, src in hops]
    out += ["data_exposed:", f'  - {{entity: "{exports}", objects: {len(PARTS)}, bytes: {sum(41_000_000 + i for i in range(len(PARTS)))}, people: 48200, owner: team-data}}',
            f'  - {{entity: "{ssh_key}", owner: team-platform}}', f'  - {{entity: "{dump}", bytes: 812331904, owner: team-data}}', f'  - {{entity: "{archive}", bytes: 24000000, owner: team-platform}}',
            "vendors: [acme-analytics, aws]", "people: 48200", "exfiltration: seen", "blind_spots:",
            f'  - {{what: "trail stopped", source: "{CLOUD}", from: "2026-03-04T10:02:00Z", to: "2026-03-04T10:42:00Z"}}',
            f'  - {{what: "flow records of db-1 not written", source: "{FLOW}", from: "2026-03-04T10:40:00Z", to: "2026-03-04T10:50:00Z"}}']
    return "\n".join(out) + "\n"
