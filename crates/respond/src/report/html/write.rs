//! The one door to HTML: names of elements and attributes are written in this program, everything else goes through an escape. There is
//! no way to put text in that is not escaped, so that no field of a log can open an element or leave an attribute.
//!
//! Of our own because it is 60 lines with no macro; `maud` escapes as well but hides the writing of a page in a second language.

/// A page that grows.
#[derive(Default)]
pub(crate) struct Html {
    out: String,
}

/// Attributes: names of this program, values of anybody.
pub(crate) type Attrs<'a> = &'a [(&'static str, &'a str)];

/// Elements that begin a line, so that two versions of a page can be compared.
const BLOCKS: [&str; 36] = [
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "article", "h1", "h2", "h3", "p", "ul", "ol", "li", "dl",
    "dt", "dd", "div", "details", "table", "thead", "tbody", "tr", "td", "th", "svg", "g", "rect", "path", "text", "figure",
];

impl Html {
    /// An element with what is inside it.
    pub fn el(&mut self, tag: &'static str, attrs: Attrs<'_>, inside: impl FnOnce(&mut Html)) {
        self.start(tag, attrs);
        inside(self);
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    /// An element with a text inside it.
    pub fn leaf(&mut self, tag: &'static str, attrs: Attrs<'_>, text: &str) {
        self.el(tag, attrs, |h| h.text(text));
    }

    /// An element that has nothing inside and no end (`meta`).
    pub fn void(&mut self, tag: &'static str, attrs: Attrs<'_>) {
        self.start(tag, attrs);
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        escape_into(&mut self.out, text);
    }

    /// A style sheet of this program. It has no `<`, which a test holds.
    pub fn style(&mut self, css: &'static str) {
        self.start("style", &[]);
        self.out.push_str(css);
        self.out.push_str("</style>");
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// The page.
    pub fn page(self) -> String {
        format!("<!doctype html>{}\n", self.out)
    }

    fn start(&mut self, tag: &'static str, attrs: Attrs<'_>) {
        if BLOCKS.contains(&tag) {
            self.out.push('\n');
        }
        self.out.push('<');
        self.out.push_str(tag);
        for (name, value) in attrs {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape_into(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
    }
}

/// Escapes what HTML gives a meaning in texts and in quoted attributes, and shows what is hidden.
fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if event::text::is_hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place() {
        let mut h = Html::default();
        let evil = "\"'><script>alert(1)</script>\u{202e}\0";
        h.el("p", &[("title", evil)], |h| h.text(evil));
        let safe = "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}\\u{0}";
        assert_eq!(h.page(), format!("<!doctype html>\n<p title=\"{safe}\">{safe}</p>\n"));
    }
}
