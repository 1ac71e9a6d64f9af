//! What an entry of PostgreSQL's log means, whichever of its three forms it was written in.

use std::borrow::Cow;

use event::{Column, Sink, attr, class};

use super::words::{self, Said};
use crate::{
    Record,
    database::{self, Deed, Server, client},
    time::Stamp,
};

/// An entry: the fields of PostgreSQL's csvlog, as far as the form has them. Empty where it has not.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) when: Stamp,
    pub(super) time_text: Cow<'a, str>,
    pub(super) severity: Cow<'a, str>,
    pub(super) user: Cow<'a, str>,
    pub(super) database: Cow<'a, str>,
    pub(super) app: Cow<'a, str>,
    pub(super) host: Cow<'a, str>,
    pub(super) port: Cow<'a, str>,
    pub(super) pid: Cow<'a, str>,
    pub(super) session: Cow<'a, str>,
    pub(super) line: Cow<'a, str>,
    pub(super) code: Cow<'a, str>,
    pub(super) message: Cow<'a, str>,
    pub(super) detail: Cow<'a, str>,
    pub(super) hint: Cow<'a, str>,
    pub(super) context: Cow<'a, str>,
    pub(super) statement: Cow<'a, str>,
    pub(super) backend: Cow<'a, str>,
    /// The line can be read in more than one way: nothing is concluded from it.
    pub(super) doubtful: bool,
    /// What has no place above, under its own name.
    pub(super) other: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// One record of an event: its number and bytes.
pub(super) type Original<'a> = (u64, &'a [u8]);

