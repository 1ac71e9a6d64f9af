//! The processes of a session as a tree: each below its parent, with its command, its time and where it became somebody else.

use event::Time;

use super::{
    super::write::Html,
    draw::{Frame, fit, line, narrow, picture, px, text},
};
use crate::{
    report::{
        brief::{ProcPart, SessionPart},
        time::utc,
    },
    words::safe,
};

/// Processes that are drawn of a session.
const PROCS_MAX: usize = 40;
const ROW: f64 = 34.0;
const INDENT: f64 = 16.0;
/// Steps of indent; deeper ones stand below one another.
const DEEP: usize = 9;

/// The picture of one session, in both forms; `n` tells it from others on the page.
pub(in crate::report::html) fn processes(h: &mut Html, session: &SessionPart, n: usize) {
    if session.procs.is_empty() {
        return;
    }
    for (class, width) in [("wide", 1080.0), ("narrow", 356.0)] {
        form(h, session, n, class, width);
    }
}

fn form(h: &mut Html, session: &SessionPart, n: usize, class: &'static str, width: f64) {
    let drawn = session.procs.get(..session.procs.len().min(PROCS_MAX)).unwrap_or_default();
    let hidden = session.procs.len() - drawn.len() + session.more;
    let more = if hidden > 0 { format!(" {hidden} more are not drawn.") } else { String::new() };
    let title = format!("Processes of {}", safe(&session.id.to_string()));
    let desc = format!("{} processes, each below its parent, with command, user and time.{more}", drawn.len());
    let id = format!("tree{n}");
    let frame = Frame { id: &id, title: &title, desc: &desc, class, width, height: ROW * drawn.len() as f64 + 6.0 };
    let depths = depths(drawn);
    let y = |row: usize| ROW * row as f64 + 4.0;
    let room = |x: f64| if class == "narrow" { narrow(width - x - 14.0) } else { width - x - 14.0 };
    picture(h, &frame, |h| {
        for (row, (p, depth)) in drawn.iter().zip(&depths).enumerate() {
            let x = 8.0 + INDENT * (*depth).min(DEEP) as f64;
            if let Some(parent) = p.parent.filter(|parent| *parent < row) {
                let up = 8.0 + INDENT * depths.get(parent).copied().unwrap_or(0).min(DEEP) as f64;
                line(h, "hop", &format!("M{} {}V{}H{}", px(up), px(y(parent) + 14.0), px(y(row) + 10.0), px(x - 5.0)));
            }
            line(h, if p.switched { "proc switched" } else { "proc" }, &format!("M{} {}l4 4l-4 4l-4 -4Z", px(x), px(y(row) + 6.0)));
            text(h, "label", x + 10.0, y(row) + 13.0, &fit(&p.command, room(x)));
            text(h, "under", x + 10.0, y(row) + 26.0, &fit(&under(p), room(x)));
        }
    });
}

fn under(p: &ProcPart) -> String {
    let user = p.user.as_ref().map(|u| u.value.split('@').next().unwrap_or_default().to_owned()).unwrap_or_default();
    let became = if p.switched { "became " } else { "" };
    if user.is_empty() { clock(p.start) } else { format!("{} · {became}{user}", clock(p.start)) }
}

fn clock(at: Time) -> String {
    utc(at).split_once(' ').map(|(_, c)| c.to_owned()).unwrap_or_default()
}

/// How deep each stands; a parent always comes before its children.
fn depths(procs: &[ProcPart]) -> Vec<usize> {
    let mut out: Vec<usize> = Vec::with_capacity(procs.len());
    for p in procs {
        let depth = p.parent.and_then(|parent| out.get(parent)).map_or(0, |d| d + 1);
        out.push(depth);
    }
    out
}
