//! Logs that were stopped, deleted or changed, and whether they run again. Source: API references of CloudTrail, VPC, GuardDuty
//! and CloudWatch; auditctl(8).

use super::facts::{Condition, Fact, fact};
use crate::{registry::pattern::short_name, scope::Row};

/// What an operation does to a log.
fn to_log(operation: &str) -> Option<Condition> {
    Some(match operation {
        "StopLogging" | "auditctl" => Condition::TrailStopped,
        "DeleteTrail" | "DeleteFlowLogs" | "DeleteDetector" => Condition::TrailDeleted,
        "UpdateTrail" | "PutEventSelectors" | "DisableAlarmActions" => Condition::TrailChanged,
        _ => return None,
    })
}

/// Whether an operation stops or thins a log.
pub(crate) fn stops_log(operation: &str) -> bool {
    to_log(operation).is_some()
}

/// What was done to logs. A log that was started later, by whomever, only has a gap; one that was deleted need not be started.
pub(super) fn trails(rows: &[Row]) -> Vec<Fact> {
    let done: Vec<&Row> = rows.iter().filter(|r| r.outcome.as_deref() != Some("failure")).collect();
    let same = |a: &Row, b: &Row| {
        let name = |r: &Row| r.target.as_ref().map(|t| short_name(&t.value).to_owned());
        name(a).is_some() && name(a) == name(b)
    };
    let later = |row: &Row, operation: &str| done.iter().find(|r| r.operation == operation && r.time >= row.time && same(r, row)).copied();
    let mut out = Vec::new();
    for row in &done {
        let Some(mut condition) = to_log(&row.operation) else { continue };
        let again = later(row, "StartLogging").filter(|_| condition == Condition::TrailStopped);
        if again.is_some() {
            condition = Condition::TrailWasStopped;
        } else if condition == Condition::TrailStopped && later(row, "DeleteTrail").is_some() {
            continue;
        }
        let mut said = fact(condition, row.target.clone(), row.actor.clone(), Some(row.time), std::slice::from_ref(&row.event));
        said.with.insert("operation", row.operation.clone());
        if let Some(again) = again {
            said.with.insert("ended", again.time.to_string());
            said.events.push(again.event.clone());
        }
        out.push(said);
    }
    out
}
