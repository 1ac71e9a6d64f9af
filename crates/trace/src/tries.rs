//! Tries that are steps of one act: a program looked for along the path until it is found, attributes asked of a file that has none.
//!
//! Owns which of them are no acts of their own. Never judges a failure that nothing followed.

use std::collections::HashMap;

use event::{Column, Fields, Time, class, time::SECOND};

/// How soon a program that was not found in one folder is run from another (seconds).
pub const FOUND_WITHIN_S: i64 = 1;

/// Errors of a program that is not there, or not to be run from there.
const NOT_HERE: [&str; 3] = ["ENOENT", "ENOTDIR", "EACCES"];
/// Errors by which a file system answers that there is no such attribute.
const NO_ATTRIBUTE: [&str; 4] = ["ENODATA", "ENOTSUP", "EOPNOTSUPP", "ENOATTR"];

/// The events without those that are only a step of a later one, or an answer that is no failure.
pub fn without_tries<F: Fields>(events: Vec<F>) -> Vec<F> {
    let mut ran: HashMap<(String, i64, String), Vec<Time>> = HashMap::new();
    for e in events.iter().filter(|e| e.succeeded() != Some(false)) {
        if let Some(key) = program(e) {
            ran.entry(key).or_default().push(e.time());
        }
    }
    let found = |e: &F| {
        let soon = |t: &Time| (0..=FOUND_WITHIN_S * SECOND).contains(&(t.0 - e.time().0));
        is_error(e, &NOT_HERE) && program(e).and_then(|key| ran.get(&key)).is_some_and(|times| times.iter().any(soon))
    };
    let asks = |e: &F| e.text(Column::Operation).is_some_and(|o| o.contains("getxattr") || o.contains("listxattr")) && is_error(e, &NO_ATTRIBUTE);
    events.into_iter().filter(|e| e.succeeded() != Some(false) || !(found(e) || asks(e))).collect()
}

fn is_error(e: &impl Fields, errors: &[&str]) -> bool {
    e.text(Column::Error).is_some_and(|x| errors.contains(&x))
}

/// The process that begins a program, and the program's name without its folder.
fn program(e: &impl Fields) -> Option<(String, i64, String)> {
    let launch = e.int(Column::ClassUid) == Some(i64::from(class::PROCESS_ACTIVITY.uid)) && e.int(Column::ActivityId) == Some(1);
    let path = e.text(Column::File).or_else(|| e.text(Column::Exe)).filter(|_| launch)?;
    let name = path.rsplit('/').next().filter(|n| !n.is_empty())?;
    Some((e.text(Column::Host)?.to_owned(), e.int(Column::Pid)?, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use event::{Event, event::Cell};

    use super::*;

    fn event(at: i64, pid: i64, operation: &str, file: &str, error: &str) -> Event {
        let mut e = Event::empty();
        let class = if operation == "execve" { class::PROCESS_ACTIVITY } else { class::FILE_ACTIVITY };
        let outcome = if error.is_empty() { "success" } else { "failure" };
        let texts = [(Column::Host, "h"), (Column::Operation, operation), (Column::File, file), (Column::Error, error), (Column::Outcome, outcome)];
        texts.into_iter().filter(|(_, v)| !v.is_empty()).for_each(|(c, v)| e.set(c, Cell::Text(v.into())));
        let ints = [(Column::ClassUid, i64::from(class.uid)), (Column::ActivityId, 1), (Column::Pid, pid)];
        ints.into_iter().for_each(|(c, v)| e.set(c, Cell::Int(v)));
        e.set(Column::Time, Cell::Int(at));
        e
    }

    #[test]
    fn what_is_found_further_along_the_path_did_not_fail() {
        let events = vec![
            event(0, 7, "execve", "/usr/local/bin/curl", "ENOENT"),
            event(1_000, 7, "execve", "/usr/bin/curl", ""),
            event(2_000, 8, "execve", "/usr/local/bin/curl", "ENOENT"),
            event(3_000, 7, "execve", "/usr/sbin/nscd", "ENOENT"),
            event(4_000, 9, "execve", "/opt/late", "ENOENT"),
            event(4_000 + 2 * SECOND, 9, "execve", "/bin/late", ""),
            event(5_000, 7, "lgetxattr", "/etc/shadow", "ENODATA"),
            event(6_000, 7, "lgetxattr", "/etc/shadow", "EACCES"),
        ];
        let kept: Vec<i64> = without_tries(events).iter().map(|e| e.time().0).collect();
        assert_eq!(kept, [1_000, 2_000, 3_000, 4_000, 4_000 + 2 * SECOND, 6_000]);
    }
}
