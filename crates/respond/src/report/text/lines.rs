//! Lines that fit: wrapping, event ids at the end, and the sharing of two screens among the sections.

use std::collections::BTreeSet;

use super::Style;

/// Event ids that a line shows; the others are counted.
const IDS_MAX: usize = 3;
const INDENT: &str = "  ";

/// One statement: lines that are shown together or not at all.
pub(super) struct Entry {
    /// Its lines, without the section's indent.
    pub lines: Vec<String>,
    /// What it weighs where room is short; the heaviest are shown first.
    pub weight: u8,
    /// What to ask for, when it is cut; else what the section asks for.
    pub ask: Option<String>,
}

impl Entry {
    /// A statement of the usual weight.
    pub fn new(lines: Vec<String>) -> Entry {
        Entry { lines, weight: 1, ask: None }
    }
}

impl From<String> for Entry {
    fn from(line: String) -> Entry {
        Entry::new(vec![line])
    }
}

/// One part of the brief.
pub(super) struct Section {
    /// Heading.
    pub title: &'static str,
    /// What it says.
    pub entries: Vec<Entry>,
    /// Lines that it has in any case.
    pub share: usize,
    /// Who gets the room that others leave: the lowest first.
    pub rank: u8,
    /// The command that tells the rest, as it is typed.
    pub more: More,
    /// Of statements of one weight, those that are shown are spread over all of them; else the first ones are shown.
    pub spread: bool,
}

