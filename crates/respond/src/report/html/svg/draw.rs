//! What the pictures share: the frame with title and description, texts that are cut to a width, shapes of facets.

use event::Facet;

use super::super::write::Html;

/// Width of a character of the pictures' type, in pixels: a monospaced face of 12 pixels.
pub(super) const CHAR: f64 = 7.3;

/// The same in the narrow form, whose type is of 13 pixels.
pub(super) const CHAR_NARROW: f64 = 7.9;

/// What a picture is called and which form it has.
pub(super) struct Frame<'a> {
    /// Its id, the beginning of all ids within it.
    pub id: &'a str,
    /// Title.
    pub title: &'a str,
    /// Description.
    pub desc: &'a str,
    /// `wide` or `narrow`: which of two forms is shown, by the style sheet.
    pub class: &'static str,
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

/// A picture.
pub(super) fn picture(h: &mut Html, f: &Frame<'_>, inside: impl FnOnce(&mut Html)) {
    let (title, desc) = (format!("{}-{}-t", f.id, f.class), format!("{}-{}-d", f.id, f.class));
    let (view, names) = (format!("0 0 {} {}", px(f.width), px(f.height)), format!("{title} {desc}"));
    let attrs = [
        ("class", f.class),
        ("role", "img"),
        ("aria-labelledby", &names),
        ("viewBox", &view),
        ("width", &px(f.width)),
        ("height", &px(f.height)),
        ("xmlns", "http://www.w3.org/2000/svg"),
    ];
    h.el("svg", &attrs, |h| {
        h.leaf("title", &[("id", &title)], f.title);
        h.leaf("desc", &[("id", &desc)], f.desc);
        inside(h);
    });
}

/// A number of pixels, to a tenth.
pub(super) fn px(n: f64) -> String {
    let tenth = (n * 10.0).round() / 10.0;
    format!("{tenth}")
}

/// A text at a place.
pub(super) fn text(h: &mut Html, class: &str, x: f64, y: f64, text: &str) {
    h.leaf("text", &[("class", class), ("x", &px(x)), ("y", &px(y))], text);
}

/// A line.
pub(super) fn line(h: &mut Html, class: &str, d: &str) {
    h.el("path", &[("class", class), ("d", d)], |_| {});
}

/// A box with round corners.
pub(super) fn bar(h: &mut Html, class: &str, at: (f64, f64), size: (f64, f64), round: f64) {
    let attrs = [("class", class), ("x", &px(at.0)), ("y", &px(at.1)), ("width", &px(size.0)), ("height", &px(size.1)), ("rx", &px(round))];
    h.el("rect", &attrs, |_| {});
}

/// The shape of a facet around a point: each has its own, so that colour is not needed.
pub(super) fn shape(h: &mut Html, facet: Option<Facet>, class: &str, x: f64, y: f64, r: f64) {
    let p = |dx: f64, dy: f64| format!("{} {}", px(x + dx * r), px(y + dy * r));
    let of = |points: &[(f64, f64)]| format!("M{}Z", points.iter().map(|(a, b)| p(*a, *b)).collect::<Vec<_>>().join("L"));
    let d = match facet {
        Some(Facet::Cloud) => of(&[(-1.0, -0.85), (1.0, -0.85), (1.0, 0.85), (-1.0, 0.85)]),
        Some(Facet::Runtime) => of(&[(0.0, -1.15), (1.15, 0.0), (0.0, 1.15), (-1.15, 0.0)]),
        Some(Facet::Network) => of(&[(0.0, -1.1), (1.1, 0.85), (-1.1, 0.85)]),
        Some(Facet::Application) => of(&[(-0.55, -1.0), (0.55, -1.0), (1.1, 0.0), (0.55, 1.0), (-0.55, 1.0), (-1.1, 0.0)]),
        Some(Facet::System) | None => {
            let r = px(r);
            format!("M{} a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 -{} 0Z", p(-1.0, 0.0), px(2.0 * r.parse().unwrap_or(0.0)), px(2.0 * r.parse().unwrap_or(0.0)))
        }
    };
    line(h, class, &d);
}

/// Pixels of the wide form that hold as much as so many of the narrow one.
pub(super) fn narrow(width: f64) -> f64 {
    width * CHAR / CHAR_NARROW
}

/// A text that fits so many pixels.
pub(super) fn fit(text: &str, width: f64) -> String {
    let most = (width / CHAR).floor().max(2.0) as usize;
    crate::words::safe_to(text, most)
}

/// As [`fit`], with the middle left out: names differ at their ends.
pub(super) fn fit_middle(text: &str, width: f64) -> String {
    let most = (width / CHAR).floor().max(4.0) as usize;
    let chars: Vec<char> = event::text::harmless(text).chars().collect();
    if chars.len() <= most {
        return chars.into_iter().collect();
    }
    let head = most.saturating_sub(1) / 2;
    let tail = most.saturating_sub(1) - head;
    let (first, last) = (chars.iter().take(head), chars.iter().skip(chars.len() - tail));
    first.chain(['…'].iter()).chain(last).collect()
}
