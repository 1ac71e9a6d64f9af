//! sftp-server and internal-sftp: files that went over an SSH session.
//!
//! Source: OpenSSH's `sftp-server.c` at log level INFO and VERBOSE. Paths are in quotes, with vis(3) escapes.

use event::{Column, Sink, attr, class};

use super::line::{Line, some};

/// Reads a line of an SFTP server.
pub fn read(line: &Line<'_>, out: &mut dyn Sink) -> Option<()> {
    let text = line.text.strip_suffix(" [postauth]").unwrap_or(line.text);
    if let Some((user, rest)) = text.split_once(" for local user ").and_then(|(_, r)| r.rsplit_once(" from [")) {
        let opened = text.starts_with("session opened");
        line.base(out, if opened { "sftp_opened" } else { "sftp_closed" });
        line.actor(out, user);
        line.session_key(out, Column::Session);
        if let Some(ip) = event::entity::canonical_ip(rest.trim_end_matches(']')) {
            out.key(Column::SrcIp, &ip);
        }
        line.end(out);
        return Some(());
    }
    let (word, rest) = text.split_once(" \"").or_else(|| text.split_once(" name \"")).or_else(|| text.split_once(" old \""))?;
    let (path, more) = rest.split_once('"')?;
    let activity = match word.split(' ').next()? {
        "open" if more.contains("WRITE") || more.contains("CREATE") => 1,
        "open" => 14,
        // What was transferred is known when it is over.
        "close" if !more.contains(" written 0") => 3,
        "close" => 2,
        "remove" | "rmdir" => 4,
        "rename" | "posix-rename" | "link" | "symlink" => 5,
        "mkdir" => 1,
        "set" | "setstat" | "fsetstat" => 6,
        "opendir" | "readdir" => 2,
        _ => return None,
    };
    if path.is_empty() || !line.on_host(out, class::FILE_ACTIVITY, activity, &format!("sftp_{}", word.split(' ').next().unwrap_or_default())) {
        return None;
    }
    let folder = matches!(word.split(' ').next(), Some("opendir" | "mkdir" | "rmdir" | "readdir"));
    out.text(attr::FILE_PATH, path);
    out.text(attr::FILE_NAME, path.trim_end_matches('/').rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(path));
    out.int(attr::FILE_TYPE_ID, if folder { 2 } else { 1 });
    line.session_key(out, Column::Session);
    if let Some(read) = more.split_once(" bytes read ").and_then(|(_, n)| n.split(' ').next()).and_then(|n| n.parse::<i64>().ok()) {
        out.key_int(Column::BytesOut, read);
        out.other("bytes_read", &read.to_string());
    }
    if let Some(n) = more.split_once(" written ").map(|(_, n)| n.trim()) {
        out.other("bytes_written", n);
    }
    if let Some((new, _)) = more.split_once("new \"").and_then(|(_, n)| n.split_once('"')) {
        out.text(attr::FILE_RESULT_PATH, new);
        out.text(attr::FILE_RESULT_NAME, new.rsplit('/').next().filter(|n| !n.is_empty()).unwrap_or(new));
        out.int(attr::FILE_RESULT_TYPE_ID, 1);
    }
    some(out, "flags", more.split_once("flags ").and_then(|(_, f)| f.split(' ').next()).unwrap_or_default());
    line.end(out);
    Some(())
}
