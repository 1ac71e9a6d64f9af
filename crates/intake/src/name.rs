//! Names of sources: one for a log, whatever its files are called after rotation. And the host, guessed from folders.

use std::path::{Component, Path};

/// The parts of a path below what was given, as text without control characters.
pub(crate) fn parts(path: &Path) -> Vec<String> {
    let normal = path.components().filter_map(|c| match c {
        Component::Normal(part) => Some(clean(&part.to_string_lossy())),
        _ => None,
    });
    normal.collect()
}

/// A name is a line of the ledger's entries and a word on a screen: control characters become U+FFFD.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The name of the source that a file belongs to; `parts` are folders and file name below what was given.
pub(crate) fn source(parts: &[String]) -> String {
    let Some((file, folders)) = parts.split_last() else { return "unnamed".into() };
    if let Some(name) = delivery(file) {
        return name;
    }
    let (stem, _) = rotation(file);
    folders.iter().map(String::as_str).chain([stem]).collect::<Vec<_>>().join("/")
}

/// The host, if a folder names one: the first that is not one of the usual folders of logs.
pub(crate) fn host(parts: &[String]) -> Option<String> {
    let (file, folders) = parts.split_last()?;
    // Clouds deliver into folders named after accounts, regions and days.
    if delivery(file).is_some() {
        return None;
    }
    folders.iter().find(|f| !is_generic(f)).filter(|f| !is_container(f)).cloned()
}

/// A folder that the kubelet (`NAMESPACE_POD_UID`) or Docker (64 hexadecimal digits) made for a container.
fn is_container(folder: &str) -> bool {
    let hex = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    hex(folder, 64) || folder.splitn(3, '_').nth(2).is_some_and(|uid| hex(uid, 36) || hex(uid, 32))
}

/// Whether a folder's name says nothing.
pub(crate) fn is_generic(folder: &str) -> bool {
    GENERIC.contains(&folder.to_ascii_lowercase().as_str())
}

/// Folders that are named after no host.
const GENERIC: &[&str] = &[
    "var",
    "log",
    "logs",
    "audit",
    "audit.d",
    "journal",
    "syslog",
    "private",
    "srv",
    "opt",
    "mnt",
    "media",
    "root",
    "home",
    "tmp",
    "data",
    "evidence",
    "files",
    "cloud",
    "cloudtrail",
    "awslogs",
    "aws",
    "system",
    "runtime",
    "network",
    "application",
    "archive",
    "old",
    "samples",
    "demo",
    "pods",
    "containers",
    "docker",
    "postgresql",
];

/// The log that a file is a part of, where a cloud delivers a file every few minutes.
fn delivery(file: &str) -> Option<String> {
    cloudtrail(file).or_else(|| vpc_flow(file))
}

/// CloudTrail's delivery: `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_ID.json.gz`
/// (docs.aws.amazon.com, "CloudTrail log file name format"; an organisation trail puts `o-ID_` before the account).
fn cloudtrail(file: &str) -> Option<String> {
    let (account, region, rest) = aws(file, "_CloudTrail_")?;
    rest.contains(".json").then(|| format!("cloudtrail/{account}/{region}"))
}

/// VPC flow logs: `ACCOUNT_vpcflowlogs_REGION_FLOWLOG_YYYYMMDDTHHmmZ_HASH.log.gz` (docs.aws.amazon.com, "Flow log files").
/// Each flow log has fields of its own, so it is a log of its own.
fn vpc_flow(file: &str) -> Option<String> {
    let (account, region, rest) = aws(file, "_vpcflowlogs_")?;
    let (flow_log, rest) = rest.split_once('_')?;
    (flow_log.starts_with("fl-") && rest.contains(".log")).then(|| format!("vpcflow/{account}/{region}/{flow_log}"))
}

/// Account and region of a file that AWS delivers, and what follows them.
fn aws<'a>(file: &'a str, service: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (account, rest) = file.split_once(service)?;
    let account = account.rsplit('_').next()?;
    let (region, rest) = rest.split_once('_')?;
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let shape = !region.is_empty() && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    (digits && shape).then_some((account, region, rest))
}

/// Where a file stands in the rotation of its log: the oldest comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Age {
    /// A date: `-20260301`.
    Dated(String),
    /// Counted back from the live file: `.2` is before `.1`.
    Counted(std::cmp::Reverse<u64>),
    /// The live file.
    Live,
}

