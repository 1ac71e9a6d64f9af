//! The fields of the search language: every column by its name, short names, and fields over several columns; and how each takes
//! the value that a person types behind `:`.

use crate::{Column, Kind, Shape};

/// What a name before `:`, `=` or `~` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Columns; any of them may hold the value.
    Columns(&'static [Column]),
    /// A kind of entity without a column of its own.
    Kind(Kind),
    /// Any entity.
    Entity,
    /// The original bytes.
    Original,
    /// Not before this time.
    Since,
    /// Before this time.
    Until,
    /// A field that must have a value.
    Has,
    /// An event by its id: `source#seq`.
    Id,
}

/// How a text column takes a value behind `:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Letter by letter.
    Exact,
    /// The whole value, in either case.
    Word,
    /// Anywhere in the value, in either case.
    Inside,
    /// An identity, whole or by its bare name: `root` is `root@web-1` and `…:user/root`.
    Identity,
    /// A machine or domain in lower case, whole or by its first label.
    Name,
    /// An address or a network.
    Address,
    /// The whole value, or its end behind one of these characters.
    Tail(&'static [char]),
}

/// Names beside those of the columns.
#[rustfmt::skip]
pub const SHORT: &[(&str, Field, &str)] = &[
    ("src", Field::Columns(&[Column::SrcIp]), "src_ip"),
    ("dst", Field::Columns(&[Column::DstIp]), "dst_ip"),
    ("ip", Field::Columns(&[Column::SrcIp, Column::DstIp]), "src_ip or dst_ip"),
    ("port", Field::Columns(&[Column::SrcPort, Column::DstPort]), "src_port or dst_port"),
    ("sport", Field::Columns(&[Column::SrcPort]), "src_port"),
    ("dport", Field::Columns(&[Column::DstPort]), "dst_port"),
    ("bytes", Field::Columns(&[Column::BytesOut]), "bytes_out"),
    ("op", Field::Columns(&[Column::Operation]), "operation"),
    ("program", Field::Columns(&[Column::Service]), "service"),
    ("cmd", Field::Columns(&[Column::Command]), "command"),
    ("msg", Field::Columns(&[Column::Message]), "message"),
    ("key", Field::Columns(&[Column::Credential, Column::TargetCredential]), "credential or target_credential"),
    ("who", Field::Columns(&[Column::User, Column::TargetUser]), "user or target_user"),
    ("agent", Field::Columns(&[Column::UserAgent]), "user_agent"),
    ("log", Field::Columns(&[Column::Source]), "source"),
    ("class", Field::Columns(&[Column::ClassUid]), "class_uid"),
    ("severity", Field::Columns(&[Column::SeverityId]), "severity_id"),
    ("process", Field::Kind(Kind::Process), "a process: web-1/4711"),
    ("entity", Field::Entity, "any address, user, host, credential, session, process, file or resource that the event touches"),
    ("raw", Field::Original, "the original line"),
    ("since", Field::Since, "at or after this time"),
    ("until", Field::Until, "before this time"),
    ("has", Field::Has, "the named field has a value"),
    ("id", Field::Id, "an event by its id: source#seq"),
];

/// The field of that name, in any case.
pub fn find(name: &str) -> Option<Field> {
    let name = name.to_ascii_lowercase();
    let short = SHORT.iter().find(|(n, ..)| *n == name).map(|(_, f, _)| *f);
    short.or_else(|| Column::ALL.iter().position(|c| c.name() == name).and_then(|i| Column::ALL.get(i..=i)).map(Field::Columns))
}

/// Every name that a field goes by.
pub fn names() -> impl Iterator<Item = &'static str> {
    Column::ALL.iter().map(|c| c.name()).chain(SHORT.iter().map(|(n, ..)| *n))
}

pub(super) fn manner(c: Column) -> Manner {
    match c {
        Column::User | Column::TargetUser => Manner::Identity,
        Column::Host | Column::Domain => Manner::Name,
        Column::SrcIp | Column::DstIp => Manner::Address,
        Column::Command | Column::Message | Column::UserAgent | Column::Url | Column::Error | Column::Marks => Manner::Inside,
        Column::Resource => Manner::Tail(&[':', '/']),
        Column::File | Column::Exe | Column::Source => Manner::Tail(&['/']),
        Column::Credential | Column::TargetCredential | Column::Session | Column::TargetSession | Column::Account | Column::Uid => Manner::Exact,
        _ => Manner::Word,
    }
}

pub(super) fn is_text(c: Column) -> bool {
    matches!(c.shape(), Shape::Word | Shape::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_field() {
        let mut all: Vec<_> = names().collect();
        let before = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), before);
        assert!(all.iter().all(|n| find(n).is_some() && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')));
        assert_eq!(find("SRC"), Some(Field::Columns(&[Column::SrcIp])));
    }
}
