use respond::{Case, Record, case::What};

use crate::world::{entity, time};

const RECORDS: &str = r#"{"seq":1,"at":"2026-03-04T11:00:00Z","by":"alice","kind":"opened","title":"Key of ci-deploy used from outside"}
{"seq":2,"at":"2026-03-04T11:00:01Z","by":"alice","kind":"indicator","entity":"ip:203.0.113.66"}
{"seq":3,"at":"2026-03-04T11:06:00Z","by":"dana","kind":"fact","name":"awareness","happened":"2026-03-04T11:05:00Z"}
{"seq":4,"at":"2026-03-04T11:07:00Z","by":"alice","kind":"task_done","step":"stolen-credential/declare"}
{"seq":5,"at":"2026-03-04T12:00:00Z","by":"dana","kind":"fact","name":"awareness","happened":"2026-03-04T10:50:00Z","note":"the mail was read at 10:50","events":["mail#1"]}
{"seq":6,"at":"2026-03-04T12:01:00Z","by":"muster","kind":"answered","question":"respond ip:203.0.113.66","hash":"00ff","completeness":"trail stopped for 40 minutes"}
{"seq":7,"at":"2026-03-04T12:02:00Z","by":"alice","kind":"task_undone","step":"stolen-credential/declare","why":"wrong case"}
{"seq":9,"at":"2026-03-04T12:03:00Z","by":"x","kind":"of_the_future","more":1}
"#;

fn records() -> Vec<Record> {
    RECORDS.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn a_case_is_the_fold_of_its_records() {
    let case = Case::fold(&records());
    assert_eq!(case.indicators, [entity("ip:203.0.113.66")]);
    assert_eq!(case.facts.len(), 1);
    let aware = &case.facts[0];
    assert_eq!((aware.happened, aware.learned), (time("10:50:00"), time("12:00:00")));
    assert_eq!((aware.history[0].happened, aware.history[0].learned), (time("11:05:00"), time("11:06:00")));
    assert_eq!(case.done, Vec::<String>::new());
    assert_eq!(case.answers[0].2, "00ff");
    assert_eq!(case.oddities, ["record 9 where 8 was expected", "record 9 has a kind that this program does not know"]);
}

#[test]
fn records_go_through_json_unchanged() {
    for record in records().into_iter().filter(|r| r.what != What::Unknown) {
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }
    let first = serde_json::to_string(&records()[0]).unwrap();
    assert_eq!(Some(first.as_str()), RECORDS.lines().next());
}

const MORE: &str = r#"{"seq":1,"at":"2026-03-04T11:00:00Z","by":"alice","kind":"opened","title":"A key"}
{"seq":2,"at":"2026-03-04T11:01:00Z","by":"alice","kind":"fact","name":"awareness","happened":"2026-03-04T09:00:00Z","learned":"2026-03-04T09:30:00Z"}
{"seq":3,"at":"2026-03-04T11:02:00Z","by":"alice","kind":"contact","who":"dana","reached":false,"channel":"phone"}
{"seq":4,"at":"2026-03-04T11:03:00Z","by":"alice","kind":"contact","who":"dana","reached":true,"note":"takes over"}
{"seq":5,"at":"2026-03-04T11:04:00Z","by":"dana","kind":"task","task":"t1","title":"ask the hoster","owner":"bob","due":"2026-03-04T15:00:00Z"}
{"seq":6,"at":"2026-03-04T11:05:00Z","by":"dana","kind":"task","task":"t1","title":"ask the hoster for its logs","owner":"bob"}
{"seq":7,"at":"2026-03-04T11:06:00Z","by":"bob","kind":"task_done","step":"t1","outcome":"by mail"}
{"seq":8,"at":"2026-03-04T11:07:00Z","by":"bob","kind":"task_undone","step":"t1","why":"half of them"}
{"seq":9,"at":"2026-03-04T11:08:00Z","by":"bob","kind":"fact","name":"awareness","happened":"2026-03-04T08:00:00Z","events":["mail#1"]}
{"seq":10,"at":"2026-03-04T11:09:00Z","by":"dana","kind":"closed","text":"contained"}
{"seq":11,"at":"2026-03-04T11:10:00Z","by":"dana","kind":"reopened","why":"used again"}
"#;

#[test]
fn a_case_tells_its_story_and_keeps_what_was_corrected() {
    let records: Vec<Record> = MORE.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    for (record, line) in records.iter().zip(MORE.lines()) {
        assert_eq!(serde_json::to_string(record).unwrap(), line);
    }
    let case = Case::fold(&records);
    assert_eq!((case.closed.is_none(), case.done.len(), case.next_task().as_str()), (true, 0, "t2"));
    let task = &case.tasks[0];
    assert_eq!((task.title.as_str(), task.due, task.set, &task.done), ("ask the hoster for its logs", None, time("11:04:00"), &None));
    assert_eq!(case.contacts.iter().map(|c| c.reached).collect::<Vec<_>>(), [false, true]);
    let aware = &case.facts[0];
    assert_eq!((aware.happened, aware.learned, aware.recorded), (time("08:00:00"), time("11:08:00"), time("11:08:00")));
    assert_eq!((aware.history[0].happened, aware.history[0].learned), (time("09:00:00"), time("09:30:00")));
    assert_eq!(Case::fold(&records[..7]).tasks[0].done, Some((time("11:06:00"), "bob".into(), Some("by mail".into()))));
    assert!(Case::fold(&records[..10]).closed.is_some());
    let told: String = Case::story(&records).iter().map(|t| format!("{} {}: {}\n", t.at, t.by, t.text)).collect();
    insta::assert_snapshot!(told);
}
