//! The brief in its formats, read by parsers that are not ours: whatever a field holds, it stays text.

use std::cell::RefCell;

use event::{Book, Entity, Facet, Kind};
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser};
use respond::{
    Plan, Registry,
    report::{BYTES_MAX, Brief, BriefInput, Original, Style, add_evidence, brief, html, markdown, text},
    scope::{Act, Level, Row, Status},
};

use crate::world;

fn demo() -> Brief {
    let mut made = brief(&world::input(), &world::registry(), &world::plan());
    let line = |event: String, text: &str| Original { event, time: world::time("09:12:04"), lines: vec![text.to_owned()], cut: 0 };
    let lines = vec![
        line(format!("{}#12", world::CLOUD), r#"{"eventName":"GetCallerIdentity","sourceIPAddress":"203.0.113.66"}"#),
        line("bastion-1/auth.log#201".into(), "Mar  4 10:08:10 bastion-1 sshd[4211]: Accepted publickey for deploy <b>&"),
    ];
    add_evidence(&mut made, lines);
    made
}

/// The page without its style sheet, which is reviewed where it stands.
fn dom(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").unwrap();
    format!("{head}<style>{}", rest.split_once("</style>").unwrap().1)
}

#[test]
fn the_demos_page_is_as_reviewed() {
    insta::assert_snapshot!(dom(&html(&demo())));
}

#[test]
fn the_demos_ticket_is_as_reviewed() {
    insta::assert_snapshot!(markdown(&demo()));
}

/// What a browser's tokenizer saw.
#[derive(Default)]
struct Seen {
    tags: RefCell<Vec<Tag>>,
    text: RefCell<String>,
    other: RefCell<Vec<String>>,
}

impl TokenSink for Seen {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                let style = tag.kind == TagKind::StartTag && &*tag.name == "style";
                self.tags.borrow_mut().push(tag);
                if style {
                    return TokenSinkResult::RawData(RawKind::Rawtext);
                }
            }
            Token::CharacterTokens(t) => self.text.borrow_mut().push_str(&t),
            Token::DoctypeToken(_) | Token::EOFToken => {}
            t => self.other.borrow_mut().push(format!("{t:?}")),
        }
        TokenSinkResult::Continue
    }
}

const TAGS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "a", "header", "main", "footer", "nav", "section", "article", "h1", "h2", "h3", "p", "ul", "ol", "li",
    "div", "span", "b", "small", "details", "summary", "pre", "code", "br", "table", "thead", "tbody", "tr", "td", "th", "figure", "svg", "desc", "rect",
    "path", "text", "g",
];
const ATTRIBUTES: &[&str] = &[
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "aria-label",
    "aria-labelledby",
    "role",
    "scope",
    "data-th",
    "tabindex",
    "start",
    "viewbox",
    "width",
    "height",
    "xmlns",
    "x",
    "y",
    "rx",
    "d",
];

