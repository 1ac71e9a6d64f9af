//! The time line by facet. Acts stand in their order, not to scale, so that a burst is as readable as a pause; pauses are named, and
//! acts that happened while a log was blind are marked. Wide: a lane a row, time to the right. Narrow: time downwards, with words.

use event::{Facet, Time, time::SECOND};

use super::{
    super::write::Html,
    draw::{Frame, bar, fit, line, picture, px, shape, text},
};
use crate::report::{
    brief::{Brief, Happened},
    say,
    time::{hours, utc},
};

/// Acts that are drawn, the gravest first.
const ACTS_MAX: usize = 40;
/// A pause that is named (microseconds).
const PAUSE: i64 = 30 * 60 * SECOND;
/// The lanes, from what people see down to what machines see.
const LANES: [Facet; 5] = [Facet::Cloud, Facet::System, Facet::Runtime, Facet::Network, Facet::Application];

/// The picture, in both forms. `number` gives an act its number in the list below the picture.
pub(in crate::report::html) fn time_line(h: &mut Html, brief: &Brief, number: impl Fn(&Happened) -> Option<usize>) {
    let acts = chosen(brief, number);
    if acts.is_empty() {
        return;
    }
    let hidden = brief.happened.len() - acts.len();
    let more = if hidden > 0 { format!("; {hidden} lesser acts are only in the list or in the JSON") } else { String::new() };
    let desc =
        format!("{} acts in the order of time, each in the lane of the facet whose log tells of it and with its number in the list below{more}.", acts.len());
    wide(h, brief, &acts, &desc);
    narrow(h, brief, &acts, &desc);
}

type Numbered<'a> = (usize, &'a Happened);

fn chosen<'a>(brief: &'a Brief, number: impl Fn(&Happened) -> Option<usize>) -> Vec<Numbered<'a>> {
    let mut acts: Vec<Numbered<'a>> = brief.happened.iter().filter_map(|a| Some((number(a)?, a))).collect();
    acts.sort_by_key(|(n, a)| (std::cmp::Reverse(a.weight), *n));
    acts.truncate(ACTS_MAX);
    acts.sort_by_key(|(n, _)| *n);
    acts
}

fn mark(weight: u8) -> &'static str {
    if weight >= 2 { "mark grave" } else { "mark" }
}

fn pause(before: Option<&Numbered<'_>>, after: &Numbered<'_>) -> Option<String> {
    let span = after.1.time.0.saturating_sub(before?.1.time.0);
    (span >= PAUSE).then(|| hours(span))
}

/// Whether a log of that facet is known to have been blind at that time; a log of unknown facet blinds none of the lanes.
fn blind(brief: &Brief, facet: Facet, at: Time) -> bool {
    let of = |source: &Option<String>| brief.asked.sources.iter().any(|b| Some(&b.source) == source.as_ref() && b.facet == facet);
    brief.not_visible.iter().any(|b| b.from.is_some_and(|f| f <= at) && b.to.is_some_and(|t| at < t) && of(&b.source))
}

