//! The usual names of fields in logs of applications, and the event that they make.

use event::{Column, Sink, attr, class, entity::canonical_ip};

use crate::{
    Reject,
    map::{self, Doc, Role, Slot},
    time::{self, Stamp},
};

crate::table! { FIELDS;
    T1  "@timestamp"  => Hold;
    T2  "timestamp"   => Hold;
    T3  "time"        => Hold;
    T4  "ts"          => Hold;
    T5  "datetime"    => Hold;
    T6  "eventTime"   => Hold;
    T7  "@t"          => Hold;
    T8  "asctime"     => Hold;
    T9  "date"        => Hold;
    T10 "t"           => Look;
    T11 "Timestamp"   => Hold;
    T12 "event_time"  => Hold;
    T13 "created_at"  => Look;

    L1 "level"         => Hold;
    L2 "severity"      => Hold;
    L3 "lvl"           => Hold;
    L4 "log.level"     => Hold;
    L5 r"log\.level"   => Hold;
    L6 "levelname"     => Hold;
    L7 "@l"            => Hold;
    L8 "loglevel"      => Hold;
    L9 "Level"         => Hold;
    L10 "level_name"   => Hold;
    L11 "at"           => Look;

    M1 "msg"           => Hold;
    M2 "message"       => Hold;
    M3 "@m"            => Hold;
    M4 "short_message" => Hold;
    M5 "event"         => Look;
    M6 "Message"       => Hold;
    M7 "@mt"           => Look;

    U1 "user"          => Look;
    U2 "user.name"     => Hold;
    U3 r"user\.name"   => Hold;
    U4 "username"      => Hold;
    U5 "user_name"     => Hold;
    U6 "userName"      => Hold;
    U7 "login"         => Look;
    U8 "user.email"    => Hold;
    U9 "user_email"    => Hold;
    U10 "email"        => Hold;
    U11 "user_id"      => Hold;
    U12 "userId"       => Hold;
    U13 "user.id"      => Hold;
    U14 r"user\.id"    => Hold;

    I1 "client_ip"         => Hold;
    I2 "clientIp"          => Hold;
    I3 "remote_ip"         => Hold;
    I4 "source.ip"         => Hold;
    I5 r"source\.ip"       => Hold;
    I6 "client.ip"         => Hold;
    I7 r"client\.ip"       => Hold;
    I8 "src_ip"            => Hold;
    I9 "remote_addr"       => Hold;
    I10 "remoteAddr"       => Hold;
    I11 "ip"               => Hold;
    I12 "req.remoteAddress" => Hold;
    I13 "client"           => Look;
    I14 "ip_address"       => Hold;
    I15 "remoteAddress"    => Hold;

    METHOD1 "method"                   => Hold;
    METHOD2 "http.request.method"      => Hold;
    METHOD3 r"http\.request\.method"   => Hold;
    METHOD4 "req.method"               => Hold;
    URL1 "url"                         => Look;
    URL2 "url.path"                    => Hold;
    URL3 r"url\.path"                  => Hold;
    URL4 "uri"                         => Hold;
    URL5 "path"                        => Hold;
    URL6 "request_uri"                 => Hold;
    URL7 "req.url"                     => Hold;
    CODE1 "status"                     => Hold;
    CODE2 "status_code"                => Hold;
    CODE3 "http.response.status_code"  => Hold;
    CODE4 r"http\.response\.status_code" => Hold;
    CODE5 "res.statusCode"             => Hold;
    AGENT1 "user_agent"                => Look;
    AGENT2 "userAgent"                 => Hold;
    AGENT3 "user_agent.original"       => Hold;
    AGENT4 r"user_agent\.original"     => Hold;
    AGENT5 "req.headers.user-agent"    => Hold;

    CATEGORY1 "event.category"   => Look;
    CATEGORY2 r"event\.category" => Look;
    ACTION1   "event.action"     => Hold;
    ACTION2   r"event\.action"   => Hold;
    OUTCOME1  "event.outcome"    => Hold;
    OUTCOME2  r"event\.outcome"  => Hold;
                 "event.code"       => Text(METADATA_EVENT_CODE);

    SERVICE1 "service"           => Look;
    SERVICE2 "service.name"      => Hold;
    SERVICE3 r"service\.name"    => Hold;
    SERVICE4 "app"               => Look;
    SERVICE5 "logger"            => Hold;
    SERVICE6 "name"              => Look;
    SERVICE7 "component"         => Hold;
    SERVICE8 "application"       => Look;

    HOST1 "hostname"             => Hold;
    HOST2 "host"                 => Look;
    HOST3 "host.name"            => Hold;
    HOST4 r"host\.name"          => Hold;
    HOST5 "host.hostname"        => Hold;
    PID1  "pid"                  => Look;
    PID2  "process.pid"          => Look;

                 "request_id"        => Text(METADATA_CORRELATION_UID);
                 "requestId"         => Text(METADATA_CORRELATION_UID);
                 "req_id"            => Text(METADATA_CORRELATION_UID);
                 "correlation_id"    => Text(METADATA_CORRELATION_UID);
                 "trace_id"          => Look;
    ERROR1   "error"             => Look;
    ERROR2   "err"               => Look;
    ERROR3   "error.message"     => Look;
    ERROR4   "err.message"       => Look;
}

