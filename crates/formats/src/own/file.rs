//! The TOML file: its keys, and every fault in it with its line.

use std::ops::Range;

use event::{Attr, Class, Column, Facet, Shape as Kind, attr, class, near::nearest};
use regex::RegexBuilder;
use serde::Deserialize;
use toml::Spanned;

use super::{
    Case, Fault, Field, Own, Results, Saying, Shape, Spec, Target, Time,
    test::{Expect, Test},
};

/// The largest file, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;
/// The most memory that a compiled pattern takes, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// The most patterns, fields, cases and tests of a file each.
const ENTRIES_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    title: Option<String>,
    facet: Option<Spanned<String>>,
    read: Read,
    #[serde(default)]
    event: Says,
    #[serde(default)]
    fields: std::collections::BTreeMap<Spanned<String>, OneOrMany>,
    outcome: Option<Outcomes>,
    #[serde(default)]
    when: Vec<When>,
    #[serde(default)]
    test: Vec<TestCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    pattern: Option<OneOrMany>,
    #[serde(default)]
    multiline: bool,
    json: Option<Spanned<Vec<String>>>,
    file: Option<String>,
    time: Option<Spanned<String>>,
    time_format: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    class: Option<Spanned<String>>,
    activity: Option<Spanned<String>>,
    severity: Option<Spanned<u8>>,
    operation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    field: Spanned<String>,
    is: OneOrMany,
    class: Option<Spanned<String>>,
    activity: Option<Spanned<String>>,
    severity: Option<Spanned<u8>>,
    operation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcomes {
    field: Spanned<String>,
    #[serde(default)]
    success: Vec<String>,
    #[serde(default)]
    failure: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestCase {
    line: Spanned<String>,
    event: toml::Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

/// A text, or a list of them; its place is that of the whole.
type OneOrMany = Spanned<Words>;

fn all(words: &OneOrMany) -> Vec<Spanned<String>> {
    let list = match words.get_ref() {
        Words::One(one) => std::slice::from_ref(one),
        Words::Many(many) => many,
    };
    list.iter().map(|w| Spanned::new(words.span(), w.clone())).collect()
}

/// Collects faults, each at a place of the file.
struct Faults<'a> {
    text: &'a str,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, at: Range<usize>, message: String) {
        let line = self.text.get(..at.start).map_or(1, |before| before.matches('\n').count() + 1);
        self.found.push(Fault { line, message });
    }

    /// `word` is none of `names`.
    fn unknown<'n>(&mut self, word: &Spanned<String>, what: &str, names: impl IntoIterator<Item = &'n str>) {
        let near = nearest(word.get_ref(), names).map(|n| format!("; nearest: `{n}`")).unwrap_or_default();
        self.add(word.span(), format!("`{}` is no {what}{near}", word.get_ref()));
    }
}

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Own, Vec<Fault>> {
    let mut faults = Faults { text, found: Vec::new() };
    if text.len() > FILE_BYTES_MAX {
        return Err(vec![Fault { line: 1, message: format!("larger than {FILE_BYTES_MAX} bytes") }]);
    }
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(e) => {
            faults.add(e.span().unwrap_or(0..0), said(e.message()));
            return Err(faults.found);
        }
    };
    let own = own(&file, &mut faults);
    if faults.found.is_empty() {
        Ok(own)
    } else {
        faults.found.sort_by_key(|f| f.line);
        Err(faults.found)
    }
}

/// serde's words, and the nearest of the names that it lists.
fn said(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let near = names.next().filter(|_| message.starts_with("unknown field")).and_then(|word| nearest(word, names));
    let near = near.map(|n| format!("; nearest: `{n}`")).unwrap_or_default();
    format!("{}{near}", message.trim_end().replace('\n', " "))
}

