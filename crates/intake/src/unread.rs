//! Contents that are known and not read yet: named, so that nobody takes their bytes for lines of text.

/// What a content is that is no log: the first bytes that tell it, and what to do. `None` for all others.
pub(crate) fn unread(head: &[u8]) -> Option<&'static str> {
    KINDS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what)
}

const KINDS: &[(&[u8], &str)] = &[
    (b"\x04\x22\x4D\x18", "compressed with lz4; unpack it first"),
    (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive; unpack it first"),
    (b"\x1F\x8B\x08", "compressed twice; unpack it once"),
    (b"\xFD7zXZ\0", "compressed twice; unpack it once"),
    (b"BZh91AY&SY", "compressed twice; unpack it once"),
    (b"\x28\xB5\x2F\xFD", "compressed twice; unpack it once"),
    (b"LPKSHHRH", "a binary journal of systemd; give the output of `journalctl -o json --file` instead"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\x7FELF", "a program"),
];
