//! What other people's parsers found in the same logs, compared with our events fact by fact: kept, missing, wrong.
//!
//! Where a field of an oracle lies in OCSF is data: `fidelity/*.tsv`, with a reason for each field that is not compared.

use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use event::{Event, EventSink, Time, sink::Origin};
use formats::Record;
use serde_json::Value;

/// The shared data, if it is there.
pub fn data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !path.is_dir() {
        println!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

/// The events of a text, line by line, and how many records were rejected.
pub fn events(format: &str, text: &[u8], received: &str) -> (Vec<Event>, Vec<String>) {
    let format = formats::by_name(format).unwrap();
    let received = Time::parse(received).unwrap();
    let mut sink = EventSink::new(Origin { source: "oracle".into(), format: format.name().into(), facet: format.facet(), received, host: None });
    let mut parser = format.parser();
    let mut rejects = Vec::new();
    for (seq, line) in text.split_inclusive(|b| *b == b'\n').enumerate().filter(|(_, l)| !l.trim_ascii().is_empty()) {
        if let Err(e) = parser.record(Record { seq: seq as u64, bytes: line, received, host: None }, &mut sink) {
            rejects.push(format!("{}: {e}", seq + 1));
        }
    }
    parser.finish(&mut sink);
    (sink.events, rejects)
}

/// Runs the schema checker over events; gives its verdict.
pub fn ocsf_check(events: &[Event]) -> String {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools/ocsf_check.py");
    let mut child = Command::new("python3").arg(tool).arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = String::new();
    events.iter().for_each(|e| lines.extend([e.to_json_line().as_str(), "\n"]));
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{text}");
    text
}

/// Where the fields of oracles lie in OCSF.
pub struct Map(HashMap<(String, String), Vec<String>>);

impl Map {
    /// Reads `fidelity/NAME.tsv`: oracle, field, place (`a|b`: any of them; `-`: not compared), note.
    pub fn read(name: &str) -> Map {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fidelity").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut map = HashMap::new();
        for line in text.lines().skip(1).filter(|l| !l.is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [oracle, field, place, note] = cells[..] else { panic!("{}: not four cells: {line}", path.display()) };
            assert!(place != "-" || !note.is_empty(), "{field} is not compared and no reason given");
            map.insert((oracle.to_owned(), field.to_owned()), place.split('|').map(str::to_owned).collect());
        }
        Map(map)
    }

    /// Whether the map says, by the event's text, that an oracle's facts about it are not compared.
    pub fn reason(&self, oracle: &str, event: &Event) -> bool {
        use event::{Column, Fields};
        let text = event.text(Column::Message).unwrap_or_default();
        self.0.keys().any(|(o, field)| o == oracle && field.strip_prefix("text:").is_some_and(|t| text.contains(t)))
    }

    /// The fields of an oracle that the map names, in order.
    pub fn fields(&self, oracle: &str) -> Vec<String> {
        let mut all: Vec<String> = self.0.keys().filter(|(o, _)| o == oracle).map(|(_, f)| f.clone()).collect();
        all.sort();
        all
    }

    fn places(&self, oracle: &str, record: &str, field: &str) -> Vec<String> {
        let get = |field: &str| self.0.get(&(oracle.to_owned(), field.to_owned())).cloned();
        let part = field.rsplit_once('.').map(|(p, _)| format!("{p}.*"));
        let found = get(&format!("{record}.{field}")).or_else(|| get(field)).or_else(|| part.and_then(|p| get(&p))).or_else(|| get("*"));
        let field = field.rsplit('.').next().unwrap_or(field);
        found.unwrap_or_default().into_iter().map(|p| p.replace("{record}", record).replace("{field}", field)).collect()
    }
}

/// Counts of facts.
#[derive(Default)]
pub struct Tally {
    kept: u64,
    missing: u64,
    wrong: u64,
    skipped: u64,
    told: BTreeMap<String, (u64, String)>,
}

impl Tally {
    /// A fact of an oracle, against the places where the map says it lies.
    pub fn fact(&mut self, map: &Map, oracle: &str, record: &str, field: &str, expected: &str, event: &Event) {
        let places = map.places(oracle, record, field);
        if places.iter().any(|p| p == "-") {
            self.skipped += 1;
            return;
        }
        let found: Vec<String> = places.iter().flat_map(|p| at(event, p, expected)).collect();
        if found.iter().any(|f| same(expected, f)) {
            self.kept += 1;
        } else if found.is_empty() {
            self.miss(&format!("{oracle} {record} {field}"), expected);
        } else {
            self.wrong += 1;
            self.tell(format!("wrong {oracle} {record} {field}"), format!("expected `{expected}`, found {found:?} in {}", event.to_json_line()));
        }
    }

    /// A fact that is plainly there.
    pub fn keep(&mut self) {
        self.kept += 1;
    }

    /// A fact that is not compared.
    pub fn skip(&mut self) {
        self.skipped += 1;
    }

    /// A fact that is nowhere.
    pub fn miss(&mut self, what: &str, expected: &str) {
        self.missing += 1;
        self.tell(format!("missing {what}"), expected.to_owned());
    }

    /// A fact that is another than the oracle's.
    pub fn fault(&mut self, what: &str, detail: String) {
        self.wrong += 1;
        self.tell(format!("wrong {what}"), detail);
    }

    fn tell(&mut self, key: String, detail: String) {
        let entry = self.told.entry(key).or_insert((0, detail));
        entry.0 += 1;
    }

    /// Prints the counts; fails on a wrong fact and on fewer kept than `floor`.
    pub fn verdict(&self, name: &str, floor: u64) {
        let all = (self.kept + self.missing + self.wrong).max(1);
        println!(
            "{name}: kept {}, missing {}, wrong {} ({:.2} %); not compared {}",
            self.kept,
            self.missing,
            self.wrong,
            self.kept as f64 * 100.0 / all as f64,
            self.skipped
        );
        for (what, (count, first)) in &self.told {
            println!("  {count} x {what}: {}", first.chars().take(400).collect::<String>());
        }
        assert_eq!(self.wrong, 0, "{name}: wrong facts, see above");
        assert!(self.kept >= floor, "{name}: kept {} facts, the floor is {floor}", self.kept);
    }
}

/// The texts at a place. A path of the OCSF object; `unmapped.` takes the rest as one key; `column:` reads a column. Ways to look for a fact
/// that an oracle spells otherwise: `within:PLACE` (it is a part of what is there), `holds:PLACE` (what is there is a part of it), `types`
/// (the types of the event's records), `any` (anywhere in the event). A way that finds it gives it back as the oracle spells it.
fn at(event: &Event, path: &str, expected: &str) -> Vec<String> {
    use event::{Column, Fields};
    if let Some(column) = path.strip_prefix("column:") {
        let column = Column::parse(column).unwrap();
        return event.text(column).map(str::to_owned).or_else(|| event.int(column).map(|n| n.to_string())).into_iter().collect();
    }
    let as_said = |found: bool| found.then(|| expected.to_owned()).into_iter().collect();
    if let Some(place) = path.strip_prefix("within:") {
        return as_said(at(event, place, expected).iter().any(|f| f.contains(expected)));
    }
    if let Some(place) = path.strip_prefix("holds:") {
        return as_said(at(event, place, expected).iter().any(|f| f.len() > 1 && f != "(null)" && expected.contains(f.as_str())));
    }
    if path == "types" {
        return event.raw.iter().filter_map(|r| Some(String::from_utf8_lossy(r).split_once("type=")?.1.split(' ').next()?.to_owned())).collect();
    }
    if path == "any" {
        return as_said(texts(&Value::Array(event.object.values().cloned().collect())).iter().any(|f| same(expected, f)));
    }
    let value = match path.strip_prefix("unmapped.") {
        Some(key) => event.object.get("unmapped").and_then(|u| u.get(key)),
        None => {
            let mut keys = path.split('.');
            keys.next().and_then(|k| event.object.get(k)).and_then(|first| keys.try_fold(first, |v, k| v.get(k)))
        }
    };
    value.map(texts).unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// The same value in another spelling: `0x2f` and `2f`, `0o100755` and `0100755`, `unset` and 4294967295, `yes` and Success.
fn same(expected: &str, found: &str) -> bool {
    expected == found || plain(expected) == plain(found)
}

fn plain(text: &str) -> String {
    if let Ok(ip) = text.parse::<std::net::IpAddr>() {
        return ip.to_canonical().to_string();
    }
    let word = text.to_ascii_lowercase();
    match word.as_str() {
        "unset" | "-1" => return "#4294967295".into(),
        "yes" | "success" => return "#1".into(),
        "no" | "fail" | "failed" | "failure" => return "#".into(),
        "null" | "(null)" | "(none)" | "?" | "" => return "null".into(),
        _ => {}
    }
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0o")).unwrap_or(&word);
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if number { format!("#{}", digits.trim_start_matches('0')) } else { word.trim().to_owned() }
}