fn own(file: &File, faults: &mut Faults<'_>) -> Own {
    let name = file.name.get_ref().as_str();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
        faults.add(file.name.span(), format!("`name` is of small letters, digits and `_`, not `{name}`"));
    } else if crate::by_name(name).is_some() {
        faults.add(file.name.span(), format!("`{name}` is built in; choose another name"));
    }
    if [file.fields.len(), file.when.len(), file.test.len()].iter().any(|n| *n > ENTRIES_MAX) {
        faults.add(0..0, format!("more than {ENTRIES_MAX} fields, cases or tests"));
    }
    let shape = shape(&file.read, faults);
    let known = captures(&shape);
    for field in named(file) {
        if let Some(known) = &known
            && !known.iter().any(|k| k == field.get_ref())
        {
            faults.unknown(field, "name in the patterns", known.iter().map(String::as_str));
        }
    }
    let base = Saying { class: class::BASE_EVENT, activity: 99, severity: 1, operation: None };
    let defaults = saying(&base, (&file.event.class, &file.event.activity, &file.event.severity), &file.event.operation, faults);
    let cases = file.when.iter().map(|w| Case {
        field: w.field.get_ref().clone(),
        is: all(&w.is).iter().map(|s| s.get_ref().clone()).collect(),
        says: saying(&defaults, (&w.class, &w.activity, &w.severity), &w.operation, faults),
    });
    let cases = cases.collect();
    let spec = Spec {
        title: file.title.clone().unwrap_or_else(|| name.to_owned()),
        facet: facet(file.facet.as_ref(), faults),
        file: file.read.file.clone(),
        time: Time { field: file.read.time.as_ref().map(|t| t.get_ref().clone()), format: time_format(file.read.time_format.as_ref(), faults) },
        fields: file
            .fields
            .iter()
            .map(|(path, to)| Field { path: path.get_ref().clone(), to: all(to).iter().filter_map(|t| target(t, faults)).collect() })
            .collect(),
        outcome: file.outcome.as_ref().map(|o| Results { field: o.field.get_ref().clone(), success: o.success.clone(), failure: o.failure.clone() }),
        shape,
        defaults,
        cases,
    };
    let tests = file.test.iter().filter_map(|t| test(t, faults)).collect();
    let forever = |text: &str| &*Box::leak(text.to_owned().into_boxed_str());
    Own { name: forever(name), title: forever(file.title.as_deref().unwrap_or(name)), spec: std::sync::Arc::new(spec), tests }
}

/// Every place of the file that names a part of the record.
fn named(file: &File) -> impl Iterator<Item = &Spanned<String>> {
    let cases = file.when.iter().map(|w| &w.field);
    file.fields.keys().chain(file.read.time.as_ref()).chain(file.outcome.as_ref().map(|o| &o.field)).chain(cases)
}

fn shape(read: &Read, faults: &mut Faults<'_>) -> Shape {
    match (&read.pattern, &read.json) {
        (Some(pattern), None) => {
            let patterns = all(pattern).into_iter().filter_map(|p| {
                let built = RegexBuilder::new(p.get_ref()).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build();
                built.map_err(|e| faults.add(p.span(), format!("not a regular expression: {}", e.to_string().replace('\n', " ")))).ok()
            });
            Shape::Patterns(patterns.collect(), read.multiline)
        }
        (None, Some(keys)) => {
            if keys.get_ref().is_empty() {
                faults.add(keys.span(), "`json` lists the keys that every record has, at least one".into());
            }
            Shape::Json(keys.get_ref().clone())
        }
        (Some(both), Some(_)) => {
            faults.add(both.span(), "either `pattern` or `json`, not both".into());
            Shape::Json(Vec::new())
        }
        (None, None) => {
            faults.add(0..0, "`[read]` has neither `pattern` (regular expressions) nor `json` (keys that every record has)".into());
            Shape::Json(Vec::new())
        }
    }
}

/// Names in the patterns; `None` for JSON, whose paths may be any.
fn captures(shape: &Shape) -> Option<Vec<String>> {
    let Shape::Patterns(patterns, _) = shape else { return None };
    Some(patterns.iter().flat_map(|p| p.capture_names().flatten().map(str::to_owned)).collect())
}

type Told<'a> = (&'a Option<Spanned<String>>, &'a Option<Spanned<String>>, &'a Option<Spanned<u8>>);

