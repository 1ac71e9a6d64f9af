//! The head of a tab-separated log. Never reads a line of data.

/// The most fields of a log; Zeek's own have at most 60.
pub(super) const FIELDS_MAX: usize = 120;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it is written.
    Text,
    /// A number.
    Number,
    /// `T` or `F`.
    Flag,
    /// Several, of one of the above.
    List(&'static Kind),
}

impl Kind {
    fn of(name: &str) -> Kind {
        let inner = |rest: &str| match Kind::of(rest.trim_end_matches(']')) {
            Kind::Number => Kind::List(&Kind::Number),
            Kind::Flag => Kind::List(&Kind::Flag),
            _ => Kind::List(&Kind::Text),
        };
        match name {
            "count" | "int" | "double" | "port" | "interval" => Kind::Number,
            "bool" => Kind::Flag,
            _ => match name.split_once('[') {
                Some(("set" | "vector" | "table", rest)) if !rest.contains('[') => inner(rest),
                _ => Kind::Text,
            },
        }
    }
}

/// How lines are read.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    /// Between fields.
    pub separator: String,
    /// Between the elements of a set or vector.
    pub set_separator: String,
    /// An empty text or list.
    pub empty: String,
    /// No value.
    pub unset: String,
    /// Name of the log.
    pub path: String,
    /// Names and kinds of the fields.
    pub fields: Vec<(String, Kind)>,
}

impl Default for Schema {
    fn default() -> Schema {
        Schema { separator: "\t".into(), set_separator: ",".into(), empty: "(empty)".into(), unset: "-".into(), path: String::new(), fields: Vec::new() }
    }
}

impl Schema {
    /// Takes a line of the head. `#separator` comes first, and parts the lines after it too.
    pub fn line(&mut self, line: &str) {
        if let Some(said) = line.strip_prefix("#separator ") {
            *self = Schema { separator: super::row::unescape(said.trim()).into_owned(), ..Schema::default() };
            if self.separator.is_empty() {
                self.separator = "\t".into();
            }
            return;
        }
        let Some((name, value)) = line.split_once(self.separator.as_str()) else { return };
        match name {
            "#set_separator" => value.clone_into(&mut self.set_separator),
            "#empty_field" => value.clone_into(&mut self.empty),
            "#unset_field" => value.clone_into(&mut self.unset),
            "#path" => value.clone_into(&mut self.path),
            "#fields" => self.fields = value.split(self.separator.as_str()).take(FIELDS_MAX).map(|n| (n.to_owned(), Kind::Text)).collect(),
            "#types" => self.fields.iter_mut().zip(value.split(self.separator.as_str())).for_each(|(field, kind)| field.1 = Kind::of(kind)),
            _ => {}
        }
    }
}
