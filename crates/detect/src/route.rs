//! Which events a rule's log source names, and what can be asked of them.

use event::{Column, Filter, class};
use rsigma_parser::LogSource;

use crate::{
    Reason,
    field::{self, Table},
};

/// What a log source comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Its events.
    pub filter: Filter,
    /// Its fields.
    pub fields: Table,
    /// Columns that hold the text of the log as it was written, to look for words in; empty where there is none.
    pub words: &'static [Column],
}

/// A line of the routing table; an empty word stands for "not said".
struct Line {
    product: &'static str,
    service: &'static str,
    category: &'static str,
    route: fn() -> Route,
}

/// Product, service, category (Sigma taxonomy, "Log Sources").
const ROUTES: &[Line] = &[
    Line { product: "aws", service: "cloudtrail", category: "", route: cloudtrail },
    Line { product: "linux", service: "", category: "process_creation", route: process_creation },
    Line { product: "linux", service: "", category: "", route: syslog },
    Line { product: "linux", service: "syslog", category: "", route: syslog },
    Line { product: "linux", service: "auth", category: "", route: syslog },
    Line { product: "linux", service: "sshd", category: "", route: || program("sshd") },
    Line { product: "linux", service: "sudo", category: "", route: || program("sudo") },
];

fn cloudtrail() -> Route {
    Route { filter: Filter::is(Column::Format, "aws_cloudtrail"), fields: field::CLOUDTRAIL, words: &[] }
}

/// Starts of programs that Linux audit recorded. Its messages are ours, not the log's, so there are no words to look for.
fn process_creation() -> Route {
    let started = [
        Filter::is(Column::Format, "linux_audit"),
        Filter::equals(Column::ClassUid, class::PROCESS_ACTIVITY.uid.into()),
        Filter::equals(Column::ActivityId, 1),
    ];
    Route { filter: Filter::And(started.into()), fields: field::PROCESS_CREATION, words: &[] }
}

/// Syslog: the message as it was written, and the program and host of its header.
fn syslog() -> Route {
    Route { filter: Filter::is(Column::Format, "syslog"), fields: field::NONE, words: &[Column::Message, Column::Service, Column::Host] }
}

fn program(name: &str) -> Route {
    let mut route = syslog();
    route.filter = route.filter.and(Filter::is(Column::Service, name));
    route
}

/// Finds the events of a log source.
pub fn route(source: &LogSource) -> Result<Route, Reason> {
    let said = |word: &Option<String>| word.as_deref().unwrap_or_default().to_ascii_lowercase();
    let (product, service, category) = (said(&source.product), said(&source.service), said(&source.category));
    let line = ROUTES.iter().find(|l| (l.product, l.service, l.category) == (&product, &service, &category));
    line.map(|l| (l.route)()).ok_or_else(|| Reason::LogSource([product, service, category].map(|w| if w.is_empty() { "*".to_owned() } else { w }).join("/")))
}
