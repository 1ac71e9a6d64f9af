//! What an SQL statement does, as far as its first words say. No grammar: a statement that is odd is a query of unknown effect.

use event::{Class, class};

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Data, or the shape of data: Datastore Activity with this activity.
    Data(u8),
    /// An account: Account Change with this activity.
    Account(u8),
}

impl Deed {
    /// Class and activity of OCSF.
    pub(crate) fn class(self) -> (Class, u8) {
        match self {
            Deed::Data(activity) => (class::DATASTORE_ACTIVITY, activity),
            Deed::Account(activity) => (class::ACCOUNT_CHANGE, activity),
        }
    }
}

/// A statement, looked at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statement<'a> {
    /// Its verb in capitals: `SELECT`, `COPY FROM PROGRAM`, `CREATE ROLE`.
    pub(crate) verb: String,
    /// What it does.
    pub(crate) deed: Deed,
    /// The table or account that it names first, without quotes; empty if none is found.
    pub(crate) object: &'a str,
}

/// Words looked at for the verb and the object; a statement may be megabytes long.
const WORDS_MAX: usize = 200;

/// Looks at a statement.
pub(crate) fn read(sql: &str) -> Statement<'_> {
    let words: Vec<&str> = Words(sql).take(WORDS_MAX).collect();
    let upper = |at: usize| words.get(at).map(|w| w.to_ascii_uppercase()).unwrap_or_default();
    let (first, second) = (upper(0), upper(1));
    let after = |names: &[&str]| {
        let at = words.iter().position(|w| names.iter().any(|n| w.eq_ignore_ascii_case(n)))?;
        let skip = |w: &&&str| ["only", "table", "if", "exists", "not", "into", "low_priority", "ignore"].iter().any(|s| w.eq_ignore_ascii_case(s));
        words.get(at + 1..)?.iter().find(|w| !skip(w)).copied()
    };
    let account = |activity| (format!("{first} {second}"), Deed::Account(activity), after(&[&second]));
    let (verb, deed, object) = match (first.as_str(), second.as_str()) {
        ("CREATE", "ROLE" | "USER" | "LOGIN") => account(1),
        ("ALTER", "ROLE" | "USER" | "LOGIN") if words.iter().any(|w| w.eq_ignore_ascii_case("password") || w.eq_ignore_ascii_case("identified")) => account(3),
        ("ALTER", "ROLE" | "USER" | "LOGIN") => account(99),
        ("DROP", "ROLE" | "USER" | "LOGIN") => account(6),
        ("SET", "PASSWORD") => account(3),
        ("SELECT" | "TABLE" | "FETCH" | "SHOW" | "DECLARE" | "DESCRIBE" | "DESC", _) => (first.clone(), Deed::Data(1), after(&["from", "table"])),
        ("INSERT" | "MERGE" | "REPLACE", _) => (first.clone(), Deed::Data(5), after(&["into"])),
        ("LOAD", "DATA") => ("LOAD DATA".into(), Deed::Data(5), after(&["into"])),
        ("UPDATE", _) => (first.clone(), Deed::Data(2), after(&["update"])),
        ("DELETE", _) => (first.clone(), Deed::Data(7), after(&["from"])),
        ("TRUNCATE", _) => (first.clone(), Deed::Data(7), after(&["truncate"])),
        ("COPY", _) => copy(&words),
        ("DROP", _) => (format!("{first} {second}"), Deed::Data(7), after(&[&second])),
        ("CREATE", _) => create(&words),
        ("ALTER", _) => (format!("{first} {second}"), Deed::Data(2), after(&[&second])),
        ("GRANT" | "REVOKE" | "COMMENT" | "REINDEX" | "CLUSTER" | "VACUUM" | "ANALYZE" | "LOCK", _) => (first.clone(), Deed::Data(2), after(&["on", "table"])),
        ("WITH" | "EXPLAIN" | "EXECUTE" | "CALL" | "DO" | "VALUES", _) => (first.clone(), Deed::Data(4), None),
        _ => (if is_word(&first) { first.clone() } else { "QUERY".into() }, Deed::Data(99), None),
    };
    Statement { verb, deed, object: object.map(bare).unwrap_or_default() }
}

/// `COPY t TO STDOUT` reads, `COPY t FROM …` writes; a program runs on the server's machine.
fn copy<'a>(words: &[&'a str]) -> (String, Deed, Option<&'a str>) {
    let find = |name: &str| words.iter().position(|w| w.eq_ignore_ascii_case(name));
    let (to, from) = (find("to"), find("from"));
    let writes = match (to, from) {
        (Some(t), Some(f)) => f < t && !words.get(1).is_some_and(|w| w.eq_ignore_ascii_case("select")),
        (None, Some(_)) => true,
        _ => false,
    };
    let at = if writes { from } else { to };
    let program = at.and_then(|at| words.get(at + 1)).is_some_and(|w| w.eq_ignore_ascii_case("program"));
    let verb = format!("COPY {}{}", if writes { "FROM" } else { "TO" }, if program { " PROGRAM" } else { "" });
    (verb, Deed::Data(if writes { 5 } else { 1 }), words.get(1).copied())
}

