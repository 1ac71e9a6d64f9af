"""CloudTrail and VPC flow records of the demo, composed from AWS's specifications so that ids, addresses and times join what was recorded.

Sources: CloudTrail user guide, "CloudTrail record contents", "userIdentity element", "Logging data events", "log file name format";
Amazon VPC user guide, "Flow log records" (version 2, in the default order, with the line of field names). Standard library only.
"""

import datetime, gzip, hashlib, json, random

RANDOM = random.Random(20260304)
ACCOUNT, VENDOR_ACCOUNT, INSTANCE = "111122223333", "444455556666", "i-0a1b2c3d4e5f60718"
NAT, OFFICE, VENDOR = "192.0.2.10", "192.0.2.20", "192.0.2.130"
OUTSIDE_1, OUTSIDE_2 = "203.0.113.66", "198.51.100.77"
TRAIL = f"arn:aws:cloudtrail:eu-central-1:{ACCOUNT}:trail/org-trail"
KEY_CI, KEY_BACKUP, KEY_NEW = "AKIAEXAMPLECIDEPLOY1", "AKIAEXAMPLEBACKUPSV1", "AKIAEXAMPLEBACKUPSV2"
PARTS = [f"2026/02/customers-part-{i:02}.csv.gz" for i in range(6)]
CLI = "aws-cli/2.15.30 md/Botocore#1.34.50 ua/2.0 os/linux#6.1.0-18-amd64 lang/python#3.11.8"
SDK = "Boto3/1.34.50 md/Botocore#1.34.50 ua/2.0 os/linux#6.1.0-18-cloud-amd64 lang/python#3.11.2 exec-env/EC2"


def at(day, text):
    """The time `HH:MM:SS` of a day."""
    return datetime.datetime.combine(day, datetime.time.fromisoformat(text), datetime.timezone.utc)


def later(t, seconds):
    return t + datetime.timedelta(seconds=seconds)


def uuid():
    h = "%032x" % RANDOM.getrandbits(128)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def letters(n):
    return "".join(RANDOM.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(n))


def iam_user(name, key):
    return {"type": "IAMUser", "principalId": "AIDA" + hashlib.sha256(name.encode()).hexdigest()[:17].upper(),
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "accountId": ACCOUNT, "accessKeyId": key, "userName": name}


def principal(role):
    return "AROA" + hashlib.sha256(role.encode()).hexdigest()[:17].upper()


def role_session(role, session, key, created, instance=False):
    who = {"type": "AssumedRole", "principalId": f"{principal(role)}:{session}", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
           "accountId": ACCOUNT, "accessKeyId": key,
           "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": principal(role), "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                                                "accountId": ACCOUNT, "userName": role},
                              "attributes": {"creationDate": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "mfaAuthenticated": "false"}}}
    if instance:
        who["sessionContext"]["ec2RoleDelivery"] = "1.0"
    return who


