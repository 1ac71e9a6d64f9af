//! The inside of one JSON object: strings, escapes, nesting, and the two members that framing cares for.

use std::ops::Range;

use memchr::memchr3;

/// The envelope's member that holds the records (AWS CloudTrail, and most of AWS's deliveries).
const RECORDS: &str = "Records";

/// Where the scan of an object stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stop {
    /// After its closing brace.
    End { deep: bool },
    /// After the bracket of its `Records`.
    Records,
    /// After a line end inside a text, where JSON has none.
    BrokenLine { deep: bool },
    /// Before an object that starts a line and cannot belong to this one.
    NextRecord { deep: bool },
    /// After a closing bracket of the wrong kind.
    Mismatch,
}

/// The state between bytes.
#[derive(Debug)]
pub(super) struct Scan {
    id: &'static str,
    depth_max: usize,
    /// Kinds of the open brackets, down to `depth_max`.
    open: Vec<u8>,
    /// Open brackets beyond that.
    over: u64,
    deep: bool,
    quoted: bool,
    escaped: bool,
    /// The byte before was a line end outside of texts.
    line_start: bool,
    spans_lines: bool,
    /// The last byte outside of texts that is no white space; a quote for a text.
    last: u8,
    key: Key,
    /// Of the value of the identifying member, counted from the record's start.
    id_value: Option<Range<usize>>,
    id_start: Option<usize>,
}

/// What is known of the member at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Key {
    /// The text being read is a key at depth 1.
    reading: bool,
    /// So many bytes of it were seen.
    len: usize,
    is_id: bool,
    is_records: bool,
}

impl Scan {
    pub(super) fn new(id: Option<&'static str>, depth_max: usize) -> Scan {
        Scan {
            id: id.unwrap_or_default(),
            depth_max: depth_max.max(1),
            open: Vec::new(),
            over: 0,
            deep: false,
            quoted: false,
            escaped: false,
            line_start: false,
            spans_lines: false,
            last: 0,
            key: Key::default(),
            id_value: None,
            id_start: None,
        }
    }

    /// Starts anew, before an object's opening brace.
    pub(super) fn start(&mut self) {
        self.open.clear();
        self.over = 0;
        self.deep = false;
        self.quoted = false;
        self.escaped = false;
        self.line_start = false;
        self.spans_lines = false;
        self.last = b':';
        self.key = Key::default();
        self.id_value = None;
        self.id_start = None;
    }

    /// Starts in an object, after the value of a member.
    pub(super) fn start_inside_object(&mut self) {
        self.start();
        self.open.push(b'{');
        self.last = b'"';
    }

    /// Where the identifying value lies in the record.
    pub(super) fn id_value(&self) -> Option<Range<usize>> {
        self.id_value.clone()
    }

    /// Whether the object has line ends inside.
    pub(super) fn spans_lines(&self) -> bool {
        self.spans_lines
    }

    /// Reads on from `at`. `before`: bytes of the piece ahead of `bytes`. `suspect`: an object that starts a line ends this one.
    /// `top`: the object may be an envelope.
    pub(super) fn run(&mut self, bytes: &[u8], mut at: usize, before: usize, suspect: bool, top: bool) -> (usize, Option<Stop>) {
        while at < bytes.len() {
            if self.quoted {
                match self.text(bytes, at, before) {
                    (next, true) => return (next, Some(Stop::BrokenLine { deep: self.deep })),
                    (next, false) => at = next,
                }
                continue;
            }
            let Some(&b) = bytes.get(at) else { break };
            if self.line_start {
                self.line_start = false;
                if b == b'{' && !self.open.is_empty() && (suspect || self.deep || !self.fits_here()) {
                    return (at, Some(Stop::NextRecord { deep: self.deep }));
                }
            }
            at += 1;
            match b {
                b'"' => self.quote(before + at),
                b'{' | b'[' => {
                    if self.opened(b, top) {
                        return (at, Some(Stop::Records));
                    }
                }
                b'}' | b']' => {
                    if let Some(stop) = self.closed(b) {
                        return (at, Some(stop));
                    }
                }
                b'\n' => {
                    self.line_start = true;
                    self.spans_lines = true;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => self.last = b,
            }
        }
        (at, None)
    }

    /// An object may stand here: after a colon, or as an array's element.
    fn fits_here(&self) -> bool {
        match self.open.last() {
            Some(b'{') => self.last == b':',
            _ => matches!(self.last, b'[' | b','),
        }
    }

    fn quote(&mut self, after: usize) {
        self.quoted = true;
        if self.open.len() != 1 {
            return;
        }
        if matches!(self.last, b'{' | b',') {
            self.key = Key { reading: true, len: 0, is_id: !self.id.is_empty(), is_records: true };
        } else if self.last == b':' && self.key.is_id {
            self.id_start = Some(after);
        }
    }

    /// Reads a text up to its closing quote, or as far as there are bytes. True: a line ended inside.
    fn text(&mut self, bytes: &[u8], mut at: usize, before: usize) -> (usize, bool) {
        loop {
            if self.escaped && at < bytes.len() {
                self.escaped = false;
                self.key.miss();
                if bytes.get(at) == Some(&b'\n') {
                    return (at + 1, true);
                }
                at += 1;
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let found = memchr3(b'"', b'\\', b'\n', rest);
            let run = rest.get(..found.unwrap_or(rest.len())).unwrap_or_default();
            if self.key.reading {
                self.key.read(run, self.id);
            }
            let Some(n) = found else { return (bytes.len(), false) };
            at += n + 1;
            match rest.get(n) {
                Some(b'"') => {
                    self.unquote(before + at - 1);
                    return (at, false);
                }
                Some(b'\\') => self.escaped = true,
                _ => return (at, true),
            }
        }
    }

    fn unquote(&mut self, end: usize) {
        self.quoted = false;
        self.last = b'"';
        if self.key.reading {
            self.key.end(self.id);
        } else if let Some(start) = self.id_start.take() {
            self.id_value = Some(start..end);
        }
    }

    /// True: this is the bracket of the envelope's records.
    fn opened(&mut self, b: u8, top: bool) -> bool {
        if top && b == b'[' && self.open.len() == 1 && self.key.is_records && self.last == b':' {
            return true;
        }
        if self.open.len() < self.depth_max {
            self.open.push(b);
        } else {
            self.over += 1;
            self.deep = true;
        }
        self.last = b;
        false
    }

    fn closed(&mut self, b: u8) -> Option<Stop> {
        self.last = b;
        if self.over > 0 {
            self.over -= 1;
            return None;
        }
        let open = self.open.pop();
        let fits = matches!((open, b), (Some(b'{'), b'}') | (Some(b'['), b']'));
        match (fits, self.open.is_empty()) {
            (false, _) => Some(Stop::Mismatch),
            (true, true) => Some(Stop::End { deep: self.deep }),
            (true, false) => None,
        }
    }
}

impl Key {
    /// Takes more bytes of the key.
    fn read(&mut self, run: &[u8], id: &str) {
        let same = |want: &str| want.as_bytes().get(self.len..).is_some_and(|w| w.starts_with(run));
        (self.is_id, self.is_records) = (self.is_id && same(id), self.is_records && same(RECORDS));
        self.len = self.len.saturating_add(run.len());
    }

    /// A key with an escape is none that framing looks for.
    fn miss(&mut self) {
        if self.reading {
            (self.is_id, self.is_records) = (false, false);
        }
    }

    fn end(&mut self, id: &str) {
        self.reading = false;
        self.is_id &= self.len == id.len();
        self.is_records &= self.len == RECORDS.len();
    }
}