/// `CREATE [OR REPLACE] [TEMP] [UNIQUE] WHAT NAME`.
fn create<'a>(words: &[&'a str]) -> (String, Deed, Option<&'a str>) {
    const NOISE: [&str; 13] =
        ["or", "replace", "temp", "temporary", "global", "local", "unlogged", "unique", "if", "not", "exists", "materialized", "concurrently"];
    let mut said = words.iter().skip(1).filter(|w| !NOISE.iter().any(|n| w.eq_ignore_ascii_case(n)));
    let what = said.next().map(|w| w.to_ascii_uppercase()).filter(|w| is_word(w)).unwrap_or_default();
    (format!("CREATE {what}").trim_end().to_owned(), Deed::Data(6), said.next().copied())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 24 && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

/// A name without quotes; what is no name is none.
fn bare(word: &str) -> &str {
    let name = word.trim_matches(|c| matches!(c, '"' | '`' | '\'' | '[' | ']'));
    if name.starts_with(|c: char| c.is_alphabetic() || c == '_') { name } else { "" }
}

/// Words of a statement: comments are left out, names in quotes are whole, strings are one word.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            self.0 = self.0.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';'));
            if let Some(rest) = self.0.strip_prefix("--") {
                self.0 = rest.split_once('\n').map_or("", |(_, after)| after);
            } else if let Some(rest) = self.0.strip_prefix("/*") {
                self.0 = rest.split_once("*/").map_or("", |(_, after)| after);
            } else {
                break;
            }
        }
        let quote = self.0.chars().next()?;
        let end = match quote {
            '"' | '\'' | '`' => self.0.get(1..)?.find(quote).map_or(self.0.len(), |n| n + 2),
            _ => self.0.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';')).unwrap_or(self.0.len()),
        };
        // `"schema"."table"` is one name.
        let end = if self.0.get(end..).is_some_and(|r| r.starts_with('.')) {
            self.0.get(end..)?.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';')).map_or(self.0.len(), |n| end + n)
        } else {
            end
        };
        let (word, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        for (sql, verb, deed, object) in [
            ("select *\n\t  from only orders where 1=1", "SELECT", Deed::Data(1), "orders"),
            ("/* a */ -- b\nSELECT 1", "SELECT", Deed::Data(1), ""),
            ("insert into public.orders(a) values (1)", "INSERT", Deed::Data(5), "public.orders"),
            ("INSERT INTO \"or ders\" SELECT 1", "INSERT", Deed::Data(5), "or ders"),
            ("update orders set note = 'from x'", "UPDATE", Deed::Data(2), "orders"),
            ("DELETE FROM t", "DELETE", Deed::Data(7), "t"),
            ("drop table if exists t, u", "DROP TABLE", Deed::Data(7), "t"),
            ("create or replace temp view v as select 1", "CREATE VIEW", Deed::Data(6), "v"),
            ("create role clerk login password 'pw'", "CREATE ROLE", Deed::Account(1), "clerk"),
            ("ALTER USER postgres PASSWORD 'pw'", "ALTER USER", Deed::Account(3), "postgres"),
            ("alter role a superuser", "ALTER ROLE", Deed::Account(99), "a"),
            ("drop role if exists clerk", "DROP ROLE", Deed::Account(6), "clerk"),
            ("CREATE USER 'mallory'@'%' IDENTIFIED BY 'x'", "CREATE USER", Deed::Account(1), "mallory"),
            ("COPY t FROM PROGRAM 'id'", "COPY FROM PROGRAM", Deed::Data(5), "t"),
            ("copy (select * from t) to stdout", "COPY TO", Deed::Data(1), "select"),
            ("BEGIN;", "BEGIN", Deed::Data(99), ""),
            ("with x as (delete from t) select 1", "WITH", Deed::Data(4), ""),
            ("selec 1", "SELEC", Deed::Data(99), ""),
            ("", "QUERY", Deed::Data(99), ""),
            ("'unclosed", "QUERY", Deed::Data(99), ""),
            ("\u{e9}\u{202e}", "QUERY", Deed::Data(99), ""),
        ] {
            assert_eq!(read(sql), Statement { verb: verb.into(), deed, object }, "{sql}");
        }
        assert_eq!(read(&"x ".repeat(1_000_000)).verb, "X");
    }
}