fn saying(base: &Saying, (of, activity, severity): Told<'_>, operation: &Option<String>, faults: &mut Faults<'_>) -> Saying {
    let mut says = Saying { operation: operation.clone().or_else(|| base.operation.clone()), ..base.clone() };
    if let Some(word) = of {
        match find_class(word.get_ref()) {
            Some(found) => (says.class, says.activity) = (found, 99),
            None => faults.unknown(word, "class of OCSF that muster has", class::ALL.iter().map(|c| c.name)),
        }
    }
    if let Some(word) = activity {
        let own = |(id, name): &&(u8, &str)| name.eq_ignore_ascii_case(word.get_ref()) || word.get_ref().parse() == Ok(*id);
        match says.class.activities.iter().find(own) {
            Some((id, _)) => says.activity = *id,
            None => faults.unknown(word, &format!("activity of {}", says.class.name), says.class.activities.iter().map(|(_, n)| *n)),
        }
    }
    if let Some(n) = severity {
        if !matches!(n.get_ref(), 0..=6 | 99) {
            faults.add(n.span(), format!("`severity` is 0 to 6, or 99, not {}", n.get_ref()));
        }
        says.severity = *n.get_ref();
    }
    says
}

fn find_class(word: &str) -> Option<Class> {
    class::ALL.iter().copied().find(|c| c.name.eq_ignore_ascii_case(word) || word.parse() == Ok(c.uid))
}

fn facet(word: Option<&Spanned<String>>, faults: &mut Faults<'_>) -> Facet {
    let Some(word) = word else { return Facet::Application };
    Facet::parse(word.get_ref()).unwrap_or_else(|| {
        faults.unknown(word, "facet (runtime, cloud, network, system, application)", Facet::ALL.map(Facet::name));
        Facet::Application
    })
}

fn time_format(format: Option<&Spanned<String>>, faults: &mut Faults<'_>) -> Option<String> {
    let format = format?;
    if let Err(e) = jiff::fmt::strtime::format(format.get_ref(), jiff::Timestamp::UNIX_EPOCH) {
        faults.add(format.span(), format!("not a format of times: {e}"));
    }
    Some(format.get_ref().clone())
}

/// A column, an attribute, or `message`.
fn target(word: &Spanned<String>, faults: &mut Faults<'_>) -> Option<Target> {
    let name = word.get_ref().as_str();
    if name == "message" {
        return Some(Target::Message);
    }
    if let Some(found) = attr::ALL.iter().find(|a| a.path == name) {
        return Some(of_attr(*found));
    }
    let set_by_muster = [Column::Time, Column::Received, Column::Facet, Column::Source, Column::Seq, Column::Format, Column::Marks];
    match Column::parse(name).filter(|c| !set_by_muster.contains(c)) {
        Some(column) => Some(Target::Column(column)),
        None => {
            let columns = Column::ALL.iter().filter(|c| !set_by_muster.contains(c)).map(|c| c.name());
            faults.unknown(word, "attribute of OCSF or column", attr::ALL.iter().map(|a| a.path).chain(columns));
            None
        }
    }
}

/// What an attribute holds, by its name: OCSF names numbers and addresses the same everywhere.
fn of_attr(attr: Attr) -> Target {
    let last = attr.path.rsplit('.').next().unwrap_or_default();
    let number = attr.column.is_some_and(|c| c.shape() == Kind::Int)
        || last.ends_with("_id")
        || matches!(last, "pid" | "port" | "duration" | "count" | "bytes" | "bytes_in" | "bytes_out" | "packets" | "length" | "sequence")
        || matches!(attr.path, "http_response.code" | "exit_code" | "timezone_offset");
    match (number, last) {
        (true, _) => Target::Int(attr),
        (_, "ip") => Target::Ip(attr),
        _ => Target::Text(attr),
    }
}

/// `event = false`, or a table of what it must have.
fn test(case: &TestCase, faults: &mut Faults<'_>) -> Option<Test> {
    let line = faults.text.get(..case.line.span().start).map_or(1, |before| before.matches('\n').count() + 1);
    let expect = match &case.event {
        toml::Value::Boolean(false) => Expect::NoEvent,
        toml::Value::Table(table) => {
            let text = |v: &toml::Value| match v {
                toml::Value::Integer(n) => n.to_string(),
                toml::Value::Boolean(b) => b.to_string(),
                other => other.as_str().unwrap_or_default().to_owned(),
            };
            Expect::Has(table.iter().map(|(k, v)| (k.clone(), text(v))).collect())
        }
        _ => {
            faults.add(case.line.span(), "`event` of a test is a table of what it must have, or false".into());
            return None;
        }
    };
    Some(Test { at: line, line: case.line.get_ref().clone(), expect })
}
