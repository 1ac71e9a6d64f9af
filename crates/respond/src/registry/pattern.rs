//! Matching entities by spelling: globs, address ranges, and what an ARN says about where a thing belongs.

use std::net::IpAddr;

use event::{Entity, Kind};
use ipnet::IpNet;

/// Whether `text` is like `glob`, in which `*` stands for any text and `?` for one character; case does not count.
/// Takes at most `glob.len() * text.len()` steps.
pub fn glob(glob: &str, text: &str) -> bool {
    let (g, t): (Vec<char>, Vec<char>) = (glob.to_lowercase().chars().collect(), text.to_lowercase().chars().collect());
    let (mut gi, mut ti, mut back) = (0, 0, None);
    while ti < t.len() {
        match g.get(gi) {
            Some('*') => {
                back = Some((gi, ti));
                gi += 1;
            }
            Some(c) if *c == '?' || t.get(ti) == Some(c) => (gi, ti) = (gi + 1, ti + 1),
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    (gi, ti) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    g.get(gi..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

/// How exact a glob is: its characters that are not wildcards.
pub fn exactness(glob: &str) -> usize {
    glob.chars().filter(|c| !matches!(c, '*' | '?')).count()
}

/// The prefix length of a range that holds the address.
pub fn in_range(range: &str, address: &str) -> Option<u8> {
    let address: IpAddr = address.parse().ok()?;
    let net = parse_range(range)?;
    net.contains(&address).then_some(net.prefix_len())
}

/// Reads an address or a range.
pub fn parse_range(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|a| IpNet::from(a.to_canonical())))
}

/// The account in an ARN (`arn:partition:service:region:account:resource`).
pub fn arn_account(arn: &str) -> Option<&str> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
    parts.nth(3).filter(|a| !a.is_empty())
}

/// The role ARN behind a role session ARN.
pub fn role_of_session(arn: &str) -> Option<String> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let account = head.rsplit(':').next()?;
    let partition = head.strip_prefix("arn:")?.split(':').next()?;
    let role = rest.split('/').next()?;
    Some(format!("arn:{partition}:iam::{account}:role/{role}"))
}

/// The machine that an entity is on, from its canonical spelling.
pub fn host_of(entity: &Entity) -> Option<&str> {
    let v = entity.value.as_str();
    if v.starts_with("arn:") {
        return None;
    }
    match entity.kind {
        Kind::User => v.rsplit_once('@').map(|(_, h)| h),
        Kind::Session | Kind::Process => v.split_once('/').map(|(h, _)| h),
        Kind::File => v.split_once(":/").map(|(h, _)| h),
        Kind::Url => v.split_once("://").map(|(_, rest)| rest.split(['/', ':', '?']).next().unwrap_or(rest)),
        _ => None,
    }
    .filter(|h| !h.is_empty())
}

/// The last part of an ARN (`user/ci-deploy` gives `ci-deploy`); other text stays.
pub fn short_name(value: &str) -> &str {
    if !value.starts_with("arn:") {
        return value;
    }
    value.rsplit(['/', ':']).next().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(glob("web-*", "Web-1"));
        assert!(glob("*", ""));
        assert!(glob("a*b*c", "aXXbYYc"));
        assert!(!glob("a?c", "ac"));
        assert!(!glob("web-*", "db-1"));
        assert!(!glob(&"*a".repeat(50), &"b".repeat(2000)));
    }

    #[test]
    fn places() {
        assert_eq!(role_of_session("arn:aws:sts::111122223333:assumed-role/vendor-acme-read/s1").unwrap(), "arn:aws:iam::111122223333:role/vendor-acme-read");
        assert_eq!(arn_account("arn:aws:iam::111122223333:user/ci-deploy"), Some("111122223333"));
        assert_eq!(arn_account("arn:aws:s3:::customer-exports/a"), None);
        assert_eq!(host_of(&Entity::new(Kind::User, "root@web-1")), Some("web-1"));
        assert_eq!(host_of(&Entity::new(Kind::File, "web-1:/etc/passwd")), Some("web-1"));
        assert_eq!(in_range("10.20.3.0/24", "10.20.3.30"), Some(24));
    }
}
