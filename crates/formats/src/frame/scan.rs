//! The inside of one JSON object: strings, escapes, nesting, and the few members that framing cares for.

use std::ops::Range;

use memchr::memchr3;

/// Where the scan of an object stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stop {
    /// After its closing brace.
    End { deep: bool },
    /// After the bracket of an envelope's records.
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
    words: Words,
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
    /// The words whose outer key the open object at depth 2 has.
    within: u16,
    /// Of the value of the identifying member, counted from the record's start.
    id_value: Option<Range<usize>>,
    id_start: Option<usize>,
    /// The path of the identifying member.
    id_name: &'static str,
}

/// A member that framing looks for.
#[derive(Clone, Copy, Debug)]
struct Word {
    path: &'static str,
    key: &'static str,
    /// The key in the object below, if the member is at depth 2.
    inner: Option<&'static str>,
}

/// The most words that one format may have.
const WORDS_MAX: usize = 16;

/// The members that framing looks for; a set of them is a `u16` with a bit for each.
#[derive(Debug)]
struct Words {
    all: Vec<Word>,
    /// Those that hold records.
    envelopes: u16,
    /// Those that identify a record, at depth 1.
    ids: u16,
    /// The same at depth 2.
    inner_ids: u16,
}

impl Words {
    fn new(envelopes: &[&'static str], ids: &[&'static str]) -> Words {
        let word = |path: &'static str| match path.split_once('.') {
            Some((key, inner)) => Word { path, key, inner: Some(inner) },
            None => Word { path, key: path, inner: None },
        };
        let all: Vec<Word> = envelopes.iter().chain(ids).take(WORDS_MAX).map(|p| word(p)).collect();
        let set = |keep: &dyn Fn(usize, &Word) -> bool| all.iter().enumerate().filter(|(n, w)| keep(*n, w)).fold(0, |set, (n, _)| set | 1 << n);
        let first_id = envelopes.len();
        Words {
            envelopes: set(&|n, _| n < first_id),
            ids: set(&|n, w| n >= first_id && w.inner.is_none()),
            inner_ids: set(&|n, w| n >= first_id && w.inner.is_some()),
            all,
        }
    }

    /// The path of the first word of a set.
    fn path(&self, set: u16) -> &'static str {
        self.all.get(set.trailing_zeros() as usize).map_or("", |w| w.path)
    }
}

/// What is known of the member at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Key {
    /// The text being read is a key at depth 1 or 2.
    reading: bool,
    /// Its depth.
    depth: usize,
    /// So many bytes of it were seen.
    len: usize,
    /// The words that it may be.
    is: u16,
}

impl Scan {
    pub(super) fn new(envelopes: &[&'static str], ids: &[&'static str], depth_max: usize) -> Scan {
        Scan {
            words: Words::new(envelopes, ids),
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
            within: 0,
            id_value: None,
            id_start: None,
            id_name: "",
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
        self.within = 0;
        self.id_value = None;
        self.id_start = None;
    }

    /// Starts in an object, after the value of a member.
    pub(super) fn start_inside_object(&mut self) {
        self.start();
        self.open.push(b'{');
        self.last = b'"';
    }

    /// The identifying member, and where its value lies in the record.
    pub(super) fn id(&self) -> Option<(&'static str, Range<usize>)> {
        Some((self.id_name, self.id_value.clone()?))
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
        let depth = self.open.len();
        let candidates = match depth {
            1 => u16::MAX,
            2 => self.within,
            _ => 0,
        };
        if candidates == 0 {
            return;
        }
        if matches!(self.last, b'{' | b',') {
            self.key = Key { reading: true, depth, len: 0, is: candidates };
        } else if self.last == b':' && self.names_id(depth) != 0 {
            self.id_start = Some(after);
            self.id_name = self.words.path(self.names_id(depth));
        }
    }

    /// The words that identify a record and that the member at hand may be.
    fn names_id(&self, depth: usize) -> u16 {
        let ids = if depth == 2 { self.words.inner_ids } else { self.words.ids };
        if self.key.depth == depth { self.key.is & ids } else { 0 }
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
                self.key.read(run, &self.words.all);
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
            self.key.end(&self.words.all);
        } else if let Some(start) = self.id_start.take() {
            self.id_value = Some(start..end);
        }
    }

    /// True: this is the bracket of the envelope's records.
    fn opened(&mut self, b: u8, top: bool) -> bool {
        if self.open.len() == 1 && self.key.depth == 1 && self.last == b':' {
            if top && b == b'[' && self.key.is & self.words.envelopes != 0 {
                return true;
            }
            self.within = if b == b'{' { self.key.is & self.words.inner_ids } else { 0 };
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
        if self.open.len() < 2 {
            self.within = 0;
        }
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
    fn read(&mut self, run: &[u8], words: &[Word]) {
        let at = self.len;
        self.keep(words, |key| key.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(run)));
        self.len = self.len.saturating_add(run.len());
    }

    /// A key with an escape is none that framing looks for.
    fn miss(&mut self) {
        if self.reading {
            self.is = 0;
        }
    }

    fn end(&mut self, words: &[Word]) {
        self.reading = false;
        let len = self.len;
        self.keep(words, |key| key.len() == len);
    }

    /// Keeps the words whose key at this depth fits.
    fn keep(&mut self, words: &[Word], fits: impl Fn(&str) -> bool) {
        for (bit, word) in words.iter().enumerate() {
            let key = if self.depth == 2 { word.inner.unwrap_or_default() } else { word.key };
            if self.is & 1 << bit != 0 && !fits(key) {
                self.is &= !(1 << bit);
            }
        }
    }
}