/// Fails if anything in a page was made by what it tells of; gives its text.
fn page_is_inert(page: &str) -> String {
    let queue = BufferQueue::default();
    queue.push_back(page.into());
    let tokenizer = Tokenizer::new(Seen::default(), Default::default());
    while !queue.is_empty() {
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    let seen = tokenizer.sink;
    assert_eq!(*seen.other.borrow(), Vec::<String>::new(), "comments, NUL or errors");
    let mut ids = std::collections::HashSet::new();
    for tag in seen.tags.borrow().iter() {
        assert!(TAGS.contains(&&*tag.name), "{tag:?}");
        for a in &tag.attrs {
            let (name, value) = (&*a.name.local, &*a.value);
            assert!(ATTRIBUTES.contains(&name), "{tag:?}");
            assert!(name != "href" || ["#", "tel:", "mailto:"].iter().any(|s| value.starts_with(s)), "{value}");
            assert!(name != "id" || ids.insert(value.to_owned()), "id `{value}` twice");
        }
    }
    no_steering(page);
    seen.text.take()
}

fn no_steering(out: &str) {
    let bad: Vec<char> = out.chars().filter(|c| *c != '\n' && event::text::is_hidden(*c)).collect();
    assert_eq!(bad, Vec::<char>::new());
}

fn ticket_is_inert(out: &str) {
    for e in Parser::new_ext(out, Options::all()) {
        use pulldown_cmark::Tag as T;
        let fault = matches!(
            &e,
            Event::Html(_)
                | Event::InlineHtml(_)
                | Event::InlineMath(_)
                | Event::DisplayMath(_)
                | Event::FootnoteReference(_)
                | Event::Rule
                | Event::HardBreak
                | Event::Start(
                    T::Link { .. } | T::Image { .. } | T::HtmlBlock | T::BlockQuote(_) | T::FootnoteDefinition(_) | T::MetadataBlock(_) | T::Strikethrough
                )
        );
        assert!(!fault, "{e:?} in\n{out}");
    }
    no_steering(out);
}

/// A brief with one text in every field that comes from outside.
fn of(evil: &str) -> Brief {
    let some = |kind| Entity { kind, value: format!("x{evil}") };
    let mut input = world::input();
    let id = format!("s{evil}#1");
    input.case = Some(evil.into());
    input.unknown = vec![(evil.into(), vec![evil.into()])];
    input.books.push(Book::new(evil, "text", Facet::Application));
    input.indicators.push(some(Kind::Host));
    for r in &mut input.reached {
        r.entity.value.push_str(evil);
        r.path.push(id.clone());
    }
    for h in &mut input.hops {
        (h.from.value, h.to.value) = (format!("{}{evil}", h.from.value), format!("{}{evil}", h.to.value));
        h.event = id.clone();
    }
    for e in &mut input.entries {
        (e.text, e.why, e.unseen, e.events) = (evil.into(), evil.into(), Some(evil.into()), vec![id.clone()]);
    }
    for r in &mut input.rows {
        (r.text, r.operation, r.host) = (format!("{evil}{}", r.text), evil.into(), Some(evil.into()));
        r.event.insert_str(0, evil);
        r.actor = Some(some(Kind::User));
        r.target = Some(some(Kind::File));
    }
    for x in input.exfiltration.iter_mut().flat_map(|x| &mut x.reasons) {
        (x.text, x.events) = (evil.into(), vec![id.clone()]);
    }
    for r in &mut input.reach {
        (r.text, r.entity, r.events) = (evil.into(), some(Kind::User), vec![id.clone()]);
    }
    for s in &mut input.sessions {
        (s.text, s.host, s.id, s.opened) = (evil.into(), evil.into(), some(Kind::Session), Some(id.clone()));
        s.procs.iter_mut().for_each(|p| (p.command, p.user) = (evil.into(), Some(some(Kind::User))));
    }
    for b in &mut input.not_visible {
        (b.text, b.source, b.events) = (evil.into(), Some(evil.into()), vec![id.clone()]);
    }
    if let Some(p) = &mut input.proof {
        (p.root, p.export) = (evil.into(), format!("muster {evil}"));
    }
    let mut made = brief(&input, &world::registry(), &world::plan());
    for p in made.owners.iter_mut().flat_map(|o| &mut o.contacts) {
        (p.name, p.channel, p.value, p.local_time) = (evil.into(), "phone".into(), format!("+1{evil}"), Some(evil.into()));
    }
    for o in &mut made.owners {
        (o.owner, o.system, o.on_call) = (Some(evil.into()), Some(evil.into()), Some(evil.into()));
        o.reasons = vec![evil.into()];
    }
    for s in &mut made.next {
        (s.title, s.instead) = (evil.into(), Some(evil.into()));
        s.act = vec![format!("{evil} --x")];
    }
    for v in &mut made.vendors {
        (v.vendor.name, v.vendor.part) = (evil.into(), evil.into());
    }
    for h in made.data.iter_mut().flat_map(|d| &mut d.held) {
        (h.name, h.category) = (evil.into(), Some(evil.into()));
    }
    for c in &mut made.clocks {
        (c.regime, c.because, c.anchor, c.recipient) = (evil.into(), evil.into(), evil.into(), Some(evil.into()));
    }
    made.people.text = evil.into();
    let line = |event: &String| Original { event: event.clone(), time: world::time("09:12:04"), lines: vec![evil.into(), format!("{evil}\n{evil}")], cut: 0 };
    let ids: Vec<String> = made.happened.iter().flat_map(|h| h.events.clone()).chain([id]).collect();
    add_evidence(&mut made, ids.iter().map(line).collect());
    made
}

fn all_is_inert(evil: &str) {
    let made = of(evil);
    let said = page_is_inert(&html(&made));
    let shown = event::text::harmless(evil);
    let start: String = shown.chars().take(20).collect();
    assert!(said.contains(&start), "what was there is still shown: {start}");
    ticket_is_inert(&markdown(&made));
    let terminal = text(&made, Style::default());
    no_steering(&terminal);
    assert!(terminal.lines().count() <= Style::default().lines);
    assert!(terminal.lines().all(|l| l.chars().count() <= Style::default().width), "{terminal}");
}

#[test]
fn row_07_row_17_known_tricks_stay_text_in_every_format() {
    for evil in [
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "</style></title></pre><svg onload=x>",
        "<!-- -->]]><![CDATA[<b>",
        "&lt;b&gt;&#0;&amp",
        "javascript:alert(1)",
        "[x](javascript:x) ![y](http://z) <http://a.example> http://b.example www.c.example a@d.example",
        "` ``` ~~~ | \\| **b** __i__ ~~s~~ $x$ $$y$$ [^1] #1 @team",
        "# heading",
        "- item",
        "+ item",
        "1. item",
        "9) item",
        "> quote",
        "===",
        "---",
        "***",
        "    code",
        "| a | b |",
        "a\n\n# b\n<b>",
        "\u{1b}]8;;http://x\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{85}\u{2028}\0",
        "=cmd()|x",
        "{{7*7}} ${x} $(reboot) `id`",
        ":::note\n:::",
    ] {
        all_is_inert(evil);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_stays_text_in_every_format(evil in "[\\PC\\x00-\\x1f<>&\"'`*_~|\\[\\]()#$!:/.@\\\\-]{1,60}") {
        prop_assume!(!evil.trim().is_empty());
        all_is_inert(&evil);
    }
}

/// As many acts, things and hops as a large store gives, each with long text.
fn large() -> BriefInput {
    let mut input = world::input();
    let long = |n: usize| format!("{n} <&\"'> {}", "päckchen & ".repeat(40));
    for n in 0..100_000usize {
        let mut row = Row {
            time: world::time("10:40:00").plus(n as i64 * 1_000_000),
            event: format!("{}/{}#{n}", "long/".repeat(n % 30), n % 50),
            act: if n % 3 == 0 { Act::Run } else { Act::Read },
            facet: Some(Facet::Runtime),
            text: long(n),
            ..world::row("10:40:00", "x#1", "execve", "user:root@db-1", "host:db-1", "")
        };
        row.target = Some(Entity { kind: Kind::File, value: format!("h-{}:/d{}/{n}", n % 90, n % 700) });
        row.text = long(n);
        input.rows.push(row);
    }
    for n in 0..1_000 {
        let status = if n % 2 == 0 { Status::Controlled } else { Status::Exposed };
        let kind = if n % 2 == 0 { "user" } else { "file" };
        input.reached.push(world::reached(
            &format!("{kind}:u{n}@{}", long(n)),
            status,
            Level::Possible,
            "11:00:00",
            &format!("{}#{n}", "long/".repeat(n % 40)),
        ));
    }
    input
}

#[test]
fn a_page_stays_below_a_megabyte_whatever_the_store() {
    let mut made = brief(&large(), &Registry::default(), &Plan::default());
    let line = |event: &String| Original { event: event.clone(), time: world::time("10:40:00"), lines: vec!["<\u{202e}&\"".repeat(5_000)], cut: 0 };
    let lines = respond::report::cited(&made).iter().take(2_000).map(line).collect();
    add_evidence(&mut made, lines);
    let page = html(&made);
    assert!(page.len() <= BYTES_MAX, "{} bytes", page.len());
    page_is_inert(&page);
    assert!(page.contains(" more events are not in this page"), "what is left out is counted");
    let ticket = markdown(&made);
    assert!(ticket.len() <= BYTES_MAX, "{} bytes", ticket.len());
}

#[test]
fn row_53_an_indicator_that_nobody_knows_has_a_page_that_says_so() {
    let input = BriefInput {
        now: world::time("12:00:00"),
        unknown: vec![("bastion-11".into(), vec!["host:bastion-1".into()])],
        books: world::input().books,
        ..BriefInput::default()
    };
    for made in [brief(&input, &world::registry(), &world::plan()), brief(&input, &Registry::default(), &Plan::default())] {
        let said = page_is_inert(&html(&made));
        for words in ["`bastion-11` is in none of the 5 logs", "nearest: ", "Nobody: nothing is in scope", "Nothing was reached"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        ticket_is_inert(&markdown(&made));
    }
}

#[test]
fn a_clean_thing_is_called_clean_and_not_safe() {
    let mut input = world::input();
    (input.reached, input.rows, input.hops, input.entries, input.sessions) = Default::default();
    (input.reach, input.affected, input.exfiltration) = Default::default();
    let made = brief(&input, &world::registry(), &world::plan());
    assert_eq!(made.answer.text, "Nothing out of the ordinary is tied to 203.0.113.66, which 30 events of 5 logs name: no sign of an intruder.");
    assert!(!made.answer.whole && made.answer.completeness.contains("could not be seen"));
    let said = page_is_inert(&html(&made));
    assert!(said.contains("no sign of an intruder") && said.contains("30 events name it"), "{said}");
}

#[test]
fn sections_that_say_nothing_say_why() {
    let mut input = world::input();
    (input.entries, input.sessions, input.reach, input.proof) = Default::default();
    let made = brief(&input, &Registry::default(), &Plan::default());
    let why: Vec<&str> = made.absent.keys().copied().collect();
    assert_eq!(why, ["entry", "proof", "reach", "sessions"]);
    let said = page_is_inert(&html(&made));
    made.absent.values().for_each(|w| assert!(said.contains(w.as_str()), "{w}"));
}
