//! Cases in SQLite: an append-only list of records a case, and the answers that were given, byte for byte.
//! What a case is now is a fold over its records (crate respond).

use std::path::Path;

use anyhow::Context as _;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

/// The cases of a store.
pub struct Cases {
    db: Connection,
}

const SCHEMA: &str = "
create table if not exists record (
  id integer primary key,
  case_id text not null,
  body text not null
) strict;
create index if not exists record_case on record (case_id, id);
-- The number of a record stands in its body, and comes once a case.
create unique index if not exists record_seq on record (case_id, json_extract(body, '$.seq'));
create table if not exists answer (
  hash text primary key,
  body blob not null
) strict;
create trigger if not exists record_no_update before update on record begin select raise(abort, 'the case record is append-only'); end;
create trigger if not exists record_no_delete before delete on record begin select raise(abort, 'the case record is append-only'); end;
create trigger if not exists answer_no_update before update on answer begin select raise(abort, 'answers stay as they were given'); end;
create trigger if not exists answer_no_delete before delete on answer begin select raise(abort, 'answers stay as they were given'); end;
";

impl Cases {
    /// Opens the file, making it if it is missing.
    pub fn open(path: &Path) -> anyhow::Result<Cases> {
        let open = || -> rusqlite::Result<Connection> {
            let db = Connection::open(path)?;
            db.busy_timeout(std::time::Duration::from_secs(10))?;
            // In this order, and the tables in one go: two programs may open a new store at once.
            db.execute_batch("pragma journal_mode = wal; pragma synchronous = full;")?;
            let all = Transaction::new_unchecked(&db, TransactionBehavior::Immediate)?;
            all.execute_batch(SCHEMA)?;
            all.commit()?;
            Ok(db)
        };
        Ok(Cases { db: open().with_context(|| format!("opening {}", path.display()))? })
    }

    /// Reads and writes as one act that no other program comes between: all of it is done, or, after an error, nothing.
    pub fn alone<T>(&self, act: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let alone = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate).context("waiting for the case record")?;
        let done = act()?;
        alone.commit().context("writing to the case record")?;
        Ok(done)
    }

    /// Appends a record to a case. Fails if the case has one of its number.
    pub fn append(&self, case: &str, body: &str) -> anyhow::Result<()> {
        self.db.execute("insert into record (case_id, body) values (?1, ?2)", params![case, body]).context("writing to the case record")?;
        Ok(())
    }

    /// The records of a case, oldest first.
    pub fn records(&self, case: &str) -> anyhow::Result<Vec<String>> {
        let mut rows = self.db.prepare("select body from record where case_id = ?1 order by id")?;
        let bodies = rows.query_map([case], |r| r.get(0))?;
        bodies.collect::<Result<_, _>>().context("reading the case record")
    }

    /// Keeps an answer under the SHA-256 of its bytes.
    pub fn keep_answer(&self, hash: &str, body: &[u8]) -> anyhow::Result<()> {
        self.db.execute("insert or ignore into answer (hash, body) values (?1, ?2)", params![hash, body]).context("keeping the answer")?;
        Ok(())
    }

    /// The answer with this SHA-256, in lower-case hex.
    pub fn answer(&self, hash: &str) -> anyhow::Result<Option<Vec<u8>>> {
        self.db.query_row("select body from answer where hash = ?1", [hash], |r| r.get(0)).optional().context("reading an answer")
    }

    /// The ids of all cases, oldest first.
    pub fn ids(&self) -> anyhow::Result<Vec<String>> {
        let mut rows = self.db.prepare("select case_id from record group by case_id order by min(id)")?;
        let ids = rows.query_map([], |r| r.get(0))?;
        ids.collect::<Result<_, _>>().context("listing the cases")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_append_only() {
        let cases = Cases::open(Path::new(":memory:")).unwrap();
        cases.append("c-1", "{}").unwrap();
        assert_eq!(cases.records("c-1").unwrap(), ["{}"]);
        assert_eq!(cases.ids().unwrap(), ["c-1"]);
        assert!(cases.db.execute("update record set body = 'x'", []).is_err());
        assert!(cases.db.execute("delete from record", []).is_err());
        cases.keep_answer("ab", b"text").unwrap();
        cases.keep_answer("ab", b"text").unwrap();
        assert_eq!((cases.answer("ab").unwrap(), cases.answer("cd").unwrap()), (Some(b"text".to_vec()), None));
        assert!(cases.db.execute("update answer set body = x'00'", []).is_err());
        assert!(cases.db.execute("delete from answer", []).is_err());
    }

    #[test]
    fn a_number_comes_once_a_case_and_an_act_that_fails_leaves_nothing() {
        let cases = Cases::open(Path::new(":memory:")).unwrap();
        cases.append("c-1", r#"{"seq":1}"#).unwrap();
        cases.append("c-2", r#"{"seq":1}"#).unwrap();
        assert!(cases.append("c-1", r#"{"seq":1}"#).is_err());
        let failed = cases.alone(|| cases.append("c-1", r#"{"seq":2}"#).and_then(|()| cases.append("c-1", r#"{"seq":2}"#)));
        assert!(failed.is_err());
        assert_eq!(cases.records("c-1").unwrap().len(), 1);
    }
}
