//! Cases in SQLite: an append-only list of records a case. What a case is now is a fold over them (crate respond).

use std::path::Path;

use anyhow::Context as _;
use rusqlite::{Connection, params};

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
create trigger if not exists record_no_update before update on record begin select raise(abort, 'the case record is append-only'); end;
create trigger if not exists record_no_delete before delete on record begin select raise(abort, 'the case record is append-only'); end;
pragma journal_mode = wal;
pragma synchronous = full;
";

impl Cases {
    /// Opens the file, making it if it is missing.
    pub fn open(path: &Path) -> anyhow::Result<Cases> {
        let open = || -> rusqlite::Result<Connection> {
            let db = Connection::open(path)?;
            db.busy_timeout(std::time::Duration::from_secs(10))?;
            db.execute_batch(SCHEMA)?;
            Ok(db)
        };
        Ok(Cases { db: open().with_context(|| format!("opening {}", path.display()))? })
    }

    /// Appends a record to a case.
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
    }
}
