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
