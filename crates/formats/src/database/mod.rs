//! What the logs of database servers have in common: users, sessions, where a client is, what a statement does.
//!
//! A user of a database is not the machine's user of the same name: it is spelled `NAME@HOST/postgresql`, without a known host `NAME@postgresql`.
//! A session is `HOST/postgresql:PID`. Never knows how a log is written.

mod statement;

use event::{Column, Sink, attr, entity::canonical_ip};

pub(crate) use statement::{Deed, read};

/// A database server as the log's lines are about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server<'a> {
    /// The product in canonical names: `postgresql`.
    pub(crate) kind: &'static str,
    /// The machine, where it is known.
    pub(crate) host: Option<&'a str>,
}

impl Server<'_> {
    fn place(&self) -> String {
        self.host.map_or_else(|| self.kind.to_owned(), |h| format!("{h}/{}", self.kind))
    }

    /// A user of the server in a column.
    pub(crate) fn user(&self, column: Column, name: &str, out: &mut dyn Sink) {
        if !name.is_empty() {
            out.key(column, &format!("{name}@{}", self.place()));
        }
    }

    /// A session of the server in a column.
    pub(crate) fn session(&self, column: Column, id: &str, out: &mut dyn Sink) {
        if !id.is_empty() {
            out.key(column, &format!("{}:{id}", self.place()));
        }
    }

    /// A database of the server, or a table in it, as the resource acted on.
    pub(crate) fn resource(&self, database: &str, table: &str, out: &mut dyn Sink) {
        let table = if table.is_empty() { String::new() } else { format!("/{table}") };
        if !database.is_empty() {
            out.key(Column::Resource, &format!("{}/{database}{table}", self.place()));
        }
    }
}

/// Where the client is: an address, a name, or the server's own machine.
pub(crate) fn client(host: &str, port: &str, out: &mut dyn Sink) {
    match canonical_ip(host) {
        Some(ip) => out.text(attr::SRC_IP, &ip),
        None => out.text(attr::SRC_NAME, if host.is_empty() { "[unknown]" } else { host }),
    }
    if let Ok(port) = port.parse::<u16>() {
        out.int(attr::SRC_PORT, port.into());
    }
}

/// The database that was acted in, and the table, if the statement names one.
pub(crate) fn database(name: &str, table: &str, out: &mut dyn Sink) {
    out.text(attr::DATABASE_NAME, if name.is_empty() { "[unknown]" } else { name });
    out.int(attr::DATABASE_TYPE_ID, 1);
    out.text(attr::TABLE_NAME, table);
}
