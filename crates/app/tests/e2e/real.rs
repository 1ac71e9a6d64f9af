//! On real logs that nobody here wrote.

use std::process::{Command, Stdio};

use super::{Muster, shared};

/// The techniques that the data set's logs show (Stratus Red Team), each by the operation that tells it.
const TECHNIQUES: &[&str] = &["StopLogging", "CreateUser", "CreateAccessKey", "GetSecretValue"];

#[test]
fn respond_on_the_invictus_attack_holds_its_techniques() {
    let Some(logs) = shared("data/cloud/invictus-aws/CloudTrail") else { return };
    let m = Muster::new();
    m.expect(0, &["ingest", logs.to_str().unwrap()]);
    let principal = "arn:aws:iam::218007301253:user/bert-jan";
    let known = m.json(0, &["sql", "select \"user\", count(*) n from events where \"user\" like '%:user/%' group by 1 order by 2 desc limit 1"]);
    let principal = known[0]["user"].as_str().unwrap_or(principal);
    let brief = m.json(0, &["respond", principal]);
    let happened: Vec<&str> = brief["happened"].as_array().unwrap().iter().filter_map(|h| h["operation"].as_str()).collect();
    for technique in TECHNIQUES {
        assert!(happened.contains(technique), "{technique} is not on the time line: {happened:?}");
    }
    assert!(brief["scope"].as_array().unwrap().len() > 3);
    assert!(!brief["not_visible"].as_array().unwrap().is_empty());
}

/// Every CloudTrail file through `muster parse`, and its events through the independent OCSF checker.
#[test]
fn parse_gives_valid_ocsf() {
    let (Some(logs), Some(checker)) = (shared("data/cloud/invictus-aws/CloudTrail"), shared("tools/ocsf_check.py")) else { return };
    let m = Muster::new();
    let mut parse = m.command(&["parse", logs.to_str().unwrap(), "--ocsf"]).stdout(Stdio::piped()).spawn().unwrap();
    let checked = Command::new("python3").arg(checker).arg("-").stdin(parse.stdout.take().unwrap()).output().unwrap();
    assert_eq!(parse.wait().unwrap().code(), Some(0));
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}");
    eprintln!("{said}");
}