/// Takes off what rotation and compression added to a name.
pub(crate) fn rotation(file: &str) -> (&str, Age) {
    let file = [".gz", ".zst", ".zstd", ".bz2", ".xz"].iter().find_map(|e| file.strip_suffix(e)).unwrap_or(file);
    if let Some(stem) = file.strip_suffix(".old").filter(|s| !s.is_empty()) {
        return (stem, Age::Counted(std::cmp::Reverse(1)));
    }
    let cut = file.rfind(['.', '-']).and_then(|at| Some((file.get(..at)?, file.get(at + 1..)?)));
    match cut {
        Some((stem, n)) if is_count(file, stem, n) => (stem, Age::Counted(std::cmp::Reverse(n.parse().unwrap_or(0)))),
        Some((stem, day)) if !stem.is_empty() && is_day(day) => (stem, Age::Dated(day.into())),
        _ => long_day(file).unwrap_or((file, Age::Live)),
    }
}

/// An archive's name without what says that it is one.
pub(crate) fn unpacked(file: &str) -> String {
    let (stem, _) = rotation(file);
    let ends = [".tar", ".tgz", ".tbz2", ".txz", ".zip"];
    ends.iter().find_map(|e| stem.strip_suffix(e)).unwrap_or(stem).to_owned()
}

fn is_count(file: &str, stem: &str, n: &str) -> bool {
    let dot = file.as_bytes().get(stem.len()) == Some(&b'.');
    dot && !stem.is_empty() && matches!(n.len(), 1..=4) && n.bytes().all(|b| b.is_ascii_digit())
}

/// `20260301`, or with the hour and more behind it.
fn is_day(text: &str) -> bool {
    matches!(text.len(), 8..=14) && text.starts_with(['1', '2']) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `-2026-03-01` or `.2026-03-01`.
fn long_day(file: &str) -> Option<(&str, Age)> {
    let (stem, day) = file.split_at_checked(file.len().checked_sub(11)?)?;
    let day = day.strip_prefix(['.', '-'])?;
    let shape = day.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    (shape && !stem.is_empty()).then(|| (stem, Age::Dated(day.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str) -> (String, Option<String>) {
        let parts = parts(Path::new(path));
        (source(&parts), host(&parts))
    }

    #[test]
    fn rotated_files_are_one_log() {
        for file in [
            "auth.log",
            "auth.log.1",
            "auth.log.2.gz",
            "auth.log-20260301",
            "auth.log-20260301.zst",
            "auth.log.2026-03-01",
            "auth.log.old",
            "auth.log-2026030112.gz",
        ] {
            assert_eq!(named(&format!("web-1/{file}")), ("web-1/auth.log".into(), Some("web-1".into())), "{file}");
        }
        for file in ["app-2.log", "report.12345", "1.2.3.4x", "x-1", ".1"] {
            assert_eq!(named(file).0, file);
        }
    }

    #[test]
    fn the_oldest_file_of_a_rotation_comes_first() {
        let mut files = ["m", "m.1", "m.2.gz", "m.10.gz"];
        files.sort_by_key(|f| rotation(f).1);
        assert_eq!(files, ["m.10.gz", "m.2.gz", "m.1", "m"]);
        let mut files = ["m", "m-20260302", "m-20260301.gz"];
        files.sort_by_key(|f| rotation(f).1);
        assert_eq!(files, ["m-20260301.gz", "m-20260302", "m"]);
    }

    #[test]
    fn cloudtrail_deliveries_are_one_source_a_region() {
        let file = "AWSLogs/123456789012/CloudTrail/eu-west-1/2026/03/01/123456789012_CloudTrail_eu-west-1_20260301T0000Z_AbC.json.gz";
        assert_eq!(named(file), ("cloudtrail/123456789012/eu-west-1".into(), None));
        assert_eq!(named("o-1ab_123456789012_CloudTrail_eu-west-1_20260301T0000Z_AbC.json").0, "cloudtrail/123456789012/eu-west-1");
        assert_eq!(named("x_CloudTrail_y_z.json").0, "x_CloudTrail_y_z.json");
    }

    #[test]
    fn flow_log_deliveries_are_one_source_a_flow_log() {
        let file = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/03/01/123456789012_vpcflowlogs_eu-west-1_fl-0ab_20260301T1205Z_1a2b.log.gz";
        assert_eq!(named(file), ("vpcflow/123456789012/eu-west-1/fl-0ab".into(), None));
        assert_eq!(named("123456789012_vpcflowlogs_eu-west-1_x.log").0, "123456789012_vpcflowlogs_eu-west-1_x.log");
    }

    #[test]
    fn folders_that_say_nothing_are_no_hosts() {
        assert_eq!(named("var/log/auth.log").1, None);
        assert_eq!(named("logs/db-2/var/log/audit/audit.log").1, Some("db-2".into()));
        assert_eq!(named("pods/shop_web-1_4ec6a1c2-0000-4000-8000-1234567890ab/nginx/0.log").1, None);
        assert_eq!(named(&format!("containers/{}/x-json.log", "ab".repeat(32))).1, None);
        assert_eq!(named("a\nb/x.log").0, "a\u{FFFD}b/x.log");
    }
}
