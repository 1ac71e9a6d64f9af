//! The tests inside a file: a line, and what its event must have.

use event::{Column, Event, Fields};

use super::Own;
use crate::{Context, read_as};

/// A test.
#[derive(Debug)]
pub(super) struct Test {
    /// Its line in the file.
    pub(super) at: usize,
    /// The record.
    pub(super) line: String,
    pub(super) expect: Expect,
}

/// What must come out.
#[derive(Debug)]
pub(super) enum Expect {
    /// It is not of the format.
    NoEvent,
    /// Column, attribute or one of `time`, `class`, `activity`, and its value.
    Has(Vec<(String, String)>),
}

/// How a test went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its line in the file.
    pub line: usize,
    /// What differs: name, expected, found. Nothing if the test passed.
    pub differs: Vec<(String, String, String)>,
}

/// Runs a test. Times without year or zone are read near the first day of 2026.
pub(super) fn run(own: &'static Own, test: &Test) -> Outcome {
    let received = event::Time::parse("2026-01-01T00:00:00Z").unwrap_or_default();
    let reading = read_as(own, test.line.as_bytes(), &Context { source: "test".into(), received, host: None });
    let first = reading.events.first();
    let why = reading.rejected.first().map_or("no event", |r| r.detail.as_str());
    let differs = match (&test.expect, first) {
        (Expect::NoEvent, None) => Vec::new(),
        (Expect::NoEvent, Some(_)) => vec![("event".into(), "none".into(), "one".into())],
        (Expect::Has(_), None) => vec![("event".into(), "one".into(), why.to_owned())],
        (Expect::Has(list), Some(event)) => {
            let compare = |(name, want): &(String, String)| {
                let found = value(event, name);
                (found != *want && !same_time(name, want, event)).then(|| (name.clone(), want.clone(), found))
            };
            list.iter().filter_map(compare).collect()
        }
    };
    Outcome { line: test.at, differs }
}

fn same_time(name: &str, want: &str, event: &Event) -> bool {
    name == "time" && event::Time::parse(want) == Some(event.time())
}

/// A fact of an event by its name; empty where it has none.
fn value(event: &Event, name: &str) -> String {
    let text = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let inside = |path: &str| {
        let mut keys = path.split('.');
        let first = event.object.get(keys.next()?)?;
        keys.try_fold(first, |v, k| v.get(k)).map(text)
    };
    match name {
        "time" => event.time().to_string(),
        "class" => inside("class_name").unwrap_or_default(),
        "activity" => inside("activity_name").unwrap_or_default(),
        _ => match (Column::parse(name), name.strip_prefix("unmapped.")) {
            (Some(c), _) => event.text(c).map(str::to_owned).or_else(|| event.int(c).map(|n| n.to_string())).unwrap_or_default(),
            (None, Some(key)) => event.object.get("unmapped").and_then(|u| u.get(key)).map(text).unwrap_or_default(),
            (None, None) => inside(name).unwrap_or_default(),
        },
    }
}

#[cfg(test)]
mod tests {
    use event::Fields;

    use super::super::{EXAMPLE, load};

    fn faults(text: &str) -> Vec<(usize, String)> {
        load(text).err().unwrap_or_default().into_iter().map(|f| (f.line, f.message)).collect()
    }

    #[test]
    fn the_example_is_what_it_says() {
        let own = load(EXAMPLE).unwrap();
        let outcomes = own.test();
        assert_eq!(outcomes.len(), 3);
        assert!(outcomes.iter().all(|o| o.differs.is_empty()), "{outcomes:?}");
    }

    #[test]
    fn a_test_that_fails_says_what_differs() {
        let own = load(&EXAMPLE.replace("user = \"alice\", src_ip", "user = \"bob\", src_ip").replace("event = false", "event = {}")).unwrap();
        let outcomes = own.test();
        assert_eq!(outcomes[0].differs, [("user".to_owned(), "bob".to_owned(), "alice".to_owned())]);
        assert_eq!(outcomes[2].differs[0].2, "not a line that one of the patterns fits");
        assert!(outcomes[2].line > outcomes[0].line);
    }

    #[test]
    fn row_50_every_fault_has_its_line_and_the_nearest_name() {
        let with = |from: &str, to: &str| faults(&EXAMPLE.replacen(from, to, 1));
        let line = |needle: &str| EXAMPLE.lines().position(|l| l.contains(needle)).unwrap() + 1;
        assert_eq!(with("\"user.name\"", "\"user.nam\""), [(line("who = ["), "`user.nam` is no attribute of OCSF or column; nearest: `user.name`".into())]);
        assert_eq!(
            with("\"Authentication\"", "\"Autentication\""),
            [
                (line("class = \"Auth"), "`Autentication` is no class of OCSF that muster has; nearest: `Authentication`".into()),
                (line("activity = \"Logon"), "`Logon` is no activity of API Activity".into())
            ]
        );
        assert_eq!(
            with("field = \"result\"", "field = \"resul\""),
            [(line("field = \"result"), "`resul` is no name in the patterns; nearest: `result`".into())]
        );
        assert!(with("activity = \"Logon\"", "activty = \"Logon\"")[0].1.ends_with("nearest: `activity`"));
        assert!(with("(?P<who>", "(?P<who")[0].1.starts_with("not a regular expression"));
        assert_eq!(with("name = \"shop_audit\"", "name = \"syslog\"")[0], (line("name = \"shop"), "`syslog` is built in; choose another name".into()));
        assert_eq!(with("severity = 1", "severity = 7")[0].0, line("severity = 1"));
        assert_eq!(
            with("facet = \"application\"", "facet = \"aplication\"")[0].1,
            "`aplication` is no facet (runtime, cloud, network, system, application); nearest: `application`"
        );
        assert!(faults("name = ").len() == 1 && faults("").len() == 1);
        assert!(with("'^(?P<time>", "'(a{1000}){1000}(?P<time>")[0].1.contains("size limit"));
    }

    #[test]
    fn json_of_a_team() {
        let own = load(
            "name = 'team_json'\n[read]\njson = ['ts', 'op']\ntime = 'ts'\n[fields]\n'by.name' = ['user', 'actor.user.name']\nop = 'operation'\nsize = 'bytes_out'\nip = 'src_ip'\n[event]\nclass = '6003'\n",
        )
        .unwrap();
        let context = crate::Context { source: "s".into(), received: event::Time(0), host: None };
        let log = b"{\"ts\":1772359200,\"op\":\"purge\",\"by\":{\"name\":\"alice\"},\"size\":12,\"ip\":\"x\",\"left\":{\"a\":1}}\n{\"ts\":1,\"op\":\"a\"}\n{\"ts\":2,\"op\":\"b\"}\n{\"op\":\"no time\"}\n";
        let catalogue = crate::Catalogue::with(vec![own]);
        let reading = crate::read::read_with(&catalogue, log, "x", &context);
        assert_eq!((reading.format, reading.events.len(), reading.rejected.len()), ("team_json", 3, 1));
        let e = &reading.events[0];
        assert_eq!((e.text(event::Column::User), e.int(event::Column::BytesOut), e.text(event::Column::SrcIp)), (Some("alice"), Some(12), None));
        assert_eq!((&e.object["unmapped"]["left"]["a"], &e.object["unmapped"]["ip"]), (&1.into(), &"x".into()));
    }
}
