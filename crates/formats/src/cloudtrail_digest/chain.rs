//! Digests against each other and against the log files that are there. Takes values and returns values; never reads a file.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use sha2::{Digest as _, Sha256};

use crate::{Reject, json, map::plain};

/// What a digest file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Its key in S3.
    pub object: String,
    /// SHA-256 of its uncompressed content, in lower-case hexadecimal.
    pub hash: String,
    /// First and last time that it covers, as it writes them.
    pub span: (String, String),
    /// Key and hash of the digest before it; `None` in the first of a trail.
    pub before: Option<(String, String)>,
    /// The log files that were delivered in its span.
    pub files: Vec<LogFile>,
}

/// A log file that a digest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its key in S3.
    pub object: String,
    /// SHA-256 of its uncompressed content, in lower-case hexadecimal.
    pub hash: String,
}

/// A log file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path or name; the last part, without `.gz`, is what tells it.
    pub name: String,
    /// SHA-256 of its uncompressed content, in lower-case hexadecimal.
    pub hash: String,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A digest names a log file that is not there.
    Missing {
        /// The log file's key.
        file: String,
        /// The digest's key.
        digest: String,
    },
    /// A log file is not what its digest says.
    Altered {
        /// The log file's key.
        file: String,
        /// The digest's key.
        digest: String,
        /// The hash that it has.
        found: String,
    },
    /// A digest names one before it that is not there.
    NoDigest {
        /// The key of the digest that is missing.
        missing: String,
        /// The digest that names it.
        after: String,
    },
    /// A digest is not what the one after it says.
    AlteredDigest {
        /// Its key.
        digest: String,
        /// The digest that says so.
        after: String,
    },
    /// A log file is there that no digest names.
    Unnamed {
        /// Its name.
        file: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Missing { file, digest } => write!(f, "log file {file} is missing; {digest} names it"),
            Fault::Altered { file, digest, found } => write!(f, "log file {file} was altered: it hashes to {found}, {digest} says otherwise"),
            Fault::NoDigest { missing, after } => write!(f, "digest {missing} is missing; {after} follows it"),
            Fault::AlteredDigest { digest, after } => write!(f, "digest {digest} was altered: {after} says otherwise"),
            Fault::Unnamed { file } => write!(f, "log file {file} is named by no digest"),
        }
    }
}

impl Digest {
    /// Reads a digest file's uncompressed content.
    pub fn read(content: &[u8]) -> Result<Digest, Reject> {
        let text = crate::map::text_of(content);
        let (mut digest, mut before) = (Digest::empty(sha256(content)), (String::new(), String::new()));
        let mut files = "";
        json::members(&text, |key, value| {
            let said = || if value == "null" { String::new() } else { plain(value).into_owned() };
            match key {
                "digestS3Object" => digest.object = said(),
                "digestStartTime" => digest.span.0 = said(),
                "digestEndTime" => digest.span.1 = said(),
                "previousDigestS3Object" => before.0 = said(),
                "previousDigestHashValue" => before.1 = said().to_ascii_lowercase(),
                "logFiles" => files = value,
                _ => {}
            }
        })?;
        if digest.object.is_empty() {
            return Err(Reject::Missing { field: "digestS3Object" });
        }
        digest.before = (!before.0.is_empty()).then_some(before);
        json::elements(files, |file| {
            let part = |name| json::member(file, name).map(plain).unwrap_or_default();
            digest.files.push(LogFile { object: part("s3Object").into_owned(), hash: part("hashValue").to_ascii_lowercase() });
            true
        })?;
        Ok(digest)
    }

    fn empty(hash: String) -> Digest {
        Digest { object: String::new(), hash, span: Default::default(), before: None, files: Vec::new() }
    }
}

/// Compares digests with each other and with the log files that were read. Of digests that are not there only those can be told
/// that a later one names; the first digest given is not expected to have its own before it.
pub fn check(digests: &[Digest], files: &[File]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let by_object: HashMap<&str, &Digest> = digests.iter().map(|d| (d.object.as_str(), d)).collect();
    let oldest = digests.iter().min_by(|a, b| a.span.cmp(&b.span)).map(|d| d.object.as_str());
    for digest in digests {
        let Some((before, hash)) = &digest.before else { continue };
        match by_object.get(before.as_str()) {
            Some(found) if found.hash != *hash => faults.push(Fault::AlteredDigest { digest: before.clone(), after: digest.object.clone() }),
            None if Some(digest.object.as_str()) != oldest => faults.push(Fault::NoDigest { missing: before.clone(), after: digest.object.clone() }),
            _ => {}
        }
    }
    let by_name: HashMap<&str, &File> = files.iter().map(|f| (name(&f.name), f)).collect();
    let mut named = HashSet::new();
    for (digest, log) in digests.iter().flat_map(|d| d.files.iter().map(move |f| (d, f))) {
        named.insert(name(&log.object));
        let (file, by) = (log.object.clone(), digest.object.clone());
        match by_name.get(name(&log.object)) {
            None => faults.push(Fault::Missing { file, digest: by }),
            Some(found) if !found.hash.eq_ignore_ascii_case(&log.hash) => faults.push(Fault::Altered { file, digest: by, found: found.hash.clone() }),
            Some(_) => {}
        }
    }
    faults.extend(files.iter().filter(|f| !named.contains(name(&f.name))).map(|f| Fault::Unnamed { file: f.name.clone() }));
    faults
}

