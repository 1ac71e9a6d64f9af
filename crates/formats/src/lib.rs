//! Bytes to records to events: recognise a log, frame its records, assemble and parse them.
//!
//! Owns: one file (or folder) a format beside `samples/NAME/`, framing, recognition. Never knows where bytes come from.

pub mod catalogue;
pub mod format;
pub mod frame;
pub mod map;
pub mod own;
pub mod read;
pub mod time;

pub use catalogue::Catalogue;
pub use format::{Format, Parser, Record, Reject, Within};
pub use frame::{Framer, Framing, Heading, Identity, JsonShape, Limits};
pub use read::{Context, Reading, read, read_as};

mod app_log;
mod aws_cloudtrail;
mod aws_lb;
mod aws_waf;
mod azure;
mod caddy;
mod cef;
mod cloud_init;
mod cloudfront;
pub mod cloudtrail_digest;
mod cloudwatch_logs;
mod cri;
mod database;
mod dns;
mod dns_server;
mod docker;
mod ecs;
mod falco;
mod gcp_audit;
mod gcp_flow;
mod github_audit;
mod google_workspace;
mod guardduty;
mod haproxy;
mod http;
mod inner;
mod journald;
mod json;
mod kubernetes_audit;
mod linux_audit;
mod microsoft365;
mod mysql;
mod net;
mod okta;
mod osquery;
mod packages;
mod pairs;
mod postgresql;
mod route53_resolver;
mod s3_access;
mod shell_history;
mod suricata;
mod syslog;
mod tetragon;
mod text;
mod tracee;
mod traefik;
mod utf16;
mod utmp;
mod vpc_flow;
mod web_access;
mod web_error;
mod words;
mod zeek;

/// Every format, in the order in which they are tried. A new one is a `mod` line and a line here.
#[rustfmt::skip] // a line each, so that two people can add one at a time
pub fn all() -> &'static [&'static dyn Format] {
    &[
        &aws_cloudtrail::AwsCloudtrail,
        &cloudtrail_digest::CloudtrailDigest,
        &cloudwatch_logs::CloudwatchLogs,
        &kubernetes_audit::KubernetesAudit,
        &gcp_audit::GcpAudit,
        &azure::Azure,
        &okta::Okta,
        &github_audit::GithubAudit,
        &microsoft365::Microsoft365,
        &guardduty::GuardDuty,
        &google_workspace::GoogleWorkspace,
        &linux_audit::LinuxAudit,
        &linux_audit::Laurel,
        &docker::Docker,
        &cri::Cri,
        &mysql::Mysql,
        &postgresql::Postgresql,
        &postgresql::PostgresqlCsv,
        &postgresql::PostgresqlJson,
        &syslog::Syslog,
        &journald::Journald,
        &journald::JournaldExport,
        &utmp::Utmp,
        &packages::Dpkg,
        &packages::AptHistory,
        &packages::RpmLog,
        &shell_history::ShellHistory,
        &cloud_init::CloudInit,
        &falco::Falco,
        &tetragon::Tetragon,
        &osquery::Osquery,
        &tracee::Tracee,
        &ecs::Ecs,
        &utmp::Lastlog,
        &zeek::Zeek,
        &suricata::Suricata,
        &dns_server::DnsServer,
        &gcp_flow::GcpFlow,
        &vpc_flow::VpcFlow,
        &aws_lb::AwsLb,
        &s3_access::S3Access,
        &cloudfront::CloudFront,
        &aws_waf::AwsWaf,
        &route53_resolver::Route53Resolver,
        &web_access::WebAccess,
        &web_error::WebError,
        &haproxy::Haproxy,
        &caddy::Caddy,
        &traefik::Traefik,
        &utf16::Utf16,
        &cef::Cef,
        &cef::Leef,
        &app_log::JsonLines,
        &app_log::Logfmt,
        &text::Text,
    ]
}

/// Finds a format by name.
pub fn by_name(name: &str) -> Option<&'static dyn Format> {
    all().iter().copied().find(|f| f.name() == name)
}

/// The format that a stream's first bytes (up to 64 KiB) look most like, the file's name being a hint.
/// Falls back to `text`, which makes a raw event of each line, so that nothing is dropped.
pub fn recognise(head: &[u8], file_name: &str) -> &'static dyn Format {
    Catalogue::default().recognise(head, file_name)
}