/// The table of a record's members.
pub(super) const TABLE: &[map::Row] = FIELDS;

const TIMES: &[Slot] = &[T1, T2, T3, T4, T5, T6, T7, T8, T11, T12, T9, T10, T13];
const LEVELS: &[Slot] = &[L1, L2, L3, L4, L5, L6, L7, L8, L9, L10, L11];
const MESSAGES: &[Slot] = &[M1, M2, M3, M4, M6, M5, M7];
const USERS: &[Slot] = &[U2, U3, U4, U5, U6, U8, U9, U10, U1, U7, U11, U12, U13, U14];
const ADDRESSES: &[Slot] = &[I1, I2, I3, I4, I5, I6, I7, I8, I9, I10, I12, I14, I15, I11, I13];
const METHODS: &[Slot] = &[METHOD2, METHOD3, METHOD4, METHOD1];
const URLS: &[Slot] = &[URL2, URL3, URL7, URL6, URL4, URL1, URL5];
const CODES: &[Slot] = &[CODE3, CODE4, CODE5, CODE2, CODE1];
const AGENTS: &[Slot] = &[AGENT3, AGENT4, AGENT5, AGENT2, AGENT1];
const SERVICES: &[Slot] = &[SERVICE2, SERVICE3, SERVICE1, SERVICE4, SERVICE8, SERVICE5, SERVICE7, SERVICE6];
const HOSTS: &[Slot] = &[HOST3, HOST4, HOST5, HOST1, HOST2];
const ACTIONS: &[Slot] = &[ACTION1, ACTION2];
const OUTCOMES: &[Slot] = &[OUTCOME1, OUTCOME2];
const ERRORS: &[Slot] = &[ERROR3, ERROR4, ERROR1, ERROR2];

/// Whether a key is one that times have.
pub(super) fn is_time(key: &str) -> bool {
    matches!(key, "@timestamp" | "timestamp" | "time" | "ts" | "datetime" | "eventTime" | "@t" | "asctime" | "date" | "t" | "Timestamp" | "event_time")
}

/// Whether a key is one that levels and messages have.
pub(super) fn is_word(key: &str) -> bool {
    matches!(key, "level" | "severity" | "lvl" | "log.level" | "levelname" | "@l" | "loglevel" | "Level" | "level_name" | "at")
        || matches!(key, "msg" | "message" | "@m" | "@mt" | "short_message" | "Message" | "event")
}

/// A value that is a text or number, and whose it is; objects and lists are none.
fn first<'a>(doc: &Doc<'a>, slots: &[Slot]) -> (std::borrow::Cow<'a, str>, Option<Slot>) {
    let plain = |s: &&Slot| doc.raw(**s).is_some_and(|r| !r.starts_with(['{', '[']) && !r.is_empty() && r != "\"\"");
    slots.iter().find(plain).map_or_else(Default::default, |s| (doc.text(*s), Some(*s)))
}

/// Makes the event of a record.
pub(super) fn say(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let (text, said_in) = first(doc, MESSAGES);
    let (when, time_in) = match first(doc, TIMES) {
        (said, Some(slot)) => (time::of(&said, doc.record.received), Some(slot)),
        _ => (Stamp::exact(doc.record.received), None),
    };
    let (level, level_in) = first(doc, LEVELS);
    let (method, url) = (first(doc, METHODS).0, first(doc, URLS).0);
    let severity = severity(&level);
    let category = doc.raw(CATEGORY1).or_else(|| doc.raw(CATEGORY2)).unwrap_or_default();
    let is_http = is_method(&method) && !url.is_empty();
    let (class, activity) = match () {
        () if category.contains("\"authentication\"") => (class::AUTHENTICATION, 1),
        () if is_http => (class::HTTP_ACTIVITY, http_activity(&method)),
        () if severity >= 3 => (class::APPLICATION_ERROR, 1),
        () => (class::BASE_EVENT, 99),
    };
    doc.begin(class, activity, when, out);
    out.int(attr::SEVERITY_ID, severity);
    out.text(attr::METADATA_LOG_LEVEL, &level);
    if let Some(slot) = time_in {
        out.text(attr::METADATA_ORIGINAL_TIME, &doc.text(slot));
    }
    let [user, service, host, address, action, outcome] = who(doc, class.uid, out);
    let http = request(doc, class.uid, (&method, &url), out);
    message.push_str(&text);
    if message.is_empty() && is_http {
        message.extend([&*method, " ", &*url]);
    }
    unused(doc, &[said_in, time_in, level_in, user, service, host, address, action, outcome], http, out);
    doc.end(message, out);
    Ok(())
}