/// A log file's own name: it holds account, region, time and a random part, so that no two are alike.
fn name(path: &str) -> &str {
    let last = path.rsplit(['/', '!']).next().unwrap_or(path);
    last.strip_suffix(".gz").unwrap_or(last)
}

/// SHA-256 in lower-case hexadecimal.
pub(super) fn sha256(content: &[u8]) -> String {
    use fmt::Write;
    Sha256::digest(content).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(hour: u8, before: Option<&str>, files: &[(&str, &str)]) -> String {
        let object = |h: u8| format!("AWSLogs/1/CloudTrail-Digest/eu-west-1/2026/03/01/1_CloudTrail-Digest_eu-west-1_t_eu-west-1_20260301T{h:02}0000Z.json.gz");
        let files: Vec<String> = files
            .iter()
            .map(|(name, content)| {
                format!(
                    "{{\"s3Bucket\":\"b\",\"s3Object\":\"AWSLogs/1/CloudTrail/{name}.json.gz\",\"hashValue\":\"{}\",\"hashAlgorithm\":\"SHA-256\"}}",
                    sha256(content.as_bytes())
                )
            })
            .collect();
        let (named, hash) = match before {
            Some(content) => (format!("\"{}\"", object(hour - 1)), format!("\"{}\"", sha256(content.as_bytes()))),
            None => ("null".into(), "null".into()),
        };
        format!(
            "{{\"awsAccountId\":\"1\",\"digestStartTime\":\"2026-03-01T{:02}:00:00Z\",\"digestEndTime\":\"2026-03-01T{hour:02}:00:00Z\",\"digestS3Object\":\"{}\",\"previousDigestS3Object\":{named},\"previousDigestHashValue\":{hash},\"logFiles\":[{}]}}",
            hour - 1,
            object(hour),
            files.join(",")
        )
    }

    fn file(name: &str, content: &str) -> File {
        File { name: format!("/logs/{name}.json"), hash: sha256(content.as_bytes()) }
    }

    #[test]
    fn a_whole_chain_has_no_fault() {
        let first = digest(1, None, &[("a", "one")]);
        let second = digest(2, Some(&first), &[("b", "two")]);
        let digests = [&second, &first].map(|d| Digest::read(d.as_bytes()).unwrap());
        assert_eq!(check(&digests, &[file("a", "one"), file("b", "two")]), []);
        assert_eq!((digests[1].files.len(), digests[1].before.is_none()), (1, true));
    }

    #[test]
    fn what_is_missing_and_what_was_altered_is_named() {
        let first = digest(1, None, &[("a", "one"), ("b", "two")]);
        let second = digest(2, Some(&first), &[("c", "three")]);
        let third = digest(3, Some(&second), &[]);
        let read = |d: &String| Digest::read(d.as_bytes()).unwrap();
        let told: Vec<String> = check(&[read(&first), read(&third)], &[file("a", "ONE"), file("x", "forged")]).iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told[0].starts_with("digest ") && told[0].contains("T020000Z.json.gz is missing"), "{told:#?}");
        assert!(
            told[1].contains("a.json.gz was altered") && told[2].contains("b.json.gz is missing") && told[3].contains("x.json is named by no digest"),
            "{told:#?}"
        );
        let altered = first.replace("\"awsAccountId\":\"1\"", "\"awsAccountId\":\"2\"");
        assert!(matches!(&check(&[read(&altered), read(&second)], &[])[0], Fault::AlteredDigest { digest, .. } if digest.contains("T010000Z")));
    }

    #[test]
    fn what_is_no_digest() {
        for bad in ["", "[]", "{}", "{\"digestS3Object\":\"\"}", "{\"digestS3Object\":\"x\",\"logFiles\":5}", "{\"digestS3Object\":\"x\"}"] {
            assert!(Digest::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
