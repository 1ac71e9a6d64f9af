//! Reads folders of logs into events and links, and drives a scope as the program does.

use std::{
    collections::{BTreeMap, HashSet},
    io::Read,
    path::{Path, PathBuf},
};

use event::{Entity, Event, Fields, Link, PieceKind, Time};
use formats::{
    Framer, Limits,
    read::{Context, Reader},
};
use trace::{
    Aggregate, Coverage, Question, Scope,
    scope::{Answer, Sum, SumRow, absorb, add, finish, questions, sums},
};

/// Texts of logs by source; several streams a source.
pub type Texts = BTreeMap<String, Vec<Vec<u8>>>;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files of a folder and below, as sources named like the program names them; of a rotated log the oldest part first.
#[allow(clippy::disallowed_types)] // the project's own demo, and test data of known size
pub fn texts(dir: &Path) -> Texts {
    let mut files = Vec::new();
    walk(dir, &mut files);
    let mut found: BTreeMap<String, Vec<(u32, Vec<u8>)>> = BTreeMap::new();
    files.sort();
    for path in files {
        let mut bytes = std::fs::read(&path).unwrap();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
            bytes = plain;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let below = path.strip_prefix(dir).unwrap().to_str().unwrap();
        let (stem, age) = match below.strip_suffix(".gz").and_then(|b| b.rsplit_once('.')) {
            Some((stem, n)) if n.parse::<u32>().is_ok() => (stem, n.parse().unwrap()),
            _ => (below, 0),
        };
        let source = match name.split('_').collect::<Vec<_>>()[..] {
            [account, "CloudTrail", region, ..] => format!("cloudtrail/{account}/{region}"),
            [account, "vpcflowlogs", region, log, ..] => format!("vpcflow/{account}/{region}/{log}"),
            _ => stem.to_owned(),
        };
        found.entry(source).or_default().push((age, bytes));
    }
    let in_order = |mut streams: Vec<(u32, Vec<u8>)>| {
        streams.sort_by_key(|s| std::cmp::Reverse(s.0));
        streams.into_iter().map(|s| s.1).collect()
    };
    found.into_iter().map(|(source, streams)| (source, in_order(streams))).collect()
}

/// The host that a source's folder names.
pub fn host(source: &str) -> Option<String> {
    let (folder, _) = source.split_once('/')?;
    (!matches!(folder, "cloudtrail" | "vpcflow" | "central")).then(|| folder.to_owned())
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// The events of all sources.
pub fn events(texts: &Texts, received: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for (source, streams) in texts {
        let context = Context { source: source.clone(), received: Time::parse(received).unwrap(), host: host(source) };
        let format = formats::recognise(&streams[0], source.rsplit('/').next().unwrap());
        let mut reader = Reader::new(format, &context);
        for stream in streams {
            let mut framer = Framer::new(format.framing(), Limits::default());
            let mut piece = |bytes: &[u8], kind: PieceKind, _| reader.piece(bytes, kind);
            framer.push(stream, &mut piece);
            framer.finish(&mut piece);
        }
        let reading = reader.finish();
        assert!(reading.rejected.is_empty(), "{source}: {:?}", reading.rejected.first());
        events.extend(reading.events);
    }
    events
}

/// Events and their folded links, asked as a lake would be.
pub struct Store {
    pub events: Vec<Event>,
    pub links: Vec<Link>,
    pub coverage: Coverage,
}

impl Store {
    pub fn new(events: Vec<Event>) -> Store {
        let mut aggregate = Aggregate::default();
        events.iter().for_each(|e| aggregate.add(e));
        let coverage = Coverage::of(events.iter());
        Store { links: aggregate.take(), events, coverage }
    }

    /// The store without one source.
    pub fn without(&self, source: &str) -> Store {
        let kept: Vec<Event> = self.events.iter().filter(|e| e.text(event::Column::Source) != Some(source)).cloned().collect();
        assert!(kept.len() < self.events.len(), "no events of {source}");
        Store::new(kept)
    }

    fn answer(&self, question: &Question) -> Vec<Link> {
        let entities: HashSet<&Entity> = question.entities.iter().collect();
        let asked = |e: &Entity| entities.contains(e);
        let inside = |l: &&Link| question.window.contains(l.last);
        // Who asked something of a machine is found by the one who asked.
        let visit = |l: &Link| l.relation == event::Relation::Connected && l.from.kind == event::Kind::Ip;
        let touches = |l: &&Link| asked(&l.from) || (asked(&l.to) && !visit(l)) || l.via.as_ref().is_some_and(asked);
        self.links.iter().filter(inside).filter(touches).cloned().collect()
    }

    pub fn scope(&self, mut scope: Scope) -> Answer {
        scope.know_begin(self.coverage.sources.iter().map(|s| s.first).min().unwrap());
        while let Some(question) = questions(&scope) {
            let links = self.answer(&question);
            absorb(&mut scope, &links);
        }
        let mut answer = finish(&scope, &self.coverage);
        for sum in sums(&scope, &answer) {
            let rows = self.sum(&sum);
            add(&mut answer, &sum, &rows);
        }
        answer
    }

    fn sum(&self, sum: &Sum) -> Vec<SumRow> {
        let mut found: BTreeMap<Vec<Option<String>>, SumRow> = BTreeMap::new();
        for e in self.events.iter().filter(|e| sum.filter.matches(*e)) {
            let by: Vec<Option<String>> = sum.by.iter().map(|c| e.text(*c).map(str::to_owned)).collect();
            let new = || SumRow { by: by.clone(), events: 0, bytes_out: None, first: e.time(), last: e.time(), event: e.id() };
            let row = found.entry(by.clone()).or_insert_with(new);
            row.events += 1;
            row.bytes_out = e.int(event::Column::BytesOut).map(|n| n + row.bytes_out.unwrap_or_default()).or(row.bytes_out);
            (row.first, row.last) = (row.first.min(e.time()), row.last.max(e.time()));
        }
        found.into_values().collect()
    }
}