impl Entry<'_> {
    /// Makes the event of some records. `more` says what else the form has.
    pub(super) fn say(&self, record: Record<'_>, records: &[Original<'_>], marks: &[event::Mark], more: &dyn Fn(&mut dyn Sink), out: &mut dyn Sink) {
        let server = Server { kind: "postgresql", host: record.host };
        // Others than FATAL tell of a role or database that a statement named.
        let said = Some(words::read(&self.message)).filter(|s| !matches!(s, Said::Refused { .. }) || self.severity == "FATAL").unwrap_or(Said::Other);
        match &said {
            _ if self.doubtful => self.doubtful(out),
            Said::Login { user, database, app, method } => self.login(server, user, database, app, method, out),
            Said::Proven { identity, method } => self.proven(server, identity, method, out),
            Said::Refused { user, database, host } => self.refused(server, user, database, host, out),
            Said::Logout { user, database, host, port, millis } => self.logout(server, (user, database), (host, port), *millis, out),
            Said::Connection { host, port } => self.connection(host, port, out),
            Said::Statement { sql, millis, name, audited } => self.statement(server, sql, *millis, name, *audited, out),
            Said::Started => self.lifecycle(3, out),
            Said::Stopped => self.lifecycle(4, out),
            Said::Other if !self.statement.is_empty() && self.is_error() => self.statement(server, &self.statement, None, "", false, out),
            Said::Other if self.is_error() => self.begin(class::APPLICATION_ERROR, 1, "error", out),
            Said::Other => self.begin(class::BASE_EVENT, 99, "message", out),
        }
        self.common(server, out);
        more(out);
        marks.iter().for_each(|m| out.mark(*m));
        records.iter().for_each(|(seq, bytes)| out.record(*seq, bytes));
        out.end();
    }

    fn doubtful(&self, out: &mut dyn Sink) {
        self.begin(class::BASE_EVENT, 99, "message", out);
        out.other("doubtful", "a name in this line looks like the rest of a line");
    }

    fn is_error(&self) -> bool {
        matches!(&*self.severity, "ERROR" | "FATAL" | "PANIC")
    }

    fn begin(&self, class: event::Class, activity: u8, operation: &str, out: &mut dyn Sink) {
        out.begin(class, activity, self.when.time);
        out.key(Column::Operation, operation);
        out.text(attr::METADATA_EVENT_CODE, operation);
    }

    /// What every entry says.
    fn common(&self, server: Server<'_>, out: &mut dyn Sink) {
        self.when.marks.iter().flatten().for_each(|m| out.mark(*m));
        out.text(attr::METADATA_PRODUCT_NAME, "PostgreSQL");
        out.text(attr::METADATA_ORIGINAL_TIME, &self.time_text);
        out.text(attr::METADATA_LOG_LEVEL, &self.severity);
        out.key(Column::Service, "postgresql");
        out.text(attr::MESSAGE, &self.message);
        out.text(attr::STATUS_CODE, Some(&*self.code).filter(|c| *c != "00000").unwrap_or_default());
        if let Ok(pid) = self.pid.parse::<i64>() {
            out.int(attr::ACTOR_PROCESS_PID, pid);
            out.text(attr::ACTOR_PROCESS_NAME, "postgres");
        }
        out.text(attr::ACTOR_APP_NAME, &self.app);
        let session = if self.session.is_empty() { &self.pid } else { &self.session };
        out.text(attr::ACTOR_SESSION_UID, session);
        if !self.user.is_empty() {
            server.session(Column::Session, &self.pid, out);
        }
        for (name, value) in [("detail", &self.detail), ("hint", &self.hint), ("context", &self.context), ("backend_type", &self.backend), ("line", &self.line)]
        {
            if !value.is_empty() {
                out.other(name, value);
            }
        }
        for (name, value) in &self.other {
            out.other(name, value);
        }
    }

    fn severity(&self, out: &mut dyn Sink) {
        let id = match &*self.severity {
            "WARNING" => 2,
            "ERROR" => 3,
            "FATAL" => 4,
            "PANIC" => 6,
            _ => 1,
        };
        out.int(attr::SEVERITY_ID, id);
    }

    fn outcome(&self, success: bool, out: &mut dyn Sink) {
        crate::map::outcome(success, out);
        if !success {
            out.text(attr::STATUS_DETAIL, &self.message);
            self.severity(out);
        }
    }

    /// A client and a user of a session.
    fn logon(&self, server: Server<'_>, activity: u8, user: &str, operation: &str, out: &mut dyn Sink) {
        self.begin(class::AUTHENTICATION, activity, operation, out);
        out.text(attr::SERVICE_NAME, "postgresql");
        out.text(attr::USER_NAME, if user.is_empty() { "[unknown]" } else { user });
        server.user(Column::User, user, out);
        client(&self.host, &self.port, out);
        out.flag(attr::IS_REMOTE, !matches!(&*self.host, "" | "[local]"));
    }

    fn login(&self, server: Server<'_>, user: &str, database: &str, app: &str, method: &str, out: &mut dyn Sink) {
        let user = if user.is_empty() { &self.user } else { user };
        self.logon(server, 1, user, "login", out);
        self.outcome(true, out);
        out.text(attr::SESSION_UID, if self.session.is_empty() { &self.pid } else { &self.session });
        server.session(Column::TargetSession, &self.pid, out);
        server.resource(database, "", out);
        out.text(attr::ACTOR_APP_NAME, app);
        for (name, value) in [("database", database), ("application_name", app), ("encryption", method)] {
            if !value.is_empty() {
                out.other(name, value);
            }
        }
    }

    fn proven(&self, server: Server<'_>, identity: &str, method: &str, out: &mut dyn Sink) {
        self.logon(server, 6, if self.user.is_empty() { identity } else { &self.user }, "authenticate", out);
        self.outcome(true, out);
        out.text(attr::AUTH_PROTOCOL, method);
        out.int(attr::AUTH_PROTOCOL_ID, 99);
        out.other("identity", identity);
        self.database(out);
    }

    fn refused(&self, server: Server<'_>, user: &str, database: &str, host: &str, out: &mut dyn Sink) {
        let user = if user.is_empty() { &self.user } else { user };
        self.logon(server, 1, user, "login", out);
        if self.host.is_empty() && !host.is_empty() {
            client(host, "", out);
        }
        self.outcome(false, out);
        out.int(attr::SEVERITY_ID, 2);
        let database = if database.is_empty() { &self.database } else { database };
        server.resource(database, "", out);
        if !database.is_empty() {
            out.other("database", database);
        }
    }

    fn logout(&self, server: Server<'_>, (user, database): (&str, &str), (host, port): (&str, &str), millis: Option<i64>, out: &mut dyn Sink) {
        self.logon(server, 2, if user.is_empty() { &self.user } else { user }, "logout", out);
        client(host, port, out);
        out.flag(attr::IS_REMOTE, host != "[local]");
        if let Some(millis) = millis {
            out.int(attr::DURATION, millis);
        }
        out.text(attr::SESSION_UID, if self.session.is_empty() { &self.pid } else { &self.session });
        if !database.is_empty() {
            out.other("database", database);
        }
    }

    fn connection(&self, host: &str, port: &str, out: &mut dyn Sink) {
        self.begin(class::NETWORK_ACTIVITY, 1, "connect", out);
        client(host, port, out);
    }

    fn statement(&self, server: Server<'_>, sql: &str, millis: Option<i64>, name: &str, audited: bool, out: &mut dyn Sink) {
        let said = database::read(sql);
        let (class, activity) = said.deed.class();
        self.begin(class, activity, &said.verb, out);
        server.user(Column::User, &self.user, out);
        out.text(attr::ACTOR_USER_NAME, if self.user.is_empty() { "[unknown]" } else { &self.user });
        client(&self.host, &self.port, out);
        match said.deed {
            Deed::Account(_) => {
                out.text(attr::USER_NAME, if said.object.is_empty() { "[unknown]" } else { said.object });
                server.user(Column::TargetUser, said.object, out);
                out.other("statement", sql);
                self.database(out);
            }
            Deed::Data(_) => {
                database::database(&self.database, said.object, out);
                server.resource(&self.database, said.object, out);
                out.text(attr::QUERY_STRING, if sql.is_empty() { "(empty)" } else { sql });
                out.text(attr::QUERY_NAME, if name.is_empty() { &said.verb } else { name });
            }
        }
        if let Some(millis) = millis {
            out.int(attr::DURATION, millis);
        }
        if self.is_error() {
            self.outcome(false, out);
        } else if millis.is_some() || audited {
            // A statement is logged before it runs, its duration after it.
            self.outcome(true, out);
        }
    }

    fn lifecycle(&self, activity: u8, out: &mut dyn Sink) {
        self.begin(class::APPLICATION_LIFECYCLE, activity, if activity == 3 { "start" } else { "stop" }, out);
        out.text(attr::APP_NAME, "PostgreSQL");
    }

    fn database(&self, out: &mut dyn Sink) {
        if !self.database.is_empty() {
            out.other("database", &self.database);
        }
    }
}