/// The command that tells the rest.
pub(super) enum More {
    /// As it stands.
    Whole(&'static str),
    /// With what the first statement that was cut asks for, or with this.
    With(&'static str, String),
}

impl Section {
    fn len(&self) -> usize {
        self.entries.iter().map(|e| e.lines.len()).sum()
    }
}

/// A statement with its event ids, in lines of the width. Without `wrap` the words are cut so that ids and words share one
/// line, as long as 36 columns of words remain; else the ids go to a line of their own.
pub(super) fn fit(words: &str, ids: &[String], width: usize, wrap: bool) -> Vec<String> {
    let room = width.saturating_sub(INDENT.len());
    let ids = tail(ids);
    let len = words.chars().count();
    let used = if ids.is_empty() { 0 } else { ids.chars().count() + 1 };
    if len + used <= room {
        return vec![if ids.is_empty() { words.to_owned() } else { format!("{words} {ids}") }];
    }
    let left = room.saturating_sub(used);
    if !wrap && left >= 36 {
        let cut: String = words.chars().take(left.saturating_sub(1)).collect();
        let line = format!("{cut}… {ids}");
        return vec![line.trim_end().to_owned()];
    }
    let mut out = wrapped(words, room);
    match out.last_mut() {
        Some(last) if last.chars().count() + used <= room => {
            if !ids.is_empty() {
                last.push(' ');
                last.push_str(&ids);
            }
        }
        _ => out.extend(wrapped(&format!("  {ids}"), room)),
    }
    out
}

fn tail(ids: &[String]) -> String {
    if ids.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = ids.iter().take(IDS_MAX).map(|i| crate::words::safe(i)).collect();
    let more = ids.len().saturating_sub(IDS_MAX);
    if more == 0 { format!("[{}]", shown.join(" ")) } else { format!("[{} +{more}]", shown.join(" ")) }
}

/// Breaks at spaces; a word longer than a line is cut into lines. Lines after the first are indented.
fn wrapped(words: &str, room: usize) -> Vec<String> {
    let lead: String = words.chars().take_while(|c| *c == ' ').collect();
    let mut out = vec![lead.clone()];
    let mut count = lead.chars().count();
    for word in words.split(' ').filter(|w| !w.is_empty()) {
        let mut rest: Vec<char> = word.chars().collect();
        let fresh = count == lead.chars().count() && out.len() == 1;
        if !fresh && count + 1 + rest.len() > room {
            out.push(format!("{lead}  "));
            count = lead.chars().count() + 2;
        } else if !fresh {
            if let Some(last) = out.last_mut() {
                last.push(' ');
            }
            count += 1;
        }
        while !rest.is_empty() {
            if count >= room {
                out.push(format!("{lead}  "));
                count = lead.chars().count() + 2;
            }
            let take = rest.len().min(room.saturating_sub(count).max(1));
            let piece: String = rest.drain(..take).collect();
            count += take;
            if let Some(last) = out.last_mut() {
                last.push_str(&piece);
            }
        }
    }
    out
}

/// Head and sections one under the other, never more than the style's lines: each section has its share, what some leave the
/// others get by rank, and what is cut is counted.
pub(super) fn lay_out(head: Vec<String>, sections: Vec<Section>, style: Style) -> String {
    let mut out: Vec<String> = head;
    let rooms = rooms(&sections, style.lines.saturating_sub(out.len() + sections.len()));
    for (section, room) in sections.iter().zip(rooms) {
        out.push(if style.colour { format!("\u{1b}[1;36m{}\u{1b}[0m", section.title.to_uppercase()) } else { section.title.to_uppercase() });
        out.extend(section_lines(section, room, style.width).into_iter().map(|l| format!("{INDENT}{l}").trim_end().to_owned()));
    }
    out.join("\n") + "\n"
}

fn rooms(sections: &[Section], lines: usize) -> Vec<usize> {
    let mut rooms: Vec<usize> = sections.iter().map(|s| s.len().min(s.share)).collect();
    while rooms.iter().sum::<usize>() > lines {
        match rooms.iter_mut().max() {
            Some(largest) if *largest > 1 => *largest -= 1,
            _ => break,
        }
    }
    let mut spare = lines.saturating_sub(rooms.iter().sum::<usize>());
    let mut order: Vec<(usize, &Section)> = sections.iter().enumerate().collect();
    order.sort_by_key(|(_, s)| s.rank);
    for (i, section) in order {
        if let Some(room) = rooms.get_mut(i) {
            let more = section.len().saturating_sub(*room).min(spare);
            *room += more;
            spare -= more;
        }
    }
    rooms
}

fn section_lines(section: &Section, room: usize, width: usize) -> Vec<String> {
    if section.len() <= room {
        return section.entries.iter().flat_map(|e| e.lines.clone()).collect();
    }
    let shown = chosen(section, room.saturating_sub(1));
    let hidden: Vec<&Entry> = section.entries.iter().enumerate().filter(|(i, _)| !shown.contains(i)).map(|(_, e)| e).collect();
    let mut out: Vec<String> = section.entries.iter().enumerate().filter(|(i, _)| shown.contains(i)).flat_map(|(_, e)| e.lines.clone()).collect();
    let count = format!("… {} more: ", hidden.len());
    let more = match &section.more {
        More::Whole(command) => (*command).to_owned(),
        More::With(command, usual) => {
            // A command that is cut runs no more: what is too long for the line is left to the reader.
            let fits = |a: &&String| count.chars().count() + command.chars().count() + 1 + a.chars().count() + INDENT.len() <= width;
            let argument = hidden.iter().find_map(|e| e.ask.as_ref()).filter(fits).or(Some(usual).filter(fits)).map_or("INDICATOR", String::as_str);
            format!("{command} {argument}")
        }
    };
    if out.is_empty() && room > 1 {
        // A statement that is longer than its section's room is the one thing that is cut within.
        out.extend(section.entries.iter().flat_map(|e| e.lines.clone()).take(room - 1));
    }
    out.push(count + &more);
    out
}

/// Which statements fit into `room` lines: the heaviest first; of one weight the first ones, or some of all of them.
fn chosen(section: &Section, room: usize) -> BTreeSet<usize> {
    let mut weights: Vec<u8> = section.entries.iter().map(|e| e.weight).collect();
    weights.sort_unstable();
    weights.dedup();
    let (mut shown, mut left) = (BTreeSet::new(), room);
    for weight in weights.into_iter().rev() {
        let of: Vec<usize> = section.entries.iter().enumerate().filter(|(_, e)| e.weight == weight).map(|(i, _)| i).collect();
        let order = if section.spread { spread(&of, left) } else { of.clone() };
        for i in order {
            let lines = section.entries.get(i).map_or(0, |e| e.lines.len());
            if lines > left {
                return shown;
            }
            left -= lines;
            shown.insert(i);
        }
        if !of.iter().all(|i| shown.contains(i)) {
            break;
        }
    }
    shown
}

/// `most` of the numbers at equal distances, the first and the last among them.
fn spread(of: &[usize], most: usize) -> Vec<usize> {
    if of.len() <= most {
        return of.to_vec();
    }
    let last = of.len().saturating_sub(1);
    let steps = most.saturating_sub(1).max(1);
    (0..most).filter_map(|n| of.get(n * last / steps)).copied().collect()
}