/// The lanes with what is in them: those without an act say whether a log was given.
fn lane_name(brief: &Brief, facet: Facet, acts: &[Numbered<'_>]) -> &'static str {
    let used = acts.iter().any(|(_, a)| a.facet == Some(facet));
    let given = brief.asked.sources.iter().any(|b| b.facet == facet && b.format != "text" && b.format != "unread");
    if given || used { "" } else { "no log given" }
}

fn wide(h: &mut Html, brief: &Brief, acts: &[Numbered<'_>], desc: &str) {
    const LEFT: f64 = 116.0;
    const LANE: f64 = 40.0;
    const TOP: f64 = 12.0;
    const WIDTH: f64 = 1080.0;
    let step = (WIDTH - LEFT - 24.0) / acts.len() as f64;
    let height = TOP + LANE * LANES.len() as f64 + 58.0;
    let x = |i: usize| LEFT + step * (i as f64 + 0.5);
    let y = |lane: usize| TOP + LANE * (lane as f64 + 0.5);
    let bottom = TOP + LANE * LANES.len() as f64;
    let frame = Frame { id: "lanes", title: "Time line by facet", desc, class: "wide", width: WIDTH, height };
    picture(h, &frame, |h| {
        for (lane, facet) in LANES.into_iter().enumerate() {
            let why = lane_name(brief, facet, acts);
            for (i, n) in blind_runs(brief, facet, acts) {
                bar(h, "blind", (x(i) - step / 2.0, y(lane) - LANE / 2.0 + 3.0), (step * n as f64, LANE - 6.0), 2.0);
                text(h, "quiet", x(i) + step / 2.0 + 4.0, y(lane) + 4.0, &fit("log blind", step * n as f64 - step - 8.0));
            }
            if why.is_empty() {
                line(h, "lane", &format!("M{} {}H{}", px(LEFT), px(y(lane)), px(WIDTH)));
            }
            shape(h, Some(facet), "key", 10.0, y(lane), 6.0);
            text(h, "name", 24.0, y(lane) + 4.0, facet.name());
            if !why.is_empty() {
                text(h, "quiet on", LEFT + 8.0, y(lane) + 4.0, why);
            }
        }
        let mut free = 0.0;
        for (i, (n, act)) in acts.iter().enumerate() {
            let lane = LANES.iter().position(|f| Some(*f) == act.facet).unwrap_or(1);
            shape(h, act.facet, mark(act.weight), x(i), y(lane), 9.0);
            text(h, if act.weight >= 2 { "num in grave" } else { "num in" }, x(i), y(lane) + 3.5, &n.to_string());
            if let Some(pause) = pause(i.checked_sub(1).and_then(|b| acts.get(b)), acts.get(i).unwrap_or(&(0, act))) {
                line(h, "pause", &format!("M{0} {1}V{2}", px(x(i) - step / 2.0), px(TOP), px(bottom)));
                text(h, "quiet mid", x(i) - step / 2.0, bottom + 50.0, &pause);
            }
            // Where the last label ends the next may begin.
            if x(i) >= free {
                line(h, "tick", &format!("M{0} {1}V{2}", px(x(i)), px(bottom), px(bottom + 6.0)));
                text(h, "time mid", x(i), bottom + 20.0, &clock(act.time));
                if i == 0 || day(act.time) != acts.get(i - 1).map(|a| day(a.1.time)).unwrap_or_default() {
                    text(h, "time mid", x(i), bottom + 35.0, &day(act.time));
                }
                free = x(i) + 62.0;
            }
        }
    });
}

fn narrow(h: &mut Html, brief: &Brief, acts: &[Numbered<'_>], desc: &str) {
    const WIDTH: f64 = 356.0;
    const LANE: f64 = 18.0;
    const ROW: f64 = 38.0;
    const TOP: f64 = 26.0;
    const LEFT: f64 = 0.0;
    let words = LEFT + LANE * LANES.len() as f64 + 10.0;
    let height = TOP + ROW * acts.len() as f64 + 4.0;
    let x = |lane: usize| LEFT + LANE * (lane as f64 + 0.5);
    let y = |i: usize| TOP + ROW * (i as f64 + 0.5);
    let frame = Frame { id: "lanes", title: "Time line by facet", desc, class: "narrow", width: WIDTH, height };
    picture(h, &frame, |h| {
        for (lane, facet) in LANES.into_iter().enumerate() {
            for (i, n) in blind_runs(brief, facet, acts) {
                bar(h, "blind", (x(lane) - LANE / 2.0 + 1.0, y(i) - ROW / 2.0), (LANE - 2.0, ROW * n as f64), 2.0);
            }
            shape(h, Some(facet), "key", x(lane), 10.0, 5.5);
            line(h, "lane", &format!("M{} {}V{}", px(x(lane)), px(TOP - 4.0), px(height)));
        }
        for (i, (n, act)) in acts.iter().enumerate() {
            let lane = LANES.iter().position(|f| Some(*f) == act.facet).unwrap_or(1);
            shape(h, act.facet, mark(act.weight), x(lane), y(i), 8.0);
            let pause = pause(i.checked_sub(1).and_then(|b| acts.get(b)), acts.get(i).unwrap_or(&(0, act))).map(|p| format!(", after {p}"));
            text(h, "time", words, y(i) - 4.0, &format!("{n} · {}{}", clock(act.time), pause.unwrap_or_default()));
            text(h, "label", words, y(i) + 11.0, &fit(&say::happened(act), super::draw::narrow(WIDTH - words)));
        }
    });
}

/// Runs of acts that happened while a log of a lane was blind: place of the first, and how many.
fn blind_runs(brief: &Brief, facet: Facet, acts: &[Numbered<'_>]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut i = 0;
    for run in acts.chunk_by(|a, b| blind(brief, facet, a.1.time) == blind(brief, facet, b.1.time)) {
        if run.first().is_some_and(|a| blind(brief, facet, a.1.time)) {
            out.push((i, run.len()));
        }
        i += run.len();
    }
    out
}

fn clock(at: Time) -> String {
    utc(at).split_once(' ').map(|(_, c)| c.to_owned()).unwrap_or_default()
}

fn day(at: Time) -> String {
    utc(at).split_once(' ').map(|(d, _)| d.to_owned()).unwrap_or_default()
}