class Cloud:
    """The account's records. `stopped`: while the trail is."""

    def __init__(self, incident):
        self.records, self.incident = [], incident
        self.stopped = (at(incident, "10:02:00"), at(incident, "10:42:00"))

    def api(self, t, who, ip, service, name, request=None, response=None, region="eu-central-1", read=True, data=False, resources=None, extra=None, error=None, agent=CLI):
        """One record, unless the trail is stopped at that time."""
        if self.stopped[0] < t < self.stopped[1]:
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
        self.records.append((t, region, r))

    def s3(self, t, who, ip, name, bucket, key=None, taken=0, given=0, **more):
        """A data event of S3: `taken` bytes came in, `given` went out."""
        request = {"bucketName": bucket, "Host": f"{bucket}.s3.eu-central-1.amazonaws.com"} | ({"key": key} if key else {"prefix": more.pop("prefix", "")})
        resources = [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}]
        if key:
            resources.insert(0, {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"})
        extra = {"SignatureVersion": "SigV4", "bytesTransferredIn": taken, "bytesTransferredOut": given}
        self.api(t, who, ip, "s3", name, request, data=True, read=name != "PutObject", resources=resources, extra=extra, **more)

    def list(self, t, who, ip, bucket, prefix="", **more):
        self.s3(t, who, ip, "ListObjects", bucket, given=RANDOM.randint(900, 9000), prefix=prefix, **more)

    def get(self, t, who, ip, bucket, key, size, **more):
        self.s3(t, who, ip, "GetObject", bucket, key, given=size, **more)

    def put(self, t, who, ip, bucket, key, size, **more):
        self.s3(t, who, ip, "PutObject", bucket, key, taken=size, **more)

    def assume(self, t, who, ip, role, session, instance=False):
        """AssumeRole, and the identity that it hands out."""
        key = "ASIAEXAMPLE" + letters(9)
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"
        self.api(t, who, ip, "sts", "AssumeRole", {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "roleSessionName": session, "durationSeconds": 3600},
                 {"credentials": {"accessKeyId": key, "sessionToken": "-", "expiration": later(t, 3600).strftime("%b %d, %Y, %I:%M:%S %p")},
                  "assumedRoleUser": {"assumedRoleId": f"{principal(role)}:{session}", "arn": arn}}, agent=ip if instance else CLI,
                 resources=[{"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": f"arn:aws:iam::{ACCOUNT}:role/{role}"}])
        return role_session(role, session, key, t, instance)

    # ------------------------------------------------------------ honest work

    def everyday(self, day):
        backup = iam_user("backup-svc", KEY_BACKUP)
        date = day.isoformat()
        # The instance's role: EC2 takes it for the instance every six hours; the nightly export writes with it.
        ec2 = {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}
        rounds = [self.assume(at(day, f"{hour:02}:12:{RANDOM.randint(10, 59)}"), ec2, "ec2.amazonaws.com", "web-app", INSTANCE, True) for hour in (0, 6, 12, 18)]
        for i, part in enumerate(PARTS):
            self.put(at(day, f"05:00:{2 + 3 * i:02}"), rounds[0], NAT, "customer-exports", part, 41_000_000 + i, agent=SDK)
        self.list(at(day, "05:01:02"), rounds[0], NAT, "customer-exports", "2026/02/", agent=SDK)
        if day.weekday() < 5:
            for n, text in enumerate(("07:31:20", "11:40:19")):
                self.get(at(day, text), rounds[1], NAT, "app-artifacts", f"preview/release-{day.toordinal()}-{n}.tar.gz", 50_000, agent=SDK)
        self.api(at(day, "02:00:03"), backup, NAT, "sts", "GetCallerIdentity")
        self.put(at(day, "02:04:41"), backup, NAT, "db-backups", f"db-1/{date}.dump.gz", 812_331_904)
        self.list(at(day, "02:05:02"), backup, NAT, "db-backups", "db-1/")
        vendor = {"type": "AWSAccount", "principalId": "AROAEXAMPLEACME00001:acme-etl", "accountId": VENDOR_ACCOUNT}
        reader = self.assume(at(day, "06:30:00"), vendor, VENDOR, "vendor-acme-read", "acme-nightly")
        self.list(at(day, "06:30:04"), reader, VENDOR, "customer-exports", "2026/02/")
        for i, part in enumerate(PARTS[:3]):
            self.get(at(day, f"06:3{1 + i}:10"), reader, VENDOR, "customer-exports", part, 41_000_000 + i)
        service = {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
        for hour in range(1, 24, 6):
            self.api(at(day, f"{hour:02}:17:00"), service, "cloudtrail.amazonaws.com", "s3", "GetBucketAcl", {"bucketName": "org-trail-logs"}, agent="cloudtrail.amazonaws.com",
                     resources=[{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::org-trail-logs"}])
        return rounds

    def workday(self, day):
        ci = iam_user("ci-deploy", KEY_CI)
        alice, carol = iam_user("alice", "AKIAEXAMPLEALICE0001"), iam_user("carol", "AKIAEXAMPLECAROL0001")
        for hour, minute in ((7, 20), (11, 25)):
            t, build = later(at(day, f"{hour:02}:{minute}:00"), RANDOM.randint(0, 300)), day.timetuple().tm_yday * 100 + hour
            self.api(t, ci, NAT, "sts", "GetCallerIdentity")
            runner = self.assume(later(t, 4), ci, NAT, "ci-runner", f"build-{build}")
            for step, name in enumerate(("app", "worker", "site")):
                self.put(later(t, 40 + 9 * step), runner, NAT, "app-artifacts", f"{name}/build-{build}.tar.gz", RANDOM.randint(4_000_000, 9_000_000))
            self.api(later(t, 90), runner, NAT, "ecs", "UpdateService", {"cluster": "prod", "service": "app"}, {"service": {"serviceName": "app"}}, read=False)
        for start, who in (("08:05:00", alice), ("13:10:00", alice), ("08:40:00", carol), ("14:20:00", carol)):
            t = later(at(day, start), RANDOM.randint(0, 900))
            self.api(t, who, OFFICE, "sts", "GetCallerIdentity")
            self.api(later(t, 21), who, OFFICE, "ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}})
            self.api(later(t, 65), who, OFFICE, "s3", "ListBuckets", {"Host": "s3.eu-central-1.amazonaws.com"})
            if who is carol:
                self.list(later(t, 80), who, OFFICE, "customer-exports", "2026/02/")
                self.get(later(t, 99), who, OFFICE, "customer-exports", PARTS[5], 41_000_005)
            else:
                self.list(later(t, 80), who, OFFICE, "ops-secrets")
                self.api(later(t, 140), who, OFFICE, "iam", "ListAccessKeys", {"userName": "backup-svc"}, region="us-east-1")
        self.console(day)

    def console(self, day):
        bob = iam_user("bob", "ASIAEXAMPLE" + letters(9))
        t = later(at(day, "09:02:00"), RANDOM.randint(0, 400))
        signed_in = {k: v for k, v in bob.items() if k != "accessKeyId"}
        self.api(t, signed_in, OFFICE, "signin", "ConsoleLogin", None, {"ConsoleLogin": "Success"}, read=False,
                 extra={"LoginTo": "https://console.aws.amazon.com/", "MobileVersion": "No", "MFAUsed": "Yes"},
                 agent="Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0")
        for n, (service, name) in enumerate((("ec2", "DescribeInstances"), ("cloudtrail", "DescribeTrails"), ("iam", "ListUsers"), ("rds", "DescribeDBInstances"))):
            self.api(later(t, 30 + 40 * n), bob, OFFICE, service, name, region="us-east-1" if service == "iam" else "eu-central-1", agent="console.amazonaws.com")

    # ------------------------------------------------------------ the intruder

    def intrusion(self, stolen):
        """With the instance's credentials, from outside. Gives back the hops that the truth names."""
        t = lambda text: at(self.incident, text)
        new = iam_user("backup-svc", KEY_NEW)
        role = f"arn:aws:sts::{ACCOUNT}:assumed-role/web-app/{INSTANCE}"
        self.api(t("09:12:04"), stolen, OUTSIDE_1, "sts", "GetCallerIdentity")
        self.api(t("09:12:31"), stolen, OUTSIDE_1, "s3", "ListBuckets", {"Host": "s3.eu-central-1.amazonaws.com"})
        self.api(t("09:13:02"), stolen, OUTSIDE_1, "iam", "ListUsers", region="us-east-1")
        self.list(t("09:14:10"), stolen, OUTSIDE_1, "customer-exports")
        for i, part in enumerate(PARTS):
            self.get(t(f"09:{15 + i}:20"), stolen, OUTSIDE_1, "customer-exports", part, 41_000_000 + i)
        self.list(t("09:24:40"), stolen, OUTSIDE_1, "ops-secrets")
        self.get(t("09:25:12"), stolen, OUTSIDE_1, "ops-secrets", "bastion/deploy_ed25519", 419)
        self.api(t("09:33:50"), stolen, OUTSIDE_1, "iam", "AttachRolePolicy", {"roleName": "web-app", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, region="us-east-1", read=False,
                 error=("AccessDenied", f"User: {role} is not authorized to perform: iam:AttachRolePolicy on resource: role web-app because no identity-based policy allows the iam:AttachRolePolicy action"))
        self.api(t("09:41:15"), stolen, OUTSIDE_1, "iam", "CreateAccessKey", {"userName": "backup-svc"},
                 {"accessKey": {"userName": "backup-svc", "accessKeyId": KEY_NEW, "status": "Active", "createDate": "Mar 4, 2026, 9:41:15 AM"}}, region="us-east-1", read=False)
        self.api(t("09:47:30"), new, OUTSIDE_2, "sts", "GetCallerIdentity")
        self.list(t("09:50:11"), new, OUTSIDE_2, "db-backups", "db-1/")
        self.get(t("09:51:37"), new, OUTSIDE_2, "db-backups", "db-1/2026-03-03.dump.gz", 812_331_904)
        self.api(t("10:02:00"), new, OUTSIDE_2, "cloudtrail", "StopLogging", {"name": TRAIL}, read=False)
        self.api(t("10:42:00"), new, OUTSIDE_2, "cloudtrail", "StartLogging", {"name": TRAIL}, read=False)
        self.api(t("11:05:19"), new, OUTSIDE_2, "iam", "ListUsers", region="us-east-1")

    def write(self, folder):
        """The delivery files: of the incident's day one every half hour and region, before it one a day."""
        bundles = {}
        for t, region, record in sorted(self.records, key=lambda r: (r[0], r[1])):
            busy = t.date() == self.incident
            slot = t.replace(minute=t.minute - t.minute % 30, second=0) if busy else t.replace(hour=0, minute=0, second=0)
            bundles.setdefault((region, slot, 1800 if busy else 86400), []).append(record)
        for (region, slot, seconds), found in sorted(bundles.items(), key=lambda b: b[0]):
            tail = "".join(RANDOM.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") for _ in range(16))
            name = f"{ACCOUNT}_CloudTrail_{region}_{later(slot, seconds).strftime('%Y%m%dT%H%MZ')}_{tail}.json.gz"
            (folder / name).write_bytes(gzip.compress(json.dumps({"Records": found}, separators=(",", ":")).encode(), 9, mtime=0))


INTERFACES = {"10.20.1.10": "eni-0b4571011aaa00001", "10.20.2.20": "eni-0db1020220bbb0002", "10.20.3.15": "eni-03eb10315ccc00003"}
FLOW_LOG = "fl-0f10e5a11dd000004"
FIELDS = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
WINDOW_S = 600


class Flows:
    """The flow log of the hosts' interfaces: one record a direction, interface and ten minutes."""

    def __init__(self):
        self.lines = []

    def connection(self, start, seconds, client, client_port, server, server_port, sent, received, action="ACCEPT"):
        """A TCP connection. `sent`: bytes that the client sent, headers too."""
        first = int(start.timestamp())
        last = first + max(1, int(seconds))
        cuts = [first, *range(first - first % WINDOW_S + WINDOW_S, last, WINDOW_S), last]
        for interface in {INTERFACES.get(client), INTERFACES.get(server)} - {None}:
            for a, b in zip(cuts, cuts[1:]):
                share = (b - a) / (last - first)
                self.one(interface, client, server, client_port, server_port, int(sent * share), a, b, action)
                if action == "ACCEPT":
                    self.one(interface, server, client, server_port, client_port, int(received * share), a, b, action)

    def one(self, interface, src, dst, sport, dport, size, start, end, action):
        size = max(size, 60)
        packets = max(1, size // 1400 + 1)
        self.lines.append((end, f"2 {ACCOUNT} {interface} {src} {dst} {sport} {dport} 6 {packets} {size} {start} {end} {action} OK"))

    def silent(self, interface, start, status):
        """A window without data (NODATA) or with data that was not written (SKIPDATA)."""
        first = int(start.timestamp())
        self.lines.append((first + WINDOW_S, f"2 {ACCOUNT} {interface} - - - - - - - {first} {first + WINDOW_S} - {status}"))

    def write(self, folder, incident):
        """The delivery files: of the incident's day one an hour, before it one a day."""
        bundles = {}
        for end, line in sorted(self.lines):
            t = datetime.datetime.fromtimestamp(end, datetime.timezone.utc)
            slot = t.replace(minute=0, second=0) if t.date() == incident else t.replace(hour=0, minute=0, second=0)
            bundles.setdefault(slot, []).append(line)
        for slot, found in sorted(bundles.items()):
            name = f"{ACCOUNT}_vpcflowlogs_eu-central-1_{FLOW_LOG}_{slot.strftime('%Y%m%dT%H%MZ')}_{RANDOM.getrandbits(32):08x}.log.gz"
            (folder / name).write_bytes(gzip.compress("\n".join([FIELDS, *found, ""]).encode(), 9, mtime=0))