/// Values of usual names that nothing took: two messages, two times, an address where the class has none.
fn unused(doc: &Doc<'_>, used: &[Option<Slot>], http: bool, out: &mut dyn Sink) {
    if !out.wants_object() {
        return;
    }
    let path = |slot: &Slot| FIELDS.get(slot.0).map_or("", |row| row.path);
    let looked = |slot: &Slot| matches!(FIELDS.get(slot.0).map(|r| r.to), Some(map::To::Look));
    // An object that is kept whole holds it.
    let held = |slot: &Slot| {
        let parent = path(slot).split_once('.').map(|(parent, _)| parent).filter(|p| !p.ends_with('\\'));
        parent.is_some_and(|parent| (0..FIELDS.len()).map(Slot).any(|s| path(&s) == parent && looked(&s) && doc.raw(s).is_some_and(|r| r.starts_with('{'))))
    };
    let requests: &[&[Slot]] = if http { &[] } else { &[METHODS, URLS, CODES, AGENTS] };
    for slot in [TIMES, LEVELS, MESSAGES, USERS, ADDRESSES, SERVICES, HOSTS, ACTIONS, OUTCOMES].iter().chain(requests).copied().flatten() {
        if doc.has(*slot) && !used.contains(&Some(*slot)) && !looked(slot) && !held(slot) {
            doc.keep(*slot, out);
        }
    }
}

/// User, address, program, machine.
fn who(doc: &Doc<'_>, class: u16, out: &mut dyn Sink) -> [Option<Slot>; 6] {
    let ((user, user_in), (service, service_in)) = (first(doc, USERS), first(doc, SERVICES));
    let is_logon = class == class::AUTHENTICATION.uid;
    map::user(if is_logon { Role::Subject } else { Role::Actor }, if is_logon && user.is_empty() { "unknown" } else { &user }, out);
    let (address, mut address_in) = first(doc, ADDRESSES);
    if let Some(ip) = canonical_ip(address.split(',').next().unwrap_or_default().trim()) {
        if is_logon || class == class::HTTP_ACTIVITY.uid {
            out.text(attr::SRC_IP, &ip);
        } else {
            out.key(Column::SrcIp, &ip);
            address_in = None;
        }
    } else {
        address_in = None;
    }
    out.text(attr::METADATA_PRODUCT_NAME, if service.is_empty() { "application" } else { &service });
    out.key(Column::Service, &service);
    if is_logon {
        out.text(attr::SERVICE_NAME, if service.is_empty() { "application" } else { &service });
    }
    let (host, host_in) = first(doc, HOSTS);
    let host = host.to_ascii_lowercase();
    if !host.is_empty() {
        out.text(attr::DEVICE_HOSTNAME, &host);
        out.int(attr::DEVICE_TYPE_ID, 0);
    }
    let pid = doc.int(PID1).or_else(|| doc.int(PID2));
    if let Some(pid) = pid {
        out.int(attr::ACTOR_PROCESS_PID, pid);
    }
    let (action, _) = first(doc, ACTIONS);
    out.key(Column::Operation, &action);
    let (outcome, mut outcome_in) = first(doc, OUTCOMES);
    match &*outcome {
        "success" => map::outcome(true, out),
        "failure" => map::outcome(false, out),
        _ => outcome_in = None,
    }
    out.text(attr::STATUS_DETAIL, &first(doc, ERRORS).0);
    [user_in, service_in, host_in, address_in, None, outcome_in]
}

/// What was asked for over HTTP. True: method, URL, code and user agent are in the event.
fn request(doc: &Doc<'_>, class: u16, (method, url): (&str, &str), out: &mut dyn Sink) -> bool {
    let (agent, code) = (first(doc, AGENTS).0, first(doc, CODES).0);
    if class != class::HTTP_ACTIVITY.uid {
        out.key(Column::UserAgent, &agent);
        return false;
    }
    out.text(attr::HTTP_METHOD, &method.to_ascii_uppercase());
    out.key(Column::Operation, &method.to_ascii_uppercase());
    out.text(if url.contains("://") { attr::HTTP_URL } else { attr::HTTP_URL_PATH }, url);
    out.key(Column::Url, url);
    out.text(attr::HTTP_USER_AGENT, &agent);
    if let Ok(code) = code.parse::<i64>() {
        out.int(attr::HTTP_STATUS, code);
        map::outcome(code < 400, out);
    }
    true
}

fn is_method(method: &str) -> bool {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"].iter().any(|m| m.eq_ignore_ascii_case(method))
}

fn http_activity(method: &str) -> u8 {
    match method.to_ascii_uppercase().as_str() {
        "CONNECT" => 1,
        "DELETE" => 2,
        "GET" => 3,
        "HEAD" => 4,
        "OPTIONS" => 5,
        "POST" => 6,
        "PUT" => 7,
        "TRACE" => 8,
        _ => 99,
    }
}

/// OCSF's severity of a level: a word, pino's and bunyan's tens, or syslog's numbers.
fn severity(level: &str) -> i64 {
    match level.to_ascii_lowercase().as_str() {
        "warn" | "warning" | "40" | "4" => 2,
        "error" | "err" | "eror" | "50" | "3" => 3,
        "critical" | "crit" | "alert" | "2" | "1" | "dpanic" => 5,
        "fatal" | "emergency" | "emerg" | "panic" | "60" | "0" => 6,
        _ => 1,
    }
}
