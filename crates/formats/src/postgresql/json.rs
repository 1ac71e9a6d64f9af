//! PostgreSQL's jsonlog (since version 15).

use event::Sink;

use super::{entry::Entry, zone};
use crate::{Reject, map::Doc, time::Stamp};

crate::table! { FIELDS;
    TIME      "timestamp"        => Hold;
    USER      "user"             => Hold;
    DATABASE  "dbname"           => Hold;
    PID       "pid"              => Hold;
    HOST      "remote_host"      => Hold;
    PORT      "remote_port"      => Hold;
    SESSION   "session_id"       => Hold;
    LINE      "line_num"         => Hold;
    SEVERITY  "error_severity"   => Hold;
    CODE      "state_code"       => Hold;
    MESSAGE   "message"          => Hold;
    DETAIL    "detail"           => Hold;
    HINT      "hint"             => Hold;
    CONTEXT   "context"          => Hold;
    STATEMENT "statement"        => Hold;
    APP       "application_name" => Hold;
    BACKEND   "backend_type"     => Hold;
    PS        "ps"               => Hold;
    START     "session_start"    => Hold;
    VXID      "vxid"             => Hold;
    TXID      "txid"             => Hold;
    QUERY     "internal_query"   => Hold;
    QUERY_POS "internal_position" => Hold;
    CURSOR    "cursor_position"  => Hold;
    FUNCTION  "func_name"        => Hold;
    FILE      "file_name"        => Hold;
    FILE_LINE "file_line_num"    => Hold;
    LEADER    "leader_pid"       => Hold;
    QUERY_ID  "query_id"         => Hold;
}

/// Fields under csvlog's names for them, so that both forms say the same.
const OTHERS: &[(crate::map::Slot, &str)] = &[
    (PS, "command_tag"),
    (START, "session_start_time"),
    (VXID, "virtual_transaction_id"),
    (TXID, "transaction_id"),
    (QUERY, "internal_query"),
    (QUERY_POS, "internal_query_pos"),
    (CURSOR, "query_pos"),
    (FUNCTION, "func_name"),
    (FILE, "file_name"),
    (FILE_LINE, "file_line_num"),
    (LEADER, "leader_pid"),
    (QUERY_ID, "query_id"),
];

/// The table of a record's members.
pub(super) const TABLE: &[crate::map::Row] = FIELDS;

/// Makes the event of a record.
pub(super) fn say(doc: &Doc<'_>, _: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let said = doc.text(TIME);
    let when = if said.is_empty() { doc.time(TIME)? } else { zone::at_start(&said, doc.record.received).map_or(Stamp::default(), |(stamp, ..)| stamp) };
    let other = |(slot, name): &(crate::map::Slot, &'static str)| (std::borrow::Cow::from(*name), doc.text(*slot));
    let entry = Entry {
        when,
        time_text: said,
        severity: doc.text(SEVERITY),
        user: doc.text(USER),
        database: doc.text(DATABASE),
        app: doc.text(APP),
        host: doc.text(HOST),
        port: doc.text(PORT),
        pid: doc.text(PID),
        session: doc.text(SESSION),
        line: doc.text(LINE),
        code: doc.text(CODE),
        message: doc.text(MESSAGE),
        detail: doc.text(DETAIL),
        hint: doc.text(HINT),
        context: doc.text(CONTEXT),
        statement: doc.text(STATEMENT),
        backend: doc.text(BACKEND),
        doubtful: false,
        other: OTHERS.iter().map(other).filter(|(_, v)| !v.is_empty()).collect(),
    };
    let marks: Vec<_> = doc.marks().into_iter().flatten().collect();
    entry.say(
        doc.record,
        &[(doc.record.seq, doc.record.bytes)],
        &marks,
        &|out| {
            if out.wants_object() {
                doc.rest(out)
            }
        },
        out,
    );
    Ok(())
}
